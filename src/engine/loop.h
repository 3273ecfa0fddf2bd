// SPDX-License-Identifier: Apache-2.0
// The event loop: one thread that everything runs on. It waits (epoll) for timers, descriptors,
// functions posted from other threads and signals, and calls what was asked for, one at a time.
//
// Timers follow CLOCK_BOOTTIME through a timerfd, so that a laptop that slept through a deadline
// learns of it at once when it wakes. SIGPIPE is ignored from the first Loop on: a peer or a child
// that went away is an error of a write, not the end of the program.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/runner.h"

namespace lf {

class Loop final : public Runner {
 public:
  using Function = std::function<void()>;
  using Ready = std::function<void(bool readable, bool writable)>;
  using OnSignal = std::function<void(int signal, int count)>;

  Loop();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Calls `function` from the loop, in the order of posting. The one member that other threads may
  // call.
  void post(Function function);

  // Calls `function` once, `delay_ns` (0 and less: at the next turn) from now. Ids are never used
  // twice; cancelling a past or unknown id does nothing.
  uint64_t after(int64_t delay_ns, Function function);
  void cancel(uint64_t timer);
  int64_t monotonic_ns() const;  // CLOCK_BOOTTIME

  // Calls `ready` whenever `fd` is readable or writable, as asked for (errors and hang-ups count as
  // both). A second call for the same fd replaces the first. Forget an fd before closing it.
  void watch(int fd, bool read, bool write, Ready ready);
  void unwatch(int fd);

  // From now on these signals arrive as calls from the loop, with how many of the kind there were
  // so far; their default action is off. While the loop is too busy to look, the third one in a row
  // ends the process with 128 + signal. One loop at a time may do this; the destructor undoes it.
  void handle_signals(const std::vector<int>& signals, OnSignal on_signal);

  // Runs until `done` is true; for callers that have no task.
  void run_until(const bool& done) override;

 private:
  struct Watch {
    bool read = false;
    bool write = false;
    Ready ready;
  };

  void turn();
  void run_posted(const bool& done);
  void run_due_timers(const bool& done);
  void arm_timer();
  void read_signals();
  void control(int fd, int operation, const Watch& watch);

  int epoll_ = -1;
  int wake_ = -1;   // eventfd: something was posted
  int timer_ = -1;  // timerfd: the earliest deadline
  bool running_ = false;
  std::thread::id thread_;

  std::mutex mutex_;
  std::vector<Function> posted_;  // under mutex_

  using Deadline = std::pair<int64_t, uint64_t>;  // ns, id: equal times keep their order
  std::map<Deadline, Function> timers_;
  std::unordered_map<uint64_t, int64_t> deadlines_;
  uint64_t next_timer_ = 1;
  int64_t armed_ns_ = 0;  // what timerfd is set to; 0: off

  std::unordered_map<int, std::shared_ptr<Watch>> watches_;

  int signal_pipe_[2] = {-1, -1};
  std::map<int, int> signal_counts_;
  OnSignal on_signal_;
};

}  // namespace lf
