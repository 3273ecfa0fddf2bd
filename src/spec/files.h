// SPDX-License-Identifier: Apache-2.0
// From a path to one syntax tree: a file, or a folder whose `*.yaml` files are one spec.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/world.h"
#include "yaml/reader.h"
#include "yaml/syntax.h"

namespace lf {

struct SpecFiles {
  Node root;                    // a map; absent where nothing could be read
  std::vector<SourceId> files;  // in the order of reading
};

inline constexpr uint64_t kSpecBytesMax = 32u << 20;  // of one file

// Reads `path` into `sources` and `tree`. A folder's files are read in the order of their names and
// merged: a top-level key whose values are maps in both files merges key by key; any other key
// twice is LF0103 with both places. Files below subfolders and hidden files are not read.
SpecFiles read_spec_files(FileSystem& files, const std::string& path, Sources& sources,
                          SyntaxTree& tree, Diagnostics& diagnostics,
                          const YamlLimits& limits = {});

// One text file into `sources`, with the same checks; nullopt: reported as LF0109. `from`: what
// names the file, may be invalid.
std::optional<SourceId> read_source(FileSystem& files, const std::string& path, Sources& sources,
                                    Diagnostics& diagnostics, Span from = {});

}  // namespace lf
