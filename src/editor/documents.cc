// SPDX-License-Identifier: Apache-2.0
#include "editor/documents.h"

#include <algorithm>

#include "editor/uri.h"

namespace lf::editor {

void Documents::open(const std::string& path, Document document) {
  open_[path] = std::move(document);
}

bool Documents::change(const std::string& path, int64_t version,
                       const std::vector<TextChange>& changes, Units units) {
  const auto found = open_.find(path);
  if (found == open_.end()) return false;
  Document& document = found->second;
  document.version = version;
  for (const TextChange& change : changes) {
    if (!change.range) {
      document.text = change.text;
      continue;
    }
    const Lines lines(document.text, units);
    const uint32_t begin = lines.offset(change.range->start);
    const uint32_t end = std::max(begin, lines.offset(change.range->end));
    document.text.replace(begin, end - begin, change.text);
  }
  return true;
}

const Document* Documents::find(const std::string& path) const {
  const auto found = open_.find(path);
  return found == open_.end() ? nullptr : &found->second;
}

Result<std::string> OverlayFiles::read(const std::string& path) {
  if (const Document* document = documents_.find(normal_path(path))) return document->text;
  return disk_.read(path);
}

Result<FileInfo> OverlayFiles::stat(const std::string& path) {
  const std::string normal = normal_path(path);
  if (const Document* document = documents_.find(normal)) {
    FileInfo info;
    info.exists = true;
    info.size = document->text.size();
    info.mode = 0644;
    return info;
  }
  return disk_.stat(path);
}

Result<std::vector<std::string>> OverlayFiles::list(const std::string& folder) {
  auto names = disk_.list(folder);
  const std::string normal = normal_path(folder);
  for (const auto& [path, document] : documents_.all()) {
    if (folder_of(path) != normal) continue;
    if (!names) names = std::vector<std::string>();
    names->push_back(path.substr(path.rfind('/') + 1));
  }
  if (!names) return names;
  std::sort(names->begin(), names->end());
  names->erase(std::unique(names->begin(), names->end()), names->end());
  return names;
}

Result<std::string> OverlayFiles::canonical(const std::string& path) {
  if (documents_.find(normal_path(path)) != nullptr) return normal_path(path);
  return disk_.canonical(path);
}

Result<void> OverlayFiles::refused(const std::string& path) {
  return fail(ErrorCode::refused, "an editor's helper writes no file: " + path);
}

Result<std::unique_ptr<FileSystem::Lock>> OverlayFiles::lock(const std::string& path,
                                                             std::string_view) {
  return fail(refused(path).error());
}

}  // namespace lf::editor
