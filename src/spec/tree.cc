// SPDX-License-Identifier: Apache-2.0
#include "spec/tree.h"

#include <algorithm>

namespace lf {

const Tree::Entry* Tree::find_entry(std::string_view key) const {
  for (const auto& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

const Tree* Tree::find(std::string_view key) const {
  const Entry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}

bool Tree::is_static() const {
  switch (kind) {
    case Kind::constant: return true;
    case Kind::scalar: return false;
    case Kind::list:
      return std::all_of(items.begin(), items.end(), [](const Tree& t) { return t.is_static(); });
    case Kind::map:
      return std::all_of(entries.begin(), entries.end(),
                         [](const Entry& e) { return e.value.is_static(); });
  }
  return false;
}

Value evaluate(const Tree& tree, const cel::Activation& activation,
               std::vector<TreeError>& errors) {
  switch (tree.kind) {
    case Tree::Kind::constant: return tree.constant;
    case Tree::Kind::scalar: {
      Value value = cel::evaluate(*tree.text, activation);
      if (value.is_error()) errors.push_back({tree.span, value.error_message()});
      return value;
    }
    case Tree::Kind::list: {
      List out;
      out.reserve(tree.items.size());
      for (const auto& item : tree.items) {
        Value value = evaluate(item, activation, errors);
        if (value.is_error()) return value;
        out.push_back(std::move(value));
      }
      return Value(std::move(out));
    }
    case Tree::Kind::map: {
      Map out;
      out.reserve(tree.entries.size());
      for (const auto& entry : tree.entries) {
        Value value = evaluate(entry.value, activation, errors);
        if (value.is_error()) return value;
        out.set(entry.key, std::move(value));
      }
      return Value(std::move(out));
    }
  }
  return Value();
}

void for_each_expression(const Tree& tree,
                         const std::function<void(const cel::Expression&)>& visit) {
  if (tree.text) {
    for (const auto& part : tree.text->parts()) {
      if (part.expression) visit(*part.expression);
    }
  }
  for (const auto& item : tree.items) for_each_expression(item, visit);
  for (const auto& entry : tree.entries) for_each_expression(entry.value, visit);
}

}  // namespace lf
