// SPDX-License-Identifier: Apache-2.0
// The template behind Loader::word, apart so that only the loader's files read it.
#pragma once

#include "provider/loader.h"

namespace lf {

template <class E>
void Loader::word(const LoadNode& map, std::string_view key, E& out,
                  std::initializer_list<std::pair<std::string_view, E>> words) {
  const LoadNode* node = map.find(key);
  if (node == nullptr) return;
  if (!want(*node, LoadNode::Kind::scalar, key)) return;
  std::vector<std::string> names;
  for (const auto& [name, value] : words) {
    if (name == node->text) {
      out = value;
      return;
    }
    names.emplace_back(name);
  }
  unknown_word(*node, key, std::move(names));
}

}  // namespace lf
