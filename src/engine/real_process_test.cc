// SPDX-License-Identifier: Apache-2.0
#include "engine/real_process.h"

#include <fcntl.h>
#include <signal.h>

#include <catch2/catch.hpp>
#include <memory>

namespace lf {
namespace {

Result<ProcessResult> run(ProcessRequest request, Environment environment = {}) {
  Loop loop;
  RealProcess process(loop, std::move(environment));
  Result<ProcessResult> result;
  bool done = false;
  bool inside = true;
  process.run(std::move(request), [&](Result<ProcessResult> r) {
    CHECK(!inside);
    result = std::move(r);
    done = true;
  });
  inside = false;
  loop.run_until(done);
  return result;
}

Result<ProcessResult> shell(std::string script, std::string input = "",
                            int64_t timeout_ms = 10'000) {
  ProcessRequest request;
  request.argv = {"sh", "-c", std::move(script)};
  request.input = std::move(input);
  request.timeout_ms = timeout_ms;
  return run(std::move(request));
}

TEST_CASE("a program's output, errors and exit code", "[real_process]") {
  Result<ProcessResult> result = shell("echo out; echo err >&2; exit 7");
  REQUIRE(result.has_value());
  CHECK(result->out == "out\n");
  CHECK(result->err == "err\n");
  CHECK(result->exit_code == 7);
  CHECK(shell("kill -TERM $$")->exit_code == 128 + SIGTERM);
}

TEST_CASE("arguments reach the program without a shell", "[real_process]") {
  ProcessRequest request;
  request.argv = {"printf", "%s|", "a b", "$HOME", "; exit 3", "*"};
  CHECK(run(std::move(request))->out == "a b|$HOME|; exit 3|*|");
}

TEST_CASE("environment and folder", "[real_process]") {
  ProcessRequest request;
  request.argv = {"/bin/sh", "-c", "echo $A $B; pwd"};
  request.environment = {{"B", "own"}};
  request.folder = "/usr";
  CHECK(run(request, {{"A", "given"}, {"B", "covered"}})->out == "given own\n/usr\n");
  request.folder = "/no/such/folder";
  Result<ProcessResult> failed = run(request);
  REQUIRE(!failed.has_value());
  CHECK(failed.error().code == ErrorCode::io);
  CHECK(failed.error().message ==
        "cannot start `/bin/sh` in /no/such/folder: no such file or directory");
}

TEST_CASE("input and output of any size flow at the same time", "[real_process]") {
  std::string big(3'000'000, 'x');
  Result<ProcessResult> result = shell("cat", big);
  REQUIRE(result.has_value());
  CHECK(result->out == big);
  // A program that does not want its input.
  CHECK(shell("exec <&-; exit 4", big)->exit_code == 4);
}

TEST_CASE("a missing program is said to be missing", "[real_process]") {
  ProcessRequest request;
  request.argv = {"no-such-program-here"};
  Result<ProcessResult> result = run(request);
  REQUIRE(!result.has_value());
  CHECK(result.error().code == ErrorCode::not_found);
  CHECK(result.error().message == "`no-such-program-here` is not installed or not on PATH");
  request.argv = {"sh"};
  CHECK(run(request, {{"PATH", "/nowhere"}}).error().code == ErrorCode::not_found);
  request.argv = {"/etc/passwd"};
  CHECK(run(request).error().message == "cannot start `/etc/passwd`: permission denied");
}

TEST_CASE("a program that does not end is ended with all that it started", "[real_process]") {
  Result<ProcessResult> result = shell("sleep 60 & echo $!; sleep 60", "", 200);
  REQUIRE(!result.has_value());
  CHECK(result.error().code == ErrorCode::unavailable);
  CHECK(result.error().message == "`sh` did not end within 200ms");
}

TEST_CASE("a daemon left behind does not hold the result up for long", "[real_process]") {
  Result<ProcessResult> result = shell("echo ok; sleep 5 &");
  REQUIRE(result.has_value());
  CHECK(result->out == "ok\n");
  CHECK(result->exit_code == 0);
}

// Descriptors above 2 that whoever started this test left open for children.
int given_descriptors() {
  int count = 0;
  for (int fd = 3; fd < 1024; ++fd) {
    int flags = fcntl(fd, F_GETFD);
    count += flags >= 0 && (flags & FD_CLOEXEC) == 0 ? 1 : 0;
  }
  return count;
}

TEST_CASE("children do not inherit our descriptors or ignored signals", "[real_process]") {
  Result<ProcessResult> result = shell("ls /proc/self/fd | wc -l; yes | head -1");
  REQUIRE(result.has_value());
  // 0, 1, 2 and the folder that ls reads; `yes` dies of SIGPIPE in silence.
  CHECK(result->out == std::to_string(4 + given_descriptors()) + "\ny\n");
  CHECK(result->err.empty());
}

TEST_CASE("the end of the owner is the end of its children", "[real_process]") {
  Loop loop;
  auto process = std::make_unique<RealProcess>(loop, Environment{});
  ProcessRequest request;
  request.argv = {"sleep", "60"};
  process->run(request, [](Result<ProcessResult>) { CHECK(false); });
  process.reset();
  bool done = false;
  loop.after(10'000'000, [&] { done = true; });
  loop.run_until(done);
}

}  // namespace
}  // namespace lf
