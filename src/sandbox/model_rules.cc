// SPDX-License-Identifier: Apache-2.0
// What holds between things: states, references, rules, defaults, computed values.
#include <fmt/format.h>

#include <algorithm>

#include "lang/convert.h"
#include "provider/wire.h"
#include "sandbox/model.h"
#include "sandbox/versions.h"

namespace lf::sandbox {

namespace {

Timestamp later(Timestamp t, Duration d) {
  return {t.seconds + d.seconds, t.nanos};
}

const Type& inner(const Type& type) {
  return type.kind() == Type::Kind::list || type.kind() == Type::Kind::optional
             ? inner(type.element())
             : type;
}

// Calls `see` with each text in `value` that is a reference to something, and the type's name.
template <class F>
void references_in(const Property& property, const Value& value, const F& see) {
  if (value.is_unset()) return;
  const Type& type = inner(property.type);
  if (type.kind() == Type::Kind::ref) {
    const List all = value.is_list() ? value.as_list() : List{value};
    for (const Value& one : all) see(type.name(), to_text(one));
    return;
  }
  const List all = value.is_list() ? value.as_list() : List{value};
  for (const Property& field : property.fields) {
    for (const Value& one : all) references_in(field, one[field.name], see);
  }
}

// Names that rules and computed values see; what is costly is made when it is asked for.
class RuleScope : public cel::Activation {
 public:
  Map names;
  std::function<Value()> parent, siblings, referrers;

