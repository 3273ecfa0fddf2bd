// SPDX-License-Identifier: Apache-2.0
#include "editor/hover.h"

#include <algorithm>

#include "base/strings.h"
#include "editor/completion.h"
#include "editor/expression_scope.h"
#include "lang/ast.h"
#include "lang/functions.h"

namespace lf::editor {

namespace {

// The text of the expression's smallest part that is named at `cursor`: `a.b` of `a.b.c` at `b`.
struct Part {
  const cel::Expr* expr = nullptr;
};
void find_part(const cel::Expr& expr, uint32_t cursor, Part& out) {
  if (cursor < expr.begin || cursor > expr.end) return;
  const bool named = expr.kind == cel::Expr::Kind::ident || expr.kind == cel::Expr::Kind::select ||
                     expr.kind == cel::Expr::Kind::call || expr.kind == cel::Expr::Kind::local ||
                     expr.kind == cel::Expr::Kind::comprehension;
  if (named && cursor >= expr.name_begin && cursor <= expr.name_end) out.expr = &expr;
  for (const auto& arg : expr.args) find_part(*arg, cursor, out);
}

std::string code(const std::string& text) {
  return "```\n" + text + "\n```";
}

std::string short_type(const Type& type) {
  std::string out = type.to_string();
  if (out.size() <= 300) return out;
  return type.name().empty() ? out.substr(0, 297) + "…" : type.name();
}

std::string of_key(const KeyInfo& info) {
  std::string out = code(info.name + (info.type.empty() ? "" : ": " + info.type));
  if (!info.doc.empty()) out += "\n\n" + info.doc;
  if (!info.traits.empty()) out += "\n\n" + join(info.traits, ", ");
  return out;
}

std::string of_input(const InputDecl& input, const std::string& before) {
  std::string out = code(before + input.name + ": " + input.type.to_string());
  if (!input.doc.empty()) out += "\n\n" + input.doc;
  std::vector<std::string> traits;
  if (input.required) traits.emplace_back("required");
  if (input.secret) traits.emplace_back("secret");
  if (input.default_value && input.default_value->kind == Tree::Kind::constant &&
      !input.default_value->is_null()) {
    traits.push_back("default " + to_text(input.default_value->constant));
  }
  if (!traits.empty()) out += "\n\n" + join(traits, ", ");
  return out;
}

class Hovering {
 public:
  Hovering(Checked& root, const std::string& path, std::string_view text, uint32_t offset,
           const Occurrence* occurrence)
      : root_(root), path_(path), text_(text), offset_(offset), occurrence_(occurrence) {}

  std::optional<Hover> run() {
    place_ = find_place(text_, offset_);
    if (place_.kind == Place::Kind::expression) return in_expression();
    Hover out;
    out.begin = place_.begin;
    out.end = place_.end;
    if (place_.kind == Place::Kind::key) out.text = key();
    if (out.text.empty() && occurrence_ != nullptr) {
      out.text = describe(root_, occurrence_->symbol);
      out.begin = occurrence_->span.begin;
      out.end = occurrence_->span.end;
    }
    if (out.text.empty() && place_.kind != Place::Kind::key) out.text = word();
    if (out.text.empty()) return std::nullopt;
    return out;
  }

 private:
  std::string key() {
    Language language(root_, path_);
    const Form around = language.form_at(place_);
    for (const KeyInfo& info : language.find_key(around, place_.key)) return of_key(info);
    return "";
  }

  // A machine type, or another name that a catalogue knows, wherever it stands.
  std::string word() {
    const auto is_word = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
    };
    size_t begin = offset_, end = offset_;
    while (begin > 0 && is_word(text_[begin - 1])) --begin;
    while (end < text_.size() && is_word(text_[end])) ++end;
    place_.begin = static_cast<uint32_t>(begin);
    place_.end = static_cast<uint32_t>(end);
    const std::string_view found = text_.substr(begin, end - begin);
    Language language(root_, path_);
    const std::string facts = language.facts(found);
    return facts.empty() ? "" : code(std::string(found)) + "\n\n" + facts;
  }

