// SPDX-License-Identifier: Apache-2.0
// timestamp(), duration() and their parts, in UTC or a time zone.
#include "base/units.h"
#include "lang/functions.h"
#include "lang/time_math.h"
#include "lang/zones.h"

namespace lf::cel {
namespace {

Value to_timestamp(const Call& call) {
  const Value& v = call[0];
  if (v.is_timestamp()) return v;
  if (v.is_int()) return make_timestamp(v.as_int(), 0);
  if (!v.is_string()) return no_overload(call);
  const auto parsed = parse_timestamp(v.as_string());
  if (!parsed) {
    return Value::error("`" + v.as_string() +
                        "` is no timestamp in the range of years 0001 to 9999, such as "
                        "2026-01-31T12:00:00Z");
  }
  return make_timestamp(parsed->seconds, parsed->nanos);
}

Value to_duration(const Call& call) {
  const Value& v = call[0];
  if (v.is_duration()) return v;
  if (!v.is_string()) return no_overload(call);
  auto parsed = parse_cel_duration(v.as_string());
  if (parsed) return *std::move(parsed);
  std::string message = "`" + v.as_string() + "` is no duration, such as 1h30m or 2.5s";
  if (parse_duration(v.as_string())) message += "; days are written days(90)";
  return Value::error(message);
}

// The civil time of a call t.getX() or t.getX("zone"); an error value where there is none.
Value civil_of(const Call& call, Civil& civil) {
  if (!call[0].is_timestamp() || (call.size() == 2 && !call[1].is_string())) {
    return no_overload(call);
  }
  int64_t offset = 0;
  if (call.size() == 2) {
    const auto found =
        zone_offset(call[1].as_string(), call[0].as_timestamp().seconds, call.activation);
    if (!found) return Value::error("`" + call[1].as_string() + "` is no time zone known here");
    offset = *found;
  }
  civil = civil_from_seconds(call[0].as_timestamp().seconds + offset);
  return Value();
}

template <int64_t (*Part)(const Civil&)>
Value part(const Call& call) {
  Civil civil;
  Value error = civil_of(call, civil);
  return error.is_error() ? error : Value(Part(civil));
}
int64_t year(const Civil& c) {
  return c.year;
}
int64_t month(const Civil& c) {
  return c.month - 1;
}
int64_t date(const Civil& c) {
  return c.day;
}
int64_t day_of_month(const Civil& c) {
  return c.day - 1;
}
int64_t day_of_week(const Civil& c) {
  return c.weekday;
}
int64_t day_of_year(const Civil& c) {
  return c.day_of_year;
}

// Of a timestamp the clock's hand, of a duration the whole.
template <int64_t (*Part)(const Civil&), int64_t Seconds>
Value clock_part(const Call& call) {
  if (call[0].is_duration() && call.size() == 1) return call[0].as_duration().seconds / Seconds;
  return part<Part>(call);
}
int64_t hours(const Civil& c) {
  return c.hour;
}
int64_t minutes(const Civil& c) {
  return c.minute;
}
int64_t seconds(const Civil& c) {
  return c.second;
}

Value milliseconds(const Call& call) {
  if (call[0].is_duration() && call.size() == 1) return call[0].as_duration().nanos / 1'000'000;
  Civil civil;
  Value error = civil_of(call, civil);  // the zone must be one, though it changes nothing
  if (error.is_error()) return error;
  return call[0].as_timestamp().nanos / 1'000'000;
}

constexpr const char* kPart = "timestamp.() int; timestamp.(string) int";
constexpr const char* kBoth = "timestamp.() int; timestamp.(string) int; duration.() int";

constexpr FunctionEntry kTable[] = {
    {"timestamp", to_timestamp, 0, "(string) timestamp; (int) timestamp; (timestamp) timestamp",
     "The time that a text such as '2026-01-31T12:00:00Z' says, or seconds since 1970."},
    {"duration", to_duration, 0, "(string) duration; (duration) duration",
     "The duration that a text such as '1h30m' says."},
    {"getFullYear", part<year>, 0, kPart,
     "The year, in UTC or in a time zone such as 'Europe/Berlin'."},
    {"getMonth", part<month>, 0, kPart, "The month, from 0."},
    {"getDate", part<date>, 0, kPart, "The day of the month, from 1."},
    {"getDayOfMonth", part<day_of_month>, 0, kPart, "The day of the month, from 0."},
    {"getDayOfWeek", part<day_of_week>, 0, kPart, "The day of the week, 0 is Sunday."},
    {"getDayOfYear", part<day_of_year>, 0, kPart, "The day of the year, from 0."},
    {"getHours", clock_part<hours, 3600>, 0, kBoth,
     "The hour of the day; of a duration, all of its hours."},
    {"getMinutes", clock_part<minutes, 60>, 0, kBoth,
     "The minute of the hour; of a duration, all of its minutes."},
    {"getSeconds", clock_part<seconds, 1>, 0, kBoth,
     "The second of the minute; of a duration, all of its seconds."},
    {"getMilliseconds", milliseconds, 0, kBoth, "The milliseconds within the second."},
};

}  // namespace

std::span<const FunctionEntry> time_functions() {
  return kTable;
}

}  // namespace lf::cel
