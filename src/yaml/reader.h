// SPDX-License-Identifier: Apache-2.0
// Reads YAML 1.2 (core schema, merge keys) into a SyntaxTree. Total: any bytes give a tree or
// diagnostics. What specs do not have is refused: several documents, tags, keys that are no text.
#pragma once

#include "base/diagnostic.h"
#include "base/source.h"
#include "yaml/scan.h"
#include "yaml/syntax.h"

namespace lf {

// Reads `source` of tree.sources() and adds its nodes to `tree`. Returns the root: an empty map for
// a file without content, an absent Node where nothing of the text could be read. After errors the
// tree may hold what could still be made out, its broken parts poisoned: fit for finding further
// errors, not for use.
Node read_yaml(SyntaxTree& tree, SourceId source, Diagnostics& diagnostics,
               const YamlLimits& limits = {});

}  // namespace lf
