// SPDX-License-Identifier: Apache-2.0
// What the descriptors forbid, checked on every node's properties as far as the spec alone gives
// them: patterns, lengths, ranges, checks, and address ranges against each other.
#pragma once

#include "graph/graph.h"
#include "provider/catalog.h"

namespace lf {

// Reports LF0204 (wrong type), LF0213 (a value that the type forbids), LF0214 (ranges overlap).
void validate_graph(const Graph& graph, Diagnostics& diagnostics);

}  // namespace lf
