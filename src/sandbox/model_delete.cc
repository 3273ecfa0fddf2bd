// SPDX-License-Identifier: Apache-2.0
// Deleting things, at once or on schedule, and taking a deletion back.
#include <fmt/format.h>

#include <algorithm>

#include "provider/wire.h"
#include "sandbox/model.h"

namespace lf::sandbox {

namespace {

// How long a thing that is gone is still listed ("for a short time": an hour).
constexpr int64_t kListedSeconds = 3'600;
constexpr int64_t kScheduleDays = 30;

Timestamp later(Timestamp t, int64_t seconds) {
  return {t.seconds + seconds, t.nanos};
}

}  // namespace

Outcome Model::remove(Request& request, const Role& role) {
  const ResourceType& type = *role.type;
  const Bindings bound = bind(request, role);
  std::vector<Thing*> targets;
  for (const Value& id : bound.ids) {
    Thing* thing = resolve(type, request, to_text(id), true);
    if (thing == nullptr) return std::unexpected(not_found(type, to_text(id)));
    targets.push_back(thing);
  }
  if (targets.empty()) return std::unexpected(not_found(type, ""));
  for (Thing* thing : targets) {
    if (thing->deleted) continue;
    const RuleSubject subject{&type, thing, &thing->properties, &thing->properties, thing->id};
    if (auto broken = check_rules(request, {"delete", request.in.action}, subject))
      return std::unexpected(*broken);
    const std::vector<Thing*> users = referrers(request, *thing);
    if (!users.empty()) {
      return std::unexpected(
          refusal(type, ErrorCode::dependency,
                  fmt::format("{} has dependencies and cannot be deleted: {} uses it", thing->id,
                              users.front()->id)));
    }
  }
  Value extra;
  List ids;
  for (Thing* thing : targets) {
    ids.push_back(Value(thing->id));
    if (!thing->deleted) {
      thing->deleted = request.now;
      if (type.del.kind == DeleteKind::schedule) {
        const Value& days = bound["prior.deletion_window"];
        int64_t wait = kScheduleDays;
        if (days.is_int()) wait = days.as_int();
        thing->gone_at = later(request.now, wait * 86'400);
      } else {
        const int64_t usual = type.wait_delete.declared ? type.wait_delete.usual.seconds : 0;
        const int64_t shown = type.del.gone_states.empty() ? 0 : kListedSeconds;
        thing->gone_at = later(request.now, usual + shown);
      }
    }
    const Value one = extra_answer(request, type, thing);
    // A list in the answer has a member for each thing.
    if (extra.is_map() && one.is_map()) {
      Map both = extra.as_map();
      for (const auto& [key, value] : one.as_map()) {
        const Value* before = both.find(key);
        if (before == nullptr || !before->is_list() || !value.is_list()) continue;
        List joined = before->as_list();
        for (const Value& item : value.as_list()) joined.push_back(item);
        both.set(key, Value(std::move(joined)));
      }
      extra = Value(std::move(both));
    } else {
      extra = one;
    }
  }
  changed_ = true;
  for (Thing* thing : targets) {
    for (const ResourceType* other : index_.types(*type.service)) {
      for (Thing* companion : things_.of_type(other->name, thing->place)) {
        if (companion_of(*other, companion->properties, *thing)) things_.remove(*companion);
      }
    }
    if (listed(*thing, request.now)) continue;
    if (type.del.name_held.seconds > 0) {
      std::erase_if(things_.held, [&](const HeldName& held) { return held.until <= request.now; });
      things_.held.push_back(
          {type.name, thing->id, thing->place, later(request.now, type.del.name_held.seconds)});
    }
    things_.remove(*thing);
  }
  Reply reply;
  if (extra.is_map()) reply.body = extra.as_map();
  return reply;
}

Outcome Model::restore(Request& request, const Role& role) {
  const ResourceType& type = *role.type;
  const Bindings bound = bind(request, role);
  Thing* thing = resolve(type, request, bound.id(), true);
  if (thing == nullptr) return std::unexpected(not_found(type, bound.id()));
  if (!thing->deleted) {
    return std::unexpected(
        refusal(type, ErrorCode::conflict, fmt::format("{} is not pending deletion.", thing->id)));
  }
  thing->deleted.reset();
  thing->gone_at.reset();
  if (const auto* entries = type.sandbox.restored.as_map()) {
    for (const auto& [name, tree] : *entries) {
      thing->properties.set(name, tree.evaluate(MapActivation(request.names)));
    }
  }
  changed_ = true;
  Reply reply;
  const Value extra = extra_answer(request, type, thing);
  if (extra.is_map()) reply.body = extra.as_map();
  return reply;
}

}  // namespace lf::sandbox
