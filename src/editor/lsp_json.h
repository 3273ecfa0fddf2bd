// SPDX-License-Identifier: Apache-2.0
// The protocol's small structures as JSON values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/value.h"
#include "editor/location.h"

namespace lf::editor {

// Of JSON-RPC and of the protocol.
inline constexpr int64_t kParseError = -32700, kInvalidRequest = -32600, kNoSuchMethod = -32601,
                         kInvalidParams = -32602, kInternalError = -32603, kNotInitialized = -32002,
                         kCancelled = -32800, kRequestFailed = -32803;

Value json_of(const TextPosition& position);
Value json_of(const TextRange& range);
Value json_of(const Location& location);
Value json_of_edit(const TextRange& range, const std::string& text);
// {"changes": {uri: [edits]}}
Value json_of_workspace_edit(const std::vector<Edit>& edits);
Value markdown(std::string text);

std::optional<TextPosition> position_in(const Value& value);  // {"line": …, "character": …}
std::optional<TextRange> range_in(const Value& value);
// The whole number, or `otherwise`.
int64_t number_in(const Value& value, int64_t otherwise);

}  // namespace lf::editor
