// SPDX-License-Identifier: Apache-2.0
#include "editor/rename.h"

#include <algorithm>
#include <set>

#include "editor/edit_yaml.h"
#include "editor/uri.h"
#include "lang/lexer.h"
#include "yaml/reader.h"

namespace lf::editor {

namespace {

bool is_identifier(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0]))) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
}

// What stands alone in expressions has to be a name there.
bool stands_alone(SymbolKind kind) {
  return kind == SymbolKind::variable || kind == SymbolKind::input || kind == SymbolKind::local ||
         kind == SymbolKind::import;
}

bool has_state(SymbolKind kind) {
  return kind == SymbolKind::resource || kind == SymbolKind::instance ||
         kind == SymbolKind::module_call;
}

std::string wrong_name(const Symbol& symbol, const std::string& name) {
  if (name.empty()) return "a name is wanted";
  if (stands_alone(symbol.kind)) {
    const bool taken =
        cel::is_reserved(name) || name == "secret" || name == "self" || name == "each";
    if (!is_identifier(name)) return "`" + name + "`: letters, digits and `_` only, no digit first";
    if (taken) return "`" + name + "` is a word of the expression language";
    return "";
  }
  const bool good = std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("_-.").find(c) != std::string_view::npos;
  });
  if (!good || name[0] == '-' || name[0] == '.')
    return "`" + name + "`: letters, digits, `_`, `-` and `.` only";
  return "";
}

// What stands in the place of an occurrence for the new name.
std::expected<SpanEdit, std::string> rewritten(const Sources& sources, const Occurrence& one,
                                               const std::string& name) {
  const std::string_view written =
      sources.get(one.span.source).text().substr(one.span.begin, one.span.end - one.span.begin);
  const auto edit = [&](std::string text) { return SpanEdit{one.span, std::move(text)}; };
  switch (one.form) {
    case NameForm::key:
    case NameForm::text: return edit(requoted(written, name));
    case NameForm::name: return edit(name);
    case NameForm::member: {
      const bool word = name == "in" || name == "true" || name == "false" || name == "null";
      return edit(is_identifier(name) && !word ? name : "`" + name + "`");
    }
    case NameForm::literal: {
      const size_t at = written.find(one.symbol.name);
      if (at == std::string_view::npos)
        return std::unexpected("`" + one.symbol.name + "` is written with escapes somewhere");
      SpanEdit out{one.span, name};
      out.span.begin += static_cast<uint32_t>(at);
      out.span.end = out.span.begin + static_cast<uint32_t>(one.symbol.name.size());
      return out;
    }
  }
  return edit(name);
}

// The text that `moved_from` says the old name with: a key as it is, where it could be taken for an
// address its whole address.
std::string moved_text(const Symbol& symbol, ModuleKind of) {
  const bool plain = symbol.name.find_first_of(".[") == std::string::npos;
  if (plain || of != ModuleKind::root) return plain ? symbol.name : "";
  const std::string base = symbol.kind == SymbolKind::resource      ? "resources"
                           : symbol.kind == SymbolKind::module_call ? "modules"
                                                                    : symbol.block;
  return base + "[\"" + symbol.name + "\"]";
}

class Rename {
 public:
  Rename(Workspace& workspace, FileSystem& disk, Checked& root, const Symbol& symbol,
         const std::string& name)
      : workspace_(workspace), disk_(disk), root_(root), symbol_(symbol), name_(name) {}

  std::expected<std::vector<Edit>, std::string> run() {
    if (std::string why = cannot_rename(symbol_); !why.empty()) return std::unexpected(why);
    if (std::string why = wrong_name(symbol_, name_); !why.empty()) return std::unexpected(why);
    if (!root_.readable()) return std::unexpected("the text cannot be read: mend it first");
    if (name_ == symbol_.name) return std::vector<Edit>();
    Symbol other = symbol_;
    other.name = name_;
    if (!root_.index().of(other).empty())
      return std::unexpected("there is a `" + name_ + "` already");
    for (const Occurrence* one : root_.index().of(symbol_)) {
      auto edit = rewritten(root_.sources(), *one, name_);
      if (!edit) return std::unexpected(edit.error());
      edits_.push_back(std::move(*edit));
    }
    if (edits_.empty()) return std::unexpected("nothing here has a name that can be changed");
    if (has_state(symbol_.kind)) {
      if (std::string why = keep_state(); !why.empty()) return std::unexpected(why);
    }
    return located();
  }

 private:
  std::vector<Edit> located() {
    Locator locator(root_.sources(), workspace_.units());
    std::vector<Edit> out;
    for (const auto* list : {&edits_, &words_}) {
      for (const SpanEdit& edit : *list) {
        if (const auto at = locator.of(edit.span)) out.push_back({*at, edit.text});
      }
    }
    return out;
  }

