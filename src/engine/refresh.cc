// SPDX-License-Identifier: Apache-2.0
#include "engine/refresh.h"

#include <algorithm>

#include "base/strings.h"
#include "engine/bounded.h"
#include "engine/observe.h"
#include "engine/read_facets.h"
#include "engine/retry.h"
#include "engine/subject.h"

namespace lf {

Task<Result<Observation>> read_one(Cloud* cloud, const ResourceType* type, Record record) {
  const Map names = record_names(cloud, *type, record);
  const CallOptions options = read_options(type, record.address);
  Value item;
  if (type->refresh.read.valid()) {
    Task<Result<Answer>> reading =
        cloud->call(type->service, &type->refresh.read, Map(), names, options);
    Result<Answer> answer = co_await std::move(reading);
    if (!answer) co_return fail(answer.error());
    const Value whole = tree_of(*answer);
    item = read_item(*type, whole, names);
    // Services that answer a read of one with a list: nothing in it means not there.
    if (item.is_null()) {
      co_return fail(ErrorCode::not_found, "`" + record.id + "` is not there");
    }
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
  Task<Result<void>> facets =
      read_facets(cloud, type, record, mark, std::move(none), nullptr, &out);
  Result<void> read = co_await std::move(facets);
  if (!read) co_return fail(read.error());
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
  std::vector<const Facet*> skipped = {};  // not `whole`: facets that are not read
};
using Readings = std::vector<Reading>;

bool can_skip(const ResourceType& type, const Facet& facet, const Record& record,
              const FacetWanted& wanted) {
  if (record.status != RecordStatus::ready || facet.properties.empty()) return false;
  const Value* applied = record.applied.find(facet.name);
  for (const auto& name : facet.properties) {
    const Property* property = type.property(name);
    if (property == nullptr || property->computed ||
        (property->absent != Absent::server && property->absent != Absent::unmanaged) ||
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
                       const ShownElements* shown, std::shared_ptr<Error> failed) {
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
  Task<Result<void>> facets =
      read_facets(group->cloud, group->type, *reading.record, own_mark(*reading.record),
                  std::move(reading.skipped), shown, reading.out);
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

// Facets that one call reads for many of the things that a list has shown.
Task<Result<ShownElements>> read_shared(TypeGroup* group, const Readings* readings) {
  ShownElements out;
  for (const Facet& facet : group->type->facets) {
    const Facet* source = read_source(*group->type, facet);
    if (source->read.owner.empty() || out.contains(source)) continue;
    std::vector<std::string> ids;
    for (const Reading& reading : *readings) {
      const auto shows = [&](const Facet& one) {
        return read_source(*group->type, one) == source &&
               std::find(reading.skipped.begin(), reading.skipped.end(), &one) ==
                   reading.skipped.end();
      };
      const auto& facets = group->type->facets;
      if (!reading.whole && std::any_of(facets.begin(), facets.end(), shows)) {
        ids.push_back(reading.record->id);
      }
    }
    if (ids.size() < 2) continue;  // nothing to share
    Task<Result<ElementsById>> reading =
        read_elements(group->cloud, group->type, source, std::move(ids));
    Result<ElementsById> elements = co_await std::move(reading);
    if (!elements) co_return fail(elements.error());
    out.emplace(source, std::move(*elements));
  }
  co_return out;
}

Task<void> refresh_group(EngineContext* context, TypeGroup* group, Observations* out,
                         const FacetWanted* wanted, std::shared_ptr<Error> failed,
                         RefreshCount* count) {
  const ResourceType* type = group->type;
  Readings readings;
  const bool whole_list =
      type->refresh.list && !type->refresh.list->partial && !type->refresh.list->names_only;
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
  for (Reading& reading : readings) {
    if (!reading.whole)
      reading.skipped = skipped_facets(*type, *reading.record, *wanted, *reading.out);
  }
  Task<Result<ShownElements>> sharing = read_shared(group, &readings);
  Result<ShownElements> shown = co_await std::move(sharing);
  if (!shown) {
    if (failed->message.empty()) *failed = shown.error();
    count->add(group->records.size());
    co_return;
  }
  const ShownElements* seen = &*shown;
  Job job = [&](size_t i) { return read_one_of(context, group, readings[i], seen, failed); };
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
                                             " " + record.provider.region + ", by provider `" +
                                             record.provider.name +
                                             "`, which the spec no longer names");
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
