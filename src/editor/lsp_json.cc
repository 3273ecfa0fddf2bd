// SPDX-License-Identifier: Apache-2.0
#include "editor/lsp_json.h"

#include <algorithm>

#include "editor/uri.h"

namespace lf::editor {

Value json_of(const TextPosition& position) {
  return Value(Map{{"line", Value(static_cast<int64_t>(position.line))},
                   {"character", Value(static_cast<int64_t>(position.character))}});
}

Value json_of(const TextRange& range) {
  return Value(Map{{"start", json_of(range.start)}, {"end", json_of(range.end)}});
}

Value json_of(const Location& location) {
  return Value(Map{{"uri", Value(uri_of_path(location.path))}, {"range", json_of(location.range)}});
}

Value json_of_edit(const TextRange& range, const std::string& text) {
  return Value(Map{{"range", json_of(range)}, {"newText", Value(text)}});
}

Value json_of_workspace_edit(const std::vector<Edit>& edits) {
  std::map<std::string, List> by_file;
  for (const Edit& edit : edits) {
    by_file[uri_of_path(edit.at.path)].push_back(json_of_edit(edit.at.range, edit.text));
  }
  Map changes;
  for (auto& [uri, list] : by_file) changes.set(uri, Value(std::move(list)));
  return Value(Map{{"changes", Value(std::move(changes))}});
}

Value markdown(std::string text) {
  return Value(Map{{"kind", Value("markdown")}, {"value", Value(std::move(text))}});
}

int64_t number_in(const Value& value, int64_t otherwise) {
  if (value.is_int()) return value.as_int();
  if (value.is_uint()) return INT64_MAX;
  return otherwise;
}

std::optional<TextPosition> position_in(const Value& value) {
  const int64_t line = number_in(value["line"], -1);
  const int64_t character = number_in(value["character"], -1);
  if (line < 0 || character < 0) return std::nullopt;
  const auto cut = [](int64_t n) { return static_cast<uint32_t>(std::min<int64_t>(n, INT32_MAX)); };
  return TextPosition{cut(line), cut(character)};
}

std::optional<TextRange> range_in(const Value& value) {
  const auto start = position_in(value["start"]);
  const auto end = position_in(value["end"]);
  if (!start || !end) return std::nullopt;
  return TextRange{*start, *end};
}

}  // namespace lf::editor