  std::optional<Hover> in_expression() {
    const Module* module = root_.module_at(path_);
    Diagnostics silent;
    const auto parsed = cel::Expression::parse(place_.expression, TextMap(), silent);
    Part part;
    if (parsed) find_part(parsed->ast(), place_.cursor, part);
    Hover out;
    if (part.expr == nullptr || module == nullptr) {
      out.text = word();
      out.begin = place_.begin;
      out.end = place_.end;
      return out.text.empty() ? std::nullopt : std::optional<Hover>(out);
    }
    const cel::Expr& expr = *part.expr;
    out.begin = place_.expression_begin + expr.name_begin;
    out.end = place_.expression_begin + expr.name_end;
    if (expr.kind == cel::Expr::Kind::call || expr.kind == cel::Expr::Kind::comprehension) {
      out.text = of_function(expr.name);
      return out.text.empty() ? std::nullopt : std::optional<Hover>(out);
    }
    ExpressionScope scope(root_, *module, place_);
    scope.bind_macros(std::string_view(place_.expression).substr(0, expr.begin));
    const std::string shown = place_.expression.substr(expr.begin, expr.end - expr.begin);
    const Type type = scope.type_of_text(shown);
    std::string about = occurrence_ == nullptr ? "" : describe(root_, occurrence_->symbol);
    if (about.empty())
      about = code(shown + ": " + short_type(type));
    else if (type.kind() != Type::Kind::any && type.kind() != Type::Kind::object)
      about += "\n\nhere: `" + short_type(type) + "`";
    out.text = about;
    return out;
  }

  static std::string of_function(const std::string& name) {
    const std::vector<std::string> all = cel::function_forms(name);
    if (all.empty() || !std::isalpha(static_cast<unsigned char>(name[0]))) return "";
    return code(join(all, "\n")) + "\n\n" + std::string(cel::function_doc(name));
  }

  Checked& root_;
  const std::string& path_;
  std::string_view text_;
  uint32_t offset_;
  const Occurrence* occurrence_;
  Place place_;
};

const Module* module_of(Checked& root, const std::string& scope) {
  if (const Module* own = root.module_at(scope)) return own;
  const size_t at = scope.find("/blocks/");
  if (at == std::string::npos) return nullptr;
  const std::string package = scope.substr(0, at);
  return root.modules().block(package.substr(package.rfind('/') + 1),
                              scope.substr(at + 8, scope.size() - at - 8 - 5));
}

std::string of_property(Checked& root, const Symbol& symbol) {
  const ResourceType* type = root.packages().resource(symbol.scope);
  const DataType* data = type == nullptr ? root.packages().data(symbol.scope) : nullptr;
  const Property* found = type == nullptr ? nullptr : type->property(symbol.name);
  for (const auto* list :
       {data == nullptr ? nullptr : &data->inputs, data == nullptr ? nullptr : &data->outputs}) {
    for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
      if ((*list)[i].name == symbol.name) found = &(*list)[i];
    }
  }
  if (found == nullptr) return "";
  std::string out = code(symbol.scope + "." + found->name + ": " + short_type(found->type));
  if (!found->doc.empty()) out += "\n\n" + found->doc;
  std::vector<std::string> traits;
  if (found->computed) traits.emplace_back("set by the cloud");
  if (found->required) traits.emplace_back("required");
  if (found->immutable) traits.emplace_back("a change replaces");
  if (found->secret) traits.emplace_back("secret");
  if (found->absent == Absent::with_default)
    traits.push_back("default " + to_text(found->default_value));
  if (!traits.empty()) out += "\n\n" + join(traits, ", ");
  return out;
}

// A resource's or look-up's line, and what its type is.
template <class Decl>
std::string of_typed(const std::vector<Decl>& all, const Symbol& symbol, const char* part,
                     const auto& doc_of) {
  for (const Decl& one : all) {
    if (one.key == symbol.name)
      return code(std::string(part) + "." + one.key + ": " + one.type) + "\n\n" + doc_of(one.type);
  }
  return "";
}

}  // namespace

