// SPDX-License-Identifier: Apache-2.0
// Questions about a place in a document.
#include "editor/lsp_json.h"
#include "editor/outline.h"
#include "editor/server.h"
#include "editor/uri.h"

namespace lf::editor {

namespace {

Value symbols_json(const std::vector<OutlineItem>& items, const Lines& lines) {
  List out;
  for (const OutlineItem& item : items) {
    Map one{{"name", Value(item.name)},
            {"kind", Value(static_cast<int64_t>(item.kind))},
            {"range", json_of(lines.range(item.all.begin, item.all.end))},
            {"selectionRange", json_of(lines.range(item.key.begin, item.key.end))}};
    if (!item.detail.empty()) one.set("detail", Value(item.detail));
    if (!item.children.empty()) one.set("children", symbols_json(item.children, lines));
    out.emplace_back(std::move(one));
  }
  return Value(std::move(out));
}

}  // namespace

Server::Answer Server::document_symbol(const Value& params) {
  const std::string path = path_of_uri(params["textDocument"]["uri"].string_or());
  const Document* document = workspace_.documents().find(path);
  if (document == nullptr) return std::unexpected(Failure{kInvalidParams, "it is not open"});
  const Lines lines(document->text, workspace_.units());
  return symbols_json(outline(document->text), lines);
}

}  // namespace lf::editor
