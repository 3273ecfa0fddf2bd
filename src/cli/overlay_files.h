// SPDX-License-Identifier: Apache-2.0
// The file system with one file more, or another content in one: what a spec would say is checked
// before it is written.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/replace_file.h"
#include "base/world.h"

namespace lf {

class OverlayFiles : public FileSystem {
 public:
  OverlayFiles(FileSystem& under, std::string path, std::string text)
      : under_(under), path_(std::move(path)), text_(std::move(text)) {}

  Result<std::string> read(const std::string& path) override {
    return path == path_ ? Result<std::string>(text_) : under_.read(path);
  }
  Result<FileInfo> stat(const std::string& path) override {
    if (path != path_) return under_.stat(path);
    FileInfo info;
    info.exists = true;
    info.size = text_.size();
    info.mode = 0644;
    return info;
  }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    auto names = under_.list(folder);
    std::string plain = folder;
    while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
    if (!names || folder_of(path_) != plain) return names;
    const std::string name = path_.substr(path_.rfind('/') + 1);
    if (std::find(names->begin(), names->end(), name) == names->end()) names->push_back(name);
    std::sort(names->begin(), names->end());
    return names;
  }
  Result<std::string> canonical(const std::string& path) override {
    return path == path_ ? Result<std::string>(path) : under_.canonical(path);
  }
  Result<void> make_folders(const std::string& path) override { return under_.make_folders(path); }
  Result<void> remove(const std::string& path) override { return under_.remove(path); }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return under_.rename(from, to);
  }
  Result<void> sync_folder(const std::string& path) override { return under_.sync_folder(path); }
  Result<void> write(const std::string& path, std::string_view data, uint32_t mode) override {
    return under_.write(path, data, mode);
  }
  Result<void> sync_file(const std::string& path) override { return under_.sync_file(path); }
  Result<void> truncate(const std::string& path, uint64_t size) override {
    return under_.truncate(path, size);
  }
  void append_durably(const std::string& path, std::string data,
                      std::function<void(Result<void>)> done) override {
    under_.append_durably(path, std::move(data), std::move(done));
  }
  Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view owner) override {
    return under_.lock(path, owner);
  }

 private:
  FileSystem& under_;
  std::string path_, text_;
};

}  // namespace lf
