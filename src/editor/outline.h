// SPDX-License-Identifier: Apache-2.0
// What a file holds, as the tree that editors show beside the text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"

namespace lf::editor {

enum class OutlineKind : uint8_t {  // the protocol's numbers of symbols
  module = 2,
  property = 7,
  field = 8,
  variable = 13,
  constant = 14,
  text = 15,
  object = 19,
};

struct OutlineItem {
  std::string name, detail;  // "jobs", "aws.sqs.queue"
  OutlineKind kind = OutlineKind::property;
  Span all, key;
  std::vector<OutlineItem> children;
};

// Empty where the text cannot be read. Spans are of source 0.
std::vector<OutlineItem> outline(std::string_view text);

}  // namespace lf::editor
