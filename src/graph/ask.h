// SPDX-License-Identifier: Apache-2.0
// An expression that no spec holds, in the scope of the spec itself: what `console` asks.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "lang/expression.h"

namespace lf {

// Errors are error values. `source` gives the attributes of resources. An object (a resource, a
// block) comes as the map of its fields that are set, objects among those as what they stand for.
Value ask(const Graph& graph, const cel::Expression& expression, const AttributeSource& source);

// Names that an expression at the top of this spec may begin with.
std::vector<std::string> askable_names(const Graph& graph);

}  // namespace lf
