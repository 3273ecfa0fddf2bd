// SPDX-License-Identifier: Apache-2.0
// From the language's types to JSON Schema: what may be written where a value of a type is wanted.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/value.h"
#include "lang/type.h"
#include "provider/catalog.h"
#include "provider/descriptor.h"

namespace lf {

// What else may stand in a value's place.
enum class Place : uint8_t {
  value,     // an expression, or nothing (null)
  element,   // of a list: an expression
  constant,  // neither
};

Value reference_to(std::string_view definition);  // {"$ref": "#/definitions/…"}
// `description` and `markdownDescription`; `facts`: the type and what holds beyond it.
void describe(Map& schema, std::string_view doc, std::string_view facts = "");

// Whether fields are there is not asked (an overlay may complete an object), but in lists, which
// overlays replace; needs_of() asks. `whole`: it is asked here already.
Value form_of(const Type& type, Place place, bool whole = false);
// With fields, limits and the catalog's names. `catalog` may be null.
Value form_of(const Property& property, const Catalog* catalog);
// What the objects within must have; `true`: nothing.
Value needs_of(const Property& property);
Value needs_of(const Type& type);
// A value of `type` that is one of the catalog's names, or a list of such.
Value form_of_names(const Catalog& catalog, const Type& type, Place place);
// `value`, which is of `type`, as it is written in a spec.
Value as_written(const Value& value, const Type& type);

// {"type": "object", "properties", "additionalProperties": false, "required"}
struct ObjectForm {
  Map properties;
  std::vector<std::string> required;
  Value others = Value(false);  // the schema of other keys
  Value finish() const;
};

// The definitions that the above refer to.
void add_form_definitions(Map& definitions);

}  // namespace lf
