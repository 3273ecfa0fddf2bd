// SPDX-License-Identifier: Apache-2.0
#include "engine/search.h"

#include "base/strings.h"
#include "engine/bounded.h"
#include "engine/observe.h"
#include "engine/read_facets.h"
#include "provider/scope.h"
#include "provider/wire.h"

namespace lf {

namespace {

// The marks of one thing, where it is there and carries those of the stack ("…/*": any lineage).
// Its tags stand in `item`, or in the answer of their facet's own read.
Task<Result<std::optional<Marked>>> marked(Cloud* cloud, const ResourceType* type, std::string id,
                                           Value item, std::string stack_mark) {
  using None = std::optional<Marked>;
  const PackageInfo& info = cloud->package().info();
  const Property* carrier = type->property(type->mark_property);
  const Facet* facet = carrier == nullptr ? nullptr : type->facet(carrier->facet);
  if (carrier == nullptr) co_return None();
  Value tags;
  if (facet != nullptr && facet->read.call.valid()) {
    Record probe;
    probe.id = id;
    Observation seen;
    Task<Result<void>> reading = read_facet(cloud, type, facet, probe, &seen);
    Result<void> done = co_await std::move(reading);
    // A thing that went away between list and read, or another account's bucket.
    if (!done &&
        (done.error().code == ErrorCode::not_found || done.error().code == ErrorCode::auth))
      co_return None();
    if (!done) co_return fail(done.error());
    if (const Value* found = seen.properties.find(carrier->name)) tags = *found;
  } else {
    auto read = from_wire(*carrier, item, type->service->protocol);
    if (read) tags = *read;
  }
  if (!tags.is_map()) co_return None();
  Marked one;
  one.id = std::move(id);
  one.stack_mark = tags[info.mark_stack].string_or();
  one.address_mark = tags[info.mark_address].string_or();
  one.intent_mark = tags[info.mark_intent].string_or();
  Observation states;
  states.presence = Observation::Presence::present;
  read_states(*type, item, states);
  if (states.presence != Observation::Presence::present) co_return None();  // gone, still listed
  const bool any = stack_mark.ends_with("/*");
  const std::string prefix = any ? stack_mark.substr(0, stack_mark.size() - 1) : stack_mark;
  const bool ours = any ? one.stack_mark.starts_with(prefix) : one.stack_mark == stack_mark;
  if (!ours) co_return None();
  one.item = std::move(item);
  co_return std::optional<Marked>(std::move(one));
}

Task<void> marked_into(Cloud* cloud, const ResourceType* type, std::string id, Value item,
                       std::string stack_mark, Result<std::optional<Marked>>* out) {
  Task<Result<std::optional<Marked>>> looking =
      marked(cloud, type, std::move(id), std::move(item), std::move(stack_mark));
  Result<std::optional<Marked>> one = co_await std::move(looking);
  *out = std::move(one);
}

// The id of what a list shows, whose `self` is known.
std::string listed_id(const ResourceType& type, const ListCall& list, const Value& item,
                      Map names) {
  const Value part = list.scalar ? item : at_path(item, list.item_id);
  return id_of(type, part, std::move(names));
}

}  // namespace

std::string id_of(const ResourceType& type, const Value& part, Map names) {
  if (!type.id_joins || part.is_unset()) return to_text(part);
  names.set("part", part);
  const MapActivation activation(names);
  const Value joined = evaluate(*type.id_derive, activation);
  return joined.is_string() ? joined.as_string() : std::string();
}

Task<Result<std::vector<Marked>>> find_marked(Cloud* cloud, const ResourceType* type,
                                              std::string stack_mark) {
  std::vector<Marked> out;
  if (!type->refresh.list || type->carrier != MarkCarrier::tags) co_return out;
  if (type->refresh.list->names_only) co_return out;
  const ListCall& list = *type->refresh.list;
  Map names = cloud->names();
  Map marks;
  marks.set("stack", Value(stack_mark));
  names.set("marks", Value(std::move(marks)));
  const MapActivation activation(names);
  const Value filter = list.by_mark.empty() ? Value() : list.by_mark.evaluate(activation);
  Map input = filter.is_map() ? filter.as_map() : Map();
  const CallOptions options = read_options(type, "");
  Task<Result<List>> listing = cloud->list(type->service, &list.call, list.items, list.page,
                                           std::move(input), names, options);
  Result<List> items = co_await std::move(listing);
  if (!items) co_return fail(items.error());
  std::vector<Result<std::optional<Marked>>> looked(items->size());
  Job job = [&](size_t i) {
    const Value& item = (*items)[i];
    std::string id = to_text(list.scalar ? item : at_path(item, list.item_id));
    return marked_into(cloud, type, std::move(id), item, stack_mark, &looked[i]);
  };
  Task<void> together = all_bounded(items->size(), std::move(job));
  co_await std::move(together);
  for (auto& one : looked) {
    if (!one) co_return fail(one.error());
    if (*one) out.push_back(std::move(**one));
  }
  co_return out;
}

Task<Result<std::optional<Marked>>> find_marked_by_name(Cloud* cloud, const ResourceType* type,
                                                        Map self, std::string stack_mark) {
  Task<Result<std::string>> finding = find_named(cloud, type, std::move(self));
  Result<std::string> id = co_await std::move(finding);
  if (!id) co_return fail(id.error());
  if (id->empty() || !type->refresh.read.valid()) co_return std::optional<Marked>();
  Record probe;
  probe.id = *id;
  const Map names = record_names(cloud, *type, probe);
  const CallOptions options = read_options(type, "");
  Task<Result<Answer>> reading =
      cloud->call(type->service, &type->refresh.read, Map(), names, options);
  Result<Answer> answer = co_await std::move(reading);
  if (!answer && answer.error().code == ErrorCode::not_found) co_return std::optional<Marked>();
  if (!answer) co_return fail(answer.error());
  const Value whole = tree_of(*answer);
  Value item = read_item(*type, whole, names);
  if (item.is_unset()) co_return std::optional<Marked>();
  Task<Result<std::optional<Marked>>> looking =
      marked(cloud, type, *id, std::move(item), std::move(stack_mark));
  Result<std::optional<Marked>> found = co_await std::move(looking);
  co_return found;
}

Task<Result<std::string>> find_named(Cloud* cloud, const ResourceType* type, Map self) {
  Map names = cloud->names();
  names.set("self", Value(self));
  const CallOptions options = read_options(type, "");
  const MapActivation activation(names);
  if (type->id_derive && !type->id_joins && type->refresh.read.valid()) {
    const Value id = evaluate(*type->id_derive, activation);
    if (!id.is_string()) co_return std::string();
    names.set("id", id);
    Task<Result<Answer>> reading =
        cloud->call(type->service, &type->refresh.read, Map(), names, options);
    Result<Answer> answer = co_await std::move(reading);
    if (answer && read_item(*type, tree_of(*answer), names).is_null()) co_return std::string();
    if (answer) co_return id.as_string();
    if (answer.error().code == ErrorCode::not_found) co_return std::string();
    co_return fail(answer.error());
  }
  const Property* name = type->unique_name();
  if (name == nullptr || !type->refresh.list) co_return std::string();
  const Value* wanted = self.find(name->name);
  if (wanted == nullptr) co_return std::string();
  const ListCall& list = *type->refresh.list;
  if (list.name_call.valid()) {
    Task<Result<Answer>> reading =
        cloud->call(type->service, &list.name_call, Map(), names, options);
    Result<Answer> answer = co_await std::move(reading);
    if (!answer && answer.error().code == ErrorCode::not_found) co_return std::string();
    if (!answer) co_return fail(answer.error());
    const Value item = at_path(tree_of(*answer), list.name_item);
    const Value id = list.scalar ? item : at_path(item, list.item_id);
    co_return id.is_unset() ? std::string() : id_of(*type, id, names);
  }
  const Value filter = list.by_name.empty() ? Value() : list.by_name.evaluate(activation);
  // What it is part of is still to be made: nothing of that name can be in it.
  if (contains_unknown(filter)) co_return std::string();
  Map input = filter.is_map() ? filter.as_map() : Map();
  Task<Result<List>> listing = cloud->list(type->service, &list.call, list.items, list.page,
                                           std::move(input), names, options);
  Result<List> items = co_await std::move(listing);
  if (!items && items.error().code == ErrorCode::not_found) co_return std::string();
  if (!items) co_return fail(items.error());
  for (const auto& item : *items) {
    const std::string id = listed_id(*type, list, item, names);
    if (type->id_derive && !type->id_joins) {
      const Value derived = evaluate(*type->id_derive, activation);
      if (derived == Value(id)) co_return id;
      continue;
    }
    if (list.partial || list.scalar) {
      // Only an id: its last part, or what a read of it says, is the name.
      Map probe_names = names;
      probe_names.set("id", Value(id));
      Task<Result<Answer>> reading =
          cloud->call(type->service, &type->refresh.read, Map(), probe_names, options);
      Result<Answer> answer = co_await std::move(reading);
      if (!answer && answer.error().code == ErrorCode::not_found) continue;
      if (!answer) co_return fail(answer.error());
      const Value whole = tree_of(*answer);
      const Value item_of_id = read_item(*type, whole, probe_names);
      auto value = from_wire(*name, item_of_id, type->service->protocol);
      if (value && same_value(*name, *wanted, *value)) co_return id;
      continue;
    }
    auto value = from_wire(*name, item, type->service->protocol);
    if (value && same_value(*name, *wanted, *value)) co_return id;
  }
  co_return std::string();
}

Task<Result<std::vector<std::string>>> find_matching(Cloud* cloud, const ResourceType* type,
                                                     Map properties) {
  std::vector<std::string> out;
  if (!type->refresh.list) co_return out;
  const ListCall& list = *type->refresh.list;
  Map names = cloud->names();
  names.set("self", Value(properties));
  const CallOptions options = read_options(type, "");
  const MapActivation activation(names);
  const Value filter = list.names_only ? list.by_name.evaluate(activation) : Value();
  Map input = filter.is_map() ? filter.as_map() : Map();
  Task<Result<List>> listing = cloud->list(type->service, &list.call, list.items, list.page,
                                           std::move(input), names, options);
  Result<List> items = co_await std::move(listing);
  if (!items) co_return fail(items.error());
  for (const auto& item : *items) {
    bool same = true;
    for (const auto& [key, wanted] : properties) {
      const Property* property = type->property(key.as_string());
      if (property == nullptr) continue;
      auto value = from_wire(*property, item, type->service->protocol);
      same = same && value && same_value(*property, wanted, *value);
    }
    std::string found = same ? listed_id(*type, list, item, names) : std::string();
    // What stands in an id's place (a subscription that is not confirmed yet) is none.
    if (same && found.starts_with(type->id_prefix)) out.push_back(std::move(found));
  }
  co_return out;
}

}  // namespace lf
