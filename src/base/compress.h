// SPDX-License-Identifier: Apache-2.0
// gzip (RFC 1952) of whole texts, for what is sent in few bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lf {

// The same bytes for the same text: no name, no time.
std::string gzip(std::string_view data);
bool is_gzip(std::string_view data);
// nullopt: `data` is damaged, or would be longer than `limit` bytes.
std::optional<std::string> gunzip(std::string_view data, size_t limit);

}  // namespace lf
