// SPDX-License-Identifier: Apache-2.0
#include "lang/time_math.h"

#include <cstdlib>

namespace lf::cel {
namespace {

constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr int64_t kNanos = 1'000'000'000;
__extension__ using Wide = __int128;

// CEL holds a duration in an int64 of nanoseconds (langdef, "Overflow").
Value too_long() {
  return Value::error("range: the duration is beyond 292 years");
}

}  // namespace

Value make_duration(int64_t seconds, int64_t nanos) {
  seconds += nanos / kNanos;
  nanos %= kNanos;
  if (seconds > 0 && nanos < 0) {
    --seconds;
    nanos += kNanos;
  } else if (seconds < 0 && nanos > 0) {
    ++seconds;
    nanos -= kNanos;
  }
  const Wide total = static_cast<Wide>(seconds) * kNanos + nanos;
  if (total > INT64_MAX || total < INT64_MIN) return too_long();
  return Duration{seconds, static_cast<int32_t>(nanos)};
}

Value make_timestamp(int64_t seconds, int64_t nanos) {
  seconds += nanos / kNanos;
  nanos %= kNanos;
  if (nanos < 0) {
    --seconds;
    nanos += kNanos;
  }
  if (seconds < kFirstSecond || seconds > kLastSecond) {
    return Value::error("range: the timestamp is outside the years 0001 to 9999");
  }
  return Timestamp{seconds, static_cast<int32_t>(nanos)};
}

Duration negated(Duration d) {
  return {-d.seconds, -d.nanos};
}

Value add_durations(Duration a, Duration b) {
  return make_duration(a.seconds + b.seconds, int64_t{a.nanos} + b.nanos);
}

Value add_time(Timestamp t, Duration d) {
  return make_timestamp(t.seconds + d.seconds, int64_t{t.nanos} + d.nanos);
}

Value time_between(Timestamp from, Timestamp to) {
  return make_duration(to.seconds - from.seconds, int64_t{to.nanos} - from.nanos);
}

std::optional<Value> parse_cel_duration(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return Duration{};
  if (text.empty()) return std::nullopt;
  static constexpr struct {
    std::string_view unit;
    int64_t nanos;
  } kUnits[] = {{"ns", 1},         {"us", 1000},  {"\u00b5s", 1000},  {"\u03bcs", 1000},
                {"ms", 1'000'000}, {"s", kNanos}, {"m", 60 * kNanos}, {"h", 3600 * kNanos}};
  Wide total = 0;
  constexpr Wide kLimit = static_cast<Wide>(INT64_MAX) * 1000;
  while (!text.empty()) {
    Wide number = 0;
    Wide scale = 1;
    size_t digits = 0;
    size_t i = 0;
    bool point = false;
    for (; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '.' && !point) {
        point = true;
      } else if (c >= '0' && c <= '9') {
        ++digits;
        if (scale > kNanos * int64_t{100'000}) continue;  // finer than any unit can show
        number = number * 10 + (c - '0');
        if (point) scale *= 10;
        if (number > kLimit) return too_long();
      } else {
        break;
      }
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(i);
    int64_t unit_nanos = 0;
    for (const auto& entry : kUnits) {
      const auto rest = text.substr(0, entry.unit.size());
      if (rest != entry.unit) continue;
      unit_nanos = entry.nanos;
      text.remove_prefix(entry.unit.size());
      break;
    }
    if (unit_nanos == 0) return std::nullopt;
    total += number * unit_nanos / scale;
    if (total > kLimit) return too_long();
  }
  if (negative) total = -total;
  return make_duration(static_cast<int64_t>(total / kNanos), static_cast<int64_t>(total % kNanos));
}

std::string format_cel_duration(Duration d) {
  std::string out = d.seconds < 0 || d.nanos < 0 ? "-" : "";
  out += std::to_string(std::llabs(d.seconds));
  if (d.nanos != 0) {
    std::string fraction = std::to_string(std::abs(d.nanos));
    fraction.insert(0, 9 - fraction.size(), '0');
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out += "." + fraction;
  }
  return out + "s";
}

Civil civil_from_seconds(int64_t seconds) {
  int64_t days = seconds / 86400;
  int64_t rest = seconds % 86400;
  if (rest < 0) {
    --days;
    rest += 86400;
  }
  Civil c;
  c.hour = static_cast<int>(rest / 3600);
  c.minute = static_cast<int>(rest / 60 % 60);
  c.second = static_cast<int>(rest % 60);
  c.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  // Eras of 400 years that begin on March 1st.
  const int64_t shifted = days + 719468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day + 2) / 153;
  c.day = static_cast<int>(day - (153 * month + 2) / 5 + 1);
  c.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  c.year = year_of_era + era * 400 + (c.month <= 2 ? 1 : 0);
  static constexpr int kBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  const bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;
  c.day_of_year = kBefore[c.month - 1] + c.day - 1 + (leap && c.month > 2 ? 1 : 0);
  return c;
}

}  // namespace lf::cel
