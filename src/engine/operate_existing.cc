// SPDX-License-Identifier: Apache-2.0
// What nobody makes or deletes: it comes into being with something else and goes with it. A create
// takes it over, a deletion sets it back and lets it go.
#include <algorithm>

#include "base/strings.h"
#include "engine/operate.h"
#include "engine/retry.h"
#include "engine/search.h"
#include "lang/convert.h"
#include "provider/scope.h"
#include "provider/wire.h"

namespace lf {

namespace {

// The facets that hold a property which is put back, and the marks'.
bool goes_back(const ResourceType& type, const Facet& facet, const Map& applied) {
  const Property* carrier =
      type.carrier == MarkCarrier::tags ? type.property(type.mark_property) : nullptr;
  if (carrier != nullptr && carrier->facet == facet.name) return true;
  return std::any_of(type.del.to.begin(), type.del.to.end(), [&](const auto& entry) {
    const Property* property = type.property(entry.first);
    return property != nullptr && property->facet == facet.name &&
           applied.find(entry.first) != nullptr;
  });
}

}  // namespace

// Its id, waited for as long as what it comes with may have just been made.
Task<Result<std::string>> Operator::find_existing(Subject* subject) {
  const ResourceType& type = *subject->type;
  LF_ASSERT(!type.create.steps.empty());
  const Call& look = type.create.steps.front().call;
  CallOptions options;
  options.address = subject->record.address;
  options.type = subject->type;
  options.idempotent = true;
  const MonotonicNs start = context_.world->clock.monotonic();
  int64_t pause_ms = 200;
  while (true) {
    const Map names = names_of(*subject);
    Task<Result<Answer>> looking = subject->cloud->call(type.service, &look, Map(), names, options);
    Result<Answer> answer = co_await std::move(looking);
    if (!answer && answer.error().code != ErrorCode::not_found) co_return fail(answer.error());
    if (answer) {
      const Value& part = at_path(at_path(answer->body, type.create.result), type.id_path);
      if (!part.is_unset()) co_return id_of(type, part, names);
    }
    const int64_t elapsed_ms = (context_.world->clock.monotonic() - start) / 1'000'000;
    if (elapsed_ms > type.visible_within.seconds * 1000) {
      co_return fail(ErrorCode::not_found,
                     "there is no `" + type.name + "` to take over: nothing makes one by itself");
    }
    Task<void> pause = sleep_ns(&context_.world->clock, pause_ms * 1'000'000);
    co_await std::move(pause);
    pause_ms = std::min<int64_t>(pause_ms * 2, 5000);
  }
}

// Two resources, or two stacks, would undo each other's work on it.
Task<Result<void>> Operator::confirm_free(Subject* subject, std::string id) {
  const Record& record = subject->record;
  for (const Record* other : store_.state().records()) {
    const bool same = other->address == record.address && other->generation == record.generation;
    if (same || other->id != id || other->type != subject->type->name) continue;
    co_return fail(ErrorCode::refused, "`" + id + "` is `" + other->address + "` already");
  }
  const std::vector<std::string> marks{kUnmarked, subject->stack_mark};
  for (const std::string& mark : marks) {
    Record probe = record;
    probe.id = id;
    probe.private_.set("stack_mark", Value(mark));
    Task<Result<Observation>> reading = read_one(subject->cloud, subject->type, probe);
    Result<Observation> seen = co_await std::move(reading);
    if (!seen) co_return fail(seen.error());
    if (seen->marks_ok) co_return Result<void>();
  }
  co_return fail(ErrorCode::refused, "`" + id + "` belongs to another stack");
}

Task<Result<Subject>> Operator::take_over(Subject subject) {
  Task<Result<std::string>> finding = find_existing(&subject);
  Result<std::string> found = co_await std::move(finding);
  if (!found) co_return fail(found.error());
  Task<Result<void>> confirming = confirm_free(&subject, *found);
  Result<void> free = co_await std::move(confirming);
  if (!free) co_return fail(free.error());
  // Nothing was sent yet: a run that ends here leaves a record that the next one goes on from.
  subject.record.id = *found;
  subject.record.applied.set("", Value(facet_properties(*subject.type, "", subject.desired)));
  Task<Result<void>> putting = put(&subject);
  Result<void> durable = co_await std::move(putting);
  if (!durable) co_return fail(durable.error());
  Task<Result<Subject>> finishing = finish_create(std::move(subject));
  Result<Subject> finished = co_await std::move(finishing);
  co_return finished;
}

// What was applied becomes what the descriptor says that a fresh one has; what never was stays.
Task<Result<void>> Operator::put_back(Subject* subject) {
  const ResourceType& type = *subject->type;
  Task<Result<Observation>> reading = read_one(subject->cloud, subject->type, subject->record);
  Result<Observation> seen = co_await std::move(reading);
  if (!seen) co_return fail(seen.error());
  if (seen->presence != Observation::Presence::present) co_return Result<void>();
  subject->observed = std::move(*seen);
  Map names = names_of(*subject);
  if (type.del.look.valid()) {
    CallOptions options;
    options.address = subject->record.address;
    options.type = subject->type;
    options.idempotent = true;
    Task<Result<Answer>> looking =
        subject->cloud->call(type.service, &type.del.look, Map(), names, options);
    Result<Answer> answer = co_await std::move(looking);
    if (!answer) co_return fail(answer.error());
    names.set("answer", answer->body);
  }
  const MapActivation activation(names);
  const Map applied = applied_properties(subject->record);
  Map desired = facet_properties(type, "", subject->desired);
  for (const auto& [name, tree] : type.del.to) {
    const Property* property = type.property(name);
    if (property == nullptr || applied.find(name) == nullptr) continue;
    const Value value = tree.evaluate(activation);
    if (value.is_error()) co_return fail(ErrorCode::internal, name + ": " + value.error_message());
    // Texts such as 30s and 0.0.0.0/0 mean what they mean in a spec.
    auto converted = convert(value, property->type, false);
    desired.set(name, converted ? *converted : value);
  }
  subject->desired = std::move(desired);
  subject->unmarked = true;
  for (const Facet& facet : type.facets) {
    if (!goes_back(type, facet, applied)) continue;
    Task<Result<void>> applying = apply_facet(subject, &facet, false);
    Result<void> back = co_await std::move(applying);
    if (!back) co_return back;
    subject->record.status = RecordStatus::deleting;
  }
  co_return Result<void>();
}

}  // namespace lf
