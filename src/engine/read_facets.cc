// SPDX-License-Identifier: Apache-2.0
#include "engine/read_facets.h"

#include <algorithm>
#include <memory>

#include "base/strings.h"
#include "engine/bounded.h"
#include "engine/observe.h"
#include "provider/scope.h"
#include "provider/wire.h"

namespace lf {

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

// A call and the facets that its answer shows.
struct Reads {
  const Facet* source;
  std::vector<const Facet*> shown;
};

bool absent(const Call& call, const Error& error) {
  return error.code == ErrorCode::not_found &&
         std::find(call.absent_on.begin(), call.absent_on.end(), error.service_code) !=
             call.absent_on.end();
}

Result<void> put_elements(const ResourceType& type, const Reads& reads, const List& items,
                          Observation& out) {
  for (const Facet* facet : reads.shown) {
    const Property* property = type.property(facet->each);
    if (property == nullptr) continue;
    auto value = elements_from_wire(*property, items, type.service->protocol);
    if (!value) return fail(value.error());
    out.properties.set(property->name, *value);
  }
  return {};
}

Page page_of(const ResourceType& type, const FacetRead& read) {
  return read.one_page ? Page() : type.service->page;
}

// Elements whose names one call lists and whose content takes a call each.
Task<Result<void>> read_by_name(Cloud* cloud, const ResourceType* type, Reads reads, Map names,
                                CallOptions options, Observation* out) {
  const FacetRead& read = reads.source->read;
  Task<Result<List>> listing =
      cloud->list(type->service, &read.call, read.ids, page_of(*type, read), Map(), names, options);
  Result<List> ids = co_await std::move(listing);
  if (!ids && ids.error().code == ErrorCode::not_found) co_return Result<void>();
  if (!ids) co_return fail(ids.error());
  List items;
  for (const auto& id : *ids) {
    Map with_key = names;
    with_key.set(read.ids_as.empty() ? "key" : read.ids_as, id);
    Task<Result<Answer>> reading =
        cloud->call(type->service, &read.detail, Map(), with_key, options);
    Result<Answer> answer = co_await std::move(reading);
    if (!answer) co_return fail(answer.error());
    const Value detail = at_path(tree_of(*answer), read.detail_item);
    // A name that is a map is a part of the element that the detail does not repeat.
    items.push_back(id.is_map() ? merge_wire(id, detail) : detail);
  }
  co_return put_elements(*type, reads, items, *out);
}

Task<Result<void>> read_list(Cloud* cloud, const ResourceType* type, Reads reads, Map names,
                             CallOptions options, Observation* out) {
  const FacetRead& read = reads.source->read;
  Task<Result<List>> listing = cloud->list(type->service, &read.call, read.item,
                                           page_of(*type, read), Map(), names, options);
  Result<List> items = co_await std::move(listing);
  const bool none =
      !items && items.error().code == ErrorCode::not_found && !read.call.absent_on.empty();
  if (!items && !none) co_return fail(items.error());
  List found;
  if (items) {
    for (const auto& item : *items) {
      found.push_back(read.each.empty() ? item : at_path(item, read.each));
    }
  }
  co_return put_elements(*type, reads, found, *out);
}

Task<Result<void>> read_item(Cloud* cloud, const ResourceType* type, Reads reads, Map names,
                             CallOptions options, Observation* out) {
  const FacetRead& read = reads.source->read;
  Task<Result<Answer>> reading = cloud->call(type->service, &read.call, Map(), names, options);
  Result<Answer> answer = co_await std::move(reading);
  if (!answer && absent(read.call, answer.error())) co_return Result<void>();
  if (!answer) co_return fail(answer.error());
  const Value whole = tree_of(*answer);
  const Value item = read.item.empty() ? whole : at_path(whole, read.item);
  for (const Facet* facet : reads.shown) {
    auto properties = read_properties(*type, facet->name, item);
    if (!properties) co_return fail(properties.error());
    for (const auto& [name, value] : *properties) out->properties.set(name, value);
  }
  co_return Result<void>();
}

Task<Result<void>> read(Cloud* cloud, const ResourceType* type, Reads reads, Record record,
                        Observation* out) {
  Map names = record_names(cloud, *type, record);
  names.set("ids", Value(List{Value(record.id)}));
  const CallOptions options = read_options(type, record.address);
  const FacetRead& read = reads.source->read;
  if (!read.ids.empty()) {
    return read_by_name(cloud, type, std::move(reads), std::move(names), options, out);
  }
  if (!reads.source->each.empty() && !read.item.empty()) {
    return read_list(cloud, type, std::move(reads), std::move(names), options, out);
  }
  return read_item(cloud, type, std::move(reads), std::move(names), options, out);
}

// The facets to read, by the call that shows them.
std::vector<Reads> calls_for(const ResourceType& type, const std::vector<const Facet*>& skipped) {
  std::vector<Reads> out;
  for (const Facet& facet : type.facets) {
    if (!facet.read.call.valid()) continue;
    if (std::find(skipped.begin(), skipped.end(), &facet) != skipped.end()) continue;
    const Facet* source = read_source(type, facet);
    const auto same = [&](const Reads& one) { return one.source == source; };
    const auto known = std::find_if(out.begin(), out.end(), same);
    if (known == out.end())
      out.push_back({source, {&facet}});
    else
      known->shown.push_back(&facet);
  }
  return out;
}

const List* shown_elements(const ShownElements* shown, const Facet* source, const std::string& id) {
  if (shown == nullptr) return nullptr;
  const auto of_facet = shown->find(source);
  if (of_facet == shown->end()) return nullptr;
  const auto of_id = of_facet->second.find(id);
  return of_id == of_facet->second.end() ? nullptr : &of_id->second;
}

Task<void> into(Task<Result<void>> task, std::shared_ptr<std::vector<Result<void>>> results,
                size_t index) {
  Result<void> result = co_await std::move(task);
  (*results)[index] = std::move(result);
}

// One call for the ids from `begin` on: what it shows goes to the things that own it.
Task<void> read_some(Cloud* cloud, const ResourceType* type, const Facet* source,
                     const std::vector<std::string>* ids, size_t begin, ElementsById* out,
                     std::shared_ptr<Error> failed) {
  if (!failed->message.empty()) co_return;
  const FacetRead& read = source->read;
  const size_t end = std::min(ids->size(), begin + static_cast<size_t>(read.ids_max));
  List some;
  for (size_t i = begin; i < end; ++i) some.emplace_back((*ids)[i]);
  Map names = cloud->names();
  names.set("ids", Value(std::move(some)));
  const CallOptions options = read_options(type, "");
  Task<Result<List>> listing = cloud->list(type->service, &read.call, read.item,
                                           page_of(*type, read), Map(), names, options);
  Result<List> items = co_await std::move(listing);
  if (!items && absent(read.call, items.error())) co_return;
  if (!items && failed->message.empty()) *failed = items.error();
  if (!items) co_return;
  for (const auto& item : *items) {
    const Value owner = at_path(item, read.owner);
    const Value element = read.each.empty() ? item : at_path(item, read.each);
    for (const auto& one : owner.is_list() ? owner.as_list() : List{owner}) {
      const auto found = out->find(to_text(one));
      if (found != out->end()) found->second.push_back(element);
    }
  }
}

}  // namespace

