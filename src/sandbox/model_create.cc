// SPDX-License-Identifier: Apache-2.0
// Making things.
#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/digest.h"
#include "base/json.h"
#include "lang/convert.h"
#include "provider/wire.h"
#include "sandbox/model.h"

namespace lf::sandbox {

namespace {

bool in_create(const ResourceType& type, const Property& property) {
  if (property.facet.empty()) return true;
  const auto& facets = type.create.in_create;
  return std::find(facets.begin(), facets.end(), property.facet) != facets.end();
}

Value without_secrets(const Value& value) {
  return map_secrets(value, [](const Value& inner) { return inner; });
}

// The type's unique name where the id is made of nothing but the name.
void set_from_id(const ResourceType& type, const Map& names, const Bindings& bound, Map& wanted) {
  const Value& id = bound["id"];
  if (!type.id_derive || type.id_joins || id.is_unset()) return;
  Bindings from_id;
  read_backwards(*type.id_derive, id, type, names, from_id);
  for (const auto& [name, value] : from_id.names) {
    const std::string& text = name.as_string();
    if (!text.starts_with("self.")) continue;
    if (wanted.find(text.substr(5)) == nullptr) wanted.set(text.substr(5), value);
  }
}

}  // namespace

// The properties that the request asks for.
Map Model::wanted_of(const Request& request, const Role& role, Bindings& bound) {
  const ResourceType& type = *role.type;
  const Protocol protocol = request.in.service->protocol;
  Map wanted;
  for (const Property& property : type.properties) {
    if (!in_create(type, property) || property.computed || property.local) continue;
    auto value = from_request(property, request.in.input, protocol);
    if (value && !value->is_unset()) wanted.set(property.name, without_secrets(*value));
  }
  for (const auto& [name, wire] : bound.names) {
    const std::string& text = name.as_string();
    const Property* property = text == "tags"              ? type.property(type.mark_property)
                               : text.starts_with("self.") ? type.property(text.substr(5))
                                                           : nullptr;
    if (property == nullptr) continue;
    auto value = decode_alone(*property, wire, protocol);
    if (value && !value->is_unset()) wanted.set(property->name, without_secrets(*value));
  }
  for (const auto& [name, value] : request.in.path) {
    if (type.property(name.as_string()) != nullptr) wanted.set(name, value);
  }
  set_from_id(type, request.names, bound, wanted);
  return wanted;
}

// `derived`: the id follows from what was asked for, so that the same again gives the same id.
std::string Model::make_id(const Request& request, const ResourceType& type, const Bindings& bound,
                           Thing& thing, bool& derived) {
  derived = true;
  const RuleSubject subject{&type, nullptr, &thing.properties, &thing.properties, ""};
  const auto names = scope(request, subject);
  if (!type.sandbox.id.empty()) {
    auto found = id_patterns_.find(type.name);
    if (found == id_patterns_.end()) {
      Diagnostics problems;
      auto parsed = cel::Interpolation::parse(type.sandbox.id, TextMap(), problems);
      if (!parsed) return "";
      found = id_patterns_.emplace(type.name, std::move(*parsed)).first;
    }
    const std::string pattern = to_text(cel::evaluate(found->second, *names));
    const std::string id = fill_random(pattern);
    derived = id == pattern;
    if (!type.id_joins) return id;
    Map parts = request.names;
    parts.set("self", Value(thing.properties));
    parts.set("part", Value(id));
    const MapActivation joining(parts);
    return to_text(cel::evaluate(*type.id_derive, joining));
  }
  if (type.id_derive && !type.id_joins) {
    const Value id = cel::evaluate(*type.id_derive, *names);
    if (!id.is_error() && !id.is_unset()) return to_text(id);
  }
  return bound.id();
}

Outcome Model::created(Request& request, const ResourceType& type, Thing& thing) {
  Reply reply;
  if (type.create.result.empty()) {
    if (!type.id_path.empty() && request.in.service->protocol != Protocol::rest_xml) {
      reply.body.set(type.id_path.front(), shown_id(request, thing));
    }
  } else {
    Value tree = item_of(request, thing);
    for (size_t i = type.create.result.size(); i-- > 0;) {
      const std::string& step = type.create.result[i];
      tree =
          step == "0" ? Value(List{std::move(tree)}) : Value(Map{{Value(step), std::move(tree)}});
    }
    reply.body = tree.as_map();
  }
  const Value extra = extra_answer(request, type, &thing);
  if (extra.is_map()) reply.body = merge_wire(Value(reply.body), extra).as_map();
  return reply;
}

Outcome Model::create(Request& request, const Role& role) {
  const ResourceType& type = *role.type;
  Bindings bound = bind(request, role);
  Thing thing;
  thing.type_name = type.name;
  thing.type = &type;
  thing.place = request.place;
  thing.created = request.now;
  thing.properties = wanted_of(request, role, bound);
  // The client's token: the same again is answered as before.
  if (!type.create.token.empty()) {
    thing.token = request.in.input[type.create.token].string_or();
    Map rest = request.in.input.is_map() ? request.in.input.as_map() : Map{};
    rest.erase(type.create.token);
    thing.token_digest =
        hex(sha256(to_json(Value(std::move(rest)), {.indent = -1, .sort_keys = true})));
    for (Thing* other : things_.of_type(type.name, request.place)) {
      if (thing.token.empty() || other->token != thing.token) continue;
      if (other->token_digest == thing.token_digest) return created(request, type, *other);
      return std::unexpected(
          Refusal{"IdempotentParameterMismatch",
                  fmt::format("The client token {} was used with other parameters.", thing.token),
                  400, ErrorCode::invalid, ""});
    }
  }
  for (const Property& property : type.properties) {
    if (!property.required || property.computed || !in_create(type, property)) continue;
    if (thing.properties.find(property.name) != nullptr) continue;
    const std::string wire = property.wire.empty() ? property.name : property.wire.front();
    return std::unexpected(Refusal{
        request.in.service->protocol == Protocol::ec2query ? "MissingParameter" : "ValidationError",
        fmt::format("The request must contain the parameter {}", wire), 400, ErrorCode::invalid,
        ""});
  }
  Map asked = thing.properties;
  set_defaults(request, type, "*", thing);
  bool derived = false;
  thing.id = make_id(request, type, bound, thing, derived);
  const RuleSubject subject{&type, nullptr, &thing.properties, &thing.properties, thing.id};
  if (auto broken = check_rules(request, {"create", request.in.action}, subject))
    return std::unexpected(*broken);
  if (auto missing = check_references(request, type, thing.properties))
    return std::unexpected(*missing);
  Thing* before = derived ? things_.find(type.name, request.place, thing.id) : nullptr;
  // What is gone for good leaves its name, even while it is still shown.
  if (before != nullptr && type.del.kind != DeleteKind::schedule && gone(*before, request.now)) {
    things_.remove(*before);
    before = nullptr;
  }
  if (before != nullptr && listed(*before, request.now)) {
    const bool same = std::all_of(asked.begin(), asked.end(), [&](const auto& entry) {
      const Property* property = type.property(entry.first.as_string());
      const Value* there = before->properties.find(entry.first.as_string());
      return property == nullptr || property->name == type.mark_property ||
             (there != nullptr && same_value(*property, *there, entry.second));
    });
    if (type.create.kind == CreateKind::upsert) {
      for (const Property& property : type.properties) {
        if (property.facet.empty() && !property.computed) before->properties.erase(property.name);
      }
      for (const auto& [name, value] : asked) {
        if (name.as_string() != type.mark_property) before->properties.set(name, value);
      }
      set_defaults(request, type, "", *before);
      changed_ = true;
      return created(request, type, *before);
    }
    if (type.create.kind == CreateKind::returns_existing && same)
      return created(request, type, *before);
    Refusal refused = refusal(type, ErrorCode::exists, fmt::format("{} already exists", thing.id));
    return std::unexpected(refused);
  }
  // A name is not free again before what had it is gone for good.
  const Property* unique = type.unique_name();
  for (Thing* other : things_.of_type(type.name, request.place)) {
    if (unique == nullptr || !other->deleted || !listed(*other, request.now)) continue;
    if (type.del.kind != DeleteKind::schedule) break;
    const Value* mine = thing.properties.find(unique->name);
    const Value* theirs = other->properties.find(unique->name);
    if (mine == nullptr || theirs == nullptr || !(*mine == *theirs)) continue;
    return std::unexpected(
        refusal(type, ErrorCode::invalid, "One of this name is already scheduled for deletion."));
  }
  for (const HeldName& held : things_.held) {
    if (held.type_name == type.name && held.place == request.place && held.id == thing.id &&
        request.now < held.until) {
      return std::unexpected(
          refusal(type, ErrorCode::conflict,
                  "You must wait before a thing of this name can be made again."));
    }
  }
  complete(request, thing);
  for (const Map& scarce : faults_.no_capacity) {
    const bool all = std::all_of(scarce.begin(), scarce.end(), [&](const auto& entry) {
      const Value* have = thing.properties.find(entry.first.as_string());
      return have != nullptr && to_text(*have) == to_text(entry.second);
    });
    const Refusal none =
        refusal(type, ErrorCode::capacity, "There is no such capacity here at this time.");
    if (all && !scarce.empty() && none.code != "ValidationError") return std::unexpected(none);
  }
  changed_ = true;
  Thing& made = things_.add(std::move(thing));
  bring_companions(request, made);
  return created(request, type, made);
}

// What a fresh thing holds, and what is computed.
void Model::complete(const Request& request, Thing& thing) {
  const ResourceType& type = *thing.type;
  if (const auto* fresh = type.sandbox.fresh.as_map()) {
    const RuleSubject subject{&type, nullptr, &thing.properties, &thing.properties, thing.id};
    for (const auto& [name, tree] : *fresh) {
      const Property* property = type.property(name);
      if (property == nullptr || thing.properties.find(name) != nullptr) continue;
      const auto names = scope(request, subject);
      const Value value = tree.evaluate(*names);
      auto converted = convert(value, property->type, false);
      thing.properties.set(name, converted ? *converted : value);
    }
  }
  fill_computed(request, type, thing);
}

// What comes into being with a thing, without being asked for.
void Model::bring_companions(const Request& request, const Thing& with) {
  for (const ResourceType* type : index_.types(*with.type->service)) {
    Map properties;
    properties.set(type->sandbox.comes_with, Value(with.id));
    if (!companion_of(*type, properties, with)) continue;
    Thing thing;
    thing.type_name = type->name;
    thing.type = type;
    thing.place = with.place;
    thing.created = request.now;
    thing.properties = std::move(properties);
    set_defaults(request, *type, "*", thing);
    bool derived = false;
    thing.id = make_id(request, *type, Bindings(), thing, derived);
    complete(request, thing);
    things_.add(std::move(thing));
  }
}

// A thing of several parts: all of them are made, or none. They are what there is afterwards; what
// they have in common (`#whole`) is all that is kept of the whole.
Outcome Model::create_parts(Request& request, const Role& role) {
  const ResourceType& type = *role.type;
  const ResourceType* part = package_.resource(type.parts->type);
  const Role* making = nullptr;
  for (const Role& one : index_.roles(*type.service, request.in.action)) {
    if (one.kind == Role::Kind::create && one.type == part) making = &one;
  }
  LF_ASSERT(making != nullptr);
  Bindings bound = bind(request, role);
  const Map wanted = wanted_of(request, role, bound);
  const Value* count = wanted.find(type.parts->count);
  const int64_t wanted_count = count != nullptr && count->is_int() ? count->as_int() : 0;
  if (wanted_count < 1)
    return std::unexpected(refusal(type, ErrorCode::invalid, "So many cannot be made.", true));
  const std::string token = request.in.input[type.create.token].string_or();
  Map input = request.in.input.as_map();
  input.erase(type.create.token);
  const std::string digest = hex(sha256(to_json(Value(input), {.indent = -1, .sort_keys = true})));
  std::vector<Thing*> made;
  for (Thing* other : things_.of_type(part->name, request.place)) {
    if (token.empty() || other->token != token) continue;
    if (other->token_digest != digest)
      return std::unexpected(
          Refusal{"IdempotentParameterMismatch",
                  fmt::format("The client token {} was used with other parameters.", token), 400,
                  ErrorCode::invalid, ""});
    made.push_back(other);
  }
  const bool again = !made.empty();
  Request single = request;
  single.in.input = Value(input);
  Thing whole;  // for its id
  whole.type_name = type.name;
  bool derived = false;
  whole.id = made.empty() ? make_id(request, type, bound, whole, derived)
                          : made.front()->hidden.find("#whole")->string_or();
  for (int64_t i = 0; !again && i < wanted_count; ++i) {
    Outcome one = create(single, *making);
    // They are alike: what is refused is the first.
    if (!one) return one;
    Thing* thing = things_.of_type(part->name, request.place).back();
    thing->token = token;
    thing->token_digest = digest;
    thing->hidden.set("#whole", Value(whole.id));
    thing->hidden.set("#index", Value(i));
    made.push_back(thing);
  }
  List items;
  for (Thing* thing : made) items.push_back(item_of(request, *thing));
  Reply reply;
  const WirePath& ids = type.property(type.parts->ids)->read;
  const WirePath within(ids.begin(), std::find(ids.begin(), ids.end(), "*"));
  const List groups = in_groups(*part, made, std::move(items), within);
  if (groups.front().is_map()) reply.body = groups.front().as_map();
  return reply;
}

}  // namespace lf::sandbox
