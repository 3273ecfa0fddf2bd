// SPDX-License-Identifier: Apache-2.0
// Durations, sizes, money and times. Addresses are in address.cc.
#include "base/units.h"

#include <fmt/format.h>

#include <cstdlib>

namespace lf {

namespace {

__extension__ typedef __int128 Int128;
constexpr Int128 kNanosPerSecond = 1'000'000'000;
// CEL's range of durations: 10,000 years.
constexpr int64_t kMaxSeconds = 315'576'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A decimal number without sign or exponent: digits and where the point stands.
struct Decimal {
  Int128 digits = 0;
  int scale = 0;  // digits after the point
};

// Takes a decimal off the front of `text`. At most 19 digits: products with a unit stay exact.
std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal out;
  size_t i = 0, seen = 0;
  for (; i < text.size() && is_digit(text[i]); ++i, ++seen)
    out.digits = out.digits * 10 + (text[i] - '0');
  if (seen == 0 || seen > 19) return std::nullopt;
  if (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1])) {
    for (++i; i < text.size() && is_digit(text[i]); ++i) {
      out.digits = out.digits * 10 + (text[i] - '0');
      if (static_cast<int>(seen) + ++out.scale > 19) return std::nullopt;
    }
  }
  text.remove_prefix(i);
  return out;
}

// decimal * factor as a whole number; nullopt where it is not whole.
std::optional<Int128> scaled(const Decimal& decimal, Int128 factor) {
  Int128 product = decimal.digits * factor;
  for (int i = 0; i < decimal.scale; ++i) {
    if (product % 10 != 0) return std::nullopt;
    product /= 10;
  }
  return product;
}

