// SPDX-License-Identifier: Apache-2.0
// The files that a graph generates, as far as an attribute source knows them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace lf {

struct GeneratedFile {
  std::string path, address;  // below the stack's files_root; files["x"]
  Value content;              // string or unknown
  uint32_t mode = 0644;
};

// In the graph's order. What is wrong (LF0409) is reported and left out.
std::vector<GeneratedFile> generated_files(const Graph& graph, const AttributeSource& source,
                                           Diagnostics& diagnostics);

}  // namespace lf
