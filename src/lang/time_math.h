// SPDX-License-Identifier: Apache-2.0
// Durations and timestamps as CEL bounds them, and the civil calendar.
#pragma once

#include <optional>
#include <string_view>

#include "base/value.h"

namespace lf::cel {

// A duration from parts that need not be normalised. Error value beyond +-315,576,000,000 s.
Value make_duration(int64_t seconds, int64_t nanos);
// Error value outside the years 0001 to 9999.
Value make_timestamp(int64_t seconds, int64_t nanos);
Duration negated(Duration d);
Value add_durations(Duration a, Duration b);
Value add_time(Timestamp t, Duration d);
// to - from. Error value where it does not fit 64 bits of nanoseconds, as the standard's suite has.
Value time_between(Timestamp from, Timestamp to);
// CEL's form: "1h30m", "-1.5s", "0", units h m s ms us ns in any order. nullopt: none of it.
std::optional<Value> parse_cel_duration(std::string_view text);
std::string format_cel_duration(Duration d);  // "5400s", "-1.5s"

struct Civil {
  int64_t year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;    // 1 to 31
  int hour = 0;
  int minute = 0;
  int second = 0;
  int weekday = 4;      // 0 is Sunday
  int day_of_year = 0;  // 0 is January 1st
};
// The calendar in UTC of seconds since 1970.
Civil civil_from_seconds(int64_t seconds);

}  // namespace lf::cel
