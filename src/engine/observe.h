// SPDX-License-Identifier: Apache-2.0
// What one answer says about one thing: its properties, whether it is there, has ended or failed,
// and whose marks it carries. No calls.
#pragma once

#include <string>

#include "engine/cloud.h"
#include "plan/plan.h"

namespace lf {

// Options of a read for a resource at `address` ("": of no single one).
CallOptions read_options(const ResourceType* type, const std::string& address);

// An answer as one tree: its body (under "@body" where that is no map) and its "@header".
Value tree_of(const Answer& answer);

// The names that a record's read calls may use: `self`, `prior`, `observed`, `id` and the cloud's.
// What an id's parts say stands in `self` and `prior` where nothing was applied yet.
Map record_names(Cloud* cloud, const ResourceType& type, const Record& record);

// The item of a read's answer: what is at its path, of a list the one that is meant. Null: none.
Value read_item(const ResourceType& type, const Value& answer, const Map& names);

// The stack's mark that the record's resource was given; "" if it carries none.
std::string own_mark(const Record& record);

// What the tags say about us, split off from the user's.
void split_marks(const ResourceType& type, const std::string& stack_mark,
                 const PackageInfo& package, Observation& out);

// A state as `Observation::note` has it is one word, or, of a thing of several parts that differ,
// each of theirs once: "pending, running". Whether all of them, or any, are in the list; no state
// is in none.
bool all_states_in(const std::string& note, const std::vector<std::string>& list);
bool any_state_in(const std::string& note, const std::vector<std::string>& list);

// Whether the thing is gone, ended, interrupted or failed, from its item.
void read_states(const ResourceType& type, const Value& item, Observation& out);

// What an item of a list, or an answer, shows: properties of all facets that are read from the
// item, marks split off the tags, ended and failed states recognised.
Observation observe_item(const ResourceType& type, const Record& record, const Value& item,
                         const std::string& stack_mark, const PackageInfo& package);

}  // namespace lf
