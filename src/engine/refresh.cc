// SPDX-License-Identifier: Apache-2.0
#include "engine/refresh.h"

#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "engine/bounded.h"
#include "engine/retry.h"
#include "engine/subject.h"
#include "provider/scope.h"
#include "provider/wire.h"

namespace lf {

namespace {

CallOptions read_options(const ResourceType* type, const std::string& address) {
  CallOptions options;
  options.type = type;
  options.address = address;
  options.idempotent = true;
  return options;
}

bool holds(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// `read: "@id"`: the id that the thing is known by is the value, as a bucket's name is.
bool reads_id(const Property& property) {
  return property.read.size() == 1 && property.read.front() == "@id";
}

Value tree_of(const Answer& answer) {
  if (answer.body.is_map()) {
    Map map = answer.body.as_map();
    map.set("@header", Value(answer.headers));
    return Value(std::move(map));
  }
  Map map;
  map.set("@body", answer.body);
  map.set("@header", Value(answer.headers));
  return Value(std::move(map));
}

Map record_names(Cloud* cloud, const Record& record) {
  Map names = cloud->names();
  Map self = applied_properties(record);
  names.set("self", Value(self));
  names.set("prior", Value(std::move(self)));
  names.set("observed", Value(record.observed));
  names.set("id", Value(record.id));
  return names;
}

// What the tags say about us, split off from the user's.
void split_marks(const ResourceType& type, const Record& record, const std::string& stack_mark,
                 const PackageInfo& package, Observation& out) {
  if (type.carrier != MarkCarrier::tags) return;
  const Value* tags = out.properties.find(type.mark_property);
  Map own;
  std::string stack, address;
  if (tags != nullptr && tags->is_map()) {
    for (const auto& [key, value] : tags->as_map()) {
      if (key == Value(package.mark_stack))
        stack = value.string_or();
      else if (key == Value(package.mark_address))
        address = value.string_or();
      else if (key == Value(package.mark_intent))
        continue;
      else
        own.set(key, value);
    }
  }
  out.marks_ok = stack_mark.empty() || stack == stack_mark;
  (void)record;
  (void)address;  // advisory: rewritten with the next real update
  out.properties.set(type.mark_property, Value(std::move(own)));
}

void read_states(const ResourceType& type, const Value& item, Observation& out) {
  auto text = [&](const WirePath& path) {
    return path.empty() ? "" : at_path(item, path).string_or();
  };
  out.note = text(type.wait_create.path);
  if (!type.del.gone_path.empty() && holds(type.del.gone_states, text(type.del.gone_path))) {
    out.presence = Observation::Presence::gone;
  }
  if (type.ends && holds(type.ends->states, text(type.ends->path))) {
    out.presence = Observation::Presence::ended;
    if (type.ends->interrupted) {
      MapActivation names;
      names.set("item", item);
      const Value interrupted = evaluate(*type.ends->interrupted, names);
      out.interrupted = interrupted.is_bool() && interrupted.as_bool();
    }
  }
  if (!out.note.empty() && holds(type.wait_create.failed, out.note)) out.failed = true;
}

}  // namespace

Observation observe_item(const ResourceType& type, const Record& record, const Value& item,
                         const std::string& stack_mark, const PackageInfo& package) {
  Observation out;
  out.presence = Observation::Presence::present;
  auto take = [&](std::string_view facet) {
    auto properties = read_properties(type, facet, item);
    if (!properties) return;
    for (const auto& [name, value] : *properties) out.properties.set(name, value);
  };
  take("");
  for (const auto& facet : type.facets) {
    if (!facet.read.call.valid()) take(facet.name);
  }
  for (const auto& property : type.properties) {
    if (reads_id(property)) out.properties.set(property.name, Value(record.id));
  }
  read_states(type, item, out);
  split_marks(type, record, stack_mark, package, out);
  return out;
}

namespace {

// The elements of a list answer as the property's value: objects by their fields, scalars as they
// are.
Result<Value> elements_from_wire(const Property& property, const List& items, Protocol protocol) {
  List out;
  for (const auto& item : items) {
    if (property.where) {
      MapActivation names;
      names.set("element", item);
      const Value counts = evaluate(*property.where, names);
      if (!counts.is_bool() || !counts.as_bool()) continue;
    }
    if (!property.fields.empty()) {
      Map element;
      for (const auto& field : property.fields) {
        auto value = from_wire(field, item, protocol);
        if (!value) return fail(value.error());
        if (!value->is_unset()) element.set(field.name, std::move(*value));
      }
      out.emplace_back(std::move(element));
      continue;
    }
    Property one = property;
    if (property.type.kind() == Type::Kind::list) one.type = property.type.element();
    one.key.clear();
    one.read = {"value"};
    one.where.reset();
    Map wrapped;
    wrapped.set("value", item);
    auto value = from_wire(one, Value(std::move(wrapped)), protocol);
    if (!value) return fail(value.error());
    if (!value->is_unset()) out.push_back(std::move(*value));
  }
  return Value(std::move(out));
}

// Reads one facet that has calls of its own into `out`. `carries_marks` facets are split later.
Task<Result<void>> read_facet(Cloud* cloud, const ResourceType* type, const Facet* facet,
                              Record record, Observation* out) {
  const Map names = record_names(cloud, record);
  const Service* service = type->service;
  const CallOptions options = read_options(type, record.address);
  if (!facet->read.ids.empty()) {
    Task<Result<List>> listing = cloud->list(service, &facet->read.call, facet->read.ids,
                                             service->page, Map(), names, options);
    Result<List> ids = co_await std::move(listing);
    if (!ids && ids.error().code == ErrorCode::not_found) co_return Result<void>();
    if (!ids) co_return fail(ids.error());
    List items;
    for (const auto& id : *ids) {
      Map with_key = names;
      with_key.set(facet->read.ids_as.empty() ? "key" : facet->read.ids_as, id);
      Task<Result<Answer>> reading =
          cloud->call(service, &facet->read.detail, Map(), with_key, options);
      Result<Answer> answer = co_await std::move(reading);
      if (!answer) co_return fail(answer.error());
      items.push_back(at_path(tree_of(*answer), facet->read.detail_item));
    }
    if (const Property* property = type->property(facet->each)) {
      auto value = elements_from_wire(*property, items, service->protocol);
      if (!value) co_return fail(value.error());
      out->properties.set(property->name, *value);
    }
    co_return Result<void>();
  }
  const bool elements = !facet->each.empty() && !facet->read.item.empty();
  if (elements) {
    Task<Result<List>> listing = cloud->list(service, &facet->read.call, facet->read.item,
                                             service->page, Map(), names, options);
    Result<List> items = co_await std::move(listing);
    const bool absent =
        !items && items.error().code == ErrorCode::not_found && !facet->read.call.absent_on.empty();
    if (!items && !absent) co_return fail(items.error());
    List found;
    if (items) {
      for (const auto& item : *items) {
        found.push_back(facet->read.each.empty() ? item : at_path(item, facet->read.each));
      }
    }
    if (const Property* property = type->property(facet->each)) {
      auto value = elements_from_wire(*property, found, service->protocol);
      if (!value) co_return fail(value.error());
      out->properties.set(property->name, *value);
    }
    co_return Result<void>();
  }
  Task<Result<Answer>> reading = cloud->call(service, &facet->read.call, Map(), names, options);
  Result<Answer> answer = co_await std::move(reading);
  if (!answer) {
    const bool absent = answer.error().code == ErrorCode::not_found &&
                        holds(facet->read.call.absent_on, answer.error().service_code);
    if (!absent) co_return fail(answer.error());
    co_return Result<void>();
  }
  const Value whole = tree_of(*answer);
  const Value item = facet->read.item.empty() ? whole : at_path(whole, facet->read.item);
  auto properties = read_properties(*type, facet->name, item);
  if (!properties) co_return fail(properties.error());
  for (const auto& [name, value] : *properties) out->properties.set(name, value);
  co_return Result<void>();
}

// Facets with calls of their own but for those in `skipped`, and the marks where one of them
// carries the tags.
Task<Result<void>> read_facets(Cloud* cloud, const ResourceType* type, Record record,
                               std::string stack_mark, std::vector<const Facet*> skipped,
                               Observation* out) {
  // What the item said just now counts, not what was seen last time: the version in force, say.
  for (const auto& [name, value] : out->properties) record.observed.set(name, value);
  std::vector<Task<void>> reads;
  auto results = std::make_shared<std::vector<Result<void>>>(type->facets.size());
  struct One {
    static Task<void> run(Task<Result<void>> task, std::shared_ptr<std::vector<Result<void>>> into,
                          size_t index) {
      Result<void> result = co_await std::move(task);
      (*into)[index] = std::move(result);
    }
  };
  for (size_t i = 0; i < type->facets.size(); ++i) {
    const Facet& facet = type->facets[i];
    if (!facet.read.call.valid()) continue;
    if (std::find(skipped.begin(), skipped.end(), &facet) != skipped.end()) continue;
    Task<Result<void>> task = read_facet(cloud, type, &facet, record, out);
    Task<void> one = One::run(std::move(task), results, i);
    reads.push_back(std::move(one));
  }
  if (reads.empty()) co_return Result<void>();
  Task<void> together = all(std::move(reads));
  co_await std::move(together);
  for (const auto& result : *results) {
    if (!result) co_return result;
  }
  const Property* carrier = type->property(type->mark_property);
  const Facet* facet = carrier == nullptr ? nullptr : type->facet(carrier->facet);
  if (facet != nullptr && facet->read.call.valid()) {
    split_marks(*type, record, stack_mark, cloud->package().info(), *out);
  }
  co_return Result<void>();
}

std::string own_mark(const Record& record) {
  const Value* mark = record.private_.find("stack_mark");
  return mark == nullptr ? "" : mark->string_or();
}

}  // namespace

Task<Result<Observation>> read_one(Cloud* cloud, const ResourceType* type, Record record) {
  const Map names = record_names(cloud, record);
  const CallOptions options = read_options(type, record.address);
  Value item;
  if (type->refresh.read.valid()) {
    Task<Result<Answer>> reading =
        cloud->call(type->service, &type->refresh.read, Map(), names, options);
    Result<Answer> answer = co_await std::move(reading);
    if (!answer) co_return fail(answer.error());
    const Value whole = tree_of(*answer);
    item = type->refresh.read_item.empty() ? whole : at_path(whole, type->refresh.read_item);
    // Services that answer a read of one with a list: nothing in it means not there.
    if (item.is_null() || (item.is_list() && item.as_list().empty())) {
      co_return fail(ErrorCode::not_found, "`" + record.id + "` is not there");
    }
    if (item.is_list()) item = item.as_list().front();
  } else {
    const ListCall& list = *type->refresh.list;
    Map input;
    if (!list.by_ids.empty()) input.set(list.by_ids, Value(List{Value(record.id)}));
    Page no_page = list.page;
    if (!list.by_ids.empty()) no_page.size = Value();  // ids and page sizes exclude each other
    Task<Result<List>> listing = cloud->list(type->service, &list.call, list.items, no_page,
                                             std::move(input), names, options);
    Result<List> items = co_await std::move(listing);
    if (!items) co_return fail(items.error());
    bool found = false;
    for (const auto& one : *items) {
      if (to_text(list.scalar ? one : at_path(one, list.item_id)) != record.id) continue;
      item = one;
      found = true;
    }
    if (!found) co_return fail(ErrorCode::not_found, "`" + record.id + "` is not there");
  }
  const std::string mark = own_mark(record);
  Observation out = observe_item(*type, record, item, mark, cloud->package().info());
  if (out.presence != Observation::Presence::present) co_return out;
  std::vector<const Facet*> none;
  Task<Result<void>> facets = read_facets(cloud, type, record, mark, std::move(none), &out);
  Result<void> read = co_await std::move(facets);
  if (!read) co_return fail(read.error());
  co_return out;
}

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

}  // namespace

Task<Result<std::vector<Marked>>> find_marked(Cloud* cloud, const ResourceType* type,
                                              std::string stack_mark) {
  std::vector<Marked> out;
  if (!type->refresh.list || type->carrier != MarkCarrier::tags) co_return out;
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
  const Map names = record_names(cloud, probe);
  const CallOptions options = read_options(type, "");
  Task<Result<Answer>> reading =
      cloud->call(type->service, &type->refresh.read, Map(), names, options);
  Result<Answer> answer = co_await std::move(reading);
  if (!answer && answer.error().code == ErrorCode::not_found) co_return std::optional<Marked>();
  if (!answer) co_return fail(answer.error());
  const Value whole = tree_of(*answer);
  Value item = type->refresh.read_item.empty() ? whole : at_path(whole, type->refresh.read_item);
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
  if (type->id_derive && type->refresh.read.valid()) {
    const Value id = evaluate(*type->id_derive, activation);
    if (!id.is_string()) co_return std::string();
    names.set("id", id);
    Task<Result<Answer>> reading =
        cloud->call(type->service, &type->refresh.read, Map(), names, options);
    Result<Answer> answer = co_await std::move(reading);
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
    co_return id.is_unset() ? std::string() : to_text(id);
  }
  const Value filter = list.by_name.empty() ? Value() : list.by_name.evaluate(activation);
  Map input = filter.is_map() ? filter.as_map() : Map();
  Task<Result<List>> listing = cloud->list(type->service, &list.call, list.items, list.page,
                                           std::move(input), names, options);
  Result<List> items = co_await std::move(listing);
  if (!items && items.error().code == ErrorCode::not_found) co_return std::string();
  if (!items) co_return fail(items.error());
  for (const auto& item : *items) {
    const std::string id = to_text(list.scalar ? item : at_path(item, list.item_id));
    if (type->id_derive) {
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
      const Value read_item =
          type->refresh.read_item.empty() ? whole : at_path(whole, type->refresh.read_item);
      auto value = from_wire(*name, read_item, type->service->protocol);
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
  const Map names = cloud->names();
  const CallOptions options = read_options(type, "");
  Task<Result<List>> listing =
      cloud->list(type->service, &list.call, list.items, list.page, Map(), names, options);
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
    if (same) out.push_back(to_text(list.scalar ? item : at_path(item, list.item_id)));
  }
  co_return out;
}

namespace {

// How far the reading has come, told after each group.
struct RefreshCount {
  Events* events = nullptr;
  size_t done = 0, total = 0;
  void add(size_t n) {
    done += n;
    if (events != nullptr) events->emit(StageProgress{"refresh", done, total});
  }
};

struct TypeGroup {
  Cloud* cloud = nullptr;
  const ResourceType* type = nullptr;
  std::vector<Record> records;
};

// What reading by id says of one record, with the young ones given the benefit of the doubt.
Task<Result<Observation>> confirm(EngineContext* context, Cloud* cloud, const ResourceType* type,
                                  Record record) {
  for (int64_t pause_s = 1;; pause_s = std::min<int64_t>(2 * pause_s, 8)) {
    Task<Result<Observation>> reading = read_one(cloud, type, record);
    Result<Observation> seen = co_await std::move(reading);
    if (seen) co_return seen;
    if (seen.error().code != ErrorCode::not_found) co_return seen;
    const int64_t age_s = context->world->clock.now().seconds - record.created_at.seconds;
    if (age_s < 0 || age_s >= type->visible_within.seconds) {
      Observation gone;
      gone.presence = Observation::Presence::gone;
      co_return gone;
    }
    const int64_t left_s = type->visible_within.seconds - age_s;
    Task<void> pause = sleep_ns(&context->world->clock, std::min(pause_s, left_s) * 1'000'000'000);
    co_await std::move(pause);
  }
}

// One thing to read: by id, or only the facets of what a list has shown.
struct Reading {
  const Record* record;
  Observation* out;
  bool whole;
};
using Readings = std::vector<Reading>;

bool can_skip(const ResourceType& type, const Facet& facet, const Record& record,
              const FacetWanted& wanted) {
  if (record.status != RecordStatus::ready || facet.properties.empty()) return false;
  const Value* applied = record.applied.find(facet.name);
  for (const auto& name : facet.properties) {
    const Property* property = type.property(name);
    if (property == nullptr || property->computed || property->absent != Absent::server ||
        name == type.mark_property) {
      return false;
    }
    if (applied != nullptr && applied->is_map() && applied->as_map().find(name) != nullptr) {
      return false;
    }
  }
  return !wanted(record, facet);
}

std::vector<const Facet*> skipped_facets(const ResourceType& type, const Record& record,
                                         const FacetWanted& wanted, Observation& seen) {
  std::vector<const Facet*> out;
  for (const auto& facet : type.facets) {
    if (!facet.read.call.valid() || !can_skip(type, facet, record, wanted)) continue;
    out.push_back(&facet);
    for (const auto& name : facet.properties) {
      if (const Value* last = record.observed.find(name)) seen.properties.set(name, *last);
    }
  }
  return out;
}

Task<void> read_one_of(EngineContext* context, TypeGroup* group, Reading reading,
                       const FacetWanted* wanted, std::shared_ptr<Error> failed) {
  if (!failed->message.empty()) co_return;
  if (reading.whole) {
    Task<Result<Observation>> confirming =
        confirm(context, group->cloud, group->type, *reading.record);
    Result<Observation> seen = co_await std::move(confirming);
    if (seen)
      *reading.out = std::move(*seen);
    else if (failed->message.empty())
      *failed = seen.error();
    co_return;
  }
  std::vector<const Facet*> skipped =
      skipped_facets(*group->type, *reading.record, *wanted, *reading.out);
  Task<Result<void>> facets =
      read_facets(group->cloud, group->type, *reading.record, own_mark(*reading.record),
                  std::move(skipped), reading.out);
  Result<void> done = co_await std::move(facets);
  if (!done && failed->message.empty()) *failed = done.error();
}

// The list of a type whose items are whole: what it shows goes to `out`, and what it lacks or does
// not show of a resource to `readings`.
Task<Result<void>> read_list(TypeGroup* group, Observations* out, Readings* readings) {
  const ResourceType* type = group->type;
  const ListCall& list = *type->refresh.list;
  const Map names = group->cloud->names();
  const CallOptions options = read_options(type, "");
  Map input;
  Page page = list.page;
  const bool few =
      !list.by_ids.empty() && group->records.size() <= static_cast<size_t>(list.ids_max);
  if (few) {
    // Restricted to our ids; but an id that is gone makes some services fail the whole call, so
    // then the list goes without.
    List ids;
    for (const auto& record : group->records) ids.emplace_back(record.id);
    input.set(list.by_ids, Value(std::move(ids)));
    page.size = Value();
  }
  Task<Result<List>> listing = group->cloud->list(type->service, &list.call, list.items, page,
                                                  std::move(input), names, options);
  Result<List> items = co_await std::move(listing);
  if (!items && few && items.error().code == ErrorCode::not_found) items = List();
  if (!items) co_return fail(items.error());
  std::map<std::string, const Value*> found;
  for (const auto& item : *items) {
    found[to_text(list.scalar ? item : at_path(item, list.item_id))] = &item;
  }
  for (const auto& record : group->records) {
    Observation* seen = &(*out)[{record.address, record.generation}];
    const auto one = found.find(record.id);
    if (one == found.end()) {
      readings->push_back({&record, seen, true});
      continue;
    }
    *seen =
        observe_item(*type, record, *one->second, own_mark(record), group->cloud->package().info());
    if (seen->presence == Observation::Presence::present) {
      readings->push_back({&record, seen, false});
    }
  }
  co_return Result<void>();
}

Task<void> refresh_group(EngineContext* context, TypeGroup* group, Observations* out,
                         const FacetWanted* wanted, std::shared_ptr<Error> failed,
                         RefreshCount* count) {
  const ResourceType* type = group->type;
  Readings readings;
  const bool whole_list = type->refresh.list && !type->refresh.list->partial;
  // One list pays when it answers for several, or when there is no other way.
  if (whole_list && (group->records.size() > 1 || !type->refresh.read.valid())) {
    Task<Result<void>> listing = read_list(group, out, &readings);
    Result<void> listed = co_await std::move(listing);
    if (!listed) {
      if (failed->message.empty()) *failed = listed.error();
      count->add(group->records.size());
      co_return;
    }
  } else {
    for (const auto& record : group->records) {
      readings.push_back({&record, &(*out)[{record.address, record.generation}], true});
    }
  }
  Job job = [&](size_t i) { return read_one_of(context, group, readings[i], wanted, failed); };
  Task<void> together = all_bounded(readings.size(), std::move(job));
  co_await std::move(together);
  count->add(group->records.size());
}

}  // namespace

Task<Result<Observations>> refresh(EngineContext* context, CloudOf clouds, Packages* packages,
                                   std::vector<Record> records, FacetWanted wanted) {
  Observations out;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<TypeGroup>> groups;
  for (auto& record : records) {
    if (record.id.empty()) continue;
    Cloud* cloud = clouds(record.provider);
    const ResourceType* type = packages->resource(record.type);
    if (type == nullptr) {
      co_return fail(ErrorCode::invalid,
                     "state has a `" + record.type + "`, which this llmforge does not know");
    }
    if (cloud == nullptr) {
      co_return fail(ErrorCode::refused, "`" + record.address + "` is in " + record.provider.kind +
                                             " " + record.provider.region +
                                             ", which the spec no longer names");
    }
    const auto key =
        std::make_pair(record.provider.name + "/" + record.provider.region, record.type);
    auto& group = groups[key];
    if (group == nullptr) {
      group = std::make_unique<TypeGroup>();
      group->cloud = cloud;
      group->type = type;
    }
    // Map nodes must not move while reads write into them.
    out[{record.address, record.generation}] = Observation();
    group->records.push_back(std::move(record));
  }
  auto failed = std::make_shared<Error>();
  std::vector<Task<void>> tasks;
  RefreshCount count;
  count.events = context->events;
  for (const auto& [key, group] : groups) count.total += group->records.size();
  if (count.total > 0) count.add(0);
  for (auto& [key, group] : groups) {
    Task<void> one = refresh_group(context, group.get(), &out, &wanted, failed, &count);
    tasks.push_back(std::move(one));
  }
  Task<void> together = all(std::move(tasks));
  co_await std::move(together);
  if (!failed->message.empty()) co_return fail(*failed);
  co_return out;
}

}  // namespace lf
