// SPDX-License-Identifier: Apache-2.0
// Delete, and prove it gone: a record leaves the state only after a read said so.
#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "engine/operate.h"
#include "engine/retry.h"
#include "provider/scope.h"

namespace lf {

Task<Result<bool>> Operator::holds_data(Subject subject, List leaving) {
  const auto& contents = subject.type->del.contents;
  if (!contents) co_return false;
  CallOptions options;
  options.address = subject.record.address;
  options.type = subject.type;
  options.idempotent = true;
  Map names = names_of(subject);
  Task<Result<Answer>> reading =
      subject.cloud->call(subject.type->service, &contents->read, Map(), names, options);
  Result<Answer> answer = co_await std::move(reading);
  if (!answer) {
    if (answer.error().code == ErrorCode::not_found) co_return false;
    co_return fail(answer.error());
  }
  names.set("answer", answer->body);
  names.set("leaving", Value(std::move(leaving)));
  const MapActivation activation(names);
  if (!contents->empty) co_return false;
  const Value empty = evaluate(*contents->empty, activation);
  co_return empty.is_bool() && !empty.as_bool();
}

namespace {

bool force_destroy(const Record& record) {
  const Map applied = applied_properties(record);
  const Value* force = applied.find("force_destroy");
  return force != nullptr && force->is_bool() && force->as_bool();
}

}  // namespace

// What must be out of the thing before it can go: elements of facets, attachments. `next`: the
// first that is not out yet, for another try.
Task<Result<void>> Operator::empty_first(Subject* subject, size_t* next) {
  const ResourceType& type = *subject->type;
  for (; *next < type.del.first.size(); ++*next) {
    const std::string& name = type.del.first[*next];
    const Facet* facet = type.facet(name);
    LF_ASSERT(facet != nullptr);
    Subject without = *subject;
    for (const auto& property : facet->properties) without.desired.erase(property);
    if (!facet->each.empty()) {
      Task<Result<void>> emptying = apply_elements(&without, facet, false);
      Result<void> emptied = co_await std::move(emptying);
      if (!emptied && emptied.error().code != ErrorCode::not_found) co_return fail(emptied.error());
    } else if (!facet->reset.empty() && !facet_properties(type, name, subject->seen()).empty()) {
      Task<Result<void>> resetting =
          facet_step(&without, facet, &facet->reset, "facet:" + name, Map(), Map(), true);
      Result<void> reset = co_await std::move(resetting);
      if (!reset && reset.error().code != ErrorCode::not_found) co_return fail(reset.error());
    }
    without.desired = subject->desired;
    *subject = std::move(without);
    Record& record = subject->record;
    record.status = record.generation > 0 ? RecordStatus::deposed : RecordStatus::deleting;
  }
  co_return Result<void>();
}

// What is gone leaves the state.
Task<Result<void>> Operator::drop(Record record) {
  Frame frame;
  frame.emplace_back(RecordRemove{record.address, record.generation});
  Task<Result<void>> removing = store_.append(std::move(frame));
  Result<void> removed = co_await std::move(removing);
  co_return removed;
}

// What still waits for a person and cannot be deleted by anybody else: it is let go, for it ends by
// itself. False: it does not wait (any more).
Task<Result<bool>> Operator::let_expire(Subject subject) {
  Task<Result<Observation>> reading = read_one(subject.cloud, subject.type, subject.record);
  Result<Observation> seen = co_await std::move(reading);
  if (!seen && seen.error().code != ErrorCode::not_found) co_return fail(seen.error());
  if (!seen || seen->pending.empty()) co_return false;
  const Record& record = subject.record;
  if (context_.events != nullptr) {
    const std::string after = to_text(Value(subject.type->pending->expires));
    context_.events->emit(Message{Message::Level::note,
                                  "it was still pending (" + seen->pending +
                                      ") and cannot be deleted; it ends by itself after " + after,
                                  record.address});
  }
  Task<Result<void>> removing = drop(record);
  Result<void> removed = co_await std::move(removing);
  if (!removed) co_return fail(removed.error());
  co_return true;
}

Task<Result<Subject>> Operator::remove(Subject subject) {
  const ResourceType& type = *subject.type;
  Record& record = subject.record;
  // `self` of a deletion is what was applied.
  if (subject.desired.empty()) subject.desired = applied_properties(record);
  if (type.del.contents) {
    Subject copy = subject;
    Task<Result<bool>> looking = holds_data(std::move(copy));
    Result<bool> holds = co_await std::move(looking);
    if (!holds) co_return fail(holds.error());
    if (*holds && !force_destroy(record)) {
      Error error(ErrorCode::refused, "`" + record.id + "` holds data and is not deleted");
      error.help.push_back("empty it, or set `force_destroy: true` on it and apply first");
      co_return fail(std::move(error));
    }
    if (*holds) {
      Task<Result<void>> purging =
          run_steps(&subject, &type.del.contents->purge, 0, "purge", Map(), Map());
      Result<void> purged = co_await std::move(purging);
      if (!purged) co_return fail(purged.error());
    }
  }
  record.status = record.generation > 0 ? RecordStatus::deposed : RecordStatus::deleting;
  Task<Result<void>> putting = put(&subject);
  Result<void> durable = co_await std::move(putting);
  if (!durable) co_return fail(durable.error());

  if (type.pending && type.pending->expires.seconds > 0) {
    Task<Result<bool>> looking = let_expire(subject);
    Result<bool> left = co_await std::move(looking);
    if (!left) co_return fail(left.error());
    if (*left) co_return subject;
  }
  int64_t limit_ms = subject.timeout_delete_ms > 0 ? subject.timeout_delete_ms
                     : type.wait_delete.declared   ? type.wait_delete.limit.seconds * 1000
                                                   : 600'000;
  const MonotonicNs start = context_.world->clock.monotonic();
  bool explained = false;
  int64_t pause_ms = 1000;
  std::vector<std::string> in_the_way;
  size_t next_first = 0;
  std::optional<Error> unknown;
  while (true) {
    Task<Result<void>> clearing = empty_first(&subject, &next_first);
    Result<void> deleted = co_await std::move(clearing);
    if (deleted) {
      Task<Result<void>> deleting = run_steps(&subject, &type.del.steps, 0, "delete", Map(), Map());
      deleted = co_await std::move(deleting);
    }
    if (deleted && type.del.kind == DeleteKind::reset) {
      Task<Result<void>> putting_back = put_back(&subject);
      deleted = co_await std::move(putting_back);
    }
    if (deleted || deleted.error().code == ErrorCode::not_found) break;
    Error error = deleted.error();
    if (error.code == ErrorCode::outcome_unknown) {
      // The reads below tell; but where it was not done, they will not for as long as they like.
      unknown = std::move(error);
      limit_ms = std::min<int64_t>(limit_ms, 120'000);
      break;
    }
    if (error.code != ErrorCode::dependency) co_return fail(std::move(error));
    const int64_t elapsed_ms = (context_.world->clock.monotonic() - start) / 1'000'000;
    if (!explained && elapsed_ms >= 15'000) {
      explained = true;
      Task<Result<void>> explaining = explain_dependency(&subject, &error);
      Result<void> told = co_await std::move(explaining);
      // What others put there does not go away by waiting for our own deletions.
      if (told && !error.help.empty()) limit_ms = std::min<int64_t>(limit_ms, 60'000);
      if (told && context_.events != nullptr) {
        context_.events->emit(Message{Message::Level::warning, error.message, record.address});
      }
      in_the_way = error.help;
    }
    const bool give_up =
        elapsed_ms + pause_ms > limit_ms || (context_.stopping && context_.stopping());
    if (give_up) {
      if (!explained) {
        Task<Result<void>> explaining = explain_dependency(&subject, &error);
        Result<void> told = co_await std::move(explaining);
        (void)told;
      } else {
        error.help = in_the_way;
      }
      co_return fail(std::move(error));
    }
    Task<void> pause = sleep_ns(&context_.world->clock, pause_ms * 1'000'000);
    co_await std::move(pause);
    pause_ms = std::min<int64_t>(pause_ms * 2, 10'000);
  }
  if (type.del.kind == DeleteKind::reset) {
    if (unknown) co_return fail(std::move(*unknown));  // the next run does it again
  } else {
    Task<Result<void>> waiting = wait_gone(&subject, limit_ms);
    Result<void> gone = co_await std::move(waiting);
    if (!gone && unknown) co_return fail(std::move(*unknown));
    if (!gone) co_return fail(gone.error());
  }
  Task<Result<void>> removing = drop(record);
  Result<void> removed = co_await std::move(removing);
  if (!removed) co_return fail(removed.error());
  co_return subject;
}

Task<Result<void>> Operator::wait_gone(Subject* subject, int64_t limit_ms) {
  const MonotonicNs start = context_.world->clock.monotonic();
  int64_t pause_ms = 500;
  std::string shown;
  while (true) {
    Task<Result<Observation>> reading = read_one(subject->cloud, subject->type, subject->record);
    Result<Observation> seen = co_await std::move(reading);
    if (!seen && seen.error().code == ErrorCode::not_found) co_return Result<void>();
    if (!seen) co_return fail(seen.error());
    if (seen->presence == Observation::Presence::gone) co_return Result<void>();
    if (seen->presence == Observation::Presence::ended) co_return Result<void>();
    const int64_t elapsed_ms = (context_.world->clock.monotonic() - start) / 1'000'000;
    if (seen->note != shown && context_.events != nullptr) {
      shown = seen->note;
      context_.events->emit(Waiting{subject->record.address, shown, "gone",
                                    subject->type->wait_delete.usual.seconds * 1000, limit_ms});
    }
    if (elapsed_ms > limit_ms) {
      Error error(ErrorCode::unavailable, "it is still there " + std::to_string(elapsed_ms / 1000) +
                                              " s after its deletion was asked for");
      error.help.push_back("it stays recorded; the next run goes on waiting");
      co_return fail(std::move(error));
    }
    Task<void> pause = sleep_ns(&context_.world->clock, pause_ms * 1'000'000);
    co_await std::move(pause);
    pause_ms = std::min<int64_t>(pause_ms * 2, 5000);
  }
}

// Names what stands in the way, found with the type's own blocker calls.
Task<Result<void>> Operator::explain_dependency(Subject* subject, Error* error) {
  bool any = false;
  for (const Blocker& blocker : subject->type->blockers) {
    const Service* service = blocker.call.service.empty()
                                 ? subject->type->service
                                 : subject->cloud->package().service(blocker.call.service);
    if (service == nullptr) continue;
    CallOptions options;
    options.address = subject->record.address;
    options.type = subject->type;
    options.idempotent = true;
    Map names = names_of(*subject);
    Page page = service->page;
    Task<Result<List>> listing =
        subject->cloud->list(service, &blocker.call, blocker.items, page, Map(), names, options);
    Result<List> items = co_await std::move(listing);
    if (!items) continue;
    for (const auto& item : *items) {
      if (blocker.where) {
        Map with_element = names;
        with_element.set("element", item);
        const MapActivation activation(with_element);
        const Value counts = evaluate(*blocker.where, activation);
        if (!counts.is_bool() || !counts.as_bool()) continue;
      }
      const std::string id = to_text(at_path(item, blocker.id));
      const std::string owner =
          blocker.owner.empty() ? "" : at_path(item, blocker.owner).string_or();
      bool ours = false;
      for (const Record* other : store_.state().records()) ours = ours || other->id == id;
      any = true;
      error->help.push_back(
          "in the way: " + (blocker.doc.empty() ? std::string("") : blocker.doc + " ") + id +
          (owner.empty() ? "" : " (" + owner + ")") +
          (ours ? ", of this stack" : ", not managed by this stack"));
      if (error->help.size() > 12) co_return Result<void>();
    }
  }
  if (any) error->message += "; " + error->help.back();
  co_return Result<void>();
}

}  // namespace lf
