// SPDX-License-Identifier: Apache-2.0
#include "engine/retry.h"

#include <catch2/catch.hpp>

#include "engine/manual_clock.h"

namespace lf {
namespace {

constexpr int64_t kMs = 1'000'000;

Error error_of(ErrorCode code, int http_status = 0, int64_t retry_after_ms = 0) {
  Error error(code, "it failed");
  error.http_status = http_status;
  error.retry_after_ms = retry_after_ms;
  return error;
}

TEST_CASE("what may be repeated", "[retry]") {
  struct Row {
    ErrorCode code;
    int status;
    bool mutation;    // repeatable although not idempotent
    bool idempotent;  // repeatable where idempotent
  };
  for (Row row :
       {Row{ErrorCode::throttled, 400, true, true}, Row{ErrorCode::conflict, 409, true, true},
        Row{ErrorCode::dependency, 400, true, true},
        Row{ErrorCode::not_visible_yet, 404, true, true},
        Row{ErrorCode::unavailable, 0, true, true},     // surely not sent
        Row{ErrorCode::unavailable, 503, false, true},  // an answer: who knows
        Row{ErrorCode::outcome_unknown, 0, false, true}, Row{ErrorCode::invalid, 400, false, false},
        Row{ErrorCode::auth, 403, false, false}, Row{ErrorCode::expired, 403, false, false},
        Row{ErrorCode::quota, 400, false, false}, Row{ErrorCode::capacity, 500, false, false},
        Row{ErrorCode::cancelled, 0, false, false}}) {
    INFO(to_string(row.code) << " " << row.status);
    CHECK(may_repeat(error_of(row.code, row.status), false) == row.mutation);
    CHECK(may_repeat(error_of(row.code, row.status), true) == row.idempotent);
  }
  Error open = as_outcome(error_of(ErrorCode::unavailable, 500), false);
  CHECK(open.code == ErrorCode::outcome_unknown);
  CHECK(as_outcome(error_of(ErrorCode::unavailable, 500), true).code == ErrorCode::unavailable);
  CHECK(as_outcome(error_of(ErrorCode::unavailable, 0), false).code == ErrorCode::unavailable);
}

TEST_CASE("delays double under full jitter up to their cap", "[retry]") {
  ManualClock clock;
  RetryPolicy policy;
  policy.unavailable = {12, 100, 3'000};
  std::vector<int64_t> longest(12, 0);
  std::vector<int64_t> shortest(12, INT64_MAX);
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SeededRandom random(seed);
    Backoff backoff(clock, random, policy, true);
    size_t i = 0;
    while (auto delay = backoff.next_delay_ns(error_of(ErrorCode::unavailable))) {
      REQUIRE(i < 11);
      longest[i] = std::max(longest[i], *delay);
      shortest[i] = std::min(shortest[i], *delay);
      ++i;
    }
    CHECK(i == 11);
  }
  for (size_t i = 0; i < 11; ++i) {
    int64_t ceiling = std::min<int64_t>(100 << i, 3'000) * kMs;
    INFO(i);
    CHECK(longest[i] <= ceiling);
    CHECK(longest[i] > ceiling * 9 / 10);
    CHECK(shortest[i] < ceiling / 10);
  }
}

TEST_CASE("the service's own wish is the least delay, the total time is the most", "[retry]") {
  ManualClock clock;
  SeededRandom random(1);
  RetryPolicy policy;
  policy.total_ms_max = 30'000;
  Backoff backoff(clock, random, policy, false);
  auto delay = backoff.next_delay_ns(error_of(ErrorCode::throttled, 429, 7'000));
  REQUIRE(delay);
  CHECK(*delay >= 7'000 * kMs);
  CHECK(*delay <= 7'500 * kMs);
  clock.advance(*delay);
  CHECK(!backoff.next_delay_ns(error_of(ErrorCode::throttled, 429, 60'000)));
  CHECK(backoff.next_delay_ns(error_of(ErrorCode::throttled, 429, 1'000)));
  clock.advance(25'000 * kMs);
  CHECK(!backoff.next_delay_ns(error_of(ErrorCode::throttled, 429, 3'000)));
  CHECK(backoff.attempts() == 4);
}

TEST_CASE("another kind of trouble starts its own course", "[retry]") {
  ManualClock clock;
  SeededRandom random(1);
  RetryPolicy policy;
  policy.unavailable = {3, 100, 1'000};
  Backoff backoff(clock, random, policy, true);
  CHECK(backoff.next_delay_ns(error_of(ErrorCode::unavailable)));
  CHECK(backoff.next_delay_ns(error_of(ErrorCode::unavailable)));
  CHECK(backoff.next_delay_ns(error_of(ErrorCode::throttled)));
  CHECK(backoff.next_delay_ns(error_of(ErrorCode::unavailable)));
  CHECK(backoff.next_delay_ns(error_of(ErrorCode::unavailable)));
  CHECK(!backoff.next_delay_ns(error_of(ErrorCode::unavailable)));
}

TEST_CASE("Retry-After as seconds or date", "[retry]") {
  Timestamp now{784'111'777, 0};  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(parse_retry_after("120", now) == 120'000);
  CHECK(parse_retry_after(" 0 ", now) == 0);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now) == 60'000);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now) == 0);
  CHECK(parse_retry_after("Sat, 05 Nov 1994 08:49:37 GMT", now) == 0);  // in the past
  CHECK(parse_retry_after("99999999999999999999", now) == 86'400'000);  // bounded
  for (const char* bad :
       {"", "-1", "soon", "1.5", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET"}) {
    INFO(bad);
    CHECK(!parse_retry_after(bad, now));
  }
}

// An operation that fails as told and then succeeds with the number of its calls.
struct Script {
  std::vector<Error> failures;
  size_t calls = 0;
};
Task<Result<size_t>> play(Script* script) {
  size_t call = script->calls++;
  if (call < script->failures.size()) {
    Error error = script->failures[call];
    co_return fail(std::move(error));
  }
  co_return script->calls;
}
Task<void> run_into(RetryCall call, Script* script, std::optional<Result<size_t>>* out) {
  std::function<Task<Result<size_t>>()> attempt = [script] { return play(script); };
  Task<Result<size_t>> task = retry<size_t>(std::move(call), std::move(attempt));
  Result<size_t> result = co_await std::move(task);
  out->emplace(std::move(result));
}
Result<size_t> run(ManualClock& clock, RetryCall call, Script& script) {
  SeededRandom random(1);
  call.clock = &clock;
  call.random = &random;
  std::optional<Result<size_t>> result;
  Task<void> task = run_into(std::move(call), &script, &result);
  std::move(task).detach();
  while (!result && clock.step()) continue;
  REQUIRE(result.has_value());
  return *result;
}

TEST_CASE("the loop of attempts", "[retry]") {
  ManualClock clock;
  RetryCall call;
  SECTION("a throttled mutation goes through in the end") {
    Script script{{error_of(ErrorCode::throttled, 400), error_of(ErrorCode::throttled, 400)}};
    CHECK(run(clock, std::move(call), script).value_or(0) == 3);
    CHECK(clock.monotonic() > 0);
  }
  SECTION("a mutation whose outcome is open is called once") {
    Script script{{error_of(ErrorCode::outcome_unknown)}};
    Result<size_t> result = run(clock, std::move(call), script);
    CHECK(result.error().code == ErrorCode::outcome_unknown);
    CHECK(script.calls == 1);
  }
  SECTION("so is one that was answered with a 500") {
    Script script{{error_of(ErrorCode::unavailable, 500)}};
    Result<size_t> result = run(clock, std::move(call), script);
    CHECK(result.error().code == ErrorCode::outcome_unknown);
    CHECK(script.calls == 1);
  }
  SECTION("an idempotent one is repeated") {
    call.idempotent = true;
    Script script{{error_of(ErrorCode::outcome_unknown), error_of(ErrorCode::unavailable, 500)}};
    CHECK(run(clock, std::move(call), script).value_or(0) == 3);
  }
  SECTION("attempts are bounded and the last error is told") {
    call.idempotent = true;
    call.policy = RetryPolicy::first_contact();
    Script script{std::vector<Error>(100, error_of(ErrorCode::unavailable))};
    Result<size_t> result = run(clock, std::move(call), script);
    CHECK(result.error().code == ErrorCode::unavailable);
    CHECK(script.calls == 4);
    CHECK(clock.monotonic() < 1'000 * kMs);
  }
  SECTION("each wait is told, and a spent budget ends it") {
    std::vector<int> attempts;
    call.on_retry = [&](const Error&, int attempt, int64_t) {
      attempts.push_back(attempt);
      return attempt < 3;
    };
    Script script{std::vector<Error>(100, error_of(ErrorCode::throttled))};
    CHECK(!run(clock, std::move(call), script).has_value());
    CHECK(attempts == std::vector<int>{1, 2, 3});
    CHECK(script.calls == 3);
  }
  SECTION("a request to stop ends it before the next attempt") {
    call.stopping = [] { return true; };
    Script script{std::vector<Error>(100, error_of(ErrorCode::throttled))};
    CHECK(run(clock, std::move(call), script).error().code == ErrorCode::throttled);
    CHECK(script.calls == 1);
  }
}

}  // namespace
}  // namespace lf
