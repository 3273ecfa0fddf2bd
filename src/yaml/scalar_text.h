// SPDX-License-Identifier: Apache-2.0
// How a scalar's text comes from its source: quotes, escapes, folding, indentation, chomping. The
// parser behind reader.cc gives only the result; this retraces each byte's way.
#pragma once

#include <string>
#include <string_view>

#include "base/text_map.h"
#include "yaml/syntax.h"

namespace lf {

// The text of the scalar at `span` of `source_text`, and its map. `span` as Node::span() has it.
struct ScalarText {
  std::string text;
  TextMap map;
};
ScalarText decode_scalar(std::string_view source_text, Span span, NodeStyle style);

// The map for a scalar whose text is known to be `text`. Where retracing gives something else (it
// must not, but a wrong underline is better than a wrong text), all maps to the scalar's begin.
TextMap scalar_text_map(std::string_view source_text, Span span, NodeStyle style,
                        std::string_view text);

}  // namespace lf
