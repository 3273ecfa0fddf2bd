// SPDX-License-Identifier: Apache-2.0
// What could be written at the cursor.
#pragma once

#include <string>
#include <vector>

#include "editor/language.h"
#include "editor/place.h"

namespace lf::editor {

enum class CompletionKind : uint8_t {  // the protocol's numbers
  method = 2,
  function = 3,
  field = 5,
  variable = 6,
  module = 9,
  property = 10,
  value = 12,
  enumeration = 13,
  keyword = 14,
  constant = 21,
};

struct Completion {
  std::string label, detail, doc;  // doc: Markdown
  CompletionKind kind = CompletionKind::property;
  std::string insert;  // in the place of the document's bytes [begin, end)
  uint32_t begin = 0, end = 0;
  int rank = 1;  // lower ones first
};

// `path` is the document's; `text` its text, `offset` the cursor's byte in it.
std::vector<Completion> complete(Checked& root, const std::string& path, std::string_view text,
                                 uint32_t offset);

// complete_expression.cc
std::vector<Completion> complete_expression(Checked& root, const Module& module,
                                            const Place& place);

}  // namespace lf::editor
