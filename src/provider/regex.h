// SPDX-License-Identifier: Apache-2.0
// RE2 behind three functions, so that its headers are read in one place.
#pragma once

#include <string>
#include <string_view>

namespace lf {

// Empty: `pattern` is a valid RE2 expression; else what is wrong with it.
std::string regex_error(const std::string& pattern);
// Whether `pattern` occurs in `text`. An invalid pattern matches nothing.
bool regex_search(const std::string& pattern, std::string_view text);
// Whether `pattern` matches all of `text`.
bool regex_full_match(const std::string& pattern, std::string_view text);

}  // namespace lf
