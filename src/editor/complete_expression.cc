// SPDX-License-Identifier: Apache-2.0
// Inside `${…}`: names, fields of what stands before the dot, keys in `['…']`, functions, macros.
#include <algorithm>

#include "base/strings.h"
#include "editor/completion.h"
#include "editor/expression_scope.h"
#include "editor/uri.h"
#include "lang/functions.h"

namespace lf::editor {

namespace {

bool is_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_identifier(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.end(), is_name);
}

const Type& unwrapped(const Type& type) {
  const bool wrapped = type.kind() == Type::Kind::optional || type.kind() == Type::Kind::secret;
  return wrapped ? unwrapped(type.element()) : type;
}

class ExpressionCompletion {
 public:
  ExpressionCompletion(Checked& root, const Module& module, const Place& place)
      : root_(root),
        module_(module),
        place_(place),
        scope_(root, module, place),
        text_(place.expression),
        before_(text_.substr(0, std::min<size_t>(place.cursor, text_.size()))) {
    scope_.bind_macros(before_);
  }

  std::vector<Completion> run() {
    if (in_text()) return std::move(out_);
    begin_ = before_.size();
    while (begin_ > 0 && is_name(before_[begin_ - 1])) --begin_;
    end_ = before_.size();
    while (end_ < text_.size() && is_name(text_[end_])) ++end_;
    std::string_view head = before_.substr(0, begin_);
    const bool optional = head.ends_with(".?");
    if (optional) head.remove_suffix(1);
    if (head.ends_with('.')) {
      head.remove_suffix(1);
      members(chain_before(head));
    } else {
      names();
    }
    return std::move(out_);
  }

 private:
  void add(const std::string& label, CompletionKind kind, std::string detail, std::string doc = "",
           int rank = 1, std::string insert = "") {
    Completion one;
    one.label = label;
    one.kind = kind;
    one.detail = std::move(detail);
    one.doc = std::move(doc);
    one.rank = rank;
    one.insert = insert.empty() ? label : std::move(insert);
    one.begin = place_.expression_begin + static_cast<uint32_t>(begin_);
    one.end = place_.expression_begin + static_cast<uint32_t>(end_);
    out_.push_back(std::move(one));
  }

  // In a text nothing is completed but the keys of a map: `buckets['tr`. True: in one.
  bool in_text() {
    char quote = 0;
    size_t open = 0;
    for (size_t i = 0; i < before_.size(); ++i) {
      const char c = before_[i];
      if (quote != 0) {
        if (c == '\\')
          ++i;
        else if (c == quote)
          quote = 0;
      } else if (c == '\'' || c == '"') {
        quote = c;
        open = i;
      }
    }
    if (quote == 0) return false;
    std::string_view head = before_.substr(0, open);
    if (head.ends_with('?')) head.remove_suffix(1);
    if (!head.ends_with('[')) return true;
    head.remove_suffix(1);
    begin_ = open + 1;
    end_ = before_.size();
    while (end_ < text_.size() && text_[end_] != quote && text_[end_] != ']') ++end_;
    const Type type = unwrapped(scope_.type_of_text(chain_before(head)));
    if (type.kind() != Type::Kind::object) return true;
    for (const Type::Field& field : type.fields())
      add(field.name, CompletionKind::field, field.type.to_string());
    return true;
  }

  static std::string doc_of_function(const std::string& name) {
    return std::string(cel::function_doc(name));
  }

  void members(std::string_view receiver) {
    if (receiver.empty()) return;
    const std::string prefix = std::string(receiver) + ".";
    for (const std::string& name : cel::function_names()) {
      if (!name.starts_with(prefix)) continue;
      add(name.substr(prefix.size()), CompletionKind::function,
          join(cel::function_forms(name), "; "), doc_of_function(name), 1,
          name.substr(prefix.size()) + "(");
    }
    const Type type = unwrapped(scope_.type_of_text(receiver));
    if (type.kind() == Type::Kind::object) fields(receiver, type);
    methods(type);
  }

  void fields(std::string_view receiver, const Type& type) {
    const ResourceType* resource = type.name().find('.') != std::string::npos
                                       ? root_.packages().resource(type.name())
                                       : nullptr;
    for (const Type::Field& field : type.fields()) {
      const Property* property = resource == nullptr ? nullptr : resource->property(field.name);
      std::string doc = property != nullptr ? property->doc : doc_of(receiver, field.name);
      if (is_identifier(field.name)) {
        add(field.name, CompletionKind::field, field.type.to_string(), doc, 0);
        continue;
      }
      add(field.name, CompletionKind::field, field.type.to_string(), doc, 0,
          "`" + field.name + "`");
    }
  }

