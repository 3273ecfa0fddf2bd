// SPDX-License-Identifier: Apache-2.0
// The machine's clocks and the loop's timers.
#pragma once

#include "base/world.h"
#include "engine/loop.h"

namespace lf {

class RealClock final : public Clock {
 public:
  explicit RealClock(Loop& loop) : loop_(loop) {}
  Timestamp now() override;
  MonotonicNs monotonic() override { return loop_.monotonic_ns(); }
  uint64_t after(int64_t delay_ns, std::function<void()> done) override {
    return loop_.after(delay_ns, std::move(done));
  }
  void cancel(uint64_t timer) override { loop_.cancel(timer); }

 private:
  Loop& loop_;
};

}  // namespace lf
