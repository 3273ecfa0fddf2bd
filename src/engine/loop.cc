// SPDX-License-Identifier: Apache-2.0
#include "engine/loop.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "base/assert.h"

namespace lf {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int kEventsMax = 128;       // of one epoll_wait; the rest comes with the next
constexpr int kUnseenSignalsMax = 2;  // the next one ends the process

// What the signal handler may touch.
std::atomic<int> g_signal_fd{-1};
std::atomic<int> g_unseen_signals{0};

extern "C" void llmforge_on_signal(int signal) {
  int saved = errno;
  if (g_unseen_signals.fetch_add(1) >= kUnseenSignalsMax) _exit(128 + signal);
  unsigned char byte = static_cast<unsigned char>(signal);
  int fd = g_signal_fd.load();
  if (fd >= 0) {
    ssize_t ignored = ::write(fd, &byte, 1);
    (void)ignored;
  }
  errno = saved;
}

}  // namespace

Loop::Loop() : thread_(std::this_thread::get_id()) {
  struct sigaction current {};
  sigaction(SIGPIPE, nullptr, &current);
  if (current.sa_handler == SIG_DFL) ::signal(SIGPIPE, SIG_IGN);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  timer_ = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  LF_ASSERT(epoll_ >= 0 && wake_ >= 0 && timer_ >= 0);
  auto drain = [](int fd) {
    uint64_t count = 0;
    ssize_t ignored = ::read(fd, &count, sizeof count);
    (void)ignored;
  };
  watch(wake_, true, false, [this, drain](bool, bool) { drain(wake_); });
  watch(timer_, true, false, [this, drain](bool, bool) {
    drain(timer_);
    armed_ns_ = 0;
  });
}

Loop::~Loop() {
  if (signal_pipe_[1] >= 0) {
    for (const auto& [number, count] : signal_counts_) ::signal(number, SIG_DFL);
    g_signal_fd.store(-1);
    ::close(signal_pipe_[0]);
    ::close(signal_pipe_[1]);
  }
  ::close(timer_);
  ::close(wake_);
  ::close(epoll_);
}

void Loop::post(Function function) {
  {
    std::lock_guard<std::mutex> hold(mutex_);
    posted_.push_back(std::move(function));
  }
  if (std::this_thread::get_id() != thread_) {
    uint64_t one = 1;
    ssize_t ignored = ::write(wake_, &one, sizeof one);
    (void)ignored;
  }
}

int64_t Loop::monotonic_ns() const {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

uint64_t Loop::after(int64_t delay_ns, Function function) {
  uint64_t id = next_timer_++;
  int64_t now = monotonic_ns();
  int64_t delay = std::clamp<int64_t>(delay_ns, 0, INT64_MAX - now);
  timers_.emplace(Deadline{now + delay, id}, std::move(function));
  deadlines_.emplace(id, now + delay);
  return id;
}

void Loop::cancel(uint64_t timer) {
  auto found = deadlines_.find(timer);
  if (found == deadlines_.end()) return;
  timers_.erase(Deadline{found->second, timer});
  deadlines_.erase(found);
}

void Loop::control(int fd, int operation, const Watch& watch) {
  epoll_event event{};
  event.data.fd = fd;
  event.events = (watch.read ? EPOLLIN : 0u) | (watch.write ? EPOLLOUT : 0u);
  if (epoll_ctl(epoll_, operation, fd, &event) == 0) return;
  // The number may have been closed and given out again behind our back (libraries do so).
  if (operation == EPOLL_CTL_MOD && errno == ENOENT) {
    LF_ASSERT(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0);
  } else if (operation == EPOLL_CTL_ADD && errno == EEXIST) {
    LF_ASSERT(epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) == 0);
  } else {
    LF_ASSERT(operation == EPOLL_CTL_DEL);
  }
}

void Loop::watch(int fd, bool read, bool write, Ready ready) {
  auto& slot = watches_[fd];
  int operation = slot ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  slot = std::make_shared<Watch>(Watch{read, write, std::move(ready)});
  control(fd, operation, *slot);
}

void Loop::unwatch(int fd) {
  auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  control(fd, EPOLL_CTL_DEL, *found->second);
  watches_.erase(found);
}

