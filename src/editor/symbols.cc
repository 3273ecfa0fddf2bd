// SPDX-License-Identifier: Apache-2.0
// Over the syntax of each file: keys by where they stand, expressions by their trees.
#include "editor/symbols.h"

#include <algorithm>
#include <string_view>

#include "editor/check.h"
#include "editor/symbols_expression.h"
#include "editor/uri.h"
#include "yaml/reader.h"

namespace lf::editor {

namespace {

// The words that stand in a block's body beside its inputs.
bool is_lifecycle_word(std::string_view key) {
  static constexpr std::string_view kWords[] = {
      "when",     "for_each", "depends_on",           "protect",        "retain",
      "provider", "timeouts", "create_before_delete", "ignore_changes", "moved_from"};
  return std::find(std::begin(kWords), std::end(kWords), key) != std::end(kWords);
}

class FileWalk {
 public:
  FileWalk(Checked& root, const Module& module, SourceId source, std::vector<Occurrence>& out)
      : root_(root),
        module_(module),
        names_(root, module),
        source_(source),
        is_spec_(module.kind == ModuleKind::root),
        out_(out) {}

  void run(const Node& file) { top(file); }

 private:
  void add(SymbolKind kind, const std::string& scope, std::string block, const Node& name,
           NameForm form, bool definition) {
    if (!name || name.is_poisoned() || name.text().empty()) return;
    if (name.span().source != source_) return;
    out_.push_back({{kind, scope, std::move(block), std::string(name.text())},
                    name.span(),
                    form,
                    definition,
                    overlay_});
  }
  void define(SymbolKind kind, const Node& key) {
    add(kind, names_.scope(), "", key, NameForm::key, true);
  }

  void top(const Node& map) {
    for (size_t i = 0; i < map.size(); ++i) part(map.entry(i));
  }

  void part(const Node::Entry& entry) {
    const std::string_view key = entry.key.text();
    using Kind = SymbolKind;
    if (key == (is_spec_ ? "variables" : "inputs")) {
      each(entry.value, [&](const Node::Entry& one) {
        define(is_spec_ ? Kind::variable : Kind::input, one.key);
        expressions(one.value);
      });
    } else if (key == "locals" || key == "outputs" || key == "files") {
      each(entry.value, [&](const Node::Entry& one) {
        define(key == "locals" ? Kind::local : key == "files" ? Kind::file : Kind::output, one.key);
        expressions(one.value);
      });
    } else if (key == "data" || key == "resources") {
      each(entry.value, [&](const Node::Entry& one) { typed(one, key == "data"); });
    } else if (key == "modules") {
      each(entry.value, [&](const Node::Entry& one) { module_use(one); });
    } else if (key == "imports" && is_spec_) {
      each(entry.value, [&](const Node::Entry& one) { define(Kind::import, one.key); });
    } else if (key == "environments" && is_spec_) {
      each(entry.value, [&](const Node::Entry& one) {
        define(Kind::environment, one.key);
        overlay_ = true;
        top(one.value);
        overlay_ = false;
      });
    } else if (key == "providers" && is_spec_) {
      each(entry.value, [&](const Node::Entry& one) {
        define(Kind::provider, one.key);
        expressions(one.value);
      });
    } else if (key == "provider" && is_spec_) {
      add(Kind::provider, names_.scope(), "", entry.value, NameForm::text, false);
    } else if (const Module* block = is_spec_ ? names_.block(key) : nullptr; block != nullptr) {
      block_use(entry, *block);
    } else {
      expressions(entry.value);
    }
  }

  template <class Visit>
  void each(const Node& map, const Visit& visit) {
    if (!map.is_map()) return;
    for (size_t i = 0; i < map.size(); ++i) visit(map.entry(i));
  }

  void typed(const Node::Entry& one, bool data) {
    define(data ? SymbolKind::data : SymbolKind::resource, one.key);
    const std::string type(one.value.find("type").text());
    if (one.value.find("type"))
      add(data ? SymbolKind::data_type : SymbolKind::resource_type, "", "", one.value.find("type"),
          NameForm::text, false);
    const ResourceType* resource = data ? nullptr : root_.packages().resource(type);
    const DataType* look_up = data ? root_.packages().data(type) : nullptr;
    each(one.value, [&](const Node::Entry& entry) {
      const std::string_view key = entry.key.text();
      const bool property = (resource != nullptr && resource->property(key) != nullptr) ||
                            (look_up != nullptr &&
                             std::any_of(look_up->inputs.begin(), look_up->inputs.end(),
                                         [&](const Property& input) { return input.name == key; }));
      if (property && key != "type")
        add(SymbolKind::property, type, "", entry.key, NameForm::key, false);
      body_word(entry);
    });
  }

