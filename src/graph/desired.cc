// SPDX-License-Identifier: Apache-2.0
// From a node's expressions to the properties that are wanted.
#include <algorithm>

#include "base/strings.h"
#include "graph/context.h"
#include "lang/convert.h"
#include "provider/scope.h"

namespace lf {

namespace {

std::string physical_name(const Graph::Context& context, const GraphNode& node) {
  const Scope scope{node.module, nullptr};
  std::string name = to_text(*context.lookup(scope, "prefix"));
  if (node.module->module->kind != ModuleKind::root) name += "-" + node.module->key;
  if (node.module->module->kind != ModuleKind::block) name += "-" + node.key;
  return name;
}

// What is unique in the world carries account and region, but for a name that state has from a
// time when it did not.
Value default_name(const Graph::Context& context, const GraphNode& node, const Property& property) {
  const std::string plain = physical_name(context, node);
  if (!property.unique_in_world) return Value(plain);
  const auto& names = context.surroundings.names;
  const auto kept = names.find(node.address);
  if (kept != names.end() && kept->second == plain) return Value(plain);
  const Value unique = context.unique_of(node.provider);
  return unique.is_string() ? Value(plain + "-" + unique.as_string()) : unique;
}

// What a descriptor's `derive` sees.
class DeriveNames : public cel::Activation {
 public:
  DeriveNames(const Graph::Context& context, const GraphNode& node, const Map& self)
      : context_(context), node_(node), self_(self) {}
  std::optional<Value> lookup(std::string_view name) const override {
    if (name == "self") return Value(self_);
    if (name == "account" || name == "partition" || name == "dns_suffix") {
      return context_.surrounding(name, node_.provider);
    }
    if (name == "region") return context_.region_of(node_.provider);
    return std::nullopt;
  }