const Facet* read_source(const ResourceType& type, const Facet& facet) {
  return facet.read.with.empty() ? &facet : type.facet(facet.read.with);
}

Task<Result<ElementsById>> read_elements(Cloud* cloud, const ResourceType* type,
                                         const Facet* source, std::vector<std::string> ids) {
  ElementsById out;
  for (const auto& id : ids) out[id];
  const auto some = static_cast<size_t>(source->read.ids_max);
  auto failed = std::make_shared<Error>();
  Job job = [&](size_t i) { return read_some(cloud, type, source, &ids, i * some, &out, failed); };
  Task<void> together = all_bounded((ids.size() + some - 1) / some, std::move(job));
  co_await std::move(together);
  if (!failed->message.empty()) co_return fail(*failed);
  co_return out;
}

Task<Result<void>> read_facet(Cloud* cloud, const ResourceType* type, const Facet* facet,
                              Record record, Observation* out) {
  return read(cloud, type, {read_source(*type, *facet), {facet}}, std::move(record), out);
}

Task<Result<void>> read_facets(Cloud* cloud, const ResourceType* type, Record record,
                               std::string stack_mark, std::vector<const Facet*> skipped,
                               const ShownElements* shown, Observation* out) {
  // What the item said just now counts, not what was seen last time: the version in force, say.
  for (const auto& [name, value] : out->properties) record.observed.set(name, value);
  const std::vector<Reads> calls = calls_for(*type, skipped);
  auto results = std::make_shared<std::vector<Result<void>>>(calls.size());
  std::vector<Task<void>> tasks;
  for (size_t i = 0; i < calls.size(); ++i) {
    if (const List* elements = shown_elements(shown, calls[i].source, record.id)) {
      (*results)[i] = put_elements(*type, calls[i], *elements, *out);
      continue;
    }
    Task<Result<void>> task = read(cloud, type, calls[i], record, out);
    Task<void> one = into(std::move(task), results, i);
    tasks.push_back(std::move(one));
  }
  if (calls.empty()) co_return Result<void>();
  Task<void> together = all(std::move(tasks));
  co_await std::move(together);
  for (const auto& result : *results) {
    if (!result) co_return result;
  }
  const Property* carrier = type->property(type->mark_property);
  const Facet* facet = carrier == nullptr ? nullptr : type->facet(carrier->facet);
  if (facet != nullptr && facet->read.call.valid()) {
    split_marks(*type, stack_mark, cloud->package().info(), *out);
  }
  co_return Result<void>();
}

}  // namespace lf
