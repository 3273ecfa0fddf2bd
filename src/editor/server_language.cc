// SPDX-License-Identifier: Apache-2.0
// Questions about a place in a document.
#include <algorithm>

#include "editor/completion.h"
#include "editor/edit_yaml.h"
#include "editor/hover.h"
#include "editor/lsp_json.h"
#include "editor/outline.h"
#include "editor/rename.h"
#include "editor/server.h"
#include "editor/uri.h"
#include "yaml/reader.h"

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

std::expected<Server::Target, Server::Failure> Server::target(const Value& params) {
  const auto position = position_in(params["position"]);
  if (!position) return std::unexpected(Failure{kInvalidParams, "`position` is missing"});
  Target out;
  out.path = path_of_uri(params["textDocument"]["uri"].string_or());
  const Document* document = workspace_.documents().find(out.path);
  if (document == nullptr) return std::unexpected(Failure{kInvalidParams, "it is not open"});
  out.offset = Lines(document->text, workspace_.units()).offset(*position);
  out.root = workspace_.current(out.path);
  if (out.root == nullptr) return out;
  out.source = out.root->source_of(out.path);
  if (out.source != kNoSource) out.occurrence = out.root->index().at(out.source, out.offset);
  return out;
}

Server::Answer Server::hover(const Value& params) {
  const auto at = target(params);
  if (!at) return std::unexpected(at.error());
  Checked* known = workspace_.known(at->path);
  if (known == nullptr) return Value();
  const std::string& text = workspace_.documents().find(at->path)->text;
  const auto found = editor::hover(*known, at->path, text, at->offset, at->occurrence);
  if (!found) return Value();
  const Lines lines(text, workspace_.units());
  return Value(Map{{"contents", markdown(found->text)},
                   {"range", json_of(lines.range(found->begin, found->end))}});
}

Server::Answer Server::completion(const Value& params) {
  const auto at = target(params);
  if (!at) return std::unexpected(at.error());
  List items;
  if (Checked* known = workspace_.known(at->path)) {
    const std::string& text = workspace_.documents().find(at->path)->text;
    if (!known->readable()) {
      // What there is without the word that is being typed.
      const Place place = find_place(text, at->offset);
      Checked* mended =
          place.sources == nullptr
              ? nullptr
              : workspace_.with_text(at->path, std::string(place.sources->get(0).text()));
      if (mended != nullptr) known = mended;
    }
    const Lines lines(text, workspace_.units());
    for (const Completion& one : complete(*known, at->path, text, at->offset)) {
      Map item{{"label", Value(one.label)},
               {"kind", Value(static_cast<int64_t>(one.kind))},
               {"sortText", Value(std::to_string(one.rank) + one.label)},
               {"filterText", Value(one.label)},
               {"textEdit", json_of_edit(lines.range(one.begin, one.end), one.insert)}};
      if (!one.detail.empty()) item.set("detail", Value(one.detail));
      if (!one.doc.empty()) item.set("documentation", markdown(one.doc));
      items.emplace_back(std::move(item));
    }
  }
  return Value(Map{{"isIncomplete", Value(false)}, {"items", Value(std::move(items))}});
}

// A place in the user's files, or in a file of the binary's that is laid out for reading.
std::optional<Location> Server::shown(Locator& locator, const Sources& sources, Span span) {
  if (auto at = locator.of(span)) return at;
  if (!span.valid()) return std::nullopt;
  const Source& source = sources.get(span.source);
  const std::string path = shelf_.put(source.path(), source.text());
  if (path.empty()) return std::nullopt;
  return Location{path, locator.lines(span.source).range(span.begin, span.end)};
}

Server::Answer Server::definition(const Value& params) {
  const auto at = target(params);
  if (!at) return std::unexpected(at.error());
  if (at->root == nullptr) return Value();
  Locator locator(at->root->sources(), workspace_.units());
  if (at->occurrence == nullptr) return module_file(*at);
  const auto where =
      shown(locator, at->root->sources(), declaration(*at->root, at->occurrence->symbol));
  return where ? json_of(*where) : Value();
}

