// SPDX-License-Identifier: Apache-2.0
// Sections behind which nothing stands: `resources:` alone. Somebody forgot what was to follow, or
// the indentation; what is meant to be empty is written `{}`.
#pragma once

#include "base/diagnostic.h"
#include "spec/load.h"
#include "yaml/syntax.h"

namespace lf {

// Reports them (LF0203), those of the overlays under `environments` as well. `root`: a spec's map.
void no_empty_sections(const Node& root, ModuleStore& modules, Diagnostics& diagnostics);

}  // namespace lf
