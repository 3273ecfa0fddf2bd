// SPDX-License-Identifier: Apache-2.0
// Small changes to YAML text that leave everything else as its writer laid it out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/source.h"
#include "yaml/syntax.h"

namespace lf::editor {

struct SpanEdit {
  Span span;
  std::string text;
};

// `text` as a scalar or key: bare where YAML reads it as this text, else in double quotes.
std::string yaml_scalar(std::string_view text);
// A name in the place of one that stands at `span` with or without quotes.
std::string requoted(std::string_view written, const std::string& name);

// The entry of the map in `tree` whose key stands at `key`.
std::optional<Node::Entry> entry_at(const Node& root, Span key);

// Puts `items` into the list `word` of the map that is the value of `entry`; makes list and map
// where they are missing. An item that is there already is not added. nullopt: the value is no map
// of its own (an alias, a text).
using WordItems = std::vector<std::pair<std::string, std::vector<std::string>>>;
std::optional<std::vector<SpanEdit>> add_to_lists(std::string_view text, const Node::Entry& entry,
                                                  const WordItems& words);

}  // namespace lf::editor