  // Of variables and of what modules and blocks give.
  std::string doc_of(std::string_view receiver, const std::string& field) {
    if (receiver == "vars") {
      const InputDecl* input = module_.input(field);
      return input == nullptr ? "" : input->doc;
    }
    const ImportDecl* import =
        module_.kind == ModuleKind::root ? module_.import(receiver) : nullptr;
    if (import != nullptr) {
      return other_output(root_, Symbol{SymbolKind::import_output, normal_path(import->path),
                                        import->name, field})
          .doc;
    }
    for (const ModuleCall& call : module_.calls) {
      const std::string whole = call.block + (call.key.empty() ? "" : "." + call.key);
      if (whole != receiver) continue;
      const Module* called = root_.called(call, module_);
      for (size_t i = 0; called != nullptr && i < called->outputs.size(); ++i) {
        if (called->outputs[i].name == field) return called->outputs[i].doc;
      }
    }
    return "";
  }

  void methods(const Type& type) {
    const Type::Kind kind = type.kind();
    const bool many = kind == Type::Kind::list || kind == Type::Kind::map ||
                      kind == Type::Kind::object || kind == Type::Kind::any;
    for (const cel::MacroDoc& macro : cel::macro_docs()) {
      if (!macro.of_values) continue;
      const bool optional = macro.name.starts_with("opt");
      if (!many || (optional && kind != Type::Kind::any)) continue;
      add(std::string(macro.name), CompletionKind::method, std::string(macro.form),
          std::string(macro.doc), 2, std::string(macro.name) + "(");
    }
    for (const std::string& name : cel::function_names()) {
      const cel::Function* function = cel::find_function(name);
      if (function == nullptr || name.find('.') != std::string::npos) continue;
      const auto& all = cel::overloads(*function);
      const bool fits = std::any_of(all.begin(), all.end(), [&](const cel::Overload& one) {
        if (!one.method || one.parameters.empty()) return false;
        const Type& wanted = one.parameters.front();
        const bool any = wanted.kind() == Type::Kind::param || kind == Type::Kind::any;
        return any || wanted.kind() == kind ||
               (kind != Type::Kind::object && assignable(type, wanted));
      });
      if (!fits) continue;
      add(name, CompletionKind::method, join(cel::function_forms(name), "; "),
          doc_of_function(name), 3, name + "(");
    }
  }

  void names() {
    for (const std::string& name : scope_.names()) {
      const auto type = scope_.type_of(name);
      if (!type) continue;
      const bool block = root_.modules().packages_with(name).empty() == false;
      std::string doc;
      if (const InputDecl* input = module_.kind == ModuleKind::root ? nullptr : module_.input(name))
        doc = input->doc;
      std::string shown = type->to_string();
      if (shown.size() > 60) shown = type->name().empty() ? "object" : type->name();
      add(name, block ? CompletionKind::module : CompletionKind::variable, shown, doc, 0);
    }
    for (const char* word : {"true", "false", "null"})
      add(word, CompletionKind::constant, "", "", 2);
    for (const cel::MacroDoc& macro : cel::macro_docs()) {
      if (macro.of_values || macro.name == "cel.block") continue;
      add(std::string(macro.name), CompletionKind::function, std::string(macro.form),
          std::string(macro.doc), macro.name == "has" ? 2 : 3, std::string(macro.name) + "(");
    }
    for (const std::string& name : cel::function_names()) {
      const std::vector<std::string> all = cel::function_forms(name);
      std::vector<std::string> plain;
      for (const std::string& one : all) {
        if (one.starts_with(name)) plain.push_back(one);
      }
      if (plain.empty()) continue;
      add(name, CompletionKind::function, join(plain, "; "), doc_of_function(name), 3, name + "(");
    }
  }

  Checked& root_;
  const Module& module_;
  const Place& place_;
  ExpressionScope scope_;
  std::string_view text_, before_;
  size_t begin_ = 0, end_ = 0;  // what is replaced, in `text_`
  std::vector<Completion> out_;
};

}  // namespace

std::vector<Completion> complete_expression(Checked& root, const Module& module,
                                            const Place& place) {
  return ExpressionCompletion(root, module, place).run();
}

}  // namespace lf::editor
