// SPDX-License-Identifier: Apache-2.0
#include "base/timestamp.h"

#include <catch2/catch.hpp>

namespace lf {

TEST_CASE("points in time and milliseconds", "[timestamp]") {
  const Timestamp at{100, 750'000'000};
  CHECK(millis(at) == 100'750);
  CHECK(later(at, 0) == at);
  CHECK(later(at, 250) == Timestamp{101, 0});
  CHECK(later(at, 60'300) == Timestamp{161, 50'000'000});
  CHECK(later(at, -750) == Timestamp{100, 0});
  CHECK(later(at, -751) == Timestamp{99, 999'000'000});
  CHECK(later(later(at, 12'345), -12'345) == at);
}

}  // namespace lf
