// SPDX-License-Identifier: Apache-2.0
// Places in a text as editors count them (lines and characters from 0, characters in the units that
// both sides agreed on) and as everything here counts them: offsets in bytes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace lf::editor {

enum class Units : uint8_t { utf8, utf16, utf32 };

struct TextPosition {
  uint32_t line = 0;
  uint32_t character = 0;
  auto operator<=>(const TextPosition&) const = default;
};
struct TextRange {
  TextPosition start, end;
  bool operator==(const TextRange&) const = default;
};

// Where the lines of a text begin. A line ends with \n, \r\n or a single \r. `text` must outlive
// it.
class Lines {
 public:
  Lines(std::string_view text, Units units);
  // Places beyond a line's or the text's end are taken as its end, those inside a character as its
  // begin.
  uint32_t offset(TextPosition position) const;
  TextPosition position(uint32_t offset) const;
  TextRange range(uint32_t begin, uint32_t end) const { return {position(begin), position(end)}; }
  uint32_t count() const { return static_cast<uint32_t>(starts_.size()); }
  uint32_t start(uint32_t line) const { return starts_[line]; }
  // Without its line end.
  std::string_view line(uint32_t line) const;

 private:
  std::string_view text_;
  Units units_;
  std::vector<uint32_t> starts_;
};

}  // namespace lf::editor
