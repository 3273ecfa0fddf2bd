// SPDX-License-Identifier: Apache-2.0
#include "base/source.h"

#include <algorithm>

#include "base/strings.h"

namespace lf {

const std::vector<uint32_t>& Source::line_starts() const {
  if (line_starts_.empty()) {
    line_starts_.push_back(0);
    for (size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
      line_starts_.push_back(static_cast<uint32_t>(at + 1));
    }
  }
  return line_starts_;
}

Position Source::position(uint32_t offset) const {
  const auto& starts = line_starts();
  offset = std::min<uint32_t>(offset, static_cast<uint32_t>(text_.size()));
  const auto next = std::upper_bound(starts.begin(), starts.end(), offset);
  const auto index = static_cast<uint32_t>(next - starts.begin() - 1);
  const std::string_view before = text().substr(starts[index], offset - starts[index]);
  // A byte order mark takes no column.
  const size_t from = index == 0 && before.starts_with("\xef\xbb\xbf") ? 3 : 0;
  return {index + 1, static_cast<uint32_t>(utf8_length(before.substr(from)) + 1)};
}

uint32_t Source::line_count() const {
  const auto& starts = line_starts();
  // A line end at the very end begins no further line.
  const bool open = starts.size() > 1 && starts.back() == text_.size();
  return static_cast<uint32_t>(starts.size() - (open ? 1 : 0));
}

uint32_t Source::line_start(uint32_t number) const {
  const auto& starts = line_starts();
  if (number == 0) return 0;
  if (number > starts.size()) return static_cast<uint32_t>(text_.size());
  return starts[number - 1];
}

std::string_view Source::line(uint32_t number) const {
  const uint32_t begin = line_start(number);
  std::string_view rest = text().substr(begin);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

SourceId Sources::add(std::string path, std::string text) {
  sources_.emplace_back(std::move(path), std::move(text));
  return static_cast<SourceId>(sources_.size() - 1);
}

}  // namespace lf
