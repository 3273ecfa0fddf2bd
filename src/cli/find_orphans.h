// SPDX-License-Identifier: Apache-2.0
// What carries this stack's marks in the cloud and is not in state: of every type of the packages
// in use that can carry marks, not only of those of the spec; types that no list shows are looked
// for by the names that the spec gives.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/session.h"

namespace lf {

struct Orphan {
  Cloud* cloud = nullptr;
  const ResourceType* type = nullptr;
  Marked marked;
  std::string address;               // what the spec has for its mark; "": nothing
  bool this_lineage = false;         // of the state at hand; else of another, lost one
  std::optional<Timestamp> made_at;  // where its type reads such a time
};

struct OrphanSearch {
  std::vector<Orphan> orphans;
  std::set<std::string> types;                                // that were looked at
  std::vector<std::pair<const ResourceType*, Error>> failed;  // those that were not
};

// With the state read, the account known, and the spec expanded by check_offline() since then.
Task<OrphanSearch> find_orphans(Session* session);

}  // namespace lf
