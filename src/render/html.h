// SPDX-License-Identifier: Apache-2.0
// What the pages share: text as HTML, and the graph's drawing with its style and behaviour.
#pragma once

#include <string>

#include "render/graph_view.h"

namespace lf {

// Control characters become visible, markup becomes text.
std::string html_text(const std::string& text);

std::string graph_svg(const GraphView& view);
const char* graph_style();
const char* graph_script();  // expects the drawing, and an input with the id `find`

}  // namespace lf
