// SPDX-License-Identifier: Apache-2.0
#include "engine/loop.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "engine/real_clock.h"
#include "engine/real_random.h"

namespace lf {
namespace {

constexpr int64_t kMs = 1'000'000;

Task<int> wait_and_answer(Loop* loop, int64_t delay_ns, int answer) {
  Callback<int> wait([loop, delay_ns, answer](std::function<void(int)> done) {
    loop->after(delay_ns, [done, answer] { done(answer); });
  });
  int result = co_await wait;
  co_return result;
}

Task<void> answer_into(Loop* loop, int64_t delay_ns, int answer, std::vector<int>* out) {
  Task<int> task = wait_and_answer(loop, delay_ns, answer);
  int result = co_await std::move(task);
  out->push_back(result);
}

TEST_CASE("the loop runs a task to its value", "[loop]") {
  Loop loop;
  CHECK(loop.run(wait_and_answer(&loop, kMs, 7)) == 7);
  CHECK(loop.run(wait_and_answer(&loop, 0, 8)) == 8);
}

TEST_CASE("timers come in the order of their times, equal ones in order of calls", "[loop]") {
  Loop loop;
  std::vector<int> order;
  bool done = false;
  loop.after(3 * kMs, [&] { order.push_back(3); });
  loop.after(1 * kMs, [&] { order.push_back(1); });
  uint64_t cancelled = loop.after(2 * kMs, [&] { order.push_back(2); });
  loop.after(5 * kMs, [&] { done = true; });
  loop.after(-1, [&] { order.push_back(0); });
  loop.cancel(cancelled);
  loop.cancel(cancelled);
  loop.cancel(12345);
  int64_t before = loop.monotonic_ns();
  loop.run_until(done);
  CHECK(order == std::vector<int>{0, 1, 3});
  CHECK(loop.monotonic_ns() - before >= 5 * kMs);
  CHECK(loop.monotonic_ns() - before < 500 * kMs);
}

TEST_CASE("a timer of no delay that sets itself again does not starve the rest", "[loop]") {
  Loop loop;
  bool done = false;
  int turns = 0;
  std::function<void()> again = [&] {
    ++turns;
    loop.after(0, again);
  };
  again();
  loop.after(2 * kMs, [&] { done = true; });
  loop.run_until(done);
  CHECK(turns > 1);
}

TEST_CASE("many tasks share the loop", "[loop]") {
  Loop loop;
  std::vector<int> order;
  std::vector<Task<void>> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(answer_into(&loop, (i % 10) * kMs, i, &order));
  loop.run(all(std::move(tasks)));
  CHECK(order.size() == 1000);
  CHECK(order.front() % 10 == 0);
  CHECK(order.back() % 10 == 9);
}

TEST_CASE("functions posted from other threads arrive in order", "[loop]") {
  Loop loop;
  bool done = false;
  std::vector<int> got;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) loop.post([&got, i] { got.push_back(i); });
    loop.post([&done] { done = true; });
  });
  loop.run_until(done);
  other.join();
  REQUIRE(got.size() == 1000);
  CHECK(std::is_sorted(got.begin(), got.end()));
}

TEST_CASE("what was posted after the end of a run waits for the next", "[loop]") {
  Loop loop;
  std::vector<int> got;
  bool first = false;
  bool second = false;
  loop.post([&] {
    got.push_back(1);
    first = true;
  });
  loop.post([&] { got.push_back(2); });
  loop.post([&] {
    got.push_back(3);
    second = true;
  });
  loop.run_until(first);
  CHECK(got == std::vector<int>{1});
  loop.run_until(second);
  CHECK(got == std::vector<int>{1, 2, 3});
}

TEST_CASE("descriptors are watched for what was asked", "[loop]") {
  Loop loop;
  int pair[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  bool done = false;
  int writable_calls = 0;
  loop.watch(pair[0], false, true, [&](bool readable, bool writable) {
    CHECK(!readable);
    CHECK(writable);
    ++writable_calls;
    REQUIRE(::write(pair[1], "x", 1) == 1);
    loop.watch(pair[0], true, false, [&](bool r, bool w) {
      CHECK(r);
      CHECK(!w);
      loop.unwatch(pair[0]);
      loop.unwatch(pair[0]);
      done = true;
    });
  });
  loop.run_until(done);
  CHECK(writable_calls == 1);
  // A number that was closed and given out again is watched anew.
  ::close(pair[0]);
  ::close(pair[1]);
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  done = false;
  loop.watch(pair[0], true, false, [&](bool r, bool) { done = r; });
  ::close(pair[1]);  // a hang-up counts as readable
  loop.run_until(done);
  loop.unwatch(pair[0]);
  ::close(pair[0]);
}

TEST_CASE("signals arrive as events with their count", "[loop]") {
  std::vector<std::pair<int, int>> got;
  bool done = false;
  {
    Loop loop;
    loop.handle_signals({SIGUSR1, SIGUSR2}, [&](int number, int count) {
      got.emplace_back(number, count);
      if (count == 1 && number == SIGUSR1) raise(SIGUSR1);
      if (count == 2) raise(SIGUSR2);
      if (number == SIGUSR2) done = true;
    });
    raise(SIGUSR1);
    CHECK(got.empty());
    loop.run_until(done);
  }
  CHECK(got == std::vector<std::pair<int, int>>{{SIGUSR1, 1}, {SIGUSR1, 2}, {SIGUSR2, 1}});
  Loop next;  // the first one has given the signals back
  next.handle_signals({SIGUSR1}, [](int, int) {});
}

TEST_CASE("the clock tells the time and the random source does not repeat", "[loop]") {
  Loop loop;
  RealClock clock(loop);
  CHECK(clock.now().seconds > 1'700'000'000);
  int64_t first = clock.monotonic();
  CHECK(clock.monotonic() >= first);
  RealRandom random;
  std::vector<uint64_t> numbers;
  for (int i = 0; i < 100; ++i) numbers.push_back(random.next());
  std::sort(numbers.begin(), numbers.end());
  CHECK(std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end());
}

}  // namespace
}  // namespace lf
