// SPDX-License-Identifier: Apache-2.0
// Changing things: updates, whole facets, elements of facets.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "provider/wire.h"
#include "sandbox/model.h"

namespace lf::sandbox {

namespace {

using Kind = Role::Kind;

Value without_secrets(const Value& value) {
  return map_secrets(value, [](const Value& inner) { return inner; });
}

// Whether the REST call replaces the whole of what it names.
bool replaces(const Role& role) {
  return role.call->http_method == "PUT" || (role.kind == Kind::update && role.type->update_whole);
}

const Property* element_property(const Role& role) {
  return role.facet == nullptr || role.facet->each.empty() ? nullptr
                                                           : role.type->property(role.facet->each);
}

Value key_of(const Property& property, const Value& element) {
  if (!element.is_map() || property.key.empty() || property.fields.empty()) return element;
  List out;
  for (const std::string& field : property.key) out.push_back(element[field]);
  return Value(std::move(out));
}

bool same_key(const Property& property, const Value& a, const Value& b) {
  return to_text(key_of(property, a)) == to_text(key_of(property, b));
}

// One permission of several sources is a rule each: where fields lie in a list's first element, an
// item with more of them is taken apart.
List taken_apart(const Property& property, const Value& item) {
  std::set<WirePath> lists;
  for (const Property& field : property.fields) {
    const auto zero = std::find(field.wire.begin(), field.wire.end(), "0");
    if (zero != field.wire.end()) lists.insert(WirePath(field.wire.begin(), zero));
  }
  List out;
  for (const WirePath& path : lists) {
    const Value found = at_path(item, path);
    if (!found.is_list()) continue;
    for (const Value& one : found.as_list()) {
      Map copy = item.as_map();
      for (const WirePath& other : lists) copy.erase(other.front());
      copy.set(path.front(), Value(List{one}));
      out.push_back(Value(std::move(copy)));
    }
  }
  if (out.empty()) out.push_back(item);
  return out;
}

// An id that is made of properties; what a request leaves out is at its default.
void bind_parts(const ResourceType& type, Bindings& out) {
  std::string id;
  for (const std::string& part : type.id_parts) {
    const Property* property = type.property(part);
    Value value = out["self." + part];
    if (value.is_unset() && property != nullptr) value = property->default_value;
    if (value.is_unset()) return;
    id += (part == type.id_parts.front() ? "" : type.id_separator) + to_text(value);
  }
  if (id.empty()) return;
  out.ids.emplace_back(id);
  out.names.set("id", Value(id));
}

}  // namespace

Bindings Model::bind(const Request& request, const Role& role) const {
  Bindings out;
  const Property* element_of = element_property(role);
  read_backwards(role.call->send, request.in.input, *role.type, element_of, request.names, out);
  const auto each = [&](const std::vector<std::pair<std::string, Template>>& trees,
                        const Map& values) {
    for (const auto& [name, tree] : trees) {
      const Value rest = at_path(Value(values), {name});  // `x-meta-*`
      const Value* value = name.ends_with('*') && !rest.is_unset() ? &rest : nullptr;
      if (value == nullptr) value = values.find(lower(name));
      if (value == nullptr) value = values.find(name);
      if (value == nullptr) continue;
      read_backwards(tree, *value, *role.type, element_of, request.names, out);
    }
  };
  each(role.call->query, request.in.query);
  each(role.call->headers, request.in.headers);
  each(role.call->path, request.in.path);
  if (!role.call->payload.empty()) {
    read_backwards(role.call->payload, Value(request.in.body), *role.type, element_of,
                   request.names, out);
  }
  // A variable of the path that no expression fills is a property, or else the id.
  for (const auto& [name, value] : request.in.path) {
    const bool filled = std::any_of(
        role.call->path.begin(), role.call->path.end(),
        [&, variable = name.as_string()](const auto& entry) { return entry.first == variable; });
    if (filled) continue;
    if (role.type->property(name.as_string()) == nullptr && out.ids.empty()) {
      out.ids.push_back(value);
      out.names.set("id", value);
    }
  }
  put_id_together(*role.type, request.names, out);
  if (out.ids.empty()) bind_parts(*role.type, out);
  for (const std::string& name : role.type->sandbox.names) {
    const Value named = out["observed." + name];
    if (out.ids.empty() && !named.is_unset()) {
      out.ids.push_back(named);
      out.named = true;
    }
    if (!out.ids.empty() && out["id"].is_unset()) out.names.set("id", out.ids.front());
  }
  if (out.ids.empty()) add_only_id(*role.type, request.names, out);
  return out;
}

// The elements that the request brings, as the property's own. `whole`: a batch.
List Model::elements_of(const Request& request, const Role& role, const Bindings& bound,
                        const Property& property, bool whole) {
  const Protocol protocol = request.in.service->protocol;
  List out;
  const auto take = [&](const Result<Value>& value) {
    if (!value) return;
    const Value plain = without_secrets(*value);
    if (plain.is_list()) {
      for (const Value& one : plain.as_list()) out.push_back(one);
    } else if (plain.is_map() && property.type.kind() == Type::Kind::map) {
      for (const auto& [key, member] : plain.as_map()) {
        out.push_back(Value(Map{{Value("key"), key}, {Value("value"), member}}));
      }
    }
  };
  if (!bound.all_elements.is_unset()) {
    take(decode_alone(property, bound.all_elements, protocol));
    return out;
  }
  if (bound["element"].is_map() && !property.fields.empty()) {
    take(decode_alone(property, Value(List{bound["element"]}), protocol));
    return out;
  }
  if (whole) {
    const Value sent = at_path(request.in.input, property.wire);
    if (property.type.kind() == Type::Kind::map || property.fields.empty()) {
      take(from_request(property, request.in.input, protocol));
      return out;
    }
    const List items = sent.is_list() ? sent.as_list() : sent.is_map() ? List{sent} : List{};
    for (const Value& item : items) {
      for (const Value& part : taken_apart(property, item)) {
        take(decode_alone(property, Value(List{part}), protocol));
      }
    }
    return out;
  }
  if (property.fields.empty()) {
    Property one = property;
    one.type = property.type.element();
    const Value& named = bound["element"];
    auto value = named.is_unset() ? from_request(one, request.in.input, protocol)
                                  : decode_alone(one, named, protocol);
    if (value && !value->is_unset()) out.push_back(without_secrets(*value));
    return out;
  }
  Map element;
  for (const Property& field : property.fields) {
    const Value& named = bound["element." + field.name];
    const bool direct = role.sends_properties && role.kind != Kind::remove;
    if (named.is_unset() && !direct) continue;
    auto value = named.is_unset() ? from_request(field, request.in.input, protocol)
                                  : decode_alone(field, named, protocol);
    if (value && !value->is_unset()) element.set(field.name, without_secrets(*value));
  }
  if (!element.empty()) out.push_back(Value(std::move(element)));
  return out;
}

// Defaults of fields count in the key.
static Value with_defaults(const Property& property, const Value& element) {
  if (!element.is_map()) return element;
  Map map = element.as_map();
  for (const Property& field : property.fields) {
    if (map.find(field.name) == nullptr && !field.default_value.is_unset())
      map.set(field.name, field.default_value);
  }
  return Value(std::move(map));
}

// `elements` of a removal or a change: what the expression shows of each.
static List shown_elements(const Property& property, const Bindings& bound, Protocol protocol) {
  List out;
  for (const Value& shown : bound.elements) {
    if (!shown.is_map()) continue;
    if (const Value* scalar = shown.as_map().find("")) {
      out.push_back(*scalar);
      continue;
    }
    if (property.fields.empty()) {
      out.push_back(shown);
      continue;
    }
    Map element;
    for (const auto& [name, wire] : shown.as_map()) {
      const Property* field = property.field(name.as_string());
      if (field == nullptr) continue;
      auto value = decode_alone(*field, wire, protocol);
      if (value && !value->is_unset()) element.set(name, *value);
    }
    out.push_back(Value(std::move(element)));
  }
  return out;
}

std::expected<bool, Refusal> Model::add(Request& request, const Role& role, const Bindings& bound,
                                        Map& wanted) {
  const Property& property = *element_property(role);
  const List fresh = elements_of(request, role, bound, property, role.facet->batch > 0);
  const Value* before = wanted.find(property.name);
  if (property.type.kind() == Type::Kind::map) {
    Map map = before != nullptr && before->is_map() ? before->as_map() : Map{};
    for (const Value& element : fresh) map.set(element["key"], element["value"]);
    wanted.set(property.name, Value(std::move(map)));
    return !fresh.empty();
  }
  List list = before != nullptr && before->is_list() ? before->as_list() : List{};
  const bool replaces_same = role.call->idempotent || role.kind == Kind::change;
  for (const Value& element : fresh) {
    const Value filled = with_defaults(property, element);
    const auto same = std::find_if(list.begin(), list.end(), [&](const Value& one) {
      return same_key(property, one, filled);
    });
    if (same == list.end()) {
      if (role.kind == Kind::change && !role.call->absent_on.empty()) continue;
      list.push_back(filled);
      continue;
    }
    if (!replaces_same) {
      return std::unexpected(
          refusal(*role.type, ErrorCode::exists, "The specified element already exists.", true));
    }
    *same = merge_wire(*same, filled);
  }
  wanted.set(property.name, Value(std::move(list)));
  return !fresh.empty();
}

// Elements that are there already: taken away, or changed.
std::expected<bool, Refusal> Model::alter(Request& request, const Role& role, const Bindings& bound,
                                          Map& wanted, bool take_away) {
  const Property& property = *element_property(role);
  const Protocol protocol = request.in.service->protocol;
  List shown = shown_elements(property, bound, protocol);
  if (shown.empty())
    shown = elements_of(request, role, bound, property,
                        role.facet->batch > 0 && bound.elements.empty());
  const Value* before = wanted.find(property.name);
  if (property.type.kind() == Type::Kind::map) {
    Map map = before != nullptr && before->is_map() ? before->as_map() : Map{};
    for (const Value& element : shown) {
      map.erase(to_text(element.is_map() ? element["key"] : element));
    }
    wanted.set(property.name, Value(std::move(map)));
    return !shown.empty();
  }
  List list = before != nullptr && before->is_list() ? before->as_list() : List{};
  for (const Value& element : shown) {
    const Value filled = with_defaults(property, element);
    // Told apart by a computed field where one is shown, else by the key.
    std::vector<std::string> by;
    if (element.is_map()) {
      for (const Property& field : property.fields) {
        if (field.computed && !element[field.name].is_unset()) by.push_back(field.name);
      }
      if (by.empty()) by = property.key;
    }
    const auto found = std::find_if(list.begin(), list.end(), [&](const Value& one) {
      if (!element.is_map()) return to_text(one) == to_text(element);
      return std::all_of(by.begin(), by.end(), [&](const std::string& field) {
        return to_text(one[field]) == to_text(filled[field]);
      });
    });
    if (found == list.end()) {
      if (role.call->absent_on.empty() && take_away) continue;
      Refusal none =
          refusal(*role.type, ErrorCode::not_found, "The specified element does not exist.");
      if (!role.call->absent_on.empty()) none.code = role.call->absent_on.front();
      none.reaction = ErrorCode::not_found;
      return std::unexpected(none);
    }
    if (take_away)
      list.erase(found);
    else
      *found = merge_wire(*found, element);
  }
  wanted.set(property.name, Value(std::move(list)));
  return !shown.empty();
}

std::expected<bool, Refusal> Model::apply(Request& request, const Role& role, const Bindings& bound,
                                          Thing& thing, Map& wanted) {
  const ResourceType& type = *role.type;
  const Protocol protocol = request.in.service->protocol;
  const std::string facet = role.facet == nullptr ? "" : role.facet->name;
  bool any = false;
  for (const Property& property : type.properties) {
    if (property.facet != facet || property.computed || property.local) continue;
    if (role.facet != nullptr && role.facet->each == property.name) continue;
    const Value& named = property.name == type.mark_property && !bound["tags"].is_unset()
                             ? bound["tags"]
                             : bound["self." + property.name];
    const bool direct = role.sends_properties && named.is_unset();
    const Value sent =
        named.is_unset() ? (direct ? at_path(request.in.input, property.wire) : Value()) : named;
    if (property.wire.empty() && named.is_unset()) {
      // A flag that no field carries: which action it is says it.
      if (role.step == nullptr || !role.step->when || property.type.kind() != Type::Kind::boolean)
        continue;
      const auto met = [&](bool flag) {
        Map self = thing.properties;
        self.set(property.name, Value(flag));
        const RuleSubject subject{&type, &thing, &self, &self, thing.id};
        const Value value = cel::evaluate(*role.step->when, *scope(request, subject));
        return value.is_bool() && value.as_bool();
      };
      const bool on = met(true), off = met(false);
      if (on == off) continue;
      wanted.set(property.name, Value(on));
      any = true;
      continue;
    }
    if (sent.is_unset() || (direct && property.wire.empty())) {
      if (replaces(role) && !property.wire.empty()) wanted.erase(property.name);
      continue;
    }
    auto value = named.is_unset() ? from_request(property, request.in.input, protocol)
                                  : decode_alone(property, named, protocol);
    if (!value) {
      return std::unexpected(
          Refusal{"ValidationError", value.error().message, 400, ErrorCode::invalid, ""});
    }
    any = true;
    const bool cleared = value->is_unset() ||
                         (!property.clear.is_unset() && to_text(property.clear) == to_text(*value));
    if (cleared)
      wanted.erase(property.name);
    else
      wanted.set(property.name, without_secrets(*value));
  }
  return any;
}

std::expected<bool, Refusal> Model::reset(Request& request, const Role& role, const Bindings& bound,
                                          Thing& thing, Map& wanted) {
  const ResourceType& type = *role.type;
  bool any = false;
  bool fits = true;
  for (const Property& property : type.properties) {
    if (property.facet != role.facet->name || property.computed) continue;
    const Value* there = thing.properties.find(property.name);
    any = any || there != nullptr;
    const Value& named = bound["observed." + property.name];
    fits = fits && (named.is_unset() || (there != nullptr && to_text(*there) == to_text(named)));
    wanted.erase(property.name);
  }
  if ((!any || !fits) && !role.call->absent_on.empty()) {
    Refusal none = refusal(type, ErrorCode::not_found, "It is not set.");
    none.code = role.call->absent_on.front();
    return std::unexpected(none);
  }
  (void)request;
  return true;
}

std::expected<bool, Refusal> Model::change_one(Request& request, const Role& role,
                                               const Bindings& bound, Thing& thing, Map& wanted) {
  const bool elements = element_property(role) != nullptr;
  switch (role.kind) {
    case Kind::apply:
    case Kind::update: return apply(request, role, bound, thing, wanted);
    case Kind::reset: return reset(request, role, bound, thing, wanted);
    case Kind::add: return elements ? add(request, role, bound, wanted) : false;
    case Kind::change: {
      // A change that names elements by a computed field alters them; else it puts them anew.
      const bool shown = !bound.elements.empty() ||
                         std::any_of(bound.names.begin(), bound.names.end(), [](const auto& one) {
                           return one.first.as_string().starts_with("element.");
                         });
      return shown ? alter(request, role, bound, wanted, false) : add(request, role, bound, wanted);
    }
    case Kind::remove: return alter(request, role, bound, wanted, true);
    default: return false;
  }
}

// The thing that the request names by another of its names (the id of its use), where it names no
// id.
Thing* Model::find_by_name(const Request& request, const Role& role, const Bindings& bound) {
  for (const std::string& name : role.type->sandbox.names) {
    const Value& shown = bound["observed." + name];
    if (!shown.is_unset()) return resolve(*role.type, request, to_text(shown));
  }
  return nullptr;
}

// The thing one of whose elements has what the request names, where it names no thing.
Thing* Model::find_by_element(const Request& request, const Role& role, const Bindings& bound) {
  const Property* property = element_property(role);
  if (property == nullptr) return nullptr;
  const List shown = elements_of(request, role, bound, *property, false);
  if (shown.empty()) return nullptr;
  for (Thing* thing : things_.of_type(role.type->name, request.place)) {
    const Value* elements = thing->properties.find(property->name);
    if (elements == nullptr || !elements->is_list()) continue;
    for (const Value& one : elements->as_list()) {
      const bool same = !shown[0].is_map()
                            ? to_text(one) == to_text(shown[0])
                            : std::any_of(shown[0].as_map().begin(), shown[0].as_map().end(),
                                          [&](const auto& field) {
                                            const Property* p =
                                                property->field(field.first.as_string());
                                            return p != nullptr && p->computed &&
                                                   to_text(one[p->name]) == to_text(field.second);
                                          });
      if (same) return thing;
    }
  }
  return nullptr;
}

Outcome Model::change(Request& request, const std::vector<Role>& roles) {
  struct Part {
    const Role* role;
    Bindings bound;
  };
  std::vector<Part> parts;
  int best = -1000;
  for (const Role& role : roles) {
    if (role.kind < Kind::update || role.kind > Kind::remove || role.kind == Kind::del ||
        role.kind == Kind::restore || role.kind == Kind::del_step)
      continue;
    parts.push_back({&role, bind(request, role)});
    best = std::max(best, parts.back().bound.score());
  }
  std::vector<Thing*> targets;
  std::string unknown;
  for (const Part& part : parts) {
    for (const Value& id : part.bound.ids) {
      Thing* thing = resolve(*part.role->type, request, to_text(id));
      if (thing == nullptr) {
        if (!part.bound.named) unknown = to_text(id);
        continue;
      }
      if (std::find(targets.begin(), targets.end(), thing) == targets.end())
        targets.push_back(thing);
    }
    if (!part.bound.ids.empty()) continue;
    Thing* thing = find_by_name(request, *part.role, part.bound);
    if (thing == nullptr) thing = find_by_element(request, *part.role, part.bound);
    if (thing != nullptr && std::find(targets.begin(), targets.end(), thing) == targets.end())
      targets.push_back(thing);
  }
  if (targets.empty()) {
    const ResourceType* type = parts.front().role->type;
    for (const Part& part : parts) {
      if (!part.role->type->id_prefix.empty() && unknown.starts_with(part.role->type->id_prefix))
        type = part.role->type;
    }
    Refusal none = not_found(*type, unknown);
    if (unknown.empty() && !parts.front().role->call->absent_on.empty())
      none.code = parts.front().role->call->absent_on.front();
    return std::unexpected(none);
  }
  for (Thing* thing : targets) {
    const ResourceType& type = type_of(*thing);
    Map wanted = thing->properties;
    bool any = false;
    std::vector<std::string> on{request.in.action};
    std::set<std::string> done;  // add and change of one facet are the same request
    const auto run = [&](bool resets) -> std::optional<Refusal> {
      for (const Part& part : parts) {
        const Role& role = *part.role;
        if (role.type != &type || (role.kind == Kind::reset) != resets || part.bound.score() < best)
          continue;
        if (role.facet != nullptr && !role.facet->each.empty() && done.contains(role.facet->name))
          continue;
        auto one = change_one(request, role, part.bound, *thing, wanted);
        if (!one) return one.error();
        any = any || *one;
        if (role.facet == nullptr) continue;
        if (*one) done.insert(role.facet->name);
        if (std::find(on.begin(), on.end(), role.facet->name) == on.end())
          on.push_back(role.facet->name);
      }
      return std::nullopt;
    };
    std::optional<Refusal> problem = run(false);
    if (!problem && !any) problem = run(true);
    const RuleSubject subject{&type, thing, &thing->properties, &wanted, thing->id};
    if (auto broken = check_rules(request, on, subject)) return std::unexpected(*broken);
    if (problem) return std::unexpected(*problem);
    if (auto missing = check_references(request, type, wanted)) return std::unexpected(*missing);
    thing->properties = std::move(wanted);
    // What the cloud itself says of a facet (the id of a use, a version's number) is said anew.
    const Map before = thing->properties;
    for (const Property& property : type.properties) {
      if (property.computed && done.contains(property.facet))
        thing->properties.erase(property.name);
    }
    fill_computed(request, type, *thing, &before);
    for (const Part& part : parts) {
      if (part.role->facet != nullptr && part.role->type == &type)
        set_defaults(request, type, part.role->facet->name, *thing);
    }
    fill_elements(request, type, *thing);
    changed_ = true;
  }
  Reply reply;
  const Value extra = extra_answer(request, type_of(*targets.front()), targets.front());
  if (extra.is_map()) reply.body = extra.as_map();
  return reply;
}

}  // namespace lf::sandbox
