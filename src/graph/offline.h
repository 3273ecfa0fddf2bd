// SPDX-License-Identifier: Apache-2.0
// Everything that can be told of a spec without a request: what `validate` and editors show.
#pragma once

#include "graph/graph.h"
#include "provider/catalog.h"

namespace lf {

// Expands `spec` and checks every node as far as the spec alone gives it. What `around` does not
// know (the account, a look-up without a pin) counts as known later; with such gaps, conditions and
// repetitions that hang on them are not wrong.
Graph check_offline(const Spec& spec, ModuleLibrary& modules, Packages& packages,
                    const Surroundings& around, Diagnostics& diagnostics);

}  // namespace lf
