// SPDX-License-Identifier: Apache-2.0
#include "editor/text_position.h"

#include <algorithm>

namespace lf::editor {

namespace {

// Bytes of the UTF-8 character at `i`; a byte that begins none counts as one character.
uint32_t character_size(std::string_view text, size_t i) {
  const auto lead = static_cast<unsigned char>(text[i]);
  const uint32_t wanted = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF8 ? 4 : 1;
  uint32_t size = 1;
  while (size < wanted && i + size < text.size() &&
         (static_cast<unsigned char>(text[i + size]) & 0xC0) == 0x80) {
    ++size;
  }
  return size == wanted ? size : 1;
}

uint32_t units_of(uint32_t bytes, Units units) {
  switch (units) {
    case Units::utf8: return bytes;
    case Units::utf16: return bytes == 4 ? 2 : 1;
    case Units::utf32: return 1;
  }
  return 1;
}

}  // namespace

Lines::Lines(std::string_view text, Units units) : text_(text), units_(units), starts_{0} {
  for (size_t i = 0; i < text.size(); ++i) {
    const bool lone_return = text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n');
    if (text[i] == '\n' || lone_return) starts_.push_back(static_cast<uint32_t>(i + 1));
  }
}

std::string_view Lines::line(uint32_t line) const {
  const size_t begin = starts_[line];
  const size_t end = line + 1 < starts_.size() ? starts_[line + 1] : text_.size();
  std::string_view out = text_.substr(begin, end - begin);
  while (line + 1 < starts_.size() && !out.empty() && (out.back() == '\n' || out.back() == '\r')) {
    out.remove_suffix(1);
  }
  return out;
}

uint32_t Lines::offset(TextPosition position) const {
  if (position.line >= starts_.size()) return static_cast<uint32_t>(text_.size());
  const std::string_view in = line(position.line);
  uint32_t left = position.character;
  size_t i = 0;
  while (i < in.size() && left > 0) {
    const uint32_t size = character_size(in, i);
    const uint32_t step = units_of(size, units_);
    if (step > left) break;
    left -= step;
    i += size;
  }
  return static_cast<uint32_t>(starts_[position.line] + i);
}

TextPosition Lines::position(uint32_t offset) const {
  offset = std::min(offset, static_cast<uint32_t>(text_.size()));
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  TextPosition out;
  out.line = static_cast<uint32_t>(after - starts_.begin()) - 1;
  const std::string_view in = line(out.line);
  const size_t end = std::min<size_t>(offset - starts_[out.line], in.size());
  for (size_t i = 0; i < end;) {
    const uint32_t size = character_size(in, i);
    if (i + size > end) break;
    out.character += units_of(size, units_);
    i += size;
  }
  return out;
}

}  // namespace lf::editor
