// SPDX-License-Identifier: Apache-2.0
// The text of one YAML file as its writer built it: aliases stay aliases, merge keys stay keys,
// nothing is resolved or refused. What a formatter needs; who wants the meaning takes `read_yaml`.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/scan.h"

namespace lf {

struct ConcreteNode {
  enum class Kind : uint8_t { empty, scalar, alias, list, map };
  Kind kind = Kind::empty;
  NodeStyle style = NodeStyle::plain;
  uint32_t begin = 0, end = 0;  // without the anchor; an empty node: where the text before it ends
  uint32_t anchor_begin = 0, anchor_end = 0;  // equal: no anchor
  std::vector<ConcreteNode> children;         // of a map: key, value, key, value …

  bool is_collection() const { return kind == Kind::list || kind == Kind::map; }
  bool is_flow() const { return is_collection() && style == NodeStyle::flow; }
  bool is_block() const { return is_collection() && style != NodeStyle::flow; }
  bool has_anchor() const { return anchor_end > anchor_begin; }
  // Where its text begins, with its anchor.
  uint32_t first() const { return has_anchor() ? anchor_begin : begin; }
};

// `scan` is that of `text`, which the reader accepts. The error is the parser's message.
std::expected<ConcreteNode, std::string> concrete_yaml(std::string_view text, const YamlScan& scan);

}  // namespace lf