  // A life-cycle word or a value.
  void body_word(const Node::Entry& entry) {
    const std::string_view key = entry.key.text();
    if (key == "provider") {
      add(SymbolKind::provider, root_.path(), "", entry.value, NameForm::text, false);
    } else if (key == "depends_on") {
      depends_on(entry.value);
    } else {
      expressions(entry.value);
    }
  }

  // `network` or `resources.key` without `${}` is taken as the reference that it looks like.
  void depends_on(const Node& value) {
    for (size_t i = 0; i < value.size() && value.is_list(); ++i) depends_on(value.item(i));
    if (!value.is_scalar()) return;
    if (cel::Interpolation::has_expression(value.text())) return expressions(value);
    Diagnostics silent;
    const auto parsed = cel::Expression::parse(value.text(), value.text_map(), silent);
    if (parsed) names_.find(*parsed, source_, out_);
  }

  void module_use(const Node::Entry& one) {
    define(SymbolKind::module_call, one.key);
    const Module* called = names_.called("modules", one.key.text());
    each(one.value, [&](const Node::Entry& entry) {
      if (entry.key.text() != "with") return body_word(entry);
      each(entry.value, [&](const Node::Entry& input) {
        if (called != nullptr) input_given(input, *called);
        expressions(input.value);
      });
    });
  }

  void input_given(const Node::Entry& entry, const Module& called) {
    if (called.input(entry.key.text()) == nullptr) return;
    add(SymbolKind::input, names_.scope_of(called), "", entry.key, NameForm::key, false);
  }

  void block_use(const Node::Entry& entry, const Module& block) {
    const std::string name(entry.key.text());
    add(SymbolKind::block, names_.scope(), "", entry.key, NameForm::key, true);
    if (!block.keyed) return body(entry.value, block);
    each(entry.value, [&](const Node::Entry& one) {
      add(SymbolKind::instance, names_.scope(), name, one.key, NameForm::key, true);
      body(one.value, block);
    });
  }
  void body(const Node& map, const Module& block) {
    each(map, [&](const Node::Entry& entry) {
      const std::string_view key = entry.key.text();
      const bool input = block.input(key) != nullptr;
      if (input) input_given(entry, block);
      if (!input && is_lifecycle_word(key)) return body_word(entry);
      expressions(entry.value);
    });
  }

  void expressions(const Node& value) {
    switch (value.kind()) {
      case NodeKind::null: return;
      case NodeKind::list:
        for (size_t i = 0; i < value.size(); ++i) expressions(value.item(i));
        return;
      case NodeKind::map: each(value, [&](const Node::Entry& e) { expressions(e.value); }); return;
      case NodeKind::scalar: break;
    }
    if (value.span().source != source_ || !cel::Interpolation::has_expression(value.text())) return;
    Diagnostics silent;
    const auto parsed = cel::Interpolation::parse(value.text(), value.text_map(), silent);
    if (!parsed) return;
    for (const auto& part : parsed->parts()) {
      if (part.expression) names_.find(*part.expression, source_, out_);
    }
  }

