// SPDX-License-Identifier: Apache-2.0
#include "base/text_map.h"

#include <algorithm>

namespace lf {

void TextMap::add_run(uint32_t text_offset, uint32_t source_offset, bool exact) {
  runs_.push_back({text_offset, source_offset, exact});
}

uint32_t TextMap::at(uint32_t offset) const {
  if (runs_.empty()) return 0;
  auto next = std::upper_bound(runs_.begin(), runs_.end(), offset,
                               [](uint32_t o, const Run& run) { return o < run.text; });
  if (next == runs_.begin()) return runs_.front().source;
  const Run& run = *(next - 1);
  uint32_t place = run.exact ? run.source + (offset - run.text) : run.source;
  // A run ends where the next begins: an offset beyond what the source holds stops there.
  if (next != runs_.end()) place = std::min(place, next->source);
  return place;
}

Span TextMap::span(uint32_t begin, uint32_t end) const {
  if (!valid()) return {};
  end = std::max(begin, end);
  const uint32_t from = at(begin);
  uint32_t to = from;
  if (end > begin) {
    // The end of the last byte, which is the start of what follows it in the source: an escape is
    // longer than the byte that it stands for.
    const auto next = std::upper_bound(runs_.begin(), runs_.end(), end - 1,
                                       [](uint32_t o, const Run& run) { return o < run.text; });
    const bool exact = next == runs_.begin() || (next - 1)->exact;
    if (!exact && next != runs_.end()) {
      to = next->source;
    } else {
      to = at(end - 1) + 1;
      if (next != runs_.end()) to = std::min(to, std::max(from, next->source));
    }
  }
  return {source_, from, std::max(from, to)};
}

}  // namespace lf
