// SPDX-License-Identifier: Apache-2.0
// Where in a spec the cursor is, also in a text that is just being typed. The reader is the only
// parser: a copy of the text is mended around the cursor until it can be read, with a mark in the
// place of the word under the cursor; where the mark comes out says where the cursor is.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "yaml/syntax.h"

namespace lf::editor {

struct Place {
  enum class Kind : uint8_t {
    nowhere,     // in a comment, inside a longer text, or the text cannot be mended
    key,         // where a map's key stands or would
    value,       // where a scalar stands or would
    expression,  // inside `${…}`
  };
  Kind kind = Kind::nowhere;
  // Keys from the root to the map that holds the key, or to the value itself; "[]" for lists.
  std::vector<std::string> path;
  // The maps and lists on the way, of which the first is the root: one more than `path` of a key,
  // as many as `path` of a value. Of the mended text: valid while this lives.
  std::vector<Node> nodes;
  std::string key;  // of a key that stands there in full, behind the cursor too
  // The word under the cursor, in the document's bytes; its part before the cursor is `typed`.
  uint32_t begin = 0, end = 0;
  std::string typed;
  bool has_colon = false;  // a key: `:` follows
  bool in_flow = false;    // between brackets, where `${…}` wants quotes
  bool quoted = false;     // a value: inside quotes
  // Of an expression: its text behind `${`, up to `}` or the line's end, and the cursor in it.
  std::string expression;
  uint32_t expression_begin = 0;  // in the document
  uint32_t cursor = 0;            // in `expression`

  std::shared_ptr<Sources> sources;
  std::shared_ptr<SyntaxTree> tree;
  std::vector<std::string> siblings() const;  // keys of the map around a key, without the mark
};

// `offset` in bytes of `text`.
Place find_place(std::string_view text, uint32_t offset);

}  // namespace lf::editor
