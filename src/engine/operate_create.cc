// SPDX-License-Identifier: Apache-2.0
// Create: look first where a name could be taken, make it, find it again if the answer was lost,
// wait, apply the facets, read back, record it ready.
#include <algorithm>

#include "base/digest.h"
#include "base/strings.h"
#include "engine/observe.h"
#include "engine/operate.h"
#include "engine/retry.h"
#include "engine/search.h"
#include "engine/settle.h"
#include "provider/scope.h"
#include "provider/wire.h"

namespace lf {

namespace {

std::string random_hex(Random& random, size_t bytes) {
  std::string raw(bytes, '\0');
  random.fill(reinterpret_cast<uint8_t*>(raw.data()), raw.size());
  return hex(std::string_view(raw));
}

bool has_desired(const Subject& subject, std::string_view facet) {
  return std::any_of(subject.type->properties.begin(), subject.type->properties.end(),
                     [&](const Property& property) {
                       if (property.facet != facet || property.computed) return false;
                       const Value* value = subject.desired.find(property.name);
                       return value != nullptr && !value->is_unset();
                     });
}

bool in_create(const ResourceType& type, std::string_view facet) {
  const auto& list = type.create.in_create;
  return std::find(list.begin(), list.end(), facet) != list.end();
}

}  // namespace

// For types with a unique name and all creates but `new`: what is there already is either ours from
// before, or somebody else's and refused.
Task<Result<void>> Operator::confirm_absent_before(Subject* subject, std::string* taken) {
  const ResourceType& type = *subject->type;
  const bool must_look = type.create.kind != CreateKind::fresh || type.unique_name() != nullptr;
  if (!must_look) co_return Result<void>();
  Task<Result<std::string>> finding = find_named(subject->cloud, subject->type, subject->desired);
  Result<std::string> found = co_await std::move(finding);
  if (!found) co_return fail(found.error());
  if (found->empty()) {
    subject->record.private_.set("absent_before", Value(true));
    co_return Result<void>();
  }
  Record probe = subject->record;
  probe.id = *found;
  Task<Result<Observation>> reading = read_one(subject->cloud, subject->type, probe);
  Result<Observation> seen = co_await std::move(reading);
  if (!seen) {
    if (seen.error().code == ErrorCode::not_found) {
      subject->record.private_.set("absent_before", Value(true));
      co_return Result<void>();
    }
    co_return fail(seen.error());
  }
  // Its deletion is only scheduled, and its name not free: this stack's own is taken back.
  const bool scheduled = seen->presence == Observation::Presence::gone &&
                         type.unique_name() != nullptr && !type.del.restore.empty();
  if (scheduled && type.carrier == MarkCarrier::tags && seen->marks_ok) {
    subject->record.id = *found;
    co_return Result<void>();
  }
  if (scheduled) {
    Error error(ErrorCode::refused, "`" + *found +
                                        "` is scheduled for deletion, and its name is not free "
                                        "before that is done; it is not this stack's to take back");
    error.help.push_back("give this one another name");
    co_return fail(std::move(error));
  }
  if (seen->presence == Observation::Presence::gone) {
    subject->record.private_.set("absent_before", Value(true));
    co_return Result<void>();
  }
  const bool marked = type.carrier == MarkCarrier::tags && seen->marks_ok;
  if (subject->record.private_.find(kSharedWord) != nullptr && !marked) {
    *taken = *found;
    co_return Result<void>();
  }
  const Property* name = type.unique_name();
  const Value* wanted = name == nullptr ? nullptr : subject->desired.find(name->name);
  Error error(ErrorCode::refused, "`" + (wanted == nullptr ? *found : to_text(*wanted)) +
                                      "` exists already and does not belong to this stack");
  error.help.push_back("to take it in: llmforge adopt '" + subject->record.address + "' " + *found);
  error.help.push_back("or give this one another name");
  co_return fail(std::move(error));
}

Task<Result<Subject>> Operator::create(Subject subject) {
  const ResourceType& type = *subject.type;
  Record& record = subject.record;
  record.type = type.name;
  record.schema_version = static_cast<uint32_t>(type.schema_version);
  record.provider = subject.cloud->instance();
  record.nonce = random_hex(context_.world->random, 16);
  record.created_at = now();
  record.status = RecordStatus::creating;
  subject.token = type.create.token.empty() ? "" : "lf-" + record.nonce;
  record.private_.erase(kUsedWord);
  if (type.create.kind == CreateKind::adopt) {
    Task<Result<Subject>> taking = take_over(std::move(subject));
    Result<Subject> took = co_await std::move(taking);
    co_return took;
  }
  std::string taken;
  Task<Result<void>> looking = confirm_absent_before(&subject, &taken);
  Result<void> looked = co_await std::move(looking);
  if (!looked) co_return fail(looked.error());
  if (!taken.empty()) {
    Task<Result<Subject>> using_it = use(std::move(subject), std::move(taken));
    Result<Subject> used = co_await std::move(using_it);
    co_return used;
  }
  if (!record.id.empty()) {
    Task<Result<Subject>> restoring = restore(std::move(subject));
    Result<Subject> restored = co_await std::move(restoring);
    co_return restored;
  }

  LF_ASSERT(!type.create.steps.empty());
  const Step& first = type.create.steps.front();
  Map names = names_of(subject);
  Map input;
  put_facet(subject, "", false, input);
  for (const auto& facet : type.create.in_create) put_facet(subject, facet, false, input);
  if (!type.create.token.empty()) input.set(type.create.token, Value(subject.token));
  if (type.id_derive && !type.id_joins) {
    const MapActivation activation(names);
    const Value id = evaluate(*type.id_derive, activation);
    if (id.is_string()) names.set("id", id);
  }
  Frame with_intent;
  with_intent.emplace_back(RecordPut{record});
  const bool idempotent =
      !type.create.token.empty() || first.call.idempotent || type.create.kind == CreateKind::upsert;
  Task<Result<Answer>> sending = mutate(&subject, &first.call, "create", std::move(input), names,
                                        idempotent, std::move(with_intent));
  Result<Answer> answer = co_await std::move(sending);
  const Value* seq = record.private_.find("seq");
  if (seq == nullptr) {
    if (answer.error().code != ErrorCode::outcome_unknown) co_return fail(answer.error());
    Settler settler(context_, store_);
    Task<Result<Subject>> settling = settler.find_lost_create(std::move(subject));
    Result<Subject> settled = co_await std::move(settling);
    if (!settled) co_return fail(settled.error());
    if (settled->record.id.empty()) {
      Error error(ErrorCode::unavailable,
                  answer.error().message + " (looked for it: it was not made)");
      error.help.push_back("run apply again");
      co_return fail(std::move(error));
    }
    Task<Result<Subject>> going_on = finish_create(std::move(*settled));
    Result<Subject> finished = co_await std::move(going_on);
    co_return finished;
  }
  const auto number = static_cast<uint64_t>(seq->as_int());
  const Value& result = at_path(answer->body, type.create.result);
  if (type.id_derive && !type.id_joins) {
    record.id = names.find("id")->string_or();
  } else {
    record.id = id_of(type, at_path(result, type.id_path), names);
  }
  if (record.id.empty() || record.id == "null") {
    co_return fail(ErrorCode::corrupt, "the answer to " + first.call.action + " names no id");
  }
  record.applied.set("", Value(facet_properties(type, "", subject.desired)));
  for (const auto& facet : type.create.in_create) {
    record.applied.set(facet, Value(facet_properties(type, facet, subject.desired)));
  }
  for (const auto& [name, path] : first.call.take) {
    record.computed.set(name, at_path(answer->body, path));
  }
  for (const auto& [name, value] : subject.desired) {
    if (contains_secret(value)) record.secret_digests[name.as_string()] = digest_(value);
  }
  record.private_.erase("seq");
  record.private_.erase("absent_before");
  Frame with_record;
  with_record.emplace_back(RecordPut{record});
  Task<Result<void>> closing = close(number, &answer, &subject, std::move(with_record));
  Result<void> closed = co_await std::move(closing);
  if (!closed) co_return fail(closed.error());
  Task<Result<void>> finishing = finish(&subject, true);
  Result<void> finished = co_await std::move(finishing);
  if (!finished) co_return fail(finished.error());
  co_return subject;
}

// Takes a scheduled deletion back and brings the thing to what is desired.
Task<Result<Subject>> Operator::restore(Subject subject) {
  Task<Result<void>> putting = put(&subject);
  Result<void> durable = co_await std::move(putting);
  if (!durable) co_return fail(durable.error());
  const Map none;
  Task<Result<void>> stepping =
      run_steps(&subject, &subject.type->del.restore, 0, "restore", none, none);
  Result<void> stepped = co_await std::move(stepping);
  if (!stepped) co_return fail(stepped.error());
  subject.record.applied.set("", Value(facet_properties(*subject.type, "", subject.desired)));
  Task<Result<Subject>> finishing = finish_create(std::move(subject));
  Result<Subject> finished = co_await std::move(finishing);
  co_return finished;
}

Task<Result<Subject>> Operator::finish_create(Subject subject) {
  Task<Result<void>> finishing = finish(&subject, false);
  Result<void> finished = co_await std::move(finishing);
  if (!finished) co_return fail(finished.error());
  co_return subject;
}

// From the id on: further steps, the wait, the facets, the read back. `fresh`: nothing but the
// create was done; else an earlier run may have come to any point, so everything is looked at.
Task<Result<void>> Operator::finish(Subject* subject, bool fresh) {
  const ResourceType& type = *subject->type;
  Map none;
  Map no_names;
  Task<Result<void>> stepping = run_steps(subject, &type.create.steps, 1, "create", none, no_names);
  Result<void> stepped = co_await std::move(stepping);
  if (!stepped) co_return stepped;
  if (type.wait_create.declared) {
    const int64_t limit = subject->timeout_create_ms > 0 ? subject->timeout_create_ms
                                                         : type.wait_create.limit.seconds * 1000;
    Subject copy = *subject;
    Task<Result<Subject>> waiting = wait_until(std::move(copy), &type.wait_create, limit, true);
    Result<Subject> waited = co_await std::move(waiting);
    if (!waited) co_return fail(waited.error());
    *subject = std::move(*waited);
  }
  if (!fresh) {
    Task<Result<Observation>> reading = read_one(subject->cloud, subject->type, subject->record);
    Result<Observation> seen = co_await std::move(reading);
    if (!seen) co_return fail(seen.error());
    subject->observed = std::move(*seen);
  }
  for (const Facet& facet : type.facets) {
    if (facet.late) continue;
    if (fresh && in_create(type, facet.name)) continue;
    const bool carries_marks = type.carrier == MarkCarrier::tags &&
                               type.property(type.mark_property) != nullptr &&
                               type.property(type.mark_property)->facet == facet.name;
    if (!has_desired(*subject, facet.name) && !facet.preexisting && !carries_marks) continue;
    Task<Result<void>> applying = apply_facet(subject, &facet, fresh);
    Result<void> applied = co_await std::move(applying);
    if (!applied) co_return applied;
  }
  Task<Result<Observation>> reading = read_one(subject->cloud, subject->type, subject->record);
  Result<Observation> seen = co_await std::move(reading);
  int64_t waited_ms = 0;
  int64_t pause_ms = 200;
  while (!seen && seen.error().code == ErrorCode::not_found &&
         waited_ms < type.visible_within.seconds * 1000) {
    Task<void> pause = sleep_ns(&context_.world->clock, pause_ms * 1'000'000);
    co_await std::move(pause);
    waited_ms += pause_ms;
    pause_ms = std::min<int64_t>(pause_ms * 2, 5000);
    Task<Result<Observation>> again = read_one(subject->cloud, subject->type, subject->record);
    seen = co_await std::move(again);
  }
  if (!seen) co_return fail(seen.error());
  subject->observed = std::move(*seen);
  Record& record = subject->record;
  record.observed = subject->observed.properties;
  for (const auto& property : type.properties) {
    if (!property.computed) continue;
    if (const Value* value = subject->observed.properties.find(property.name)) {
      record.computed.set(property.name, *value);
    }
  }
  record.status = subject->observed.failed ? RecordStatus::failed : RecordStatus::ready;
  record.dirty_facets.clear();
  Task<Result<void>> putting = put(subject);
  Result<void> durable = co_await std::move(putting);
  co_return durable;
}

// The service's own words on why it failed, to stand behind the state. They may repeat what was
// sent.
std::string Operator::because(const Subject& subject, const std::string& reason) {
  if (reason.empty()) return "";
  context_.secrets.add(Value(subject.desired));
  return ": " + context_.secrets.scrub(reason);
}

// Polls the thing itself; a not-found within `visible_within` of its create is not believed.
Task<Result<Subject>> Operator::wait_until(Subject subject, const Wait* wait, int64_t limit_ms,
                                           bool created) {
  const MonotonicNs start = context_.world->clock.monotonic();
  int64_t pause_ms = std::clamp<int64_t>(wait->usual.seconds * 1000 / 4, 250, 5000);
  std::string shown;
  while (true) {
    Task<Result<Observation>> reading = read_one(subject.cloud, subject.type, subject.record);
    Result<Observation> seen = co_await std::move(reading);
    const int64_t elapsed_ms = (context_.world->clock.monotonic() - start) / 1'000'000;
    const bool invisible = !seen && seen.error().code == ErrorCode::not_found && created &&
                           elapsed_ms < subject.type->visible_within.seconds * 1000;
    if (!seen && !invisible) co_return fail(seen.error());
    if (seen) {
      const bool updated = wait == &subject.type->wait_update;
      const std::string state = updated ? seen->update_note : seen->note;
      subject.observed = std::move(*seen);
      if (all_states_in(state, wait->until)) co_return subject;
      // Of several parts one that failed is enough: it will never be whole.
      const bool failed = any_state_in(state, wait->failed);
      if (updated && failed) {
        // It works as before; what it has now tells the next plan what is missing.
        Error error(ErrorCode::invalid, "its change ended in state `" + state + "`" +
                                            because(subject, subject.observed.update_reason));
        error.help.push_back("the next apply tries it again");
        co_return fail(std::move(error));
      }
      if (failed || subject.observed.presence == Observation::Presence::ended) {
        subject.record.status = RecordStatus::failed;
        Task<Result<void>> putting = put(&subject);
        Result<void> durable = co_await std::move(putting);
        if (!durable) co_return fail(durable.error());
        Error error(ErrorCode::invalid, "it came up in state `" + state + "`" +
                                            because(subject, subject.observed.reason));
        error.help.push_back("the next apply replaces it");
        co_return fail(std::move(error));
      }
      if (state != shown && context_.events != nullptr) {
        shown = state;
        context_.events->emit(Waiting{subject.record.address, state, join(wait->until, " or "),
                                      wait->usual.seconds * 1000, limit_ms});
      }
    }
    if (elapsed_ms > limit_ms) {
      Error error(ErrorCode::unavailable, "it is still `" + shown + "` after " +
                                              std::to_string(elapsed_ms / 1000) + " s, not " +
                                              join(wait->until, " or "));
      error.help.push_back("it is recorded; the next apply goes on waiting");
      co_return fail(std::move(error));
    }
    Task<void> pause = sleep_ns(&context_.world->clock, pause_ms * 1'000'000);
    co_await std::move(pause);
    pause_ms = std::min<int64_t>(pause_ms * 3 / 2, 10'000);
  }
}

}  // namespace lf
