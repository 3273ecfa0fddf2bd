// SPDX-License-Identifier: Apache-2.0
// Package files in memory: read from a folder (--provider-dir), or written by a test.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/world.h"
#include "provider/package.h"

namespace lf {

class MemoryPackageFiles : public PackageFiles {
 public:
  void add(std::string path, std::string text) { files_[std::move(path)] = std::move(text); }
  std::optional<std::string_view> find(std::string_view path) const override;
  std::vector<std::string> list(std::string_view prefix) const override;

 private:
  std::map<std::string, std::string, std::less<>> files_;
};

// All files below `folder`, which holds package folders ("aws/package.yaml"), or is one itself (it
// holds package.yaml: its name is then the package's name there). Hidden files are left out; links
// that lead in a circle end at a depth of 32. not_found, io.
Result<std::shared_ptr<const PackageFiles>> read_package_folder(FileSystem& files,
                                                                const std::string& folder);

}  // namespace lf
