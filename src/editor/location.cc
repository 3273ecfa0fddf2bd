// SPDX-License-Identifier: Apache-2.0
#include "editor/location.h"

#include "editor/uri.h"

namespace lf::editor {

const Lines& Locator::lines(SourceId source) {
  auto& lines = lines_[source];
  if (!lines) lines = std::make_unique<Lines>(sources_.get(source).text(), units_);
  return *lines;
}

std::optional<Location> Locator::of(Span span) {
  if (!span.valid() || span.source >= sources_.size()) return std::nullopt;
  const std::string& path = sources_.get(span.source).path();
  if (!path.starts_with('/')) return std::nullopt;
  return Location{normal_path(path), lines(span.source).range(span.begin, span.end)};
}

}  // namespace lf::editor
