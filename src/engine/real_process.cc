// SPDX-License-Identifier: Apache-2.0
#include "engine/real_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/units.h"
#include "engine/file_calls.h"

namespace lf {
namespace {

constexpr size_t kOutputMax = size_t{64} << 20;
// After its end a child's pipes may be held open by something that it started; we wait so long for
// them to close.
constexpr int64_t kDrainNs = 2'000'000'000;
constexpr int kIn = 0;
constexpr int kOut = 1;
constexpr int kErr = 2;

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) {
    return fail(ErrorCode::io, "cannot make a pipe: " + errno_text(errno));
  }
  return Pipe{FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

// posix_spawn's two parameter objects, destroyed with this one.
struct SpawnSettings {
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// The file that `name` stands for, by the PATH that the child will have. "" = none. posix_spawnp
// would search our own process's PATH instead.
std::string find_program(const std::string& name, const Environment& environment) {
  if (name.find('/') != std::string::npos) return name;
  auto path = environment.find("PATH");
  std::string folders = path == environment.end() ? "/usr/local/bin:/usr/bin:/bin" : path->second;
  for (size_t begin = 0; begin <= folders.size();) {
    size_t end = std::min(folders.find(':', begin), folders.size());
    std::string folder = folders.substr(begin, end - begin);
    std::string file = (folder.empty() ? "." : folder) + "/" + name;
    if (::access(file.c_str(), X_OK) == 0) return file;
    begin = end + 1;
  }
  return "";
}

// glibc 2.36 declares pidfd_open without C linkage, so C++ cannot call it.
int open_pid(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

void set_nonblocking(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

}  // namespace

struct RealProcess::Child {
  pid_t pid = -1;
  FileDescriptor pid_fd;
  std::array<FileDescriptor, 3> pipes;  // our ends of stdin, stdout, stderr
  std::string name;
  std::string input;
  size_t input_sent = 0;
  ProcessResult result;
  bool has_exited = false;
  uint64_t timer = 0;
  std::function<void(Result<ProcessResult>)> done;  // empty: over
};

RealProcess::RealProcess(Loop& loop, Environment environment)
    : loop_(loop), environment_(std::move(environment)) {}

RealProcess::~RealProcess() {
  auto children = std::move(children_);
  for (auto& [pid, child] : children) {
    child->done = nullptr;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    for (int which : {kIn, kOut, kErr}) close_pipe(*child, which);
    loop_.unwatch(child->pid_fd.get());
    loop_.cancel(child->timer);
  }
}

Result<std::shared_ptr<RealProcess::Child>> RealProcess::start(const ProcessRequest& request) {
  if (request.argv.empty()) return fail(ErrorCode::invalid, "no program to start");
  Environment environment = environment_;
  for (const auto& [name, value] : request.environment) environment[name] = value;
  const std::string& name = request.argv[0];
  std::string program = find_program(name, environment);
  if (program.empty()) {
    Error error(ErrorCode::not_found, "`" + name + "` is not installed or not on PATH");
    error.help.push_back("`llmforge doctor` says what is missing and how to get it");
    return fail(std::move(error));
  }
  std::array<Pipe, 3> pipes;
  for (Pipe& pipe : pipes) {
    Result<Pipe> made = make_pipe();
    if (!made) return fail(made.error());
    pipe = std::move(*made);
  }
  SpawnSettings settings;
  posix_spawn_file_actions_adddup2(&settings.actions, pipes[kIn].read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&settings.actions, pipes[kOut].write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&settings.actions, pipes[kErr].write.get(), STDERR_FILENO);
  if (!request.folder.empty()) {
    posix_spawn_file_actions_addchdir_np(&settings.actions, request.folder.c_str());
  }
  std::vector<std::string> arguments = request.argv;
  std::vector<std::string> variables;
  for (const auto& [key, value] : environment) variables.push_back(key + "=" + value);
  auto child = std::make_shared<Child>();
  int failed = ::posix_spawn(&child->pid, program.c_str(), &settings.actions, &settings.attributes,
                             pointers(arguments).data(), pointers(variables).data());
  if (failed != 0) {
    std::string where = request.folder.empty() ? "" : " in " + request.folder;
    ErrorCode code =
        failed == ENOENT && request.folder.empty() ? ErrorCode::not_found : ErrorCode::io;
    return fail(code, "cannot start `" + name + "`" + where + ": " + errno_text(failed));
  }
  child->name = name;
  child->pipes = {std::move(pipes[kIn].write), std::move(pipes[kOut].read),
                  std::move(pipes[kErr].read)};
  child->pid_fd = FileDescriptor(open_pid(child->pid));
  if (!child->pid_fd.valid()) {
    int reason = errno;
    ::kill(-child->pid, SIGKILL);
    ::waitpid(child->pid, nullptr, 0);
    return fail(ErrorCode::io, "cannot watch `" + name + "`: " + errno_text(reason) +
                                   " (Linux 5.3 or later is needed)");
  }
  return child;
}

void RealProcess::run(ProcessRequest request, std::function<void(Result<ProcessResult>)> done) {
  Result<std::shared_ptr<Child>> started = start(request);
  if (!started) {
    loop_.post([done = std::move(done), error = started.error()] { done(fail(error)); });
    return;
  }
  std::shared_ptr<Child> child = *started;
  child->done = std::move(done);
  child->input = std::move(request.input);
  children_[child->pid] = child;
  int64_t timeout_ms = request.timeout_ms;
  child->timer = loop_.after(timeout_ms * 1'000'000, [this, child, timeout_ms] {
    Duration limit{timeout_ms / 1000, static_cast<int32_t>(timeout_ms % 1000) * 1'000'000};
    stop(child, Error(ErrorCode::unavailable,
                      "`" + child->name + "` did not end within " + format_duration(limit)));
  });
  watch(child);
}

void RealProcess::watch(const std::shared_ptr<Child>& child) {
  for (FileDescriptor& pipe : child->pipes) set_nonblocking(pipe.get());
  for (int which : {kOut, kErr}) {
    loop_.watch(child->pipes[static_cast<size_t>(which)].get(), true, false,
                [this, child, which](bool, bool) { read_from(child, which); });
  }
  loop_.watch(child->pid_fd.get(), true, false, [this, child](bool, bool) { exited(child); });
  if (child->input.empty()) {
    close_pipe(*child, kIn);
  } else {
    loop_.watch(child->pipes[kIn].get(), false, true, [this, child](bool, bool) { feed(child); });
  }
}

void RealProcess::feed(const std::shared_ptr<Child>& child) {
  std::string_view left = std::string_view(child->input).substr(child->input_sent);
  ssize_t n = ::write(child->pipes[kIn].get(), left.data(), left.size());
  if (n > 0) child->input_sent += static_cast<size_t>(n);
  bool again = n < 0 && (errno == EAGAIN || errno == EINTR);
  // A child that does not read its input is no error of ours; its exit code tells.
  bool broken = n < 0 && !again;
  if (broken || child->input_sent == child->input.size()) close_pipe(*child, kIn);
}

void RealProcess::read_from(const std::shared_ptr<Child>& child, int which) {
  char buffer[65536];
  ssize_t n = ::read(child->pipes[static_cast<size_t>(which)].get(), buffer, sizeof buffer);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    close_pipe(*child, which);
    finish_if_over(child);
    return;
  }
  std::string& text = which == kOut ? child->result.out : child->result.err;
  text.append(buffer, static_cast<size_t>(n));
  if (text.size() > kOutputMax) {
    stop(child, Error(ErrorCode::invalid, "`" + child->name + "` wrote more than " +
                                              format_size(static_cast<int64_t>(kOutputMax))));
  }
}

void RealProcess::close_pipe(Child& child, int which) {
  FileDescriptor& pipe = child.pipes[static_cast<size_t>(which)];
  if (!pipe.valid()) return;
  loop_.unwatch(pipe.get());
  pipe.close();
}

void RealProcess::exited(const std::shared_ptr<Child>& child) {
  int status = 0;
  if (::waitpid(child->pid, &status, WNOHANG) != child->pid) return;
  loop_.unwatch(child->pid_fd.get());
  child->has_exited = true;
  child->result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  loop_.cancel(child->timer);
  child->timer = loop_.after(kDrainNs, [this, child] {
    close_pipe(*child, kOut);
    close_pipe(*child, kErr);
    finish_if_over(child);
  });
  finish_if_over(child);
}

void RealProcess::finish_if_over(const std::shared_ptr<Child>& child) {
  if (!child->has_exited || child->pipes[kOut].valid() || child->pipes[kErr].valid()) return;
  end(child, std::move(child->result));
}

void RealProcess::stop(const std::shared_ptr<Child>& child, Error error) {
  if (!child->has_exited) {
    ::kill(-child->pid, SIGKILL);
    ::waitpid(child->pid, nullptr, 0);
    loop_.unwatch(child->pid_fd.get());
    child->has_exited = true;
  }
  end(child, fail(std::move(error)));
}

void RealProcess::end(const std::shared_ptr<Child>& child, Result<ProcessResult> result) {
  if (!child->done) return;
  std::shared_ptr<Child> keep = child;
  for (int which : {kIn, kOut, kErr}) close_pipe(*keep, which);
  loop_.cancel(keep->timer);
  children_.erase(keep->pid);
  auto done = std::exchange(keep->done, nullptr);
  done(std::move(result));
}

}  // namespace lf
