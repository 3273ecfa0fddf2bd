// SPDX-License-Identifier: Apache-2.0
#include "engine/throttle.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/assert.h"

namespace lf {
namespace {

constexpr double kBeta = 0.7;  // what a cut leaves
constexpr double kCubicScale = 0.4;
constexpr double kSmoothing = 0.8;  // weight of the newest half second in the measured rate
constexpr double kRateMin = 0.5;    // requests a second
constexpr double kConcurrencyMin = 1;
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMeasureNs = kSecond / 2;
constexpr int64_t kPacingEndsNs = 60 * kSecond;
constexpr double kRetryCost = 5;

double seconds(int64_t ns) {
  return static_cast<double>(ns) / kSecond;
}

}  // namespace

struct Throttle::Bucket {
  std::string service;
  // Concurrency.
  double limit = 0;
  int in_flight = 0;
  bool throttled_before = false;
  MonotonicNs last_cut = -1;
  // Pacing.
  bool paced = false;
  double rate = 0;  // requests a second
  double tokens = 0;
  MonotonicNs refilled = 0;
  double rate_before_cut = 0;
  MonotonicNs last_throttle = 0;
  double measured = 0;  // requests a second, smoothed
  int in_window = 0;
  MonotonicNs window_began = 0;
  MonotonicNs paused_until = 0;
  uint64_t timer = 0;
  // Waiting, by falling priority, then by order of arrival.
  std::map<std::pair<double, uint64_t>, Awaiter*> queue;
};

Throttle::Throttle(Clock& clock, ThrottleOptions options) : clock_(clock), options_(options) {}

Throttle::~Throttle() {
  for (auto& [key, bucket] : buckets_) clock_.cancel(bucket.timer);
}

int Throttle::total_max() const {
  return options_.parallelism > 0 ? options_.parallelism : options_.concurrency_max;
}

Throttle::Bucket& Throttle::bucket(const ThrottleKey& key) {
  auto [found, is_new] = buckets_.try_emplace(key);
  Bucket& bucket = found->second;
  if (is_new) {
    bucket.service = key.service;
    bucket.limit = options_.concurrency_start;
    bucket.window_began = clock_.monotonic();
  }
  return bucket;
}

int Throttle::concurrency(const ThrottleKey& key) const {
  auto found = buckets_.find(key);
  return found == buckets_.end() ? options_.concurrency_start
                                 : static_cast<int>(found->second.limit);
}

double Throttle::rate(const ThrottleKey& key) const {
  auto found = buckets_.find(key);
  return found != buckets_.end() && found->second.paced ? found->second.rate : 0;
}

Throttle::Awaiter Throttle::acquire(ThrottleKey key, double priority) {
  return Awaiter{*this, bucket(key), priority};
}

bool Throttle::Awaiter::await_ready() {
  queued = throttle.clock_.monotonic();
  // Nobody overtakes: with others waiting, this one waits as well.
  if (!bucket.queue.empty() || throttle.pumping_) return false;
  if (throttle.in_flight_ >= throttle.total_max() || !throttle.may_admit(bucket)) return false;
  throttle.admit(bucket);
  permit = {&bucket, queued, 0};
  return true;
}

void Throttle::Awaiter::await_suspend(std::coroutine_handle<> handle) {
  waiter = handle;
  bucket.queue.emplace(std::pair{-priority, throttle.sequence_++}, this);
  throttle.pump();
}

void Throttle::refill(Bucket& bucket) {
  MonotonicNs now = clock_.monotonic();
  // A second's worth may gather, so that a pause does not become a loss.
  double most = std::max(bucket.rate, 1.0);
  bucket.tokens = std::min(most, bucket.tokens + seconds(now - bucket.refilled) * bucket.rate);
  bucket.refilled = now;
}

bool Throttle::may_admit(Bucket& bucket) {
  MonotonicNs now = clock_.monotonic();
  if (now < bucket.paused_until) {
    wake_at(bucket, bucket.paused_until);
    return false;
  }
  if (bucket.in_flight >= static_cast<int>(bucket.limit)) return false;
  if (!bucket.paced) return true;
  if (now - bucket.last_throttle > kPacingEndsNs) {
    bucket.paced = false;
    bucket.throttled_before = false;
    return true;
  }
  refill(bucket);
  if (bucket.tokens >= 1) return true;
  double wait_s = (1 - bucket.tokens) / bucket.rate;
  wake_at(bucket, now + static_cast<int64_t>(wait_s * kSecond) + 1);
  return false;
}

void Throttle::wake_at(Bucket& bucket, MonotonicNs when) {
  if (bucket.timer != 0) return;
  bucket.timer = clock_.after(when - clock_.monotonic(), [this, &bucket] {
    bucket.timer = 0;
    pump();
  });
}

void Throttle::admit(Bucket& bucket) {
  ++in_flight_;
  ++bucket.in_flight;
  if (bucket.paced) bucket.tokens -= 1;
  measure(bucket);
  ThrottleStats& stats = stats_[bucket.service];
  ++stats.requests;
  stats.concurrency_max = std::max(stats.concurrency_max, bucket.in_flight);
}

void Throttle::measure(Bucket& bucket) {
  MonotonicNs now = clock_.monotonic();
  ++bucket.in_window;
  if (now - bucket.window_began < kMeasureNs) return;
  double current = bucket.in_window / seconds(now - bucket.window_began);
  bucket.measured =
      bucket.measured == 0 ? current : current * kSmoothing + bucket.measured * (1 - kSmoothing);
  bucket.in_window = 0;
  bucket.window_began = now;
}

// Admits whoever may go, the highest priority of all keys first. Those resumed here may ask for
// more or give back at once; that is noted and seen to by the outermost call, so nothing nests.
void Throttle::pump() {
  pump_again_ = true;
  if (pumping_) return;
  pumping_ = true;
  while (std::exchange(pump_again_, false)) {
    while (in_flight_ < total_max()) {
      Bucket* best = nullptr;
      for (auto& [key, bucket] : buckets_) {
        if (bucket.queue.empty() || !may_admit(bucket)) continue;
        if (best == nullptr || bucket.queue.begin()->first < best->queue.begin()->first) {
          best = &bucket;
        }
      }
      if (best == nullptr) break;
      Awaiter* next = best->queue.begin()->second;
      best->queue.erase(best->queue.begin());
      admit(*best);
      MonotonicNs now = clock_.monotonic();
      next->permit = {best, now, now - next->queued};
      stats_[best->service].waited_ns += now - next->queued;
      next->waiter.resume();
    }
  }
  pumping_ = false;
}

void Throttle::slow_down(Bucket& bucket, const Permit& permit, Answer answer) {
  MonotonicNs now = clock_.monotonic();
  if (answer == Answer::throttled) ++stats_[bucket.service].throttled;
  // Requests that left before the last cut tell nothing about the pace after it.
  if (permit.admitted <= bucket.last_cut) return;
  bucket.last_cut = now;
  double used = std::min(bucket.limit, static_cast<double>(bucket.in_flight + 1));
  bucket.limit = std::max(kConcurrencyMin, used * kBeta);
  if (answer != Answer::throttled) return;  // an overload passes, and is forgotten quickly
  bucket.throttled_before = true;
  double window = std::max(seconds(now - bucket.window_began), seconds(kMeasureNs));
  double sent = std::max(bucket.measured, bucket.in_window / window);
  double rate = bucket.paced ? std::min(sent, bucket.rate) : sent;
  bucket.rate_before_cut = std::max(rate, kRateMin);
  bucket.rate = std::max(kRateMin, bucket.rate_before_cut * kBeta);
  bucket.last_throttle = now;
  bucket.tokens = bucket.paced ? std::min(bucket.tokens, 1.0) : 0;
  bucket.refilled = now;
  bucket.paced = true;
}

void Throttle::speed_up(Bucket& bucket) {
  // Only a limit that is reached is worth raising.
  if (bucket.in_flight + 1 >= static_cast<int>(bucket.limit)) {
    bucket.limit += bucket.throttled_before ? 1 / bucket.limit : 1;
    bucket.limit = std::min<double>(bucket.limit, options_.concurrency_max);
  }
  if (!bucket.paced) return;
  refill(bucket);
  double window_s = std::cbrt(bucket.rate_before_cut * (1 - kBeta) / kCubicScale);
  double t = seconds(clock_.monotonic() - bucket.last_throttle) - window_s;
  double cubic = kCubicScale * t * t * t + bucket.rate_before_cut;
  // Not far beyond what is asked for, else the first burst after a quiet time would be throttled;
  // and never below where the last cut left it.
  double wanted = std::min(cubic, std::max(2 * bucket.measured, bucket.rate_before_cut));
  bucket.rate = std::max(wanted, std::max(kRateMin, bucket.rate_before_cut * kBeta));
}

void Throttle::done(Permit permit, Answer answer, int64_t retry_after_ms) {
  LF_ASSERT(permit.bucket != nullptr);
  Bucket& bucket = *permit.bucket;
  --in_flight_;
  --bucket.in_flight;
  LF_ASSERT(in_flight_ >= 0 && bucket.in_flight >= 0);
  if (retry_after_ms > 0) {
    MonotonicNs until = clock_.monotonic() + retry_after_ms * 1'000'000;
    bucket.paused_until = std::max(bucket.paused_until, until);
  }
  if (answer == Answer::good) {
    speed_up(bucket);
    auto budget = budgets_.find(bucket.service);
    if (budget != budgets_.end()) {
      budget->second = std::min(budget->second + 1, options_.retry_budget);
    }
  } else {
    slow_down(bucket, permit, answer);
  }
  pump();
}

bool Throttle::spend_retry(const ThrottleKey& key) {
  double& budget = budgets_.try_emplace(key.service, options_.retry_budget).first->second;
  if (budget < kRetryCost) return false;
  budget -= kRetryCost;
  return true;
}

}  // namespace lf
