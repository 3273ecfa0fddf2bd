// SPDX-License-Identifier: Apache-2.0
// A piece of a spec as written: constants, `${…}` scalars, lists and maps, each with its place.
// Made once from YAML; evaluated as often as needed (when planning with unknowns, when applying
// with what the cloud answered).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/value.h"
#include "lang/expression.h"

namespace lf {

class Tree {
 public:
  enum class Kind : uint8_t { constant, scalar, list, map };
  struct Entry;

  Tree() = default;  // null without a place
  Kind kind = Kind::constant;
  // A constant that is a plain (unquoted) scalar: `no` here deserves its own message, and `8` no
  // size. What an expression gives is never one.
  bool plain = false;
  Span span;
  Value constant;                                  // constant
  std::shared_ptr<const cel::Interpolation> text;  // scalar
  std::vector<Tree> items;                         // list
  std::vector<Entry> entries;                      // map, in file order

  bool is_null() const { return kind == Kind::constant && constant.is_null(); }
  const Tree* find(std::string_view key) const;
  const Entry* find_entry(std::string_view key) const;
  // True if no expression is in it.
  bool is_static() const;
};
struct Tree::Entry {
  std::string key;
  Span key_span;
  Tree value;
};

// An evaluation that went wrong, and where.
struct TreeError {
  Span span;
  std::string message;
};
// Evaluates all of it. Errors go to `errors`; the place of a failed part is an Error value.
Value evaluate(const Tree& tree, const cel::Activation& activation, std::vector<TreeError>& errors);

// Calls `visit` for each expression in the tree.
void for_each_expression(const Tree& tree,
                         const std::function<void(const cel::Expression&)>& visit);

}  // namespace lf
