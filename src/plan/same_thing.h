// SPDX-License-Identifier: Apache-2.0
// A thing under a new key. What can exist only once (a bucket's name, a subnet's range in its VPC)
// tells that a record that leaves the spec and a node without one are the same thing: that is a
// move, and nothing is sent. Where only likeness speaks for it, the user is told the line to write.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace lf {

// The records that no node of the graph has or claims by `moved_from`.
class Unclaimed {
 public:
  Unclaimed(const Graph& graph, const State& state, Packages& packages);
  // Whether there is any of this type, so that looking is worth while.
  bool any(const GraphNode& node) const;
  // The one that is what `desired` describes, by its unique name or natural key. nullptr: none, or
  // what would tell is not known yet, or several.
  const Record* find(const GraphNode& node, const Map& desired) const;

 private:
  std::map<std::string, std::vector<const Record*>> by_type_;  // type and provider instance
};

// What to tell the user about moves that were found out, and about a deletion and a creation that
// look like one thing: one text each, with the line to write.
std::vector<std::string> rename_notes(const Plan& plan, const Graph& graph);

}  // namespace lf
