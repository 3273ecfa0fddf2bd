// SPDX-License-Identifier: Apache-2.0
// The types of the stack's `checks:`, whose expressions may look at everything in the spec.
#pragma once

#include "graph/graph.h"
#include "spec/policy.h"

namespace lf {

// Reports LF0302 to LF0305, LF0405 (an assertion that is no bool) and LF0406 (a secret that decides
// or is shown).
void check_demand_types(const Spec& spec, const Demands& demands, ModuleLibrary& modules,
                        Packages& packages, Diagnostics& diagnostics);

}  // namespace lf
