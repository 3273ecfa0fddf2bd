// SPDX-License-Identifier: Apache-2.0
// Properties of which the cloud keeps older values under ids of their own (`sandbox.versions`): a
// new value is a new version, one of which is in force. What the service refuses stands in rules.
#include <algorithm>

#include "base/strings.h"
#include "provider/wire.h"
#include "sandbox/model.h"
#include "sandbox/versions.h"

namespace lf::sandbox {

namespace {

constexpr const char* kVersions = "#versions";
constexpr const char* kCount = "#version_count";

std::string id_of(const ResourceType& type, int64_t number) {
  return replace_all(type.sandbox.versions->ids, "{n}", std::to_string(number));
}

std::string in_force(const ResourceType& type, const Thing& thing) {
  const Value* current = thing.properties.find(type.sandbox.versions->current);
  return current == nullptr ? id_of(type, 1) : to_text(*current);
}

void set_in_force(const ResourceType& type, const Value& version, Thing& thing) {
  thing.properties.set(type.sandbox.versions->current, version["id"]);
  thing.properties.set(type.sandbox.versions->property, version["value"]);
}

// The next one's number: numbers are not used again.
int64_t next_number(const Thing& thing) {
  const Value* count = thing.hidden.find(kCount);
  return (count != nullptr && count->is_int() ? count->as_int() : 1) + 1;
}

}  // namespace

List kept_versions(const ResourceType& type, const Thing& thing) {
  const Value* all = thing.hidden.find(kVersions);
  if (all != nullptr && all->is_list() && !all->as_list().empty()) return all->as_list();
  const Value* first = thing.properties.find(type.sandbox.versions->property);
  return {Value(Map{{Value("id"), Value(in_force(type, thing))},
                    {Value("made"), Value(thing.created)},
                    {Value("value"), first == nullptr ? Value() : *first}})};
}

Value version_name(const ResourceType& type, const Thing& thing, const Value& version) {
  return Value(Map{{Value("id"), version["id"]},
                   {Value("made"), version["made"]},
                   {Value("current"), Value(to_text(version["id"]) == in_force(type, thing))}});
}

Value Model::shown_version(const Request& request, const ResourceType& type, Thing& thing,
                           const Value& version, bool with_value) {
  const Sandbox::Versions& v = *type.sandbox.versions;
  Map names = request.names;
  names.set("id", Value(thing.id));
  names.set("self", Value(thing.properties));
  names.set("version", version_name(type, thing, version));
  Value shown = v.shown.evaluate(MapActivation(std::move(names)));
  Map item = shown.is_map() ? shown.as_map() : Map();
  const Property* property = type.property(v.property);
  if (with_value) put_in_item(*property, version["value"], request.in.service->protocol, item);
  return Value(std::move(item));
}

// Adds, removes or chooses one.
std::expected<void, Refusal> Model::change_versions(Request& request, const ResourceType& type,
                                                    Thing& thing, Reply& reply) {
  const Sandbox::Versions& v = *type.sandbox.versions;
  const std::string& action = request.in.action;
  List all = kept_versions(type, thing);
  const RuleSubject subject{&type, &thing, &thing.properties, &thing.properties, thing.id};
  if (auto broken = check_rules(request, {action}, subject)) return std::unexpected(*broken);
  mutation_ = changed_ = true;
  if (action == v.add) {
    auto value =
        from_request(*type.property(v.property), request.in.input, request.in.service->protocol);
    if (!value) return std::unexpected(refusal(type, ErrorCode::invalid, value.error().message));
    const int64_t number = next_number(thing);
    const Value version(Map{{Value("id"), Value(id_of(type, number))},
                            {Value("made"), Value(request.now)},
                            {Value("value"), *value}});
    const Value chosen =
        v.chosen ? cel::evaluate(*v.chosen, *scope(request, subject)) : Value(true);
    all.push_back(version);
    thing.hidden.set(kCount, Value(number));
    if (chosen.is_bool() && chosen.as_bool()) set_in_force(type, version, thing);
    reply.body.set(v.item, shown_version(request, type, thing, version, false));
  } else {
    const std::string wanted = to_text(request.in.input[v.key]);
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Value& one) { return to_text(one["id"]) == wanted; });
    if (found == all.end()) return std::unexpected(not_found(type, wanted));
    if (action == v.choose)
      set_in_force(type, *found, thing);
    else
      all.erase(found);
  }
  thing.hidden.set(kVersions, Value(std::move(all)));
  return {};
}

Outcome Model::versions(Request& request, const ResourceType& type) {
  const Sandbox::Versions& v = *type.sandbox.versions;
  const std::string& action = request.in.action;
  // The thing is named as its single read names it.
  Bindings bound;
  read_backwards(type.refresh.read.send, request.in.input, type, nullptr, request.names, bound);
  put_id_together(type, request.names, bound);
  Thing* thing = resolve(type, request, bound.id());
  if (thing == nullptr) return std::unexpected(not_found(type, bound.id()));
  Reply reply;
  if (action != v.list && action != v.read) {
    auto changed = change_versions(request, type, *thing, reply);
    if (!changed) return std::unexpected(changed.error());
    return reply;
  }
  List items;
  const std::string wanted = to_text(request.in.input[v.key]);
  for (const Value& one : kept_versions(type, *thing)) {
    if (action == v.read && to_text(one["id"]) != wanted) continue;
    items.insert(items.begin(), shown_version(request, type, *thing, one, action == v.read));
  }
  if (action == v.list) {
    reply.body.set(v.items, Value(std::move(items)));
    const std::string& more = request.in.service->page.more;
    if (!more.empty()) reply.body.set(more, Value(false));
    return reply;
  }
  if (items.empty()) return std::unexpected(not_found(type, wanted));
  reply.body.set(v.item, items.front());
  return reply;
}

std::optional<Outcome> Model::versions(Request& request) {
  const std::string& action = request.in.action;
  if (action.empty()) return std::nullopt;
  for (const ResourceType* type : index_.types(*request.in.service)) {
    if (!type->sandbox.versions) continue;
    const Sandbox::Versions& v = *type->sandbox.versions;
    for (const std::string& one : {v.list, v.read, v.add, v.remove, v.choose}) {
      if (one == action) return versions(request, *type);
    }
  }
  return std::nullopt;
}

}  // namespace lf::sandbox
