// SPDX-License-Identifier: Apache-2.0
// Sums with points in time, in milliseconds.
#pragma once

#include <cstdint>

#include "base/value.h"

namespace lf {

// Since 1970; the rest of a millisecond is dropped.
inline int64_t millis(Timestamp t) {
  return t.seconds * 1000 + t.nanos / 1'000'000;
}

// `ms` may be below 0.
inline Timestamp later(Timestamp t, int64_t ms) {
  int64_t nanos = t.nanos + ms % 1000 * 1'000'000;
  t.seconds += ms / 1000;
  if (nanos < 0) {
    t.seconds -= 1;
    nanos += 1'000'000'000;
  } else if (nanos >= 1'000'000'000) {
    t.seconds += 1;
    nanos -= 1'000'000'000;
  }
  t.nanos = static_cast<int32_t>(nanos);
  return t;
}

}  // namespace lf
