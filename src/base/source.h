// SPDX-License-Identifier: Apache-2.0
// Texts that diagnostics point into. Positions are 32-bit byte offsets; lines and columns come from
// a table of line starts, made on first use.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace lf {

using SourceId = uint32_t;
inline constexpr SourceId kNoSource = UINT32_MAX;

// Half-open range of bytes in one source. begin == end is a point between two bytes.
struct Span {
  SourceId source = kNoSource;
  uint32_t begin = 0;
  uint32_t end = 0;
  bool valid() const { return source != kNoSource; }
  bool operator==(const Span&) const = default;
};

struct Position {
  uint32_t line = 1;    // from 1
  uint32_t column = 1;  // from 1, in Unicode code points
};

class Source {
 public:
  Source(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {}
  const std::string& path() const { return path_; }  // as shown to the reader
  std::string_view text() const { return text_; }
  Position position(uint32_t offset) const;
  uint32_t line_count() const;
  std::string_view line(uint32_t number) const;  // from 1, without its line end
  uint32_t line_start(uint32_t number) const;    // byte offset of the first byte of that line

 private:
  const std::vector<uint32_t>& line_starts() const;
  std::string path_;
  std::string text_;
  mutable std::vector<uint32_t> line_starts_;
};

// Owns every text of a run. References stay valid while it lives.
class Sources {
 public:
  SourceId add(std::string path, std::string text);
  const Source& get(SourceId id) const { return sources_.at(id); }
  size_t size() const { return sources_.size(); }

 private:
  std::deque<Source> sources_;
};

}  // namespace lf
