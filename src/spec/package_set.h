// SPDX-License-Identifier: Apache-2.0
// Packages and their blocks, read once for many specs in one process: an editor's checks, the runs
// of spec tests, the stacks of a set.
#pragma once

#include <memory>

#include "base/diagnostic.h"
#include "base/world.h"
#include "provider/package.h"
#include "spec/load.h"

namespace lf {

// The texts of all specs lie in `sources` too, those of past ones as well: who makes many takes a
// new set now and then. Thread: one at a time.
struct PackageSet {
  explicit PackageSet(FileSystem& files, std::shared_ptr<const PackageFiles> overlay)
      : packages(sources, diagnostics, std::move(overlay)),
        blocks(files, sources, packages, diagnostics) {}
  Sources sources;
  Diagnostics diagnostics;  // of the packages' own files
  Packages packages;
  ModuleStore blocks;
};

}  // namespace lf
