// SPDX-License-Identifier: Apache-2.0
// JSON text <-> Value. Whole numbers become int (uint above 2^63-1), others double. Objects keep
// their order. The library behind it stays in json.cc.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/value.h"

namespace lf {

// corrupt with the byte offset in the message; nesting deeper than 200 is refused. A key twice in
// one object: the last wins, as every peer does.
Result<Value> parse_json(std::string_view text);

struct JsonStyle {
  int indent = -1;         // -1: one line without spaces
  bool sort_keys = false;  // canonical form, for digests and comparison
};
// Durations as "12h", timestamps as RFC 3339, cidr/ip as text, money as "200 USD", bytes as base64,
// optional.none() as null, unknown as null, secret as "(secret)". NaN and infinities as null.
// Text that is no UTF-8 comes out with U+FFFD.
std::string to_json(const Value& value, const JsonStyle& style = {});
// `text` as a JSON string literal with its quotes.
std::string json_quote(std::string_view text);

}  // namespace lf
