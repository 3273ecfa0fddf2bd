// SPDX-License-Identifier: Apache-2.0
// A clock that runs faster than the one beneath it, so that waits for a cloud pass in an instant:
// at factor 60 a minute takes a second.
#pragma once

#include <utility>

#include "base/world.h"

namespace lf::sandbox {

class ScaledClock final : public Clock {
 public:
  // `base` must outlive it. `ahead_s`: how far its wall time is ahead of the base's at the start; a
  // cloud that is loaded again goes on from where it stood, never back.
  ScaledClock(Clock& base, double factor, int64_t ahead_s = 0)
      : base_(base), factor_(factor), wall_(base.now()), start_(base.monotonic()) {
    wall_.seconds += ahead_s;
  }
  Timestamp now() override {
    const int64_t passed = monotonic() - start_;
    const int64_t nanos = wall_.nanos + passed % 1'000'000'000;
    return {wall_.seconds + passed / 1'000'000'000 + nanos / 1'000'000'000,
            static_cast<int32_t>(nanos % 1'000'000'000)};
  }
  MonotonicNs monotonic() override {
    return start_ + static_cast<int64_t>(static_cast<double>(base_.monotonic() - start_) * factor_);
  }
  uint64_t after(int64_t delay_ns, std::function<void()> done) override {
    return base_.after(static_cast<int64_t>(static_cast<double>(delay_ns) / factor_),
                       std::move(done));
  }
  void cancel(uint64_t timer) override { base_.cancel(timer); }

 private:
  Clock& base_;
  double factor_;
  Timestamp wall_;
  MonotonicNs start_;
};

}  // namespace lf::sandbox
