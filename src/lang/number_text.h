// SPDX-License-Identifier: Apache-2.0
// Doubles as text and back, and UTF-8 by code points.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lf::cel {

// The shortest text that reads back the same: "1.5", "1e+21"; "NaN", "Infinity", "-Infinity".
std::string format_double(double value);
// The same without an exponent: "0.0000001".
std::string format_decimal(double value);
// Also "NaN", "Infinity", "inf" with a sign. nullopt: no number.
std::optional<double> parse_double(std::string_view text);

// The code points of `text`; invalid bytes come as U+FFFD, one each.
std::vector<uint32_t> code_points(std::string_view text);
void append_code_point(std::string& out, uint32_t c);
std::string from_code_points(const uint32_t* begin, const uint32_t* end);

}  // namespace lf::cel
