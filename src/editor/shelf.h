// SPDX-License-Identifier: Apache-2.0
// Files of the binary's own (blocks and descriptors of packages, pages about error codes) as files
// on the disk, for editors can open nothing else. Written to the user's cache folder when asked
// for.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/world.h"

namespace lf::editor {

class Shelf {
 public:
  // `folder` is absolute; "" where there is none: then nothing is ever written.
  Shelf(FileSystem& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}
  // The path of a file with this text; "" where it cannot be written. `name` is a path below the
  // folder, such as "aws/blocks/network.yaml".
  std::string put(const std::string& name, std::string_view text);
  bool holds(std::string_view path) const;

 private:
  FileSystem& disk_;
  std::string folder_;
  std::map<std::string, std::string> known_;  // name to path
};

}  // namespace lf::editor
