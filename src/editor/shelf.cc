// SPDX-License-Identifier: Apache-2.0
#include "editor/shelf.h"

#include "editor/uri.h"

namespace lf::editor {

std::string Shelf::put(const std::string& name, std::string_view text) {
  if (folder_.empty()) return "";
  auto [found, added] = known_.try_emplace(name);
  if (!added) return found->second;
  const std::string path = normal_path(folder_ + "/" + name);
  const auto there = disk_.read(path);
  if (!there || *there != text) {
    if (!disk_.make_folders(folder_of(path)) || !disk_.write(path, text, 0644)) return "";
  }
  return found->second = path;
}

bool Shelf::holds(std::string_view path) const {
  return !folder_.empty() && path.starts_with(folder_ + "/");
}

}  // namespace lf::editor
