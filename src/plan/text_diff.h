// SPDX-License-Identifier: Apache-2.0
// A small line diff for values that are documents: policies, user data, manifests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"
#include "lang/type.h"

namespace lf {

// One line of a diff: ' ' kept, '-' only before, '+' only after, '@' lines left out.
struct DiffLine {
  char mark = ' ';
  std::string text;
};

// The differing lines with `context` kept lines around them. Common ends are cut off first; where
// what is left is too large for a minimal diff, all of it counts as removed and added.
std::vector<DiffLine> line_diff(const std::vector<std::string>& before,
                                const std::vector<std::string>& after, size_t context);

// The lines of a value that is read as a document: a text of several lines, a text that holds a
// JSON object or list, or a map or list that is too long for one line (`width`). Empty: it is none.
std::vector<std::string> document_lines(const Value& value, size_t width,
                                        const Type& type = Type());
// The type of what a value of `type` has under `key`.
const Type& type_inside(const Type& type, const Value& key);

// "1,234 bytes, 31 lines, sha256 0f1e2d3c4b5a"
std::string digest_line(std::string_view text);

}  // namespace lf
