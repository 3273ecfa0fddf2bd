// SPDX-License-Identifier: Apache-2.0
// The language's own words: the keys that specs, modules, resources and their parts may have,
// whatever the provider. One table: the parser refuses what is not in it; the JSON Schema, the
// reference and completion show what is.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lf {

struct Word {
  std::string_view name;
  // The language's notation of what it takes; "" where its parts have rules of their own
  // (`variables`, `resources`, …).
  std::string_view type;
  std::string_view doc;
  bool constant = false;  // no `${…}`: it is read before anything is evaluated
  bool required = false;
};

enum class SpecPart : uint8_t {
  spec,          // the root
  module,        // a module's file, a block's too
  variable,      // under `variables`
  input,         // under a module's `inputs`
  look_up,       // under `data`, besides the look-up's own inputs
  resource,      // under `resources`, besides the type's properties
  block,         // in a block, besides its own inputs
  module_use,    // under `modules`
  file,          // under `files`
  output,        // under `outputs`, the long form
  provider,      // under `providers`
  timeouts,      // in `timeouts`
  policy,        // under `policies`
  policy_place,  // in a policy's `where`
  check,         // under `checks`
  requirement,   // under a module's `requires`
  cost,          // in `cost`
  import,        // under `imports`, the long form
};

// In the order in which a reader wants them.
std::span<const Word> words_of(SpecPart part);
std::vector<std::string> word_names(SpecPart part);
const Word* find_word(SpecPart part, std::string_view name);  // nullptr: none

}  // namespace lf
