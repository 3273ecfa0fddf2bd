// SPDX-License-Identifier: Apache-2.0
// Which spec an open document belongs to, and what is known of each: a spec is checked anew when a
// file that it was read from changes, and kept as long as a document of it is open.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "editor/check.h"
#include "editor/documents.h"

namespace lf::editor {

struct WorkspaceOptions {
  CheckOptions check;
  std::string spec;  // absolute; what the user named as the spec, "" where editing tells
};

class Workspace {
 public:
  Workspace(FileSystem& disk, WorkspaceOptions options);

  const Documents& documents() const { return documents_; }
  Units units() const { return units_; }
  void set_units(Units units) { units_ = units; }
  FileSystem& files() { return overlay_; }
  std::shared_ptr<PackageSet> packages();
  const CheckOptions& options() const { return options_.check; }
  void configure(WorkspaceOptions options);

  void open(const std::string& path, Document document);
  bool change(const std::string& path, int64_t version, const std::vector<TextChange>& changes);
  void close(const std::string& path);
  void changed_on_disk(const std::string& path);

  // Checks what changed; true if anything was checked or dropped since the last call.
  bool refresh();
  // All that are at hand after a refresh.
  std::vector<Checked*> roots() const;

  // What `path` belongs to, as it is now, or nullptr: it is none of ours. Refreshes.
  Checked* current(const std::string& path);
  // The same, or where the text cannot be read now what was known when it could.
  Checked* known(const std::string& path);
  // The same with another text of the document, for a text that could never be read as it is. Valid
  // until the next such call.
  Checked* with_text(const std::string& path, std::string text);

 private:
  struct Root {
    RootKind kind = RootKind::spec;
    std::shared_ptr<Checked> now, readable;
    bool dirty = true;
  };
  struct Home {
    std::string path;  // of the root; "": none
    RootKind kind = RootKind::spec;
  };
  Home home_of(const std::string& path, const Document& document);
  Home spec_home(const std::string& path);
  bool is_folder_spec(const std::string& folder);
  std::string user_of(const std::string& module);
  Root& root(const std::string& path, RootKind kind);
  void check(const std::string& path, Root& root);
  void check_environments(Root& root);
  void note_texts(const Checked& checked);

  WorkspaceOptions options_;
  Documents documents_;
  OverlayFiles overlay_;
  Units units_ = Units::utf16;
  std::map<std::string, Root> roots_;
  std::map<std::string, Home> homes_;  // of open documents
  std::set<std::string> changed_;      // since the last refresh
  std::set<std::string> lonely_;       // modules for whose users the disk was searched
  bool news_ = false;
  Documents mended_documents_;  // of with_text()
  std::unique_ptr<OverlayFiles> mended_files_;
  std::unique_ptr<Checked> mended_;
  FileSystem& disk_;
  std::shared_ptr<PackageSet> packages_;  // made when first needed
  size_t texts_bytes_ = 0;                // that checks have added to it
};

// The keys at the left edge of a YAML text, without reading it as YAML.
std::vector<std::string> top_level_keys(std::string_view text);

}  // namespace lf::editor
