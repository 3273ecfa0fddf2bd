// SPDX-License-Identifier: Apache-2.0
#include "lang/number_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/strings.h"

namespace lf::cel {

std::string format_double(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return fmt::format("{}", value);
}

std::string format_decimal(double value) {
  if (!std::isfinite(value)) return format_double(value);
  // "-d.ddde+xx" of the shortest digits, then the point is moved.
  char text[40];
  const auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific);
  const std::string out(text, end.ptr);
  const size_t e = out.find('e');
  const int exponent = std::atoi(out.c_str() + e + 1);
  const std::string sign = out.starts_with('-') ? "-" : "";
  std::string digits = out.substr(sign.size(), e - sign.size());
  std::erase(digits, '.');
  const int point = exponent + 1;  // in `digits`
  if (point <= 0) {
    digits = digits == "0" ? digits : "0." + std::string(static_cast<size_t>(-point), '0') + digits;
  } else if (static_cast<size_t>(point) >= digits.size()) {
    digits.append(static_cast<size_t>(point) - digits.size(), '0');
  } else {
    digits.insert(static_cast<size_t>(point), ".");
  }
  return sign + digits;
}

std::optional<double> parse_double(std::string_view text) {
  std::string_view digits = text;
  const bool negative = !digits.empty() && digits[0] == '-';
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  if (iequals(digits, "nan")) return std::nan("");
  if (iequals(digits, "inf") || iequals(digits, "infinity")) {
    return negative ? -INFINITY : INFINITY;
  }
  if (digits.empty() || !(digits[0] == '.' || (digits[0] >= '0' && digits[0] <= '9'))) {
    return std::nullopt;
  }
  double out = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (result.ptr != digits.data() + digits.size()) return std::nullopt;
  if (result.ec == std::errc::result_out_of_range) {
    out = std::strtod(std::string(digits).c_str(), nullptr);  // zero or infinity
  } else if (result.ec != std::errc()) {
    return std::nullopt;
  }
  return negative ? -out : out;
}

std::vector<uint32_t> code_points(std::string_view text) {
  std::vector<uint32_t> out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<uint8_t>(text[i]);
    const size_t size = byte < 0x80    ? 1
                        : byte >= 0xF0 ? 4
                        : byte >= 0xE0 ? 3
                        : byte >= 0xC2 ? 2
                                       : 0;
    if (size == 0 || i + size > text.size()) {
      out.push_back(0xFFFD);
      ++i;
      continue;
    }
    uint32_t c = size == 1 ? byte : byte & (0xFFu >> (size + 1));
    bool good = true;
    for (size_t k = 1; k < size; ++k) {
      const auto next = static_cast<uint8_t>(text[i + k]);
      good &= (next & 0xC0) == 0x80;
      c = (c << 6) | (next & 0x3F);
    }
    if (!good) {
      out.push_back(0xFFFD);
      ++i;
      continue;
    }
    out.push_back(c);
    i += size;
  }
  return out;
}

void append_code_point(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::string from_code_points(const uint32_t* begin, const uint32_t* end) {
  std::string out;
  for (; begin != end; ++begin) append_code_point(out, *begin);
  return out;
}

}  // namespace lf::cel
