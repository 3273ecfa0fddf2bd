// SPDX-License-Identifier: Apache-2.0
// Repeating what failed, where that is safe and of use.
//
// Safe: what only reads or is idempotent (by construction or by a token) may be repeated after any
// failure. Any other mutation is repeated only after an answer that says it was not done
// (throttled, conflict, …) or when it was surely not sent; a failure that leaves it open becomes
// `outcome_unknown`, which is for settling, never for repeating.
// Of use: each class of error has its own pace and number of attempts; delays are exponential with
// full jitter, so that a thousand clients that failed together do not come back together.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "base/task.h"
#include "base/world.h"

namespace lf {

struct RetryPace {
  int attempts_max = 1;  // all tries, the first one included
  int64_t base_ms = 100;
  int64_t cap_ms = 20'000;
};

struct RetryPolicy {
  RetryPace throttled{20, 500, 20'000};
  RetryPace unavailable{8, 100, 20'000};  // also outcome_unknown, for what is idempotent
  RetryPace conflict{40, 1'000, 10'000};  // also dependency: something else is under way
  RetryPace not_visible_yet{100, 500, 5'000};
  // No attempt starts later than this after the first one did.
  int64_t total_ms_max = 600'000;

  // Until a service has answered once, a wrong address or no network at all is the likelier reason:
  // fail within seconds.
  static RetryPolicy first_contact();
};

// Whether a call that ended in `error` may be made again.
bool may_repeat(const Error& error, bool idempotent);
// The same failure as the caller must see it: a mutation that is not idempotent and that failed
// with a 5xx answer may have been done.
Error as_outcome(Error error, bool idempotent);

// The course of one call's attempts.
class Backoff {
 public:
  Backoff(Clock& clock, Random& random, RetryPolicy policy, bool idempotent);
  Backoff(const Backoff&) = delete;
  Backoff& operator=(const Backoff&) = delete;
  // After a failed attempt: how long to wait for the next one, nullopt for giving up.
  std::optional<int64_t> next_delay_ns(const Error& error);
  int attempts() const { return attempts_; }  // that have failed so far

 private:
  const RetryPace* pace_of(ErrorCode code) const;
  Clock& clock_;
  Random& random_;
  RetryPolicy policy_;
  bool idempotent_;
  MonotonicNs started_;
  int attempts_ = 0;
  int attempts_of_class_ = 0;
  const RetryPace* last_pace_ = nullptr;
};

// `Retry-After` as seconds or an HTTP date, in milliseconds from `now`; never negative, at most a
// day. nullopt: neither.
std::optional<int64_t> parse_retry_after(std::string_view value, Timestamp now);

// An HTTP date in seconds since 1970; nullopt: it is none.
std::optional<int64_t> parse_http_date(std::string_view text);

Task<void> sleep_ns(Clock* clock, int64_t delay_ns);
// Transport::send as a task.
Task<Result<HttpResponse>> send_request(Transport* transport, HttpRequest request);

struct RetryCall {
  Clock* clock = nullptr;
  Random* random = nullptr;
  RetryPolicy policy;
  bool idempotent = false;
  // Told before each wait, with the attempt that failed (from 1). Its answer `false` gives up (a
  // budget is spent). May be empty.
  std::function<bool(const Error& error, int attempt, int64_t delay_ns)> on_retry;
  // Asked before each further attempt: true ends it with the last error (Ctrl-C). May be empty.
  std::function<bool()> stopping;
};

// Calls `attempt` until it succeeds or repeating is not safe or no use any more. `attempt` makes
// the whole try: signing, throttling, sending, decoding. It must be a plain function that returns
// the task of a coroutine, no coroutine lambda with captures.
template <class T>
Task<Result<T>> retry(RetryCall call, std::function<Task<Result<T>>()> attempt) {
  Backoff backoff(*call.clock, *call.random, call.policy, call.idempotent);
  while (true) {
    Task<Result<T>> task = attempt();
    Result<T> result = co_await std::move(task);
    if (result) co_return result;
    std::optional<int64_t> delay = backoff.next_delay_ns(result.error());
    Error seen = as_outcome(result.error(), call.idempotent);
    if (!delay) co_return fail(std::move(seen));
    if (call.on_retry && !call.on_retry(result.error(), backoff.attempts(), *delay)) {
      co_return fail(std::move(seen));
    }
    Task<void> pause = sleep_ns(call.clock, *delay);
    co_await std::move(pause);
    if (call.stopping && call.stopping()) co_return fail(std::move(seen));
  }
}

}  // namespace lf
