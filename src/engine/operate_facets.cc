// SPDX-License-Identifier: Apache-2.0
// Facets: groups of properties with calls of their own, whole or element by element.
#include <algorithm>

#include "base/digest.h"
#include "base/strings.h"
#include "engine/operate.h"
#include "provider/request.h"
#include "provider/wire.h"

namespace lf {

namespace {

// One element of an element facet: what is wanted against what is there.
struct Element {
  std::string key;
  Value wanted, there;  // null: not
};

std::string key_of(const Property& property, const Value& element) {
  if (!element.is_map()) return to_text(element);
  std::string key;
  const std::vector<std::string> fallback{"key"};
  for (const auto& field : property.key.empty() ? fallback : property.key) {
    if (!key.empty()) key += ",";
    const Value& part = element[field];
    if (!part.is_unset()) key += to_text(part);
  }
  return key;
}

// A list as it is; a map as elements {key, value}.
List elements_of(const Value& value) {
  List out;
  if (value.is_list()) return value.as_list();
  if (value.is_map()) {
    for (const auto& [key, item] : value.as_map()) {
      Map element;
      element.set("key", key);
      element.set("value", item);
      out.emplace_back(std::move(element));
    }
  }
  return out;
}

std::vector<Element> pair_up(const Property& property, const Value& wanted, const Value& there) {
  std::vector<Element> out;
  std::map<std::string, size_t> index;
  for (const auto& element : elements_of(wanted)) {
    std::string key = key_of(property, element);
    index.emplace(key, out.size());
    out.push_back({std::move(key), element, Value()});
  }
  for (const auto& element : elements_of(there)) {
    std::string key = key_of(property, element);
    const auto found = index.find(key);
    if (found != index.end())
      out[found->second].there = element;
    else
      out.push_back({std::move(key), Value(), element});
  }
  return out;
}

// What the cloud knows of the element (its id) goes into the wanted one.
Value with_computed(const Property& property, const Value& wanted, const Value& there) {
  if (!wanted.is_map() || property.fields.empty()) return wanted;
  Map out = wanted.as_map();
  for (const auto& field : property.fields) {
    if (field.computed && !there[field.name].is_unset()) out.set(field.name, there[field.name]);
  }
  return Value(std::move(out));
}

bool same_element(const Property& property, const Element& element) {
  if (element.wanted.is_map() && property.type.kind() == Type::Kind::map) {
    return element.wanted["value"] == element.there["value"];
  }
  Property one = property;
  one.key.clear();
  if (property.type.kind() == Type::Kind::list) one.type = property.type.element();
  return same_value(one, element.wanted, element.there);
}

// Whether what was just read is what is wanted: then an interrupted run had done it already.
bool settled(const Subject& subject, const Facet& facet) {
  if (subject.observed.presence != Observation::Presence::present) return false;
  bool any = false;
  for (const auto& property : subject.type->properties) {
    if (property.facet != facet.name || property.computed || property.local) continue;
    const Value* wanted = subject.desired.find(property.name);
    const Value* there = subject.observed.properties.find(property.name);
    const bool unwanted = wanted == nullptr || wanted->is_unset();
    if (unwanted && property.absent == Absent::server) continue;
    const Value* applied = subject.record.applied.find(facet.name);
    const bool set_once =
        applied != nullptr && applied->is_map() && applied->as_map().find(property.name) != nullptr;
    if (unwanted && property.absent == Absent::unmanaged && !set_once) continue;
    if (property.write_only || property.read.empty() ||
        (wanted != nullptr && contains_secret(*wanted)))
      return false;
    if (!same_value(property, unwanted ? Value() : *wanted, there == nullptr ? Value() : *there))
      return false;
    any = true;
  }
  const bool marks = subject.type->carrier == MarkCarrier::tags &&
                     subject.type->property(subject.type->mark_property) != nullptr &&
                     subject.type->property(subject.type->mark_property)->facet == facet.name;
  return any && (!marks || subject.observed.marks_ok != subject.unmarked);
}

}  // namespace

// One verb of a facet. `done_after`: the facet is as desired when it is through.
Task<Result<void>> Operator::facet_step(Subject* subject, const Facet* facet, const Verb* verb,
                                        std::string step, Map input, Map names, bool done_after) {
  Record& record = subject->record;
  auto& dirty = record.dirty_facets;
  if (std::find(dirty.begin(), dirty.end(), facet->name) == dirty.end()) {
    dirty.push_back(facet->name);
    if (record.status == RecordStatus::ready) record.status = RecordStatus::dirty;
  }
  if (verb->size() > 1 || verb->front().when || verb->front().for_each) {
    Task<Result<void>> stepping =
        run_steps(subject, verb, 0, step, std::move(input), std::move(names));
    Result<void> stepped = co_await std::move(stepping);
    if (!stepped) co_return stepped;
    if (done_after) {
      record.applied.set(facet->name,
                         Value(facet_properties(*subject->type, facet->name, subject->desired)));
      std::erase(dirty, facet->name);
    }
    Task<Result<void>> putting = put(subject);
    Result<void> durable = co_await std::move(putting);
    co_return durable;
  }
  const Call& call = verb->front().call;
  Frame with_intent;
  with_intent.emplace_back(RecordPut{record});
  Map all_names = names_of(*subject);
  for (const auto& [name, value] : names) all_names.set(name, value);
  Task<Result<Answer>> sending = mutate(subject, &call, step, std::move(input), all_names,
                                        call.idempotent, std::move(with_intent));
  Result<Answer> answer = co_await std::move(sending);
  const Value* seq = record.private_.find("seq");
  if (seq == nullptr) co_return fail(answer.error());
  const auto number = static_cast<uint64_t>(seq->as_int());
  record.private_.erase("seq");
  if (done_after) {
    record.applied.set(facet->name,
                       Value(facet_properties(*subject->type, facet->name, subject->desired)));
    std::erase(dirty, facet->name);
    for (const auto& [name, value] : subject->desired) {
      const Property* property = subject->type->property(name.as_string());
      if (property != nullptr && property->facet == facet->name && contains_secret(value)) {
        record.secret_digests[property->name] = digest_(value);
      }
    }
  }
  Frame with_record;
  with_record.emplace_back(RecordPut{record});
  Task<Result<void>> closing = close(number, &answer, subject, std::move(with_record));
  Result<void> closed = co_await std::move(closing);
  co_return closed;
}

Task<Result<void>> Operator::apply_facet(Subject* subject, const Facet* facet, bool fresh) {
  if (!facet->each.empty()) {
    Task<Result<void>> elements = apply_elements(subject, facet, fresh);
    Result<void> applied = co_await std::move(elements);
    co_return applied;
  }
  if (!fresh && settled(*subject, *facet)) {
    subject->record.applied.set(
        facet->name, Value(facet_properties(*subject->type, facet->name, subject->desired)));
    std::erase(subject->record.dirty_facets, facet->name);
    co_return Result<void>();
  }
  bool wanted = false;
  for (const auto& property : subject->type->properties) {
    if (property.facet != facet->name || property.computed) continue;
    const Value* value = subject->desired.find(property.name);
    wanted = wanted || (value != nullptr && !value->is_unset());
    wanted = wanted || (property.name == subject->type->mark_property &&
                        subject->type->carrier == MarkCarrier::tags && !subject->unmarked);
  }
  const std::string step = "facet:" + facet->name;
  const Map no_names;
  if (!wanted && !facet->reset.empty()) {
    Task<Result<void>> resetting =
        facet_step(subject, facet, &facet->reset, step, Map(), no_names, true);
    Result<void> reset = co_await std::move(resetting);
    co_return reset;
  }
  if (facet->apply.empty()) co_return Result<void>();
  Map input;
  put_facet(*subject, facet->name, !fresh, input);
  Task<Result<void>> applying =
      facet_step(subject, facet, &facet->apply, step, std::move(input), no_names, true);
  Result<void> applied = co_await std::move(applying);
  co_return applied;
}

Task<Result<void>> Operator::apply_elements(Subject* subject, const Facet* facet, bool fresh) {
  const Property* property = subject->type->property(facet->each);
  LF_ASSERT(property != nullptr);
  if (fresh ? facet->preexisting : subject->observed.presence != Observation::Presence::present) {
    Task<Result<Observation>> reading = read_one(subject->cloud, subject->type, subject->record);
    Result<Observation> seen = co_await std::move(reading);
    if (seen)
      subject->observed = std::move(*seen);
    else if (seen.error().code != ErrorCode::not_found || !fresh)
      co_return fail(seen.error());
  }
  const bool marks =
      property->name == subject->type->mark_property && subject->type->carrier == MarkCarrier::tags;
  const Value* desired = subject->desired.find(property->name);
  const Value wanted = marks                ? Value(tags_with_marks(*subject))
                       : desired != nullptr ? *desired
                                            : Value();
  // An expression that gives null says nothing: what the service made by itself stays.
  if (wanted.is_unset() && property->absent == Absent::server) {
    subject->record.applied.set(
        facet->name, Value(facet_properties(*subject->type, facet->name, subject->desired)));
    std::erase(subject->record.dirty_facets, facet->name);
    co_return Result<void>();
  }
  Value there;
  if (!fresh || facet->preexisting) {
    if (const Value* seen = subject->seen().find(property->name)) there = *seen;
    if (marks && subject->observed.marks_ok && there.is_map()) {
      Map with_marks = there.as_map();
      for (const auto& [key, value] : mark_tags(*subject)) with_marks.set(key, value);
      there = Value(std::move(with_marks));
    }
  }
  List adds, removes;
  std::vector<std::pair<Value, Value>> changes;
  for (const auto& element : pair_up(*property, wanted, there)) {
    if (element.there.is_null()) {
      adds.push_back(element.wanted);
    } else if (element.wanted.is_null()) {
      // Without a way to remove them, others' elements stay.
      if (!facet->remove.empty()) removes.push_back(element.there);
    } else if (!same_element(*property, element)) {
      if (facet->change.empty()) {
        removes.push_back(element.there);
        adds.push_back(element.wanted);
      } else {
        changes.emplace_back(with_computed(*property, element.wanted, element.there),
                             element.there);
      }
    }
  }

  struct Group {
    const Verb* verb;
    const char* word;
    List elements, priors;
  };
  std::vector<Group> groups;
  Group add{&facet->add, "add", std::move(adds), {}};
  Group remove{&facet->remove, "remove", std::move(removes), {}};
  Group change{&facet->change, "change", {}, {}};
  for (auto& [now_wanted, before] : changes) {
    change.elements.push_back(std::move(now_wanted));
    change.priors.push_back(std::move(before));
  }
  if (facet->remove_first || facet->change.empty())
    groups = {std::move(remove), std::move(change), std::move(add)};
  else
    groups = {std::move(change), std::move(add), std::move(remove)};

  size_t left = 0;
  for (const auto& group : groups) left += group.elements.size();
  if (left == 0) {
    subject->record.applied.set(
        facet->name, Value(facet_properties(*subject->type, facet->name, subject->desired)));
    std::erase(subject->record.dirty_facets, facet->name);
    co_return Result<void>();
  }
  for (const auto& group : groups) {
    const size_t size = facet->batch > 0 ? static_cast<size_t>(facet->batch) : 1;
    for (size_t at = 0; at < group.elements.size(); at += size) {
      const size_t end = std::min(group.elements.size(), at + size);
      const List batch(group.elements.begin() + static_cast<std::ptrdiff_t>(at),
                       group.elements.begin() + static_cast<std::ptrdiff_t>(end));
      left -= batch.size();
      Map names;
      names.set(kElementProperty, Value(property->name));
      names.set("elements", Value(batch));
      names.set("element", batch.front());
      if (at < group.priors.size()) names.set("prior_element", group.priors[at]);
      Map input;
      if (std::string_view(group.word) != "remove")
        put_elements(*property, batch, facet->batch > 0, input);
      const std::string step =
          "element:" + facet->name + "/" + group.word + ":" + key_of(*property, batch.front());
      Task<Result<void>> stepping = facet_step(subject, facet, group.verb, step, std::move(input),
                                               std::move(names), left == 0);
      Result<void> stepped = co_await std::move(stepping);
      if (!stepped) co_return stepped;
    }
  }
  co_return Result<void>();
}

Task<Result<Subject>> Operator::update(Subject subject, std::vector<std::string> facets) {
  const ResourceType& type = *subject.type;
  const bool unsure =
      !subject.record.dirty_facets.empty() || subject.record.status != RecordStatus::ready;
  if (unsure) {
    Task<Result<Observation>> looking = read_one(subject.cloud, subject.type, subject.record);
    Result<Observation> there = co_await std::move(looking);
    if (!there) co_return fail(there.error());
    subject.observed = std::move(*there);
  }
  for (const auto& name : facets) {
    if (!name.empty()) {
      const Facet* facet = type.facet(name);
      LF_ASSERT(facet != nullptr);
      Task<Result<void>> applying = apply_facet(&subject, facet, false);
      Result<void> applied = co_await std::move(applying);
      if (!applied) co_return fail(applied.error());
      continue;
    }
    Map input;
    if (!type.update.empty()) {
      put_facet(subject, "", true, input);
      const Map no_names;
      Task<Result<void>> stepping =
          run_steps(&subject, &type.update, 0, "update", std::move(input), no_names);
      Result<void> stepped = co_await std::move(stepping);
      if (!stepped) co_return fail(stepped.error());
    }
    subject.record.applied.set("", Value(facet_properties(type, "", subject.desired)));
    Task<Result<void>> putting = put(&subject);
    Result<void> durable = co_await std::move(putting);
    if (!durable) co_return fail(durable.error());
  }
  if (type.wait_update.declared) {
    const int64_t limit = subject.timeout_update_ms > 0 ? subject.timeout_update_ms
                                                        : type.wait_update.limit.seconds * 1000;
    Task<Result<Subject>> waiting = wait_until(std::move(subject), &type.wait_update, limit, false);
    Result<Subject> waited = co_await std::move(waiting);
    if (!waited) co_return waited;
    subject = std::move(*waited);
  }
  Task<Result<Observation>> reading = read_one(subject.cloud, subject.type, subject.record);
  Result<Observation> seen = co_await std::move(reading);
  if (!seen) co_return fail(seen.error());
  subject.observed = std::move(*seen);
  Record& record = subject.record;
  record.observed = subject.observed.properties;
  for (const auto& property : type.properties) {
    const Value* value =
        property.computed ? subject.observed.properties.find(property.name) : nullptr;
    if (value != nullptr) record.computed.set(property.name, *value);
  }
  if (record.dirty_facets.empty() &&
      (record.status == RecordStatus::dirty || record.status == RecordStatus::creating)) {
    record.status = RecordStatus::ready;
  }
  Task<Result<void>> putting = put(&subject);
  Result<void> durable = co_await std::move(putting);
  if (!durable) co_return fail(durable.error());
  co_return subject;
}

Task<Result<Subject>> Operator::empty(Subject subject) {
  for (const Facet& facet : subject.type->facets) {
    if (!facet.late || facet.each.empty()) continue;
    subject.desired.erase(facet.each);
    Task<Result<void>> applying = apply_elements(&subject, &facet, false);
    Result<void> applied = co_await std::move(applying);
    if (!applied) {
      if (applied.error().code == ErrorCode::not_found) co_return subject;
      co_return fail(applied.error());
    }
  }
  co_return subject;
}

bool taken_on_trust(const Property& property) {
  if (property.computed || property.secret) return false;
  return property.local || (property.read.empty() && property.immutable);
}

void take_in(Subject* subject, const Observation& seen) {
  Record& record = subject->record;
  record.type = subject->type->name;
  record.schema_version = static_cast<uint32_t>(subject->type->schema_version);
  record.provider = subject->cloud->instance();
  subject->observed = seen;
  record.observed = seen.properties;
  for (const auto& property : subject->type->properties) {
    const Value* value = seen.properties.find(property.name);
    if (property.computed) {
      if (value != nullptr) record.computed.set(property.name, *value);
      continue;
    }
    const Value* wanted = subject->desired.find(property.name);
    if (wanted == nullptr) continue;
    if (taken_on_trust(property)) value = wanted;
    if (value == nullptr || contains_secret(*value)) continue;
    // What is there counts as applied where the spec wants the same.
    const Value* have = record.applied.find(property.facet);
    Map facet = have != nullptr && have->is_map() ? have->as_map() : Map();
    facet.set(property.name, *value);
    record.applied.set(property.facet, Value(std::move(facet)));
  }
  record.status = RecordStatus::ready;
}

Task<Result<Subject>> Operator::use(Subject subject, std::string id) {
  Record& record = subject.record;
  record.id = std::move(id);
  record.created_at = now();
  record.nonce.clear();
  record.type = subject.type->name;
  record.provider = subject.cloud->instance();
  record.private_.set(kUsedWord, Value(true));
  Task<Result<Observation>> reading = read_one(subject.cloud, subject.type, record);
  Result<Observation> seen = co_await std::move(reading);
  if (!seen) co_return fail(seen.error());
  if (seen->presence != Observation::Presence::present) {
    co_return fail(ErrorCode::not_found, "`" + record.id + "` does not exist any more");
  }
  take_in(&subject, *seen);
  Task<Result<void>> putting = put(&subject);
  Result<void> durable = co_await std::move(putting);
  if (!durable) co_return fail(durable.error());
  co_return subject;
}

Task<Result<Subject>> Operator::adopt(Subject subject, std::string id) {
  Record& record = subject.record;
  record.id = std::move(id);
  record.created_at = now();
  record.private_.erase(kUsedWord);
  std::string nonce(16, '\0');
  context_.world->random.fill(reinterpret_cast<uint8_t*>(nonce.data()), nonce.size());
  record.nonce = hex(std::string_view(nonce));
  record.type = subject.type->name;
  record.provider = subject.cloud->instance();
  Task<Result<Observation>> reading = read_one(subject.cloud, subject.type, record);
  Result<Observation> seen = co_await std::move(reading);
  if (!seen) co_return fail(seen.error());
  if (seen->presence != Observation::Presence::present) {
    co_return fail(ErrorCode::not_found, "`" + record.id + "` does not exist");
  }
  take_in(&subject, *seen);
  const Property* carrier = subject.type->carrier == MarkCarrier::tags
                                ? subject.type->property(subject.type->mark_property)
                                : nullptr;
  const Facet* facet = carrier == nullptr ? nullptr : subject.type->facet(carrier->facet);
  // Ours from now on, but without marks: whoever comes after a crash here puts them there.
  if (facet != nullptr) {
    record.status = RecordStatus::dirty;
    record.dirty_facets = {facet->name};
  }
  Task<Result<void>> putting = put(&subject);
  Result<void> durable = co_await std::move(putting);
  if (!durable) co_return fail(durable.error());
  if (facet == nullptr) co_return subject;
  // Marks are added to the tags that are there; the spec's own wishes come with its next plan.
  Map keep = subject.desired;
  if (const Value* tags = subject.observed.properties.find(carrier->name)) {
    subject.desired.set(carrier->name, *tags);
  }
  Task<Result<void>> applying = apply_facet(&subject, facet, false);
  Result<void> applied = co_await std::move(applying);
  if (!applied) co_return fail(applied.error());
  subject.desired = std::move(keep);
  record.dirty_facets.clear();
  record.status = RecordStatus::ready;
  Task<Result<void>> again = put(&subject);
  Result<void> marked = co_await std::move(again);
  if (!marked) co_return fail(marked.error());
  co_return subject;
}

}  // namespace lf
