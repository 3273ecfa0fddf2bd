// SPDX-License-Identifier: Apache-2.0
#include "engine/retry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string>

#include "base/strings.h"

namespace lf {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kRetryAfterMaxMs = 24LL * 3600 * 1000;

std::optional<int64_t> number(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && !text.starts_with('-')) return INT64_MAX;
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110's preferred form; the two obsolete ones are not sent by
// any service of today) in seconds since 1970.
std::optional<int64_t> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT") || text.substr(3, 2) != ", ") {
    return std::nullopt;
  }
  auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  auto day = number(text.substr(5, 2));
  auto year = number(text.substr(12, 4));
  auto hour = number(text.substr(17, 2));
  auto minute = number(text.substr(20, 2));
  auto second = number(text.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  std::chrono::year_month_day date{
      std::chrono::year(static_cast<int>(*year)),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86400 + *hour * 3600 + *minute * 60 + *second;
}

RetryPolicy RetryPolicy::first_contact() {
  RetryPolicy policy;
  policy.unavailable = {4, 100, 2'000};
  return policy;
}

bool may_repeat(const Error& error, bool idempotent) {
  switch (error.code) {
    case ErrorCode::throttled:
    case ErrorCode::conflict:
    case ErrorCode::dependency:
    case ErrorCode::not_visible_yet: return true;  // refused, so not done
    case ErrorCode::unavailable: return idempotent || error.http_status == 0;
    case ErrorCode::outcome_unknown: return idempotent;
    default: return false;
  }
}

Error as_outcome(Error error, bool idempotent) {
  if (!idempotent && error.code == ErrorCode::unavailable && error.http_status >= 500) {
    error.code = ErrorCode::outcome_unknown;
  }
  return error;
}

Backoff::Backoff(Clock& clock, Random& random, RetryPolicy policy, bool idempotent)
    : clock_(clock),
      random_(random),
      policy_(policy),
      idempotent_(idempotent),
      started_(clock.monotonic()) {}

const RetryPace* Backoff::pace_of(ErrorCode code) const {
  switch (code) {
    case ErrorCode::throttled: return &policy_.throttled;
    case ErrorCode::unavailable:
    case ErrorCode::outcome_unknown: return &policy_.unavailable;
    case ErrorCode::conflict:
    case ErrorCode::dependency: return &policy_.conflict;
    case ErrorCode::not_visible_yet: return &policy_.not_visible_yet;
    default: return nullptr;
  }
}

std::optional<int64_t> Backoff::next_delay_ns(const Error& error) {
  ++attempts_;
  const RetryPace* pace = pace_of(error.code);
  if (pace == nullptr || !may_repeat(error, idempotent_)) return std::nullopt;
  // Another kind of trouble starts its own course; the total time bounds them all together.
  attempts_of_class_ = pace == last_pace_ ? attempts_of_class_ + 1 : 1;
  last_pace_ = pace;
  if (attempts_of_class_ >= pace->attempts_max) return std::nullopt;
  int doublings = std::min(attempts_of_class_ - 1, 30);
  int64_t ceiling_ms = std::min(pace->base_ms << doublings, pace->cap_ms);
  // Full jitter: anything from nothing to the ceiling.
  auto ceiling_ns = static_cast<uint64_t>(std::max<int64_t>(ceiling_ms * kMs, 1));
  auto delay_ns = static_cast<int64_t>(random_.next() % ceiling_ns);
  // What the service asked for is the least; the jitter comes on top of it.
  if (error.retry_after_ms > 0) delay_ns += error.retry_after_ms * kMs;
  int64_t elapsed_ns = clock_.monotonic() - started_;
  if (elapsed_ns + delay_ns > policy_.total_ms_max * kMs) return std::nullopt;
  return delay_ns;
}

std::optional<int64_t> parse_retry_after(std::string_view value, Timestamp now) {
  std::string_view text = trim(value);
  std::optional<int64_t> seconds = number(text);
  if (!seconds) {
    seconds = parse_http_date(text);
    if (seconds) *seconds -= now.seconds;
  } else if (*seconds < 0) {
    return std::nullopt;
  }
  if (!seconds) return std::nullopt;
  return std::clamp<int64_t>(*seconds, 0, kRetryAfterMaxMs / 1000) * 1000;
}

Task<void> sleep_ns(Clock* clock, int64_t delay_ns) {
  Callback<bool> wait([clock, delay_ns](std::function<void(bool)> done) {
    clock->after(delay_ns, [done] { done(true); });
  });
  bool woken = co_await wait;
  (void)woken;
}

Task<Result<HttpResponse>> send_request(Transport* transport, HttpRequest request) {
  Callback<Result<HttpResponse>> exchange(
      [transport, &request](std::function<void(Result<HttpResponse>)> done) {
        transport->send(std::move(request), std::move(done));
      });
  Result<HttpResponse> result = co_await exchange;
  co_return result;
}

}  // namespace lf
