// SPDX-License-Identifier: Apache-2.0
// Lays a YAML file out in the one way that specs are written in: two spaces a level, lists one
// level inside their key, one space after a colon, `{a: 1, b: [2, 3]}`, at most one blank line, two
// spaces before a comment at a line's end. Scalars, quotes, order, comments and the choice of
// block or flow stay as they were written.
#pragma once

#include <string>

#include "base/diagnostic.h"
#include "base/error.h"
#include "base/source.h"

namespace lf {

inline constexpr size_t kFormatColumns = 100;

// The text of `source`, laid out; laid out again it stays the same. Errors: `invalid`, the file
// cannot be read and `diagnostics` says why; `internal`, our own bug: the result would say
// something else than the source, so nobody gets it.
Result<std::string> format_yaml(const Sources& sources, SourceId source, Diagnostics& diagnostics);

}  // namespace lf
