// SPDX-License-Identifier: Apache-2.0
// A graph that was expanded before the account was known often holds afterwards as well: most specs
// never look at it.
#pragma once

#include "graph/graph.h"

namespace lf {

// True if an expansion under `around` gives this very graph: nothing that differs was looked at.
bool holds_in(const Graph& graph, const Surroundings& around);
void move_to(Graph& graph, const Surroundings& around);  // only where it holds

}  // namespace lf
