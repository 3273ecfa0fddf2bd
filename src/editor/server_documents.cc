// SPDX-License-Identifier: Apache-2.0
// Open documents, what is wrong with them, and what mends it.
#include <algorithm>

#include "base/json.h"
#include "editor/lsp_json.h"
#include "editor/server.h"
#include "editor/uri.h"
#include "yaml/format.h"

namespace lf::editor {

Server::Answer Server::did_open(const Value& params) {
  const Value& item = params["textDocument"];
  if (!item["uri"].is_string() || !item["text"].is_string()) return Value();
  Document document;
  document.uri = item["uri"].as_string();
  document.language = item["languageId"].string_or();
  document.version = number_in(item["version"], 0);
  document.text = item["text"].as_string();
  const std::string path = path_of_uri(document.uri);
  workspace_.open(path, std::move(document));
  unchecked_ = true;
  return Value();
}

Server::Answer Server::did_change(const Value& params) {
  const Value& item = params["textDocument"];
  const std::string path = path_of_uri(item["uri"].string_or());
  std::vector<TextChange> changes;
  if (const Value& list = params["contentChanges"]; list.is_list()) {
    for (const Value& one : list.as_list()) {
      if (!one["text"].is_string()) continue;
      changes.push_back({range_in(one["range"]), one["text"].as_string()});
    }
  }
  if (!workspace_.change(path, number_in(item["version"], 0), changes))
    log("a change of a document that is not open: " + path);
  unchecked_ = true;
  return Value();
}

Server::Answer Server::did_close(const Value& params) {
  workspace_.close(path_of_uri(params["textDocument"]["uri"].string_or()));
  unchecked_ = true;
  return Value();
}

Server::Answer Server::did_save(const Value&) {
  return Value();
}

Server::Answer Server::did_change_watched_files(const Value& params) {
  if (const Value& list = params["changes"]; list.is_list()) {
    for (const Value& one : list.as_list()) {
      workspace_.changed_on_disk(path_of_uri(one["uri"].string_or()));
    }
  }
  unchecked_ = true;
  return Value();
}

std::string Server::page_of(Code code) {
  const std::string name = "errors/" + std::string(info(code).name) + ".md";
  const auto page = embedded_packages().find(name);
  if (!page) return "";
  const std::string path = shelf_.put(name, *page);
  return path.empty() ? "" : uri_of_path(path);
}

Value Server::diagnostic(const Diagnostic& d, const Checked& root, Locator& locator,
                         const Location& at) {
  std::string message = d.message;
  if (!d.primary.text.empty()) message += "\n" + d.primary.text;
  for (const std::string& help : d.help) message += "\nhelp: " + help;
  Map out{{"range", json_of(at.range)},
          {"severity", Value(static_cast<int64_t>(d.severity()) + 1)},
          {"code", Value(info(d.code).name)},
          {"source", Value("llmforge")},
          {"message", Value(message)}};
  if (const std::string page = page_of(d.code); !page.empty())
    out.set("codeDescription", Value(Map{{"href", Value(page)}}));
  List related;
  const auto add_related = [&](Span span, const std::string& text) {
    const auto where = shown(locator, root.sources(), span);
    if (!where || *where == at) return;
    related.emplace_back(Map{{"location", json_of(*where)}, {"message", Value(text)}});
  };
  // What is wrong inside a package's block is shown at the user's line that leads there.
  add_related(d.primary.span, "here");
  for (const Label& label : d.others)
    add_related(label.span, label.text.empty() ? "concerned too" : label.text);
  if (!related.empty()) out.set("relatedInformation", Value(std::move(related)));
  List fixes;
  for (const Fix& fix : d.fixes) {
    const auto where = locator.of(fix.span);
    if (!where) continue;
    fixes.emplace_back(Map{{"title", Value(fix.title)},
                           {"uri", Value(uri_of_path(where->path))},
                           {"range", json_of(where->range)},
                           {"newText", Value(fix.replacement)},
                           {"safe", Value(fix.safe)}});
  }
  out.set("data", Value(Map{{"title", Value(info(d.code).title)}, {"fixes", Value(fixes)}}));
  return Value(std::move(out));
}

void Server::publish() {
  if (!workspace_.refresh()) return;
  std::map<std::string, List> by_file;
  for (const auto& [path, document] : workspace_.documents().all()) by_file[path];
  for (const Checked* root : workspace_.roots()) {
    Locator locator(root->sources(), workspace_.units());
    for (const Diagnostic& d : root->diagnostics()) {
      auto at = locator.of(d.primary.span);
      for (size_t i = 0; !at && i < d.others.size(); ++i) at = locator.of(d.others[i].span);
      // Something without a place in the user's files is shown where the spec begins.
      if (!at && !root->files().empty()) at = Location{root->files().front(), {}};
      if (!at) at = Location{root->path(), {}};
      if (shelf_.holds(at->path)) continue;
      Value one = diagnostic(d, *root, locator, *at);
      List& list = by_file[at->path];
      // A module that two specs use says the same twice.
      if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(std::move(one));
    }
  }
  for (const auto& [path, sent] : published_) by_file[path];
  for (auto& [path, list] : by_file) {
    const Document* document = workspace_.documents().find(path);
    const bool empty = list.empty();
    const Value diagnostics(std::move(list));
    std::string text = to_json(diagnostics);
    const auto before = published_.find(path);
    // An open document is told each time: its version is the answer to a keystroke.
    if (document == nullptr && before != published_.end() && before->second == text) continue;
    Map params{{"uri", Value(document != nullptr ? document->uri : uri_of_path(path))},
               {"diagnostics", diagnostics}};
    if (document != nullptr) params.set("version", Value(document->version));
    notify("textDocument/publishDiagnostics", Value(std::move(params)));
    if (empty && document == nullptr) {
      published_.erase(path);
    } else {
      published_[path] = std::move(text);
    }
  }
}

namespace {

bool touches(const TextRange& a, const TextRange& b) {
  return a.start <= b.end && b.start <= a.end;
}

}  // namespace

// The fixes of the diagnostics at the place, as they are now: what the client sends along may be
// older than the text.
Server::Answer Server::code_action(const Value& params) {
  const std::string path = path_of_uri(params["textDocument"]["uri"].string_or());
  const auto range = range_in(params["range"]);
  if (!range) return std::unexpected(Failure{kInvalidParams, "`range` is missing"});
  if (const Value& only = params["context"]["only"]; only.is_list()) {
    const bool wanted = std::any_of(
        only.as_list().begin(), only.as_list().end(),
        [](const Value& kind) { return kind.string_or() == "quickfix" || kind.string_or() == ""; });
    if (!wanted) return Value(List{});
  }
  List actions;
  const Checked* root = workspace_.current(path);
  if (root == nullptr) return Value(std::move(actions));
  Locator locator(root->sources(), workspace_.units());
  for (const Diagnostic& d : root->diagnostics()) {
    const auto at = locator.of(d.primary.span);
    if (!at || at->path != path || !touches(at->range, *range)) continue;
    for (const Fix& fix : d.fixes) {
      const auto where = locator.of(fix.span);
      if (!where) continue;
      const std::string shown =
          fix.replacement.size() > 60 ? fix.replacement.substr(0, 57) + "..." : fix.replacement;
      const bool named = fix.title.find('`') != std::string::npos;
      actions.emplace_back(Map{{"title", Value(named ? fix.title : fix.title + ": " + shown)},
                               {"kind", Value("quickfix")},
                               {"diagnostics", Value(List{diagnostic(d, *root, locator, *at)})},
                               {"isPreferred", Value(fix.safe || d.fixes.size() == 1)},
                               {"edit", json_of_workspace_edit({{*where, fix.replacement}})}});
    }
  }
  return Value(std::move(actions));
}

// One edit over the lines that differ, so that the cursor stays where nothing changes.
Server::Answer Server::formatting(const Value& params) {
  const std::string path = path_of_uri(params["textDocument"]["uri"].string_or());
  const Document* document = workspace_.documents().find(path);
  if (document == nullptr) return std::unexpected(Failure{kInvalidParams, "it is not open"});
  Sources sources;
  Diagnostics diagnostics;
  const SourceId source = sources.add(path, document->text);
  const auto laid_out = format_yaml(sources, source, diagnostics);
  if (!laid_out) {
    return std::unexpected(Failure{
        kRequestFailed, diagnostics.empty()
                            ? laid_out.error().message
                            : "cannot be laid out: " + diagnostics.sorted().front().message});
  }
  const std::string& before = document->text;
  const std::string& after = *laid_out;
  if (before == after) return Value(List{});
  const size_t shorter = std::min(before.size(), after.size());
  size_t head = 0, tail = 0;
  while (head < shorter && before[head] == after[head]) ++head;
  while (head > 0 && before[head - 1] != '\n') --head;
  while (tail < shorter - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  // To the begin of a line, of both texts.
  while (tail > 0 && before[before.size() - tail - 1] != '\n') --tail;
  while (tail > 0 && after[after.size() - tail - 1] != '\n') --tail;
  while (tail > 0 && before[before.size() - tail - 1] != '\n') --tail;
  const Lines lines(before, workspace_.units());
  const TextRange range =
      lines.range(static_cast<uint32_t>(head), static_cast<uint32_t>(before.size() - tail));
  return Value(List{json_of_edit(range, after.substr(head, after.size() - tail - head))});
}

}  // namespace lf::editor
