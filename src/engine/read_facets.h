// SPDX-License-Identifier: Apache-2.0
// Facets whose reads are calls of their own: for one thing, or for many things with one call where
// the service can (`owner` in the descriptor).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/cloud.h"
#include "plan/plan.h"

namespace lf {

// What calls for many things have shown: of each facet, by the thing's id, the elements of its
// list. Every id that was asked for is in it.
using ElementsById = std::map<std::string, List>;
using ShownElements = std::map<const Facet*, ElementsById>;

// The facet whose call shows `facet` too (`read: OTHER`), or `facet` itself.
const Facet* read_source(const ResourceType& type, const Facet& facet);

// Reads a facet with an `owner` of all of `ids`, with as few calls as its `ids_max` allows.
Task<Result<ElementsById>> read_elements(Cloud* cloud, const ResourceType* type,
                                         const Facet* source, std::vector<std::string> ids);

// Reads one facet that has a call of its own into `out`. Tags in it are not split into marks.
Task<Result<void>> read_facet(Cloud* cloud, const ResourceType* type, const Facet* facet,
                              Record record, Observation* out);

// Reads the facets with calls of their own but for those in `skipped`, takes what `shown` has (may
// be null; must live until done), and splits the marks off where one of them carries the tags.
Task<Result<void>> read_facets(Cloud* cloud, const ResourceType* type, Record record,
                               std::string stack_mark, std::vector<const Facet*> skipped,
                               const ShownElements* shown, Observation* out);

}  // namespace lf
