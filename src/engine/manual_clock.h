// SPDX-License-Identifier: Apache-2.0
// A clock for tests: time stands still until it is told to go on, and then goes from one timer to
// the next.
#pragma once

#include <algorithm>
#include <map>

#include "base/seeded_random.h"
#include "base/world.h"

namespace lf {

class ManualClock final : public Clock {
 public:
  Timestamp now() override {
    return Timestamp{kStart + ns_ / 1'000'000'000, static_cast<int32_t>(ns_ % 1'000'000'000)};
  }
  MonotonicNs monotonic() override { return ns_; }
  uint64_t after(int64_t delay_ns, std::function<void()> done) override {
    uint64_t id = ++last_id_;
    timers_.emplace(std::pair{ns_ + (delay_ns > 0 ? delay_ns : 0), id}, std::move(done));
    return id;
  }
  void cancel(uint64_t timer) override {
    std::erase_if(timers_, [timer](const auto& entry) { return entry.first.second == timer; });
  }
  // Goes on by `ns`, calling every timer on the way at its own time.
  void advance(int64_t ns) {
    int64_t until = ns_ + ns;
    while (!timers_.empty() && timers_.begin()->first.first <= until) step();
    ns_ = until;
  }
  // To the next timer; false if there is none.
  bool step() {
    if (timers_.empty()) return false;
    auto node = timers_.extract(timers_.begin());
    ns_ = std::max(ns_, node.key().first);
    node.mapped()();
    return true;
  }
  size_t timer_count() const { return timers_.size(); }

 private:
  static constexpr int64_t kStart = 1'763'856'000;  // 2025-11-23T00:00:00Z
  int64_t ns_ = 0;
  uint64_t last_id_ = 0;
  std::map<std::pair<int64_t, uint64_t>, std::function<void()>> timers_;
};

}  // namespace lf
