// SPDX-License-Identifier: Apache-2.0
// Shared by the files behind wire.h.
#pragma once

#include <string>
#include <string_view>

#include "base/value.h"
#include "provider/descriptor.h"

namespace lf::wire_detail {

// A request and an answer may name and wrap the same property differently.
enum class Side : uint8_t { request, answer };

// The type without secret<> and optional<> around it.
const Type& plain(const Type& type);

// One unit of the property on the wire: seconds for a duration, bytes for a size.
int64_t unit_factor(const Property& property);

// `tree` with `value` at `path`, from step `from` on. Where maps meet they merge; numbers index
// lists, which grow with nulls as needed.
Value set_at(const Value& tree, const WirePath& path, size_t from, const Value& value);

// Reads `text` as `type` where it is the text of a scalar; else the text unchanged.
Value scalar_from_text(const Type& type, const std::string& text);

}  // namespace lf::wire_detail