  Checked& root_;
  const Module& module_;
  ExpressionNames names_;
  SourceId source_;
  bool is_spec_;
  bool overlay_ = false;
  std::vector<Occurrence>& out_;
};

Span of_input(const Module* module, const std::string& name) {
  const InputDecl* input = module == nullptr ? nullptr : module->input(name);
  return input == nullptr ? Span() : input->span;
}
Span of_output(const Module* module, const std::string& name) {
  for (size_t i = 0; module != nullptr && i < module->outputs.size(); ++i) {
    if (module->outputs[i].name == name) return module->outputs[i].span;
  }
  return {};
}

// The module that a symbol's scope names: a file's, or a package's block.
const Module* module_of_scope(Checked& root, const std::string& scope) {
  if (const Module* own = root.module_at(scope)) return own;
  // "providers/aws/blocks/network.yaml"
  const size_t at = scope.find("/blocks/");
  if (at == std::string::npos || !scope.ends_with(".yaml")) return nullptr;
  std::string package = scope.substr(0, at);
  package = package.substr(package.rfind('/') + 1);
  return root.modules().block(package, scope.substr(at + 8, scope.size() - at - 8 - 5));
}

Span of_property(Checked& root, const Symbol& symbol) {
  if (const ResourceType* type = root.packages().resource(symbol.scope)) {
    const Property* property = type->property(symbol.name);
    return property == nullptr ? type->span : property->span;
  }
  const DataType* data = root.packages().data(symbol.scope);
  if (data == nullptr) return {};
  for (const auto* list : {&data->inputs, &data->outputs}) {
    for (const Property& property : *list) {
      if (property.name == symbol.name) return property.span;
    }
  }
  return data->span;
}

}  // namespace

OtherOutput other_output(Checked& root, const Symbol& symbol) {
  OtherOutput out;
  for (const std::string& path : root.files()) {
    if (path != symbol.scope && folder_of(path) != symbol.scope) continue;
    SyntaxTree tree(root.sources());
    Diagnostics silent;
    const Node file = read_yaml(tree, root.source_of(path), silent);
    const Node outputs = file && file.is_map() ? file.find("outputs") : Node();
    const Node key = outputs && outputs.is_map() ? outputs.find_key(symbol.name) : Node();
    if (!key) continue;
    out.key = key.span();
    const Node value = outputs.find(symbol.name);
    const Node doc = value.is_map() ? value.find("doc") : Node();
    if (doc) out.doc = std::string(doc.text());
    const Node secret = value.is_map() ? value.find("secret") : Node();
    out.secret = secret && secret.as_bool().value_or(false);
    const Span whole = value.span();
    const std::string_view text = root.sources().get(whole.source).text();
    out.written = std::string(text.substr(whole.begin, whole.end - whole.begin));
  }
  return out;
}

Index::Index(Checked& root) {
  for (const std::string& path : root.files()) {
    const Module* module = root.module_at(path);
    if (module == nullptr) continue;
    const SourceId source = root.source_of(path);
    SyntaxTree tree(root.sources());
    Diagnostics silent;
    const Node file = read_yaml(tree, source, silent);
    if (!file.is_map()) continue;
    const size_t first = all_.size();
    FileWalk(root, *module, source, all_).run(file);
    std::stable_sort(
        all_.begin() + static_cast<std::ptrdiff_t>(first), all_.end(),
        [](const Occurrence& a, const Occurrence& b) { return a.span.begin < b.span.begin; });
    // Aliases are walked over as often as they stand.
    const auto last = std::unique(all_.begin() + static_cast<std::ptrdiff_t>(first), all_.end(),
                                  [](const Occurrence& a, const Occurrence& b) {
                                    return a.span == b.span && a.symbol == b.symbol;
                                  });
    all_.erase(last, all_.end());
  }
}

const Occurrence* Index::at(SourceId source, uint32_t offset) const {
  const Occurrence* best = nullptr;
  for (const Occurrence& one : all_) {
    if (one.span.source != source || offset < one.span.begin || offset > one.span.end) continue;
    const bool narrower =
        best == nullptr || one.span.end - one.span.begin < best->span.end - best->span.begin;
    // Between two that touch, the one that begins here.
    if (narrower || one.span.begin == offset) best = &one;
  }
  return best;
}

std::vector<const Occurrence*> Index::of(const Symbol& symbol) const {
  std::vector<const Occurrence*> out;
  for (const Occurrence& one : all_) {
    if (one.symbol == symbol) out.push_back(&one);
  }
  return out;
}

Span declaration(Checked& root, const Symbol& symbol) {
  switch (symbol.kind) {
    case SymbolKind::resource_type: {
      const ResourceType* type = root.packages().resource(symbol.name);
      return type == nullptr ? Span() : type->span;
    }
    case SymbolKind::data_type: {
      const DataType* type = root.packages().data(symbol.name);
      return type == nullptr ? Span() : type->span;
    }
    case SymbolKind::property: return of_property(root, symbol);
    case SymbolKind::import_output: return other_output(root, symbol).key;
    case SymbolKind::input: return of_input(module_of_scope(root, symbol.scope), symbol.name);
    case SymbolKind::output: return of_output(module_of_scope(root, symbol.scope), symbol.name);
    default: break;
  }
  for (const Occurrence* one : root.index().of(symbol)) {
    if (one->definition) return one->span;
  }
  return {};
}

}  // namespace lf::editor
