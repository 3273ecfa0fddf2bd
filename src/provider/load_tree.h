// SPDX-License-Identifier: Apache-2.0
// A descriptor file as the loader walks it: a copy of the YAML tree in which traits are merged and
// their parameters replaced, and which still knows where each part was written.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/source.h"
#include "base/text_map.h"
#include "base/value.h"

namespace lf {

class Node;  // yaml/syntax.h

struct LoadNode {
  enum class Kind : uint8_t { null, scalar, list, map };
  struct Entry;

  Kind kind = Kind::null;
  bool quoted = false;
  bool poisoned = false;  // reported already
  Span span;
  std::string text;  // of a scalar
  TextMap map;       // of a scalar that holds an expression
  Value value;       // of a scalar: by the YAML core schema
  std::vector<LoadNode> items;
  std::vector<Entry> entries;

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  const LoadNode* find(std::string_view key) const;  // nullptr: absent
  const Entry* entry(std::string_view key) const;
  // Plain data; texts with expressions stay as they are written.
  Value to_value() const;
};

struct LoadNode::Entry {
  std::string key;
  Span key_span;
  LoadNode value;
};

LoadNode copy_tree(const Node& node);

// Maps merge key by key; elsewhere `over` wins. What only `under` has comes after.
LoadNode merge_trees(const LoadNode& under, const LoadNode& over);

// Replaces each `${param.x}` in keys and scalars by the text of parameter x. Unknown ones and
// parameters that are never used are reported; `use` is where the trait is named.
LoadNode with_parameters(const LoadNode& tree, const std::map<std::string, std::string>& parameters,
                         Span use, Diagnostics& diagnostics);

}  // namespace lf