 private:
  const Graph::Context& context_;
  const GraphNode& node_;
  const Map& self_;
};

bool is_constant(const GraphNode& node, const Spec& spec) {
  if (node.alternative_count > 0) return false;
  if (node.type->carrier == MarkCarrier::tags && spec.tags && !spec.tags->is_static()) return false;
  const auto& given = node.decl->properties;
  return std::all_of(given.begin(), given.end(),
                     [](const Tree::Entry& entry) { return entry.value.is_static(); });
}

// Fields that a written-out object leaves out and whose default is wanted.
Value with_defaults(const Property& property, const Value& value) {
  if (property.fields.empty()) return value;
  if (value.is_list()) {
    List out;
    for (const auto& item : value.as_list()) out.push_back(with_defaults(property, item));
    return Value(std::move(out));
  }
  if (!value.is_map()) return value;
  if (property.type.kind() == Type::Kind::map) {
    Property one = property;
    one.type = property.type.element();
    Map out;
    for (const auto& [key, item] : value.as_map()) out.set(key, with_defaults(one, item));
    return Value(std::move(out));
  }
  Map out;
  for (const auto& field : property.fields) {
    const Value& given = value[field.name];
    if (!given.is_unset())
      out.set(field.name, with_defaults(field, given));
    else if (field.absent == Absent::with_default)
      out.set(field.name, field.default_value);
  }
  for (const auto& [key, item] : value.as_map()) {
    if (property.field(key.string_or()) == nullptr) out.set(key, item);
  }
  return Value(std::move(out));
}

// The value of one property as the spec has it; nullopt: not set, or reported.
std::optional<Value> property_value(const Graph::Context& context, const Property& property,
                                    const Tree& tree, const Scope& scope,
                                    Diagnostics& diagnostics) {
  Value value = context.evaluate_in(tree, scope, &diagnostics);
  if (value.is_error() || value.is_unset()) return std::nullopt;
  auto converted = convert(value, property.type, tree.plain);
  if (!converted) {
    const Tree* place = &tree;
    for (const auto& step : converted.error().path) {
      const Tree* inner = place->find(step);
      if (inner == nullptr && step.starts_with('[') && place->kind == Tree::Kind::list) {
        const size_t index = std::strtoull(step.c_str() + 1, nullptr, 10);
        if (index < place->items.size()) inner = &place->items[index];
      }
      if (inner == nullptr) break;
      place = inner;
    }
    auto& d = diagnostics.add(Code::LF0204, place->span, converted.error().message,
                              "`" + property.name + "` is a " + property.type.to_string());
    if (!converted.error().suggestion.empty()) {
      d.fixes.push_back({"write", place->span, converted.error().suggestion, false});
    }
    return std::nullopt;
  }
  if (contains_secret(*converted) && !property.secret &&
      property.type.kind() != Type::Kind::secret) {
    diagnostics
        .add(Code::LF0406, tree.span,
             "a secret may not reach `" + property.name + "`, which is kept and shown in clear")
        .help.push_back("properties that are secret themselves, files and secret outputs take one");
    return std::nullopt;
  }
  return with_defaults(property, *converted);
}

// The stack's tags under the node's own.
void merge_tags(const Graph::Context& context, const GraphNode& node, Map& self,
                Diagnostics& diagnostics) {
  Map tags;
  if (context.spec->tags) {
    Value common;
    if (context.constant_tags) {
      common = *context.constant_tags;
    } else {
      const Scope root{context.root.get(), nullptr};
      common = context.evaluate_in(*context.spec->tags, root, &diagnostics);
      if (context.spec->tags->is_static()) context.constant_tags = common;
    }
    if (common.is_map()) {
      for (const auto& [key, value] : common.as_map()) tags.set(key, Value(to_text(value)));
    }
  }
  if (const Value* own = self.find(node.type->mark_property); own != nullptr && own->is_map()) {
    for (const auto& [key, value] : own->as_map()) tags.set(key, value);
  }
  self.set(node.type->mark_property, Value(std::move(tags)));
}

}  // namespace

Value derive_value(const Graph::Context& context, const GraphNode& node,
                   const cel::Interpolation& text, const Map& self) {
  return evaluate(text, DeriveNames(context, node, self));
}

Map Graph::desired(GraphId id, const AttributeSource& source, Diagnostics& diagnostics,
                   size_t alternative) const {
  const auto known = context->constant_desired.find(id);
  if (known != context->constant_desired.end()) return *known->second;
  const GraphNode& node = nodes[id];
  const SourceScope use(*context, source);
  const Scope scope{node.module, node.each ? &*node.each : nullptr};
  const size_t diagnostics_before = diagnostics.all().size();
  Map self;
  self.reserve(node.type->properties.size());
  for (const auto& entry : node.decl->properties) {
    const Property* property = node.type->property(entry.key);
    if (property == nullptr) continue;  // reported by the checker
    auto value = property_value(*context, *property, entry.value, scope, diagnostics);
    if (value) self.set(property->name, std::move(*value));
  }
  const List choices = node.alternative_count > 0 ? alternatives(id, source) : List();
  if (alternative < choices.size() && choices[alternative].is_map()) {
    for (const auto& [key, raw] : choices[alternative].as_map()) {
      const Property* property = node.type->property(key.string_or());
      if (property == nullptr || raw.is_unset()) continue;
      auto value = convert(raw, property->type, false);
      if (value)
        self.set(property->name, std::move(*value));
      else
        diagnostics.add(Code::LF0204, node.span, value.error().message);
    }
  }
  for (const auto& property : node.type->properties) {
    if (self.find(property.name) != nullptr) continue;
    if (property.absent == Absent::with_default) {
      self.set(property.name, property.default_value);
    } else if (property.unique_name && !property.computed) {
      self.set(property.name, default_name(*context, node, property));
    }
  }
  if (node.type->carrier == MarkCarrier::tags) merge_tags(*context, node, self, diagnostics);
  if (diagnostics.all().size() == diagnostics_before && is_constant(node, *context->spec)) {
    context->constant_desired.emplace(id, std::make_shared<const Map>(self));
  }
  return self;
}

List Graph::alternatives(GraphId id, const AttributeSource& source) const {
  const GraphNode& node = nodes[id];
  if (!node.decl->lifecycle.alternatives) return {};
  const SourceScope use(*context, source);
  const Scope scope{node.module, node.each ? &*node.each : nullptr};
  const Value list = context->evaluate_in(*node.decl->lifecycle.alternatives, scope, nullptr);
  if (!list.is_list()) return {};
  List out;
  for (const auto& choice : list.as_list()) {
    if (!choice.is_map()) continue;
    Map plain;
    for (const auto& [key, value] : choice.as_map()) {
      plain.set(key, value.is_object() ? value.as_object()->identity().value_or(Value()) : value);
    }
    out.emplace_back(std::move(plain));
  }
  return out;
}

namespace {

// An output outlives the evaluation: what is looked up on demand is looked up here. A resource or a
// block stands for its identity, a module without one for the map of what it gives out.
Value settled_value(const Value& value) {
  if (value.is_optional()) {
    const Value* inner = value.optional_value();
    return inner == nullptr ? Value() : settled_value(*inner);
  }
  if (value.is_object()) {
    const Object& object = *value.as_object();
    if (const auto identity = object.identity()) return settled_value(*identity);
    Map map;
    for (const auto& key : object.keys()) {
      if (const auto field = object.get(key)) map.set(key, settled_value(*field));
    }
    return Value(std::move(map));
  }
  if (value.is_list()) {
    List list;
    for (const auto& element : value.as_list()) list.push_back(settled_value(element));
    return Value(std::move(list));
  }
  if (value.is_map()) {
    Map map;
    for (const auto& [key, element] : value.as_map()) map.set(key, settled_value(element));
    return Value(std::move(map));
  }
  return value;
}

}  // namespace

Value Graph::output(size_t index, const AttributeSource& source, Diagnostics& diagnostics) const {
  const SourceScope use(*context, source);
  Value value = context->evaluate_in(outputs[index].decl->value,
                                     Scope{context->root.get(), nullptr}, &diagnostics);
  return settled_value(value);
}

Graph::FileValues Graph::file(size_t index, const AttributeSource& source,
                              Diagnostics& diagnostics) const {
  const SourceScope use(*context, source);
  const Scope scope{files[index].module, nullptr};
  const FileDecl& decl = *files[index].decl;
  FileValues out;
  out.path = context->evaluate_in(decl.path, scope, &diagnostics);
  out.content = context->evaluate_in(decl.content, scope, &diagnostics);
  if (decl.mode) out.mode = context->evaluate_in(*decl.mode, scope, &diagnostics);
  return out;
}

}  // namespace lf
