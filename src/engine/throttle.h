// SPDX-License-Identifier: Apache-2.0
// How fast a service may be asked. Nobody knows a cloud's limits beforehand, and they differ by
// account and call; so each (provider, account, region, service, throttle class) starts generous
// and learns:
//   * concurrency starts at 64, grows by one with each good answer while it is used up (doubling
//     per round trip) until the first throttle, from then on by one per round trip; a throttle or
//     an overload cuts it to 0.7 of itself, once per round trip however many answers say so;
//   * from the first throttle on requests are paced, too: the rate is cut to 0.7 of what was
//     measured and grows along the cubic curve of TCP CUBIC (flat near the rate that failed, steep
//     beyond), as botocore's adaptive mode does, with its constants (beta 0.7, scale 0.4). After a
//     minute without a throttle pacing ends.
// Waiting requests go by priority (the longest remaining path first), then in the order they came.
#pragma once

#include <coroutine>
#include <cstdint>
#include <map>
#include <string>

#include "base/world.h"

namespace lf {

struct ThrottleOptions {
  int parallelism = 0;         // --parallelism: all requests together; 0: no limit of the user's
  int concurrency_start = 64;  // of one key
  int concurrency_max = 500;   // of one key and of all together: open sockets are limited
  double retry_budget = 500;   // of one service
};

struct ThrottleKey {
  std::string provider;  // instance: kind and site
  std::string account;
  std::string region;
  std::string service;
  std::string call_class;  // "read", "write" or a class of the service's own
  auto operator<=>(const ThrottleKey&) const = default;
};

struct ThrottleStats {  // of one service
  uint64_t requests = 0;
  uint64_t throttled = 0;
  int64_t waited_ns = 0;    // all requests' time in the queue, added up
  int concurrency_max = 0;  // the most that were under way at once, per key
};

class Throttle {
 public:
  enum class Answer : uint8_t {
    good,  // any answer that shows the service at work, an error about the input, too
    throttled,
    overloaded,  // no answer, a time-out, 5xx
  };
  struct Bucket;
  // Leave to send one request; give it back with done().
  struct Permit {
    Bucket* bucket = nullptr;
    MonotonicNs admitted = 0;
    int64_t waited_ns = 0;
  };
  struct Awaiter;

  Throttle(Clock& clock, ThrottleOptions options);
  ~Throttle();
  Throttle(const Throttle&) = delete;
  Throttle& operator=(const Throttle&) = delete;

  // `Permit p = co_await awaiter;` Higher priority first. A bare name for the awaiter, please:
  // it must live until it is resumed.
  Awaiter acquire(ThrottleKey key, double priority);
  // `retry_after_ms` above 0 stops the whole key for that long.
  void done(Permit permit, Answer answer, int64_t retry_after_ms = 0);

  // Each repetition after `overloaded` costs 5 of the service's budget, each good answer gives 1
  // back. False: spent; a service that is down is not hammered by a thousand patient calls.
  bool spend_retry(const ThrottleKey& key);

  const std::map<std::string, ThrottleStats>& stats() const { return stats_; }
  // For tests and `-v`: the present limits of a key; 0 for a rate means not paced.
  int concurrency(const ThrottleKey& key) const;
  double rate(const ThrottleKey& key) const;

 private:
  friend struct Awaiter;
  Bucket& bucket(const ThrottleKey& key);
  bool may_admit(Bucket& bucket);
  void admit(Bucket& bucket);
  void pump();
  void wake_at(Bucket& bucket, MonotonicNs when);
  void refill(Bucket& bucket);
  void measure(Bucket& bucket);
  void slow_down(Bucket& bucket, const Permit& permit, Answer answer);
  void speed_up(Bucket& bucket);
  int total_max() const;

  Clock& clock_;
  ThrottleOptions options_;
  std::map<ThrottleKey, Bucket> buckets_;
  std::map<std::string, ThrottleStats> stats_;
  std::map<std::string, double> budgets_;  // by service; absent: full
  int in_flight_ = 0;
  uint64_t sequence_ = 0;
  bool pumping_ = false;
  bool pump_again_ = false;
};

// A request in the queue.
struct Throttle::Awaiter {
  Throttle& throttle;
  Bucket& bucket;
  double priority;
  Permit permit{};
  MonotonicNs queued = 0;
  std::coroutine_handle<> waiter{};

  bool await_ready();
  void await_suspend(std::coroutine_handle<> handle);
  Permit await_resume() { return permit; }
};

}  // namespace lf