std::string describe(Checked& root, const Symbol& symbol) {
  const Module* module = module_of(root, symbol.scope);
  const auto resource_doc = [&](const std::string& name) {
    const ResourceType* type = root.packages().resource(name);
    return type == nullptr ? std::string() : type->doc;
  };
  const auto data_doc = [&](const std::string& name) {
    const DataType* type = root.packages().data(name);
    return type == nullptr ? std::string() : type->doc;
  };
  switch (symbol.kind) {
    case SymbolKind::variable:
    case SymbolKind::input: {
      const InputDecl* input = module == nullptr ? nullptr : module->input(symbol.name);
      if (input == nullptr) return "";
      return of_input(*input, symbol.kind == SymbolKind::variable ? "vars." : "");
    }
    case SymbolKind::local: {
      if (module == nullptr) return "";
      const auto type = root.scope(*module).type_of("locals");
      const Type::Field* field = type ? type->field(symbol.name) : nullptr;
      return field == nullptr ? "" : code("locals." + symbol.name + ": " + short_type(field->type));
    }
    case SymbolKind::resource:
      return module == nullptr ? ""
                               : of_typed(module->resources, symbol, "resources", resource_doc);
    case SymbolKind::data:
      return module == nullptr ? "" : of_typed(module->data, symbol, "data", data_doc);
    case SymbolKind::resource_type:
      return resource_doc(symbol.name).empty()
                 ? ""
                 : code(symbol.name) + "\n\n" + resource_doc(symbol.name);
    case SymbolKind::data_type:
      return data_doc(symbol.name).empty() ? ""
                                           : code(symbol.name) + "\n\n" + data_doc(symbol.name);
    case SymbolKind::property: return of_property(root, symbol);
    case SymbolKind::block:
    case SymbolKind::instance: {
      const std::string& name = symbol.kind == SymbolKind::block ? symbol.name : symbol.block;
      const Module* block = root.modules().block(root.provider(), name);
      if (block == nullptr) return "";
      std::string out = code(name + (symbol.kind == SymbolKind::block ? "" : "." + symbol.name)) +
                        "\n\n" + block->doc;
      std::vector<std::string> outputs;
      for (const OutputDecl& one : block->outputs) outputs.push_back("`" + one.name + "`");
      if (!outputs.empty()) out += "\n\ngives: " + join(outputs, ", ");
      return out;
    }
    case SymbolKind::module_call: {
      for (size_t i = 0; module != nullptr && i < module->calls.size(); ++i) {
        const ModuleCall& call = module->calls[i];
        if (call.block != "modules" || call.key != symbol.name) continue;
        const Module* called = root.called(call, *module);
        std::string out = code("modules." + symbol.name + ": " + call.source);
        if (called != nullptr && !called->doc.empty()) out += "\n\n" + called->doc;
        return out;
      }
      return "";
    }
    case SymbolKind::output: {
      for (size_t i = 0; module != nullptr && i < module->outputs.size(); ++i) {
        const OutputDecl& one = module->outputs[i];
        if (one.name != symbol.name) continue;
        Diagnostics silent;
        const Type type = infer_type(one.value, root.scope(*module), silent);
        return code(one.name + ": " + short_type(type)) + (one.doc.empty() ? "" : "\n\n" + one.doc);
      }
      return "";
    }
    case SymbolKind::import: {
      const ImportDecl* import = root.spec().root.import(symbol.name);
      if (import == nullptr) return "";
      std::string out =
          code(symbol.name + ": stack " + import->stack + ", environment " + import->environment) +
          "\n\n`" + import->path + "`";
      std::vector<std::string> outputs;
      for (const std::string& one : import->outputs) outputs.push_back("`" + one + "`");
      return outputs.empty() ? out : out + "\n\ngives: " + join(outputs, ", ");
    }
    case SymbolKind::import_output: {
      const ImportDecl* import = root.spec().root.import(symbol.block);
      if (import == nullptr) return "";
      const OtherOutput output = other_output(root, symbol);
      if (!output.key.valid()) return "";
      std::string out =
          code(symbol.block + "." + symbol.name) + "\n\nan output of stack `" + import->stack + "`";
      if (!output.doc.empty()) out += ": " + output.doc;
      if (output.secret) return out + "\n\nsecret: it cannot be imported";
      if (output.written.size() <= 200) out += "\n\n" + code(output.written);
      return out;
    }
    case SymbolKind::provider: {
      for (const ProviderDecl& one : root.spec().providers) {
        if (one.name == symbol.name)
          return code("provider " + one.name + ": " + one.kind + " " + one.region);
      }
      return "";
    }
    case SymbolKind::file:
    case SymbolKind::environment: return "";
  }
  return "";
}

std::optional<Hover> hover(Checked& root, const std::string& path, std::string_view text,
                           uint32_t offset, const Occurrence* occurrence) {
  return Hovering(root, path, text, offset, occurrence).run();
}

}  // namespace lf::editor
