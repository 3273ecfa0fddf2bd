// SPDX-License-Identifier: Apache-2.0
// The stream between editor and server: messages with a header that says how long they are.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lf::editor {

inline constexpr size_t kMessageBytesMax = 64u << 20;

class MessageReader {
 public:
  void add(std::string_view bytes) { held_.append(bytes); }
  // The next whole message's content. Headers without a length are passed over.
  std::optional<std::string> next();
  // A message longer than kMessageBytesMax was announced: nothing more can be read.
  bool broken() const { return broken_; }

 private:
  std::string held_;
  size_t at_ = 0;
  bool broken_ = false;
};

std::string framed(std::string_view content);

}  // namespace lf::editor
