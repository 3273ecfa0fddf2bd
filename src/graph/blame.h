// SPDX-License-Identifier: Apache-2.0
// Where the user wrote what a block's expression came to: from `${type[0]}` in a module back to
// the item of the list that the spec gives it.
#pragma once

#include <string>

#include "graph/graph.h"

namespace lf {

// The constant whose text is `text`, among those that `tree` takes its value from: by way of
// inputs, locals and variables, as far as that is static. Invalid span: there is none (a variable
// from the command line, or a value that was computed). `repeated_over`: the `for_each` behind
// `each`.
Span where_written(const ModuleInstance& module, const Tree& tree, const std::string& text,
                   const Tree* repeated_over = nullptr);

// Where the user gave what `tree`, an expression of `module`, takes its value from: `tree` itself
// where the module is the user's own, else the value that was given to the block for the first
// input that it looks at. Invalid: nothing was given.
Span where_given(const ModuleInstance& module, const Tree& tree,
                 const Tree* repeated_over = nullptr);

}  // namespace lf
