// SPDX-License-Identifier: Apache-2.0
// A call's `send` tree read backwards: what the expressions in it must have been, given the input
// that a client sent. The tree is evaluated once with a mark in place of every name, which gives a
// pattern; where a mark stands in the pattern, the input has the value.
#pragma once

#include <string>
#include <vector>

#include "base/value.h"
#include "provider/descriptor.h"

namespace lf::sandbox {

// All values are as on the wire.
struct Bindings {
  Map names;  // "id", "key", "tags", "self.vpc", "observed.vpc", "element.name", "element"
  std::vector<Value> ids;  // every `${id}` in the order of the input
  bool named = false;      // the id is another of its names
  bool many = false;       // they stood in `${ids}`: a filter, which need not find any
  List elements;           // of `${elements…}`: maps of field to value; {"": v} for scalars
  Value all_elements;      // of a whole `${elements}`
  int agreed = 0;          // constants that the input has too
  int differed = 0;        // constants that the input has otherwise

  // Of several readings of a request those with the highest score are meant.
  int score() const { return -differed; }
  const Value& operator[](std::string_view name) const;
  std::string id() const;  // "" if there is none
};

// `element_of`: the property whose elements `element` and `elements` mean; may be null. `names`:
// account, region, partition, dns_suffix.
void read_backwards(const Template& send, const Value& input, const ResourceType& type,
                    const Property* element_of, const Map& names, Bindings& out);
// The same for one text, such as the expression that an id derives from.
void read_backwards(const cel::Interpolation& text, const Value& input, const ResourceType& type,
                    const Map& names, Bindings& out);

// An id of several parts (`id.join`, or `derive` of more than one) from those that were found.
void put_id_together(const ResourceType& type, const Map& names, Bindings& out);

// The id of what there is one of in a place: it derives from nothing that a request has.
void add_only_id(const ResourceType& type, const Map& names, Bindings& out);

// A value that came over the wire alone, as the property's own.
Result<Value> decode_alone(const Property& property, const Value& wire, Protocol protocol);

}  // namespace lf::sandbox