// The path behind `use:` leads to the module's file.
Value Server::module_file(const Target& at) {
  const Module* module = at.root->module_at(at.path);
  if (module == nullptr || at.source == kNoSource) return Value();
  for (const ModuleCall& call : module->calls) {
    if (call.source.empty() || call.key_span.source != at.source) continue;
    SyntaxTree tree(at.root->sources());
    Diagnostics silent;
    const auto entry = entry_at(read_yaml(tree, at.source, silent), call.key_span);
    const Node use = entry ? entry->value.find("use") : Node();
    if (!use || at.offset < use.span().begin || at.offset > use.span().end) continue;
    return json_of(Location{normal_path(call.source), {}});
  }
  return Value();
}

Server::Answer Server::references(const Value& params) {
  const auto at = target(params);
  if (!at) return std::unexpected(at.error());
  if (at->occurrence == nullptr) return Value(List{});
  const Value& declarations = params["context"]["includeDeclaration"];
  const bool with_declarations = !declarations.is_bool() || declarations.as_bool();
  std::vector<Location> found;
  for (Checked* root : workspace_.roots()) {
    if (!root->reads(at->path)) continue;
    Locator locator(root->sources(), workspace_.units());
    for (const Occurrence* one : root->index().of(at->occurrence->symbol)) {
      if (one->definition && !with_declarations) continue;
      const auto where = locator.of(one->span);
      if (where && std::find(found.begin(), found.end(), *where) == found.end())
        found.push_back(*where);
    }
  }
  List out;
  for (const Location& where : found) out.push_back(json_of(where));
  return Value(std::move(out));
}

Server::Answer Server::document_highlight(const Value& params) {
  const auto at = target(params);
  if (!at) return std::unexpected(at.error());
  if (at->occurrence == nullptr) return Value(List{});
  Locator locator(at->root->sources(), workspace_.units());
  List out;
  for (const Occurrence* one : at->root->index().of(at->occurrence->symbol)) {
    const auto where = locator.of(one->span);
    if (!where || where->path != at->path) continue;
    out.emplace_back(
        Map{{"range", json_of(where->range)}, {"kind", Value(one->definition ? 3 : 2)}});
  }
  return Value(std::move(out));
}

Server::Answer Server::prepare_rename(const Value& params) {
  const auto at = target(params);
  if (!at) return std::unexpected(at.error());
  if (at->occurrence == nullptr) return Value();
  const Occurrence& one = *at->occurrence;
  if (const std::string why = cannot_rename(one.symbol); !why.empty())
    return std::unexpected(Failure{kRequestFailed, why});
  Span name = one.span;
  const std::string_view written =
      at->root->sources().get(name.source).text().substr(name.begin, name.end - name.begin);
  if (const size_t inside = written.find(one.symbol.name); inside != std::string_view::npos) {
    name.begin += static_cast<uint32_t>(inside);
    name.end = name.begin + static_cast<uint32_t>(one.symbol.name.size());
  }
  Locator locator(at->root->sources(), workspace_.units());
  const auto where = locator.of(name);
  if (!where) return Value();
  return Value(Map{{"range", json_of(where->range)}, {"placeholder", Value(one.symbol.name)}});
}

Server::Answer Server::rename(const Value& params) {
  const auto at = target(params);
  if (!at) return std::unexpected(at.error());
  if (at->occurrence == nullptr)
    return std::unexpected(Failure{kRequestFailed, "nothing here has a name that can be changed"});
  const std::string name = params["newName"].string_or();
  const Symbol symbol = at->occurrence->symbol;
  std::vector<Edit> all;
  // A module that several specs use is renamed in all of them that are open.
  for (Checked* root : workspace_.roots()) {
    if (!root->reads(at->path)) continue;
    auto edits = editor::rename(workspace_, disk_, *root, symbol, name);
    if (!edits) return std::unexpected(Failure{kRequestFailed, edits.error()});
    for (Edit& edit : *edits) {
      const bool known = std::any_of(all.begin(), all.end(), [&](const Edit& other) {
        return other.at == edit.at && other.text == edit.text;
      });
      if (!known) all.push_back(std::move(edit));
    }
  }
  return json_of_workspace_edit(all);
}

}  // namespace lf::editor
