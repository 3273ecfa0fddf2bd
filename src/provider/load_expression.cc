// SPDX-License-Identifier: Apache-2.0
// Expressions in descriptors: parsed where they stand, their names checked when the file is read.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "provider/loader.h"

namespace lf {

namespace {

// Reserved in CEL's grammar (Language Definition, "Syntax"): no name of ours may be one.
constexpr std::array<std::string_view, 21> kReserved = {
    "as",       "break",   "const",  "continue", "else", "false", "for",
    "function", "if",      "import", "in",       "let",  "loop",  "namespace",
    "null",     "package", "return", "true",     "var",  "void",  "while"};

// The text of a bare expression as one `${…}`, each byte still at its own place.
TextMap bare_map(const LoadNode& node) {
  TextMap out(node.span.source);
  out.add_run(0, node.map.span(0, 0).begin, false);
  for (uint32_t i = 0; i < node.text.size(); ++i) {
    out.add_run(i + 2, node.map.span(i, i + 1).begin, true);
  }
  return out;
}

}  // namespace

std::optional<cel::Interpolation> Loader::interpolation(const LoadNode& node,
                                                        const NameScope& scope) {
  if (!want(node, LoadNode::Kind::scalar, "an expression")) return std::nullopt;
  auto parsed = cel::Interpolation::parse(node.text, node.map, diagnostics_);
  if (parsed) remember(*parsed, scope);
  return parsed;
}

std::optional<cel::Interpolation> Loader::expression(const LoadNode& node, const NameScope& scope) {
  if (!want(node, LoadNode::Kind::scalar, "an expression")) return std::nullopt;
  if (!cel::Interpolation::has_expression(node.text)) {
    auto parsed = cel::Interpolation::parse("${" + node.text + "}", bare_map(node), diagnostics_);
    if (parsed) remember(*parsed, scope);
    return parsed;
  }
  auto parsed = interpolation(node, scope);
  if (parsed && !parsed->is_single()) {
    error(Code::LF0926, node.span, "a condition or a list stands alone in one `${…}`");
    return std::nullopt;
  }
  return parsed;
}

void Loader::expression(const LoadNode& map, std::string_view key, const NameScope& scope,
                        std::optional<cel::Interpolation>& out) {
  const LoadNode* node = map.find(key);
  if (node != nullptr && !node->is_null()) out = expression(*node, scope);
}

Template Loader::tree(const LoadNode& node, const NameScope& scope) {
  switch (node.kind) {
    case LoadNode::Kind::null: return Template::constant(Value());
    case LoadNode::Kind::scalar: {
      if (!cel::Interpolation::has_expression(node.text)) return Template::constant(node.value);
      auto parsed = interpolation(node, scope);
      return parsed ? Template::scalar(std::move(*parsed)) : Template();
    }
    case LoadNode::Kind::list: {
      std::vector<Template> items;
      for (const LoadNode& item : node.items) items.push_back(tree(item, scope));
      return Template::list(std::move(items));
    }
    case LoadNode::Kind::map: {
      std::vector<std::pair<std::string, Template>> entries;
      for (const LoadNode::Entry& entry : node.entries) {
        entries.emplace_back(entry.key, tree(entry.value, scope));
      }
      return Template::map(std::move(entries));
    }
  }
  return {};
}

void Loader::templates(const LoadNode& map, std::string_view key, const NameScope& scope,
                       std::vector<std::pair<std::string, Template>>& out) {
  const LoadNode* node = map.find(key);
  if (node == nullptr || !want(*node, LoadNode::Kind::map, key)) return;
  for (const LoadNode::Entry& entry : node->entries) {
    out.emplace_back(entry.key, tree(entry.value, scope));
  }
}

void Loader::remember(const cel::Interpolation& text, const NameScope& scope) {
  pending_.push_back({text, scope});
}

void Loader::root_name(const LoadNode& node) {
  if (std::find(kReserved.begin(), kReserved.end(), node.text) == kReserved.end()) return;
  error(Code::LF0916, node.span, fmt::format("`{}` is a reserved word of expressions", node.text));
}

void Loader::check_reference(const cel::Expression& expression, const cel::Reference& reference,
                             const NameScope& scope) {
  const Span span = expression.span(reference.begin, reference.end);
  if (!scope.roots.contains(reference.root)) {
    Diagnostic& unknown =
        error(Code::LF0915, span, fmt::format("`{}` means nothing here", reference.root));
    const std::vector<std::string> names(scope.roots.begin(), scope.roots.end());
    const std::string near = nearest(reference.root, names);
    if (!near.empty()) unknown.help.push_back(fmt::format("did you mean `{}`?", near));
    unknown.help.push_back("names here: " + join(names, ", "));
    return;
  }
  if (reference.path.empty()) return;
  const std::string& name = reference.path.front();
  const bool own =
      reference.root == "self" || reference.root == "prior" || reference.root == "observed";
  if (own && !scope.siblings.empty()) {
    known_name(name, span, scope.siblings);
    return;
  }
  if (own && self_ != nullptr) {
    used_properties_.insert(name);
    if (name != "id") known_property(name, span);
    return;
  }
  const bool of_element = reference.root == "element" || reference.root == "prior_element";
  if (!of_element || scope.element == nullptr) return;
  std::vector<std::string> fields = {"key", "value"};
  if (!scope.element->fields.empty()) fields.clear();
  if (scope.element->type.kind() == Type::Kind::map) fields.emplace_back("key");
  for (const Property& field : scope.element->fields) fields.push_back(field.name);
  if (std::find(fields.begin(), fields.end(), name) != fields.end()) return;
  Diagnostic& unknown = error(
      Code::LF0905, span, fmt::format("an element of `{}` has no `{}`", scope.element->name, name));
  const std::string near = nearest(name, fields);
  if (!near.empty()) unknown.help.push_back(fmt::format("did you mean `{}`?", near));
}

void Loader::check_names() {
  for (const Pending& pending : pending_) {
    for (const cel::Interpolation::Part& part : pending.text.parts()) {
      if (!part.expression) continue;
      for (const cel::Reference& reference : part.expression->references()) {
        check_reference(*part.expression, reference, pending.scope);
      }
    }
  }
  pending_.clear();
}

NameScope Loader::call_scope(std::initializer_list<std::string_view> more) const {
  NameScope scope;
  for (const std::string_view name : {"self", "prior", "observed", "id", "tags", "marks", "token",
                                      "account", "region", "partition", "dns_suffix"}) {
    scope.roots.emplace(name);
  }
  for (const std::string_view name : more) scope.roots.emplace(name);
  return scope;
}

void Loader::known_property(const std::string& name, Span span) {
  std::vector<std::string> names;
  for (const Property& property : *self_) names.push_back(property.name);
  known_name(name, span, names);
}

void Loader::known_name(const std::string& name, Span span, const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  Diagnostic& unknown = error(Code::LF0905, span, fmt::format("there is no property `{}`", name));
  const std::string near = nearest(name, names);
  if (!near.empty()) unknown.help.push_back(fmt::format("did you mean `{}`?", near));
}

void Loader::known_facet(const std::string& name, Span span, const ResourceType& type) {
  std::vector<std::string> names;
  for (const Facet& facet : type.facets) {
    if (facet.name == name) return;
    names.push_back(facet.name);
  }
  Diagnostic& unknown = error(Code::LF0906, span, fmt::format("there is no facet `{}`", name));
  const std::string near = nearest(name, names);
  if (!near.empty()) unknown.help.push_back(fmt::format("did you mean `{}`?", near));
}

}  // namespace lf
