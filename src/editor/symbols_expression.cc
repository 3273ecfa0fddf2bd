// SPDX-License-Identifier: Apache-2.0
#include "editor/symbols_expression.h"

#include <algorithm>

#include "editor/check.h"
#include "editor/uri.h"

namespace lf::editor {

using cel::Expr;

ExpressionNames::ExpressionNames(Checked& root, const Module& module)
    : root_(root), module_(module), scope_(scope_of(module)) {}

std::string ExpressionNames::scope_of(const Module& module) const {
  if (&module == &root_.spec().root) return root_.path();
  if (module.span.valid()) {
    const std::string& path = root_.sources().get(module.span.source).path();
    return path.starts_with('/') ? normal_path(path) : path;
  }
  return normal_path(module.name);
}

const Module* ExpressionNames::block(std::string_view name) const {
  const std::string& provider = root_.provider();
  return provider.empty() ? nullptr : root_.modules().block(provider, name);
}

const ModuleCall* ExpressionNames::call(std::string_view block_name, std::string_view key) const {
  // A package's block looks at the blocks of the spec that uses it.
  for (const Module* module : {&module_, &root_.spec().root}) {
    for (const ModuleCall& one : module->calls) {
      if (one.block == block_name && one.key == key) return &one;
    }
    if (module_.kind != ModuleKind::block) break;
  }
  return nullptr;
}

const Module* ExpressionNames::called(std::string_view block_name, std::string_view key) const {
  const ModuleCall* one = call(block_name, key);
  return one == nullptr ? nullptr : root_.called(*one, module_);
}

void ExpressionNames::find(const cel::Expression& expression, SourceId source,
                           std::vector<Occurrence>& out) const {
  walk(expression, expression.ast(), source, out);
}

void ExpressionNames::walk(const cel::Expression& expression, const Expr& expr, SourceId source,
                           std::vector<Occurrence>& out) const {
  std::vector<Step> steps;
  const bool may_refer = expr.kind == Expr::Kind::select || expr.kind == Expr::Kind::index ||
                         expr.kind == Expr::Kind::ident || expr.kind == Expr::Kind::has;
  if (may_refer && chain(expression, expr, steps)) {
    refer(steps, source, out);
    // Indexes that are computed have names of their own in them.
    for (const Expr* at = &expr; !at->args.empty(); at = at->args[0].get()) {
      if (at->kind == Expr::Kind::index) walk(expression, *at->args[1], source, out);
    }
    return;
  }
  for (const auto& arg : expr.args) walk(expression, *arg, source, out);
}

// The names from the root on, as far as they are written out; an empty name stands for an index
// that is computed. False: the root is no name.
bool ExpressionNames::chain(const cel::Expression& expression, const Expr& expr,
                            std::vector<Step>& steps) const {
  const std::string& text = expression.text();
  switch (expr.kind) {
    case Expr::Kind::ident:
      steps.push_back({expr.name, expression.span(expr.name_begin, expr.name_end), NameForm::name});
      return true;
    case Expr::Kind::select:
      if (!chain(expression, *expr.args[0], steps)) return false;
      steps.push_back(
          {expr.name, expression.span(expr.name_begin, expr.name_end), NameForm::member});
      return true;
    case Expr::Kind::has: {
      if (!chain(expression, *expr.args[0], steps)) return false;
      // `has(a.b)`: the field is the last thing before the bracket.
      size_t end = expr.end == 0 ? 0 : expr.end - 1;
      while (end > 0 && text[end - 1] == ' ') --end;
      size_t begin = end;
      if (begin > 0 && text[begin - 1] == '`') {
        const size_t open = text.rfind('`', begin - 2);
        begin = open == std::string::npos ? begin : open;
      } else {
        begin -= std::min(begin, expr.name.size());
      }
      steps.push_back({expr.name,
                       expression.span(static_cast<uint32_t>(begin), static_cast<uint32_t>(end)),
                       NameForm::member});
      return true;
    }
    case Expr::Kind::index: {
      if (!chain(expression, *expr.args[0], steps)) return false;
      const Expr& key = *expr.args[1];
      if (key.kind == Expr::Kind::literal && key.value.is_string()) {
        steps.push_back(
            {key.value.as_string(), expression.span(key.begin, key.end), NameForm::literal});
      } else {
        steps.push_back({"", {}, NameForm::literal});
      }
      return true;
    }
    default: return false;
  }
}

void ExpressionNames::refer(const std::vector<Step>& steps, SourceId source,
                            std::vector<Occurrence>& out) const {
  const auto add = [&](SymbolKind kind, const std::string& scope, const std::string& of,
                       size_t at) {
    if (at >= steps.size() || steps[at].name.empty() || steps[at].span.source != source) return;
    out.push_back({{kind, scope, of, steps[at].name}, steps[at].span, steps[at].form});
  };
  const std::string& root = steps[0].name;
  const bool is_spec = module_.kind == ModuleKind::root;
  if (!is_spec && module_.input(root) != nullptr) return add(SymbolKind::input, scope_, "", 0);
  if (is_spec && root == "vars") return add(SymbolKind::variable, scope_, "", 1);
  if (root == "locals") return add(SymbolKind::local, scope_, "", 1);
  if (root == "resources" || root == "data") {
    const bool data = root == "data";
    add(data ? SymbolKind::data : SymbolKind::resource, scope_, "", 1);
    if (steps.size() < 3) return;
    std::string type;
    bool repeated = false;
    for (const ResourceDecl& one : module_.resources) {
      if (data || one.key != steps[1].name) continue;
      type = one.type;
      repeated = one.lifecycle.for_each.has_value();
    }
    for (const DataDecl& one : module_.data) {
      if (data && one.key == steps[1].name) type = one.type;
    }
    const size_t field = repeated ? 3 : 2;
    const bool own = field < steps.size() && steps[field].name != "id";
    if (!type.empty() && own) add(SymbolKind::property, type, "", field);
    return;
  }
  if (root == "modules") {
    add(SymbolKind::module_call, scope_, "", 1);
    if (steps.size() > 2) outputs(call("modules", steps[1].name), steps, 2, source, out);
    return;
  }
  if (const ImportDecl* import = is_spec ? module_.import(root) : nullptr) {
    add(SymbolKind::import, scope_, "", 0);
    return add(SymbolKind::import_output, normal_path(import->path), root, 1);
  }
  if (module_.kind == ModuleKind::user) return;
  const Module* block_module = block(root);
  if (block_module == nullptr) return;
  add(SymbolKind::block, root_.path(), "", 0);
  if (!block_module->keyed) return outputs(call(root, ""), steps, 1, source, out);
  add(SymbolKind::instance, root_.path(), root, 1);
  if (steps.size() > 2) outputs(call(root, steps[1].name), steps, 2, source, out);
}

void ExpressionNames::outputs(const ModuleCall* of, const std::vector<Step>& steps, size_t at,
                              SourceId source, std::vector<Occurrence>& out) const {
  if (of == nullptr) return;
  if (of->lifecycle.for_each) ++at;
  if (at >= steps.size() || steps[at].name.empty() || steps[at].span.source != source) return;
  const Module* module = root_.called(*of, module_);
  if (module == nullptr) return;
  out.push_back({{SymbolKind::output, scope_of(*module), "", steps[at].name},
                 steps[at].span,
                 steps[at].form});
}

}  // namespace lf::editor
