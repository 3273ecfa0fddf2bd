// SPDX-License-Identifier: Apache-2.0
// Between properties and wire data, by the descriptor alone: names, nesting, units, pairs, formats.
// Both directions, for the client and for the sandbox.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/value.h"
#include "provider/descriptor.h"

namespace lf {

// Puts `value` of `property` into `input` at its wire path (client: request). Unset: nothing.
void put_on_wire(const Property& property, const Value& value, Map& input);
// The wire form of the value alone, without the property's own path.
Value to_wire(const Property& property, const Value& value);
// Reads the property out of a refreshed item or facet answer. Null: not there. Wire text is coerced
// by type ("true" -> true, "3600" -> 1h, one element -> list). corrupt: it cannot be.
Result<Value> from_wire(const Property& property, const Value& item, Protocol protocol);
// All properties of `facet` ("" = create group) that `item` shows.
Result<Map> read_properties(const ResourceType& type, std::string_view facet, const Value& item);

// The other direction, for the sandbox: an answer's item from properties, and properties from a
// request.
void put_in_item(const Property& property, const Value& value, Protocol protocol, Map& item);
Result<Value> from_request(const Property& property, const Value& input, Protocol protocol);

// Deep merge of wire trees: maps merge, others replace; a null in `over` removes.
Value merge_wire(const Value& under, const Value& over);

// Whether two values of a property mean the same, by its `compare`, its set keys and its fields.
bool same_value(const Property& property, const Value& a, const Value& b);
// A canonical form for digests and display: JSON documents parsed, sets sorted by key.
Value canonical(const Property& property, const Value& value);

}  // namespace lf