  std::optional<Value> lookup(std::string_view name) const override {
    if (name == "parent") return parent();
    if (name == "siblings") return siblings();
    if (name == "referrers") return referrers();
    const Value* found = names.find(name);
    return found == nullptr ? std::nullopt : std::optional<Value>(*found);
  }
};

// Whether `text` is one of the thing's other names, or a longer form that ends in one.
bool named(const ResourceType& type, const Thing& thing, const std::string& text) {
  for (const std::string& name : type.sandbox.names) {
    const Value* value = thing.properties.find(name);
    if (value == nullptr) continue;
    for (const Value& one : value->is_list() ? value->as_list() : List{*value}) {
      if (to_text(one) == text || text.ends_with(":" + to_text(one))) return true;
    }
  }
  return false;
}

Value with_id(const Thing& thing) {
  Map out = thing.properties;
  out.set("id", Value(thing.id));
  out.set("type", Value(thing.type_name));
  return Value(std::move(out));
}

}  // namespace

const ResourceType& Model::type_of(Thing& thing) {
  if (thing.type == nullptr) thing.type = package_.resource(thing.type_name);
  return *thing.type;
}

Refusal Model::refusal(const ResourceType& type, ErrorCode reaction, const std::string& message,
                       bool last) const {
  Refusal out;
  out.reaction = reaction;
  out.message = message;
  for (const ErrorPattern& pattern : type.errors) {
    if (pattern.code != reaction || !pattern.message_pattern.empty()) continue;
    if (out.code.empty() || last) out.code = pattern.service_code;
    if (out.query_code.empty() && pattern.service_code.find('.') != std::string::npos) {
      out.query_code = pattern.service_code;
    }
  }
  if (out.code == "404") out.code = "NotFound";
  if (out.code.empty()) out.code = "ValidationError";
  return out;
}

Refusal Model::not_found(const ResourceType& type, const std::string& id) const {
  return refusal(
      type, ErrorCode::not_found,
      fmt::format("The {} '{}' does not exist", type.name.substr(type.name.rfind('.') + 1), id));
}

std::string Model::state(Thing& thing, Timestamp now) {
  const ResourceType& type = type_of(thing);
  if (thing.deleted) {
    const Wait& wait = type.wait_delete;
    if (wait.declared && now < later(*thing.deleted, wait.usual) && !wait.via.empty())
      return wait.via.front();
    if (!type.del.gone_states.empty()) return type.del.gone_states.front();
    return wait.until.empty() ? "" : wait.until.front();
  }
  const Wait& wait = type.wait_create;
  if (!wait.declared) return "";
  if (now < later(thing.created, wait.usual) && !wait.via.empty()) return wait.via.front();
  return wait.until.empty() ? "" : wait.until.front();
}

bool Model::gone(Thing& thing, Timestamp now) {
  if (!thing.deleted) return false;
  const Wait& wait = type_of(thing).wait_delete;
  return !wait.declared || now >= later(*thing.deleted, wait.usual);
}

bool Model::listed(Thing& thing, Timestamp now) {
  return !thing.gone_at || now < *thing.gone_at;
}

Thing* Model::resolve(const ResourceType& type, const Request& request, const std::string& text,
                      bool also_gone) {
  const auto usable = [&](Thing* thing) {
    return thing != nullptr && listed(*thing, request.now) &&
           (also_gone || !gone(*thing, request.now));
  };
  Thing* direct = things_.find(type.name, request.place, text);
  if (usable(direct)) return direct;
  if (type.sandbox.names.empty()) return nullptr;
  for (Thing* thing : things_.of_type(type.name, request.place)) {
    if (usable(thing) && named(type, *thing, text)) return thing;
  }
  return nullptr;
}

bool Model::refers(const ResourceType& type, const Map& properties, const ResourceType& to,
                   const Thing& target) {
  bool found = false;
  for (const Property& property : type.properties) {
    const Value* value = properties.find(property.name);
    if (value == nullptr) continue;
    references_in(property, *value, [&](const std::string& name, const std::string& id) {
      found = found || (name == to.name && (id == target.id || named(to, target, id)));
    });
  }
  return found;
}

bool Model::companion_of(const ResourceType& type, const Map& properties, const Thing& with) {
  const Property* property =
      type.sandbox.comes_with.empty() ? nullptr : type.property(type.sandbox.comes_with);
  if (property == nullptr || inner(property->type).name() != with.type_name) return false;
  const Value* value = properties.find(property->name);
  return value != nullptr && to_text(*value) == with.id;
}

std::vector<Thing*> Model::referrers(const Request& request, Thing& target) {
  std::vector<Thing*> out;
  const ResourceType& to = type_of(target);
  for (const ResourceType* type : index_.types(*to.service)) {
    for (Thing* thing : things_.of_type(type->name, target.place)) {
      if (thing == &target || gone(*thing, request.now)) continue;
      if (companion_of(*type, thing->properties, target)) continue;
      if (refers(*type, thing->properties, to, target)) out.push_back(thing);
    }
  }
  return out;
}

std::optional<Refusal> Model::check_references(const Request& request, const ResourceType& type,
                                               const Map& properties) {
  std::optional<Refusal> problem;
  for (const Property& property : type.properties) {
    const Value* value = properties.find(property.name);
    if (value == nullptr || property.computed) continue;
    references_in(property, *value, [&](const std::string& name, const std::string& id) {
      if (problem || seeds_.exists(name, id)) return;
      const ResourceType* to = package_.resource(name);
      // Services do not look into each other, but where a rule says so.
      if (to == nullptr || to->service != type.service) return;
      if (resolve(*to, request, id) == nullptr) problem = not_found(*to, id);
    });
  }
  return problem;
}

std::unique_ptr<cel::Activation> Model::scope(const Request& request, const RuleSubject& subject) {
  auto out = std::make_unique<RuleScope>();
  out->names = request.names;
  out->names.set("self", Value(*subject.self));
  out->names.set("observed", Value(subject.before == nullptr ? *subject.self : *subject.before));
  out->names.set("id", Value(subject.id));
  Value input = request.in.input;
  if (!input.is_map()) input = Value(Map{});
  out->names.set("input", std::move(input));
  out->names.set("headers", Value(request.in.headers));
  out->names.set("now", Value(request.now));
  if (subject.thing != nullptr) {
    out->names.set("state", Value(state(*subject.thing, request.now)));
    out->names.set("created", Value(subject.thing->created));
    const Value* index = subject.thing->hidden.find("#index");
    out->names.set("index", index == nullptr ? Value(int64_t{0}) : *index);
    out->names.set("token", subject.thing->token.empty() ? Value() : Value(subject.thing->token));
  }
  if (subject.thing != nullptr && subject.type->sandbox.versions) {
    List all;
    for (const Value& one : kept_versions(*subject.type, *subject.thing))
      all.push_back(version_name(*subject.type, *subject.thing, one));
    out->names.set("versions", Value(std::move(all)));
  }
  const Request* at = &request;
  const ResourceType* type = subject.type;
  const Map* wanted = subject.wanted;
  Thing* thing = subject.thing;
  out->parent = [this, at, type, wanted] {
    Map parents;
    for (const Property& property : type->properties) {
      if (inner(property.type).kind() != Type::Kind::ref) continue;
      const ResourceType* to = package_.resource(inner(property.type).name());
      const Value* value = wanted->find(property.name);
      Map found;
      if (to != nullptr && value != nullptr && value->is_string()) {
        Request there = *at;
        // Things of a global service are looked for where its requests are signed.
        auto endpoint =
            rules_->resolve(to->service->endpoint, at->place.region, to->service->signing_name, {});
        if (endpoint) there.place.region = endpoint->signing_region;
        Thing* parent = resolve(*to, there, value->as_string());
        if (parent != nullptr) found = with_id(*parent).as_map();
      }
      parents.set(property.name, Value(std::move(found)));
    }
    return Value(std::move(parents));
  };
  out->siblings = [this, at, type, thing] {
    List all;
    for (Thing* other : things_.of_type(type->name, at->place)) {
      if (other != thing && !gone(*other, at->now)) all.push_back(with_id(*other));
    }
    return Value(std::move(all));
  };
  out->referrers = [this, at, thing] {
    List all;
    if (thing == nullptr) return Value(std::move(all));
    for (Thing* other : referrers(*at, *thing)) all.push_back(with_id(*other));
    return Value(std::move(all));
  };
  return out;
}

std::optional<Refusal> Model::check_rules(const Request& request,
                                          const std::vector<std::string>& on,
                                          const RuleSubject& subject) {
  std::unique_ptr<cel::Activation> names;
  for (const SandboxRule& rule : subject.type->sandbox.rules) {
    if (std::find(on.begin(), on.end(), rule.on) == on.end()) continue;
    if (!names) names = scope(request, subject);
    const Value met = cel::evaluate(rule.when, *names);
    if (!met.is_bool() || !met.as_bool()) continue;
    Refusal out;
    out.code = rule.code;
    out.message = to_text(cel::evaluate(rule.message, *names));
    out.status = rule.status;
    return out;
  }
  return std::nullopt;
}

void Model::set_defaults(const Request& request, const ResourceType& type, std::string_view facet,
                         Thing& thing) {
  const auto* entries = type.sandbox.defaults.as_map();
  if (entries == nullptr) return;
  for (const auto& [name, tree] : *entries) {
    const Property* property = type.property(name);
    if (property == nullptr || thing.properties.find(name) != nullptr) continue;
    if (facet != "*" && property->facet != facet) continue;
    const RuleSubject subject{&type, nullptr, &thing.properties, &thing.properties, thing.id};
    const auto names = scope(request, subject);
    Value value = tree.evaluate(*names);
    if (value.is_error() || value.is_unset()) continue;
    // Texts such as 30s and 1MiB mean what they mean in a descriptor.
    auto converted = convert(value, property->type, false);
    thing.properties.set(name, converted ? *converted : value);
  }
}

void Model::fill_computed(const Request& request, const ResourceType& type, Thing& thing,
                          const Map* before) {
  for (const auto& [name, tree] : type.sandbox.computed) {
    const Property* property = type.property(name);
    if (property == nullptr || !property->fields.empty()) continue;
    if (thing.properties.find(name) != nullptr) continue;
    const RuleSubject subject{&type,    nullptr, &thing.properties, &thing.properties,
                              thing.id, before};
    const auto names = scope(request, subject);
    const Value value = tree.evaluate(*names);
    if (!value.is_error() && !value.is_unset()) thing.properties.set(name, fill_random(value));
  }
  for (const Property& property : type.properties) {
    if (!property.computed || !property.derive || thing.properties.find(property.name) != nullptr)
      continue;
    const RuleSubject subject{&type, nullptr, &thing.properties, &thing.properties, thing.id};
    const auto names = scope(request, subject);
    const Value value = cel::evaluate(*property.derive, *names);
    if (!value.is_error() && !value.is_unset()) thing.properties.set(property.name, value);
  }
  fill_elements(request, type, thing);
}

// Elements get defaults of their fields and their computed ones.
void Model::fill_elements(const Request& request, const ResourceType& type, Thing& thing) {
  for (const Property& property : type.properties) {
    const Value* value = thing.properties.find(property.name);
    if (property.fields.empty() || value == nullptr || !value->is_list()) continue;
    const Template* computed = nullptr;
    for (const auto& [name, tree] : type.sandbox.computed) {
      if (name == property.name) computed = &tree;
    }
    List out;
    for (const Value& element : value->as_list()) {
      if (!element.is_map()) {
        out.push_back(element);
        continue;
      }
      Map filled = element.as_map();
      for (const Property& field : property.fields) {
        if (filled.find(field.name) == nullptr && !field.default_value.is_unset()) {
          filled.set(field.name, field.default_value);
        }
      }
      if (computed != nullptr && computed->as_map() != nullptr) {
        const RuleSubject subject{&type, nullptr, &thing.properties, &thing.properties, thing.id};
        const auto names = scope(request, subject);
        for (const auto& [name, tree] : *computed->as_map()) {
          if (filled.find(name) == nullptr) filled.set(name, fill_random(tree.evaluate(*names)));
        }
      }
      out.push_back(Value(std::move(filled)));
    }
    thing.properties.set(property.name, Value(std::move(out)));
  }
}

}  // namespace lf::sandbox
