// SPDX-License-Identifier: Apache-2.0
// Finds things that state does not know: by mark, by unique name, by what they look like. For
// recovery, orphans and the guard of empty states.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/cloud.h"

namespace lf {

// Items that carry the stack's mark (by_mark where the list has such a filter, else all items of
// the list that carry it): id and item. For recovery, orphans and the guard of empty states.
struct Marked {
  std::string id, address_mark, intent_mark, stack_mark;
  Value item;
};
Task<Result<std::vector<Marked>>> find_marked(Cloud* cloud, const ResourceType* type,
                                              std::string stack_mark);
// The same for a type that no list shows: what has the name that `self` gives, if it is so marked.
Task<Result<std::optional<Marked>>> find_marked_by_name(Cloud* cloud, const ResourceType* type,
                                                        Map self, std::string stack_mark);
// The id of what an answer calls `part` (id.path), with `names` as its `self` and surroundings.
std::string id_of(const ResourceType& type, const Value& part, Map names);
// The id of the thing with this unique name, "" if there is none.
Task<Result<std::string>> find_named(Cloud* cloud, const ResourceType* type, Map self);
// Ids of items whose properties equal those given (natural keys, fingerprints).
Task<Result<std::vector<std::string>>> find_matching(Cloud* cloud, const ResourceType* type,
                                                     Map properties);

}  // namespace lf
