// SPDX-License-Identifier: Apache-2.0
// What is known of the thing at a place, as Markdown.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "editor/language.h"
#include "editor/symbols.h"

namespace lf::editor {

struct Hover {
  std::string text;             // Markdown
  uint32_t begin = 0, end = 0;  // what it is about, in the document
};

// nullopt: nothing is known of what stands there. `occurrence`: the symbol at the place, or null.
std::optional<Hover> hover(Checked& root, const std::string& path, std::string_view text,
                           uint32_t offset, const Occurrence* occurrence);
// Of a symbol alone; "" where there is nothing to say beyond its name.
std::string describe(Checked& root, const Symbol& symbol);

}  // namespace lf::editor
