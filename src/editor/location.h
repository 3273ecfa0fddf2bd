// SPDX-License-Identifier: Apache-2.0
// Places in files as editors want them, from spans as diagnostics and syntax trees have them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/source.h"
#include "editor/text_position.h"

namespace lf::editor {

struct Location {
  std::string path;
  TextRange range;
  bool operator==(const Location&) const = default;
};
struct Edit {
  Location at;
  std::string text;  // in the place's stead
};

class Locator {
 public:
  Locator(const Sources& sources, Units units) : sources_(sources), units_(units) {}
  // nullopt: not a place in a file of the user's (a package's, a variable's text, none at all).
  std::optional<Location> of(Span span);
  const Lines& lines(SourceId source);

 private:
  const Sources& sources_;
  Units units_;
  std::map<SourceId, std::unique_ptr<Lines>> lines_;
};

}  // namespace lf::editor
