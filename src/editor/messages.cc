// SPDX-License-Identifier: Apache-2.0
#include "editor/messages.h"

#include <charconv>

#include "base/strings.h"

namespace lf::editor {

namespace {

// Of one header block, without the blank line behind it.
std::optional<size_t> content_length(std::string_view header) {
  for (std::string_view line : split(header, '\n')) {
    line = trim(line);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !iequals(trim(line.substr(0, colon)), "content-length"))
      continue;
    const std::string_view number = trim(line.substr(colon + 1));
    size_t length = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), length);
    if (error == std::errc() && end == number.data() + number.size()) return length;
    if (error == std::errc::result_out_of_range) return SIZE_MAX;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> MessageReader::next() {
  while (!broken_) {
    const std::string_view rest = std::string_view(held_).substr(at_);
    const size_t end = rest.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      // No header is so long: what came is no message.
      if (rest.size() > 65536) held_.clear(), at_ = 0;
      break;
    }
    const std::optional<size_t> length = content_length(rest.substr(0, end));
    if (!length) {
      at_ += end + 4;
      continue;
    }
    if (*length > kMessageBytesMax) {
      broken_ = true;
      break;
    }
    if (rest.size() < end + 4 + *length) break;
    std::string out(rest.substr(end + 4, *length));
    at_ += end + 4 + *length;
    return out;
  }
  held_.erase(0, at_);
  at_ = 0;
  return std::nullopt;
}

std::string framed(std::string_view content) {
  return "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n" + std::string(content);
}

}  // namespace lf::editor
