// SPDX-License-Identifier: Apache-2.0
// The texts that the editor holds: what it shows wins over what is on the disk.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/world.h"
#include "editor/text_position.h"

namespace lf::editor {

struct Document {
  std::string uri;       // as the editor spelled it
  std::string language;  // the editor's name of it, "yaml" or "llmforge"
  std::string text;
  int64_t version = 0;
};

struct TextChange {
  std::optional<TextRange> range;  // absent: all of the text
  std::string text;
};

class Documents {
 public:
  void open(const std::string& path, Document document);
  void close(const std::string& path) { open_.erase(path); }
  // One after the other, each in the text that the one before left. False: no such document.
  bool change(const std::string& path, int64_t version, const std::vector<TextChange>& changes,
              Units units);
  const Document* find(const std::string& path) const;  // nullptr: it is not open
  const std::map<std::string, Document>& all() const { return open_; }

 private:
  std::map<std::string, Document> open_;  // by path
};

// The disk with the open documents laid over it. Read only: nothing here changes a file.
class OverlayFiles final : public FileSystem {
 public:
  OverlayFiles(FileSystem& disk, const Documents& documents) : disk_(disk), documents_(documents) {}
  Result<std::string> read(const std::string& path) override;
  Result<FileInfo> stat(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<std::string> canonical(const std::string& path) override;

  Result<void> make_folders(const std::string& path) override { return refused(path); }
  Result<void> remove(const std::string& path) override { return refused(path); }
  Result<void> rename(const std::string& from, const std::string&) override {
    return refused(from);
  }
  Result<void> sync_folder(const std::string& path) override { return refused(path); }
  Result<void> write(const std::string& path, std::string_view, uint32_t) override {
    return refused(path);
  }
  Result<void> sync_file(const std::string& path) override { return refused(path); }
  Result<void> truncate(const std::string& path, uint64_t) override { return refused(path); }
  void append_durably(const std::string& path, std::string,
                      std::function<void(Result<void>)> done) override {
    done(refused(path));
  }
  Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view) override;

 private:
  static Result<void> refused(const std::string& path);
  FileSystem& disk_;
  const Documents& documents_;
};

}  // namespace lf::editor
