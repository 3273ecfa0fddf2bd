// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of the language, from the language's own words and the packages' data: editors
// then complete blocks, types, properties and machine types and show their docs.
//
// Draft-07, in the words that every editor's server knows. What a schema cannot see (whether a
// reference leads somewhere, what an expression gives) is left to `validate`; what `validate`
// accepts, the schema accepts.
#pragma once

#include <string>
#include <vector>

#include "provider/package.h"
#include "spec/load.h"

namespace lf {

struct SchemaOptions {
  enum class Of : uint8_t {
    spec,    // a whole spec
    part,    // one file of a folder: nothing is required at its top
    module,  // a module's file
  } of = Of::spec;
  std::vector<std::string> providers;  // only these packages; empty: all
};

// Packages that do not load are left out, with their diagnostics where Packages puts them.
Value make_schema(Packages& packages, ModuleStore& modules, const SchemaOptions& options);

}  // namespace lf