void Loop::handle_signals(const std::vector<int>& signals, OnSignal on_signal) {
  LF_ASSERT(g_signal_fd.load() < 0);
  LF_ASSERT(::pipe2(signal_pipe_, O_CLOEXEC | O_NONBLOCK) == 0);
  g_unseen_signals.store(0);
  g_signal_fd.store(signal_pipe_[1]);
  on_signal_ = std::move(on_signal);
  watch(signal_pipe_[0], true, false, [this](bool, bool) { read_signals(); });
  struct sigaction action {};
  action.sa_handler = llmforge_on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (int number : signals) {
    signal_counts_.emplace(number, 0);
    sigaction(number, &action, nullptr);
  }
}

void Loop::read_signals() {
  unsigned char bytes[64];
  ssize_t n = ::read(signal_pipe_[0], bytes, sizeof bytes);
  if (n <= 0) return;
  g_unseen_signals.store(0);
  for (ssize_t i = 0; i < n; ++i) {
    int number = bytes[i];
    on_signal_(number, ++signal_counts_[number]);
  }
}

void Loop::run_posted(const bool& done) {
  std::vector<Function> batch;
  {
    std::lock_guard<std::mutex> hold(mutex_);
    batch.swap(posted_);
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    batch[i]();
    if (!done) continue;
    // The rest waits for the next run, before what was posted meanwhile.
    std::lock_guard<std::mutex> hold(mutex_);
    posted_.insert(posted_.begin(), std::make_move_iterator(batch.begin() + ptrdiff_t(i) + 1),
                   std::make_move_iterator(batch.end()));
    return;
  }
}

void Loop::run_due_timers(const bool& done) {
  if (timers_.empty()) return;
  const Deadline limit{monotonic_ns(), next_timer_};  // timers added from here on wait a turn
  while (!done && !timers_.empty() && timers_.begin()->first < limit) {
    auto node = timers_.extract(timers_.begin());
    deadlines_.erase(node.key().second);
    node.mapped()();
  }
}

void Loop::arm_timer() {
  int64_t wanted = timers_.empty() ? 0 : std::max<int64_t>(timers_.begin()->first.first, 1);
  if (wanted == armed_ns_) return;
  itimerspec spec{};
  spec.it_value.tv_sec = wanted / kSecond;
  spec.it_value.tv_nsec = wanted % kSecond;
  LF_ASSERT(timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr) == 0);
  armed_ns_ = wanted;
}

void Loop::turn() {
  bool idle = false;
  {
    std::lock_guard<std::mutex> hold(mutex_);
    idle = posted_.empty();
  }
  arm_timer();
  epoll_event events[kEventsMax];
  int n = epoll_wait(epoll_, events, kEventsMax, idle ? -1 : 0);
  // Watches may change while we call them: only what is still the same watch is called.
  std::vector<std::pair<std::shared_ptr<Watch>, uint32_t>> ready;
  std::vector<int> fds;
  for (int i = 0; i < n; ++i) {
    auto found = watches_.find(events[i].data.fd);
    if (found == watches_.end()) continue;
    uint32_t bits = events[i].events;  // out of the packed struct
    ready.emplace_back(found->second, bits);
    fds.push_back(events[i].data.fd);
  }
  for (size_t i = 0; i < ready.size(); ++i) {
    auto found = watches_.find(fds[i]);
    if (found == watches_.end() || found->second != ready[i].first) continue;
    uint32_t bits = ready[i].second;
    bool broken = (bits & (EPOLLERR | EPOLLHUP)) != 0;
    const Watch& watch = *ready[i].first;
    watch.ready(watch.read && (broken || (bits & EPOLLIN) != 0),
                watch.write && (broken || (bits & EPOLLOUT) != 0));
  }
}

void Loop::run_until(const bool& done) {
  LF_ASSERT(!running_);
  LF_ASSERT(thread_ == std::this_thread::get_id());
  running_ = true;
  while (!done) {
    run_posted(done);
    if (!done) run_due_timers(done);
    if (!done) turn();
  }
  running_ = false;
}

}  // namespace lf
