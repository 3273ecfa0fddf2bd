// SPDX-License-Identifier: Apache-2.0
// Where the bytes of a decoded text (a YAML scalar without its quotes, escapes and folding) stand
// in its source, so that an error inside `${…}` is underlined at the exact place.
#pragma once

#include <cstdint>
#include <vector>

#include "base/source.h"

namespace lf {

class TextMap {
 public:
  TextMap() = default;
  // A text that stands in the source byte for byte from `begin`.
  TextMap(SourceId source, uint32_t begin) : source_(source), runs_{{0, begin, true}} {}
  explicit TextMap(SourceId source) : source_(source) {}
  // From `text_offset` on, text bytes stand at `source_offset` on: one to one if `exact`, else the
  // whole run maps to that one place (an escape, a folded line break).
  void add_run(uint32_t text_offset, uint32_t source_offset, bool exact);
  Span span(uint32_t begin, uint32_t end) const;  // of text offsets; never beyond the source
  bool valid() const { return source_ != kNoSource; }

 private:
  struct Run {
    uint32_t text;
    uint32_t source;
    bool exact;
  };
  uint32_t at(uint32_t offset) const;
  SourceId source_ = kNoSource;
  std::vector<Run> runs_;  // by rising text offset
};

}  // namespace lf
