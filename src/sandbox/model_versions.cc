// SPDX-License-Identifier: Apache-2.0
// Properties of which the cloud keeps older values under ids of their own (`sandbox.versions`): a
// new value is a new version, one of which is in force.
#include <fmt/format.h>

#include <algorithm>

#include "provider/wire.h"
#include "sandbox/model.h"

namespace lf::sandbox {

namespace {

constexpr const char* kVersions = "#versions";
constexpr const char* kCount = "#version_count";

List versions_of(const Thing& thing) {
  const Value* all = thing.hidden.find(kVersions);
  return all != nullptr && all->is_list() ? all->as_list() : List{};
}

}  // namespace

std::optional<Outcome> Model::versions(Request& request, const std::vector<Role>&) {
  const std::string& action = request.in.action;
  for (const ResourceType* type : index_.types(*request.in.service)) {
    if (!type->sandbox.versions) continue;
    const Sandbox::Versions& v = *type->sandbox.versions;
    const Property* property = type->property(v.property);
    if (property == nullptr || action.empty()) continue;
    if (action != v.list && action != v.read && action != v.add && action != v.remove &&
        action != v.choose)
      continue;
    // The thing is named as its single read names it.
    Bindings bound;
    read_backwards(type->refresh.read.send, request.in.input, *type, nullptr, request.names, bound);
    Thing* thing = resolve(*type, request, bound.id());
    if (thing == nullptr) return std::unexpected(not_found(*type, bound.id()));
    const Value now(request.now);
    List all = versions_of(*thing);
    const Value* current = thing->properties.find(v.current);
    const std::string in_force = current == nullptr ? "v1" : to_text(*current);
    if (all.empty()) {  // the value that it was made with
      const Value* first = thing->properties.find(v.property);
      all.push_back(Value(Map{{Value("id"), Value(in_force)},
                              {Value("made"), Value(thing->created)},
                              {Value("value"), first == nullptr ? Value() : *first}}));
      thing->hidden.set(kCount, Value(1));
    }
    const auto shown = [&](const Value& version, bool with_value) {
      Map item{{Value(v.key), version["id"]},
               {Value("IsDefaultVersion"), Value(to_text(version["id"]) == in_force)},
               {Value("CreateDate"), version["made"]}};
      if (with_value) put_in_item(*property, version["value"], request.in.service->protocol, item);
      return Value(std::move(item));
    };
    const auto set_current = [&](const Value& version) {
      thing->properties.set(v.current, version["id"]);
      thing->properties.set(v.property, version["value"]);
    };
    Reply reply;
    if (action == v.list) {
      List items;
      for (auto one = all.rbegin(); one != all.rend(); ++one) items.push_back(shown(*one, false));
      reply.body.set(v.items, Value(std::move(items)));
      reply.body.set("IsTruncated", Value(false));
      return reply;
    }
    if (action == v.add) {
      mutation_ = true;
      if (static_cast<int>(all.size()) >= v.max) {
        return std::unexpected(
            Refusal{v.full_code, fmt::format("There may be {} versions; delete one first.", v.max),
                    409, ErrorCode::quota, ""});
      }
      auto value = from_request(*property, request.in.input, request.in.service->protocol);
      if (!value)
        return std::unexpected(
            Refusal{"ValidationError", value.error().message, 400, ErrorCode::invalid, ""});
      const Value* count = thing->hidden.find(kCount);
      const int64_t number = (count != nullptr && count->is_int() ? count->as_int() : 1) + 1;
      const Value version(Map{{Value("id"), Value(fmt::format("v{}", number))},
                              {Value("made"), now},
                              {Value("value"), *value}});
      all.push_back(version);
      thing->hidden.set(kCount, Value(number));
      if (to_text(request.in.input["SetAsDefault"]) == "true") set_current(version);
      reply.body.set(v.item, Value(Map{{Value(v.key), version["id"]},
                                       {Value("IsDefaultVersion"),
                                        Value(to_text(request.in.input["SetAsDefault"]) == "true")},
                                       {Value("CreateDate"), now}}));
    } else {
      const std::string wanted = to_text(request.in.input[v.key]);
      const auto found = std::find_if(
          all.begin(), all.end(), [&](const Value& one) { return to_text(one["id"]) == wanted; });
      if (found == all.end()) return std::unexpected(not_found(*type, wanted));
      if (action == v.read) {
        reply.body.set(v.item, shown(*found, true));
        return reply;
      }
      mutation_ = true;
      if (action == v.choose) {
        set_current(*found);
      } else {
        if (wanted == in_force) {
          return std::unexpected(Refusal{v.in_use_code, "The version in force cannot be deleted.",
                                         409, ErrorCode::dependency, ""});
        }
        all.erase(found);
      }
    }
    thing->hidden.set(kVersions, Value(std::move(all)));
    changed_ = true;
    return reply;
  }
  return std::nullopt;
}

}  // namespace lf::sandbox
