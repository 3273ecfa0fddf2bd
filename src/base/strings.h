// SPDX-License-Identifier: Apache-2.0
// Small text helpers that the standard library lacks. ASCII unless said otherwise.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lf {

std::vector<std::string> split(std::string_view text, char separator);  // "a..b" -> "a","","b"
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);
std::string upper(std::string_view text);
bool iequals(std::string_view a, std::string_view b);
std::string replace_all(std::string text, std::string_view from, std::string_view to);
// "VisibilityTimeout" -> "visibility_timeout", "DBInstance" -> "db_instance".
std::string snake_case(std::string_view camel);
// Only "*" (no "/" or "."-boundary is special here), "**" and "?" are special; brackets literal.
bool glob_match(std::string_view pattern, std::string_view text);
bool valid_utf8(std::string_view text, size_t* bad_offset = nullptr);
size_t utf8_length(std::string_view text);  // code points; invalid bytes count one each
// For terminals: control characters and bidi overrides as visible escapes (\t, \x1b, \u202e).
std::string printable(std::string_view text);

}  // namespace lf