struct Unit {
  std::string_view name;
  int64_t factor;
};
constexpr Unit kTimeUnits[] = {{"d", 86'400'000'000'000},
                               {"h", 3'600'000'000'000},
                               {"m", 60'000'000'000},
                               {"s", 1'000'000'000},
                               {"ms", 1'000'000},
                               {"us", 1'000},
                               {"ns", 1}};
constexpr Unit kSizeUnits[] = {{"PiB", int64_t{1} << 50},
                               {"TiB", int64_t{1} << 40},
                               {"GiB", int64_t{1} << 30},
                               {"MiB", int64_t{1} << 20},
                               {"KiB", int64_t{1} << 10},
                               {"PB", 1'000'000'000'000'000},
                               {"TB", 1'000'000'000'000},
                               {"GB", 1'000'000'000},
                               {"MB", 1'000'000},
                               {"kB", 1'000},
                               {"B", 1}};

// Fraction with its trailing zeros cut: 500000000 of 9 digits -> ".5", 0 -> "".
std::string fraction(uint64_t value, int digits) {
  if (value == 0) return "";
  std::string text = fmt::format("{:0{}}", value, digits);
  text.erase(text.find_last_not_of('0') + 1);
  return "." + text;
}

// Days since 1970-01-01 of a Gregorian date (Howard Hinnant's published algorithm).
int64_t days_from_civil(int64_t y, int m, int d) {
  y -= m <= 2 ? 1 : 0;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t yoe = y - era * 400;
  const int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

void civil_from_days(int64_t z, int64_t& y, int& m, int& d) {
  z += 719468;
  const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const int64_t doe = z - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  d = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  m = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  y = yoe + era * 400 + (m <= 2 ? 1 : 0);
}

bool leap(int64_t y) {
  return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}
int days_in_month(int64_t y, int m) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return m == 2 && leap(y) ? 29 : kDays[m - 1];
}

// Exactly `n` digits off the front of `text`.
bool take_digits(std::string_view& text, size_t n, int& out) {
  if (text.size() < n) return false;
  out = 0;
  for (size_t i = 0; i < n; ++i) {
    if (!is_digit(text[i])) return false;
    out = out * 10 + (text[i] - '0');
  }
  text.remove_prefix(n);
  return true;
}

bool take_char(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// "Z" or "+hh:mm" at the end of a timestamp, as seconds east of UTC.
std::optional<int> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  int hours = 0, minutes = 0;
  if (!take_digits(text, 2, hours) || !take_char(text, ":") || !take_digits(text, 2, minutes) ||
      !text.empty() || hours > 23 || minutes > 59) {
    return std::nullopt;
  }
  return sign * (hours * 3600 + minutes * 60);
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  Int128 total = 0;
  size_t next_unit = 0;
  while (!text.empty()) {
    const auto number = take_decimal(text);
    if (!number) return std::nullopt;
    size_t length = 0;
    while (length < text.size() && text[length] >= 'a' && text[length] <= 'z') ++length;
    const std::string_view name = text.substr(0, length);
    size_t unit = next_unit;
    while (unit < std::size(kTimeUnits) && kTimeUnits[unit].name != name) ++unit;
    if (unit == std::size(kTimeUnits)) return std::nullopt;
    next_unit = unit + 1;
    text.remove_prefix(length);
    const auto part = scaled(*number, kTimeUnits[unit].factor);
    if (!part) return std::nullopt;
    total += *part;
  }
  if (total > Int128{kMaxSeconds} * kNanosPerSecond) return std::nullopt;
  if (negative) total = -total;
  return Duration{static_cast<int64_t>(total / kNanosPerSecond),
                  static_cast<int32_t>(total % kNanosPerSecond)};
}

std::string format_duration(Duration duration) {
  Int128 total = Int128{duration.seconds} * kNanosPerSecond + duration.nanos;
  if (total == 0) return "0s";
  std::string out;
  if (total < 0) {
    out = "-";
    total = -total;
  }
  const auto whole = static_cast<uint64_t>(total / kNanosPerSecond);
  const auto nanos = static_cast<uint64_t>(total % kNanosPerSecond);
  const uint64_t days = whole / 86'400, hours = whole / 3'600 % 24, minutes = whole / 60 % 60;
  if (days != 0) out += fmt::format("{}d", days);
  if (hours != 0) out += fmt::format("{}h", hours);
  if (minutes != 0) out += fmt::format("{}m", minutes);
  if (whole == 0) {
    // "5ms" rather than "0.005s" where that is whole.
    if (nanos % 1'000'000 == 0) return out + fmt::format("{}ms", nanos / 1'000'000);
    if (nanos % 1'000 == 0) return out + fmt::format("{}us", nanos / 1'000);
    return out + fmt::format("{}ns", nanos);
  }
  if (whole % 60 != 0 || nanos != 0) out += fmt::format("{}{}s", whole % 60, fraction(nanos, 9));
  return out;
}

std::optional<int64_t> parse_size(std::string_view text) {
  const auto number = take_decimal(text);
  if (!number) return std::nullopt;
  if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  for (const Unit& unit : kSizeUnits) {
    if (unit.name != text) continue;
    const auto bytes = scaled(*number, unit.factor);
    if (!bytes || *bytes > INT64_MAX) return std::nullopt;
    return static_cast<int64_t>(*bytes);
  }
  return std::nullopt;
}

std::string format_size(int64_t bytes) {
  if (bytes == 0) return "0B";
  const Unit* best = nullptr;
  for (const Unit& unit : kSizeUnits) {
    if (bytes % unit.factor == 0 && (best == nullptr || unit.factor > best->factor)) best = &unit;
  }
  return fmt::format("{}{}", bytes / best->factor, best->name);
}

std::optional<Money> parse_money(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  const auto number = take_decimal(text);
  if (!number || text.size() != 4 || text[0] != ' ') return std::nullopt;
  text.remove_prefix(1);
  for (const char c : text) {
    if (c < 'A' || c > 'Z') return std::nullopt;
  }
  const auto micros = scaled(*number, 1'000'000);
  if (!micros || *micros > INT64_MAX) return std::nullopt;
  const auto amount = static_cast<int64_t>(*micros);
  return Money{negative ? -amount : amount, std::string(text)};
}

std::string format_money(const Money& money) {
  const bool negative = money.micros < 0;
  const uint64_t micros =
      negative ? 0 - static_cast<uint64_t>(money.micros) : static_cast<uint64_t>(money.micros);
  uint64_t whole = micros / 1'000'000;
  std::string digits;
  if (micros >= 10'000 || micros == 0) {
    // Cents, rounded half up.
    const uint64_t cents = (micros + 5'000) / 10'000;
    whole = cents / 100;
    if (cents % 100 != 0) digits = fmt::format(".{:02}", cents % 100);
  } else {
    digits = fraction(micros, 6);  // below a cent: all there is
  }
  return fmt::format("{}{}{} {}", negative ? "-" : "", whole, digits, money.currency);
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!take_digits(text, 4, year) || !take_char(text, "-") || !take_digits(text, 2, month) ||
      !take_char(text, "-") || !take_digits(text, 2, day) || !take_char(text, "Tt ") ||
      !take_digits(text, 2, hour) || !take_char(text, ":") || !take_digits(text, 2, minute) ||
      !take_char(text, ":") || !take_digits(text, 2, second)) {
    return std::nullopt;
  }
  int32_t nanos = 0;
  if (take_char(text, ".")) {
    int digits = 0;
    for (; !text.empty() && is_digit(text[0]); ++digits) {
      if (digits < 9) nanos = nanos * 10 + (text[0] - '0');
      text.remove_prefix(1);
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 9; ++digits) nanos *= 10;
  }
  const auto offset = parse_offset(text);
  if (!offset || year < 1 || month < 1 || month > 12 || day < 1 ||
      day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  const int64_t seconds =
      days_from_civil(year, month, day) * 86'400 + hour * 3600 + minute * 60 + second - *offset;
  // An offset may carry a time out of the years 0001 to 9999.
  if (seconds < -62'135'596'800 || seconds > 253'402'300'799) return std::nullopt;
  return Timestamp{seconds, nanos};
}

std::string format_timestamp(Timestamp timestamp) {
  int64_t days = timestamp.seconds / 86'400;
  int64_t rest = timestamp.seconds % 86'400;
  if (rest < 0) {
    rest += 86'400;
    --days;
  }
  int64_t year = 0;
  int month = 0, day = 0;
  civil_from_days(days, year, month, day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", year, month, day, rest / 3600,
                     rest / 60 % 60, rest % 60,
                     fraction(static_cast<uint64_t>(timestamp.nanos), 9));
}

}  // namespace lf
