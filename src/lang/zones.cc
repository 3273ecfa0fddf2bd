// SPDX-License-Identifier: Apache-2.0
// TZif (RFC 8536): a header, 32-bit data for old readers, the same with 64 bits, and a rule in
// POSIX TZ form for the time after the last transition. We read the 64-bit part and the rule.
#include "lang/zones.h"

#include <array>

#include "lang/time_math.h"

namespace lf::cel {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "+HH:MM" with or without its sign.
std::optional<int64_t> fixed_offset(std::string_view text) {
  int64_t sign = 1;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
  }
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const size_t i : {0, 1, 3, 4}) {
    if (!is_digit(text[i])) return std::nullopt;
  }
  const int64_t hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int64_t minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  return sign * (hours * 3600 + minutes * 60);
}

// Names such as Europe/Berlin or Etc/GMT+5; nothing that climbs out of a folder.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.back() == '/') return false;
  for (const char c : name) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!letter && !is_digit(c) && c != '_' && c != '+' && c != '-' && c != '/') return false;
  }
  return true;
}

int64_t big_endian(std::string_view data, size_t at, size_t size) {
  uint64_t out = 0;
  for (size_t i = 0; i < size; ++i) out = (out << 8) | static_cast<uint8_t>(data[at + i]);
  if (size == 4) return static_cast<int32_t>(static_cast<uint32_t>(out));
  return static_cast<int64_t>(out);
}

struct Header {
  size_t ut = 0, standard = 0, leap = 0, times = 0, types = 0, chars = 0;
  size_t body(size_t time_size) const {
    return times * time_size + times + types * 6 + chars + leap * (time_size + 4) + standard + ut;
  }
};

constexpr size_t kHeaderSize = 44;

