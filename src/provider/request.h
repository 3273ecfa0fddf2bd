// SPDX-License-Identifier: Apache-2.0
// From a descriptor's call to a protocol's: `send` evaluated and merged over what the properties
// gave, REST templates filled, leaves like `${self.x}` written as that property is on the wire.
#pragma once

#include "provider/descriptor.h"
#include "provider/protocol.h"
#include "provider/scope.h"

namespace lf {

// The name under which a call's names say which property its elements are of.
inline constexpr const char* kElementProperty = "@element_property";

// The fields of `elements` (of the element facet's `property`) as a call's input. A batch, and
// scalars, go to the property's wire; one object's fields to their own.
void put_elements(const Property& property, const List& elements, bool batch, Map& input);

// Everything but the endpoint. `type` may be null (look-ups, identity). `inputs`: the look-up's own
// properties, whose leaves are `${self.x}` too. invalid: an expression fails or is not known; the
// message names the action.
Result<WireCall> make_call(const Service& service, const Call& call, const ResourceType* type,
                           const std::vector<Property>* inputs, Map input, const Map& names);

}  // namespace lf
