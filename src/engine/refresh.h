// SPDX-License-Identifier: Apache-2.0
// What the cloud says about the records in state, with as few requests as the services allow: one
// paged list per type and instance, then single reads only where a type's shape needs them.
// A recorded id that a list lacks is read by id; only that read's own not-found, after the
// type's visible_within, means gone.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/cloud.h"
#include "plan/plan.h"

namespace lf {

// Finds the instance's Cloud by the record's provider name; nullptr: it left the spec.
using CloudOf = std::function<Cloud*(const ProviderInstance&)>;

// Whether the spec gives any property of this facet of the record's resource.
using FacetWanted = std::function<bool(const Record&, const Facet&)>;

// Reads every given record. An error of one type's list fails all of it (nobody plans on half a
// picture); a facet that may not be read fails likewise. A facet that costs a call of its own is
// left out where nothing could follow from it: all of it is the service's to choose, nothing of it
// was ever applied and `wanted` says no. What was seen of it last is taken over.
Task<Result<Observations>> refresh(EngineContext* context, CloudOf clouds, Packages* packages,
                                   std::vector<Record> records, FacetWanted wanted);

// In place of a stack's mark in a record: the thing should carry none of any stack.
inline constexpr const char* kUnmarked = "(none)";

// Reads one resource by id, whole (with its facets). not_found: proven absent (callers keep
// visible_within in mind).
Task<Result<Observation>> read_one(Cloud* cloud, const ResourceType* type, Record record);

}  // namespace lf