std::optional<Header> read_header(std::string_view data) {
  if (data.size() < kHeaderSize || data.substr(0, 4) != "TZif") return std::nullopt;
  std::array<size_t, 6> counts{};
  for (size_t i = 0; i < 6; ++i) {
    const int64_t count = big_endian(data, 20 + i * 4, 4);
    if (count < 0 || count > 100'000) return std::nullopt;
    counts[i] = static_cast<size_t>(count);
  }
  return Header{counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
}

// ---- the rule behind the table: "CET-1CEST,M3.5.0,M10.5.0/3"

class PosixRule {
 public:
  explicit PosixRule(std::string_view text) : text_(text) {}

  std::optional<int64_t> offset(int64_t seconds) {
    if (!skip_name()) return std::nullopt;
    const auto standard = clock_time();
    if (!standard) return std::nullopt;
    if (text_.empty()) return -*standard;
    if (!skip_name()) return std::nullopt;
    int64_t daylight = *standard - 3600;
    if (!text_.empty() && text_[0] != ',') {
      const auto given = clock_time();
      if (!given) return std::nullopt;
      daylight = *given;
    }
    const int64_t year = civil_from_seconds(seconds - *standard).year;
    const auto begin = date(year);
    const auto end = date(year);
    if (!begin || !end) return std::nullopt;
    // Each change is told in the local time before it.
    const int64_t on = *begin + *standard;
    const int64_t off = *end + daylight;
    const bool summer = on < off ? seconds >= on && seconds < off : seconds >= on || seconds < off;
    return summer ? -daylight : -*standard;
  }

 private:
  bool skip_name() {
    if (text_.empty()) return false;
    if (text_[0] == '<') {
      const size_t end = text_.find('>');
      if (end == std::string_view::npos) return false;
      text_.remove_prefix(end + 1);
      return true;
    }
    size_t n = 0;
    while (n < text_.size() && ((text_[n] | 0x20) >= 'a' && (text_[n] | 0x20) <= 'z')) ++n;
    text_.remove_prefix(n);
    return n > 0;
  }

  std::optional<int64_t> number() {
    int64_t out = 0;
    size_t n = 0;
    while (n < text_.size() && n < 6 && is_digit(text_[n])) out = out * 10 + (text_[n++] - '0');
    text_.remove_prefix(n);
    if (n == 0) return std::nullopt;
    return out;
  }

  bool take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::optional<int64_t> clock_time() {  // [+-]h[:mm[:ss]]
    const int64_t sign = take('-') ? -1 : 1;
    if (sign == 1) take('+');
    int64_t out = 0;
    int64_t unit = 3600;
    do {
      const auto n = number();
      if (!n) return std::nullopt;
      out += *n * unit;
      unit /= 60;
    } while (unit > 0 && take(':'));
    return sign * out;
  }

  static int64_t days_before(int64_t year) {  // since 1970-01-01
    const int64_t y = year - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 - 719162;
  }
  static bool leap(int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

  // ",M3.5.0/2", ",J60" or ",59": the second of that local time in `year`.
  std::optional<int64_t> date(int64_t year) {
    if (!take(',')) return std::nullopt;
    int64_t day = 0;
    if (take('M')) {
      const auto month = number();
      if (!month || !take('.')) return std::nullopt;
      const auto week = number();
      if (!week || !take('.')) return std::nullopt;
      const auto weekday = number();
      if (!weekday || *month < 1 || *month > 12 || *week < 1 || *week > 5 || *weekday > 6) {
        return std::nullopt;
      }
      static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
      int64_t first = 0;
      for (int64_t m = 1; m < *month; ++m) first += kDays[m - 1] + (m == 2 && leap(year) ? 1 : 0);
      const int64_t length = kDays[*month - 1] + (*month == 2 && leap(year) ? 1 : 0);
      const int64_t first_weekday = ((days_before(year) + first + 4) % 7 + 7) % 7;
      int64_t in_month = (*weekday - first_weekday + 7) % 7 + (*week - 1) * 7;
      while (in_month >= length) in_month -= 7;
      day = first + in_month;
    } else {
      const bool no_leap_day = take('J');
      const auto n = number();
      if (!n) return std::nullopt;
      day = no_leap_day ? *n - 1 + (*n > 59 && leap(year) ? 1 : 0) : *n;
    }
    int64_t at = 7200;
    if (take('/')) {
      const auto given = clock_time();
      if (!given) return std::nullopt;
      at = *given;
    }
    return (days_before(year) + day) * 86400 + at;
  }

  std::string_view text_;
};

}  // namespace

std::optional<int64_t> tzif_offset(std::string_view data, int64_t seconds) {
  auto header = read_header(data);
  if (!header) return std::nullopt;
  size_t time_size = 4;
  std::string_view rule;
  const bool wide = data[4] >= '2';
  if (wide) {
    const size_t skip = kHeaderSize + header->body(4);
    if (data.size() < skip) return std::nullopt;
    data.remove_prefix(skip);
    header = read_header(data);
    if (!header) return std::nullopt;
    time_size = 8;
  }
  const size_t end = kHeaderSize + header->body(time_size);
  if (data.size() < end || header->types == 0) return std::nullopt;
  if (wide && data.size() > end + 2 && data[end] == '\n') {
    rule = data.substr(end + 1);
    rule = rule.substr(0, rule.find('\n'));
  }
  const size_t times = kHeaderSize;
  const size_t indexes = times + header->times * time_size;
  const size_t types = indexes + header->times;
  auto offset_of = [&](size_t type) { return big_endian(data, types + type * 6, 4); };
  size_t low = 0;
  size_t high = header->times;
  while (low < high) {  // the number of transitions that have happened
    const size_t middle = (low + high) / 2;
    if (big_endian(data, times + middle * time_size, time_size) <= seconds) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == header->times && !rule.empty()) {
    if (auto offset = PosixRule(rule).offset(seconds)) return offset;
  }
  const size_t type = low == 0 ? 0 : static_cast<uint8_t>(data[indexes + low - 1]);
  if (type >= header->types) return std::nullopt;
  return offset_of(type);
}

std::optional<int64_t> zone_offset(const std::string& zone, int64_t seconds,
                                   const Activation& activation) {
  if (zone.empty() || zone == "UTC" || zone == "Z") return 0;
  if (auto fixed = fixed_offset(zone)) return fixed;
  if (!is_zone_name(zone)) return std::nullopt;
  const auto data = activation.read_zone(zone);
  if (!data) return std::nullopt;
  return tzif_offset(*data, seconds);
}

}  // namespace lf::cel
