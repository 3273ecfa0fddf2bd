// SPDX-License-Identifier: Apache-2.0
// One resource under work: what it is, what is wanted, what is known of it, and the names that its
// descriptor's expressions see.
#pragma once

#include <string>

#include "engine/cloud.h"
#include "plan/plan.h"

namespace lf {

struct Subject {
  Cloud* cloud = nullptr;
  const ResourceType* type = nullptr;
  Record record;           // what will be recorded; kept up to date
  Map desired;             // wanted properties, all known
  Observation observed;    // as last read; presence unread: not read in this run
  std::string stack_mark;  // "<stack>/<environment>/<lineage>"
  std::string token;       // the create's client token
  bool unmarked = false;   // it is to carry no marks any more
  int64_t timeout_create_ms = 0, timeout_update_ms = 0, timeout_delete_ms = 0;  // 0: the type's

  // What was read, else what the state remembers.
  const Map& seen() const {
    return observed.presence == Observation::Presence::present ? observed.properties
                                                               : record.observed;
  }
};

// Tag keys to values of the three marks.
Map mark_tags(const Subject& subject);
// Desired tags (or those given) with the marks.
Map tags_with_marks(const Subject& subject);
// self, prior, observed, id, tags, marks, token and the provider's own names.
Map names_of(const Subject& subject);
// Wire input of the properties in `facet` ("" is the create group) with their desired values; the
// marks' property carries the marks. With `clear`, what is not wanted is sent as its clear value.
void put_facet(const Subject& subject, std::string_view facet, bool clear, Map& input);
// The desired properties of one facet, secrets left out (they are kept as digests).
Map facet_properties(const ResourceType& type, std::string_view facet, const Map& desired);
// A value as state and journal keep it: bytes as the digest that `compare: digest` takes for them.
Value as_kept(const Value& value);

}  // namespace lf