  // Says where it is declared what it was called. "" or why that cannot be.
  std::string keep_state() {
    const Module* module = root_.module_at(symbol_.scope);
    const std::string was =
        moved_text(symbol_, module != nullptr ? module->kind : ModuleKind::root);
    if (was.empty()) return "`" + symbol_.name + "` would read as an address in `moved_from`";
    if (!say({{"moved_from", {was}}})) {
      return "what `" + symbol_.name +
             "` is stands elsewhere (an alias): `moved_from` has no place";
    }
    const std::vector<std::string> named = what_its_name_is_part_of();
    if (!named.empty()) say({{"moved_from", {was}}, {"ignore_changes", named}});
    return "";
  }

  bool say(const WordItems& words) {
    words_.clear();
    std::vector<const Occurrence*> places;
    for (const Occurrence* one : root_.index().of(symbol_)) {
      if (one->definition) places.push_back(one);
    }
    // Overlays say it only where nothing else does.
    const bool main = std::any_of(places.begin(), places.end(),
                                  [](const Occurrence* one) { return !one->overlay; });
    for (const Occurrence* one : places) {
      if (main && one->overlay) continue;
      SyntaxTree tree(root_.sources());
      Diagnostics silent;
      const Node file = read_yaml(tree, one->span.source, silent);
      const auto entry = entry_at(file, one->span);
      if (!entry) return false;
      const auto edits = add_to_lists(root_.sources().get(one->span.source).text(), *entry, words);
      if (!edits) return false;
      words_.insert(words_.end(), edits->begin(), edits->end());
    }
    return !words_.empty();
  }

  // The files as they would be.
  Documents edited() {
    Documents out = workspace_.documents();
    std::map<SourceId, std::vector<SpanEdit>> by_file;
    for (const auto* list : {&edits_, &words_}) {
      for (const SpanEdit& edit : *list) by_file[edit.span.source].push_back(edit);
    }
    for (auto& [source, list] : by_file) {
      std::stable_sort(list.begin(), list.end(), [](const SpanEdit& a, const SpanEdit& b) {
        return a.span.begin > b.span.begin;
      });
      const Source& file = root_.sources().get(source);
      Document document;
      document.text = std::string(file.text());
      for (const SpanEdit& edit : list) {
        document.text.replace(edit.span.begin, edit.span.end - edit.span.begin, edit.text);
      }
      out.open(normal_path(file.path()), std::move(document));
    }
    return out;
  }

  // Physical names and tags often hold a thing's key: what would change with it, though nobody
  // wants another thing. As `ignore_changes` says it.
  std::vector<std::string> what_its_name_is_part_of() {
    CheckOptions options = workspace_.options();
    options.keep_graph = true;
    const Documents documents = edited();
    OverlayFiles files(disk_, documents);
    auto packages = workspace_.packages();
    Checked before(workspace_.files(), packages, root_.kind(), root_.path(), options);
    Checked after(files, packages, root_.kind(), root_.path(), options);
    if (before.graph() == nullptr || after.graph() == nullptr) return {};
    std::vector<std::string> out;
    for (GraphId id = 0; id < after.graph()->nodes.size(); ++id) {
      const GraphNode& node = after.graph()->nodes[id];
      if (!node.facet.empty()) continue;
      for (const std::string& from : node.moved_from) {
        const GraphId was = before.graph()->find(from);
        if (was != kNoGraphId) compare(*before.graph(), was, *after.graph(), id, out);
      }
    }
    return out;
  }

  void compare(const Graph& before, GraphId was, const Graph& after, GraphId is,
               std::vector<std::string>& out) {
    Diagnostics silent;
    const Map then = before.desired(was, before.spec_only(), silent);
    const Map now = after.desired(is, after.spec_only(), silent);
    const std::string& key = after.nodes[is].decl->key;
    for (const auto& [property, value] : now) {
      const Value* old = then.find(property.as_string());
      if (old == nullptr || contains_unknown(value) || contains_unknown(*old) || value == *old)
        continue;
      const std::string path = symbol_.kind == SymbolKind::resource
                                   ? property.as_string()
                                   : key + "." + property.as_string();
      if (std::find(out.begin(), out.end(), path) == out.end()) out.push_back(path);
    }
  }

  Workspace& workspace_;
  FileSystem& disk_;
  Checked& root_;
  const Symbol& symbol_;
  const std::string& name_;
  std::vector<SpanEdit> edits_, words_;
};

}  // namespace

std::string cannot_rename(const Symbol& symbol) {
  switch (symbol.kind) {
    case SymbolKind::block:
    case SymbolKind::resource_type:
    case SymbolKind::data_type:
    case SymbolKind::property: return "`" + symbol.name + "` is a word of the language";
    case SymbolKind::provider:
    case SymbolKind::environment: return "the state knows `" + symbol.name + "` by this name";
    case SymbolKind::import_output:
      return "`" + symbol.name + "` is an output of another stack: rename it there";
    case SymbolKind::input:
    case SymbolKind::output:
      if (!symbol.scope.starts_with('/')) return "`" + symbol.name + "` is a word of its block";
      return "";
    default: return "";
  }
}

std::expected<std::vector<Edit>, std::string> rename(Workspace& workspace, FileSystem& disk,
                                                     Checked& root, const Symbol& symbol,
                                                     const std::string& name) {
  return Rename(workspace, disk, root, symbol, name).run();
}

}  // namespace lf::editor
