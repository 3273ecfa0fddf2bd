// SPDX-License-Identifier: Apache-2.0
#include "engine/real_clock.h"

#include <time.h>

namespace lf {

Timestamp RealClock::now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return Timestamp{now.tv_sec, static_cast<int32_t>(now.tv_nsec)};
}

}  // namespace lf
