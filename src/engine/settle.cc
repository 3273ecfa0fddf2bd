// SPDX-License-Identifier: Apache-2.0
#include "engine/settle.h"

#include <algorithm>

#include "base/strings.h"
#include "base/timestamp.h"
#include "engine/retry.h"
#include "engine/search.h"
#include "provider/scope.h"

namespace lf {

namespace {

Map pick(const Map& from, const std::vector<std::string>& names) {
  Map out;
  for (const auto& name : names) {
    if (const Value* value = from.find(name)) out.set(name, *value);
  }
  return out;
}

}  // namespace

Task<Result<void>> Settler::append(Frame frame) {
  if (store_ != nullptr) {
    Task<Result<void>> appending = store_->append(std::move(frame));
    Result<void> durable = co_await std::move(appending);
    co_return durable;
  }
  for (auto& entry : frame) {
    if (auto* put = std::get_if<RecordPut>(&entry)) memory_->put(std::move(put->record));
    if (auto* gone = std::get_if<RecordRemove>(&entry))
      memory_->remove(gone->address, gone->generation);
  }
  co_return Result<void>();
}

// One look, in the descriptor's order. "": not found.
Task<Result<std::string>> Settler::search(Subject* subject, const Intent* intent) {
  const ResourceType& type = *subject->type;
  for (const Recovery& way : type.recovery) {
    switch (way.kind) {
      case Recovery::Kind::id:
      case Recovery::Kind::name: {
        Task<Result<std::string>> finding =
            find_named(subject->cloud, subject->type, subject->desired);
        Result<std::string> found = co_await std::move(finding);
        if (!found) co_return found;
        // By name alone it is ours only if nothing of that name was there before.
        if (!found->empty() && intent->absent_before) co_return found;
        if (!found->empty()) {
          Record probe = subject->record;
          probe.id = *found;
          Task<Result<Observation>> reading = read_one(subject->cloud, subject->type, probe);
          Result<Observation> seen = co_await std::move(reading);
          if (seen && seen->presence == Observation::Presence::present && seen->marks_ok) {
            co_return found;
          }
        }
        break;
      }
      case Recovery::Kind::mark: {
        Task<Result<std::vector<Marked>>> finding =
            find_marked(subject->cloud, subject->type, subject->stack_mark);
        Result<std::vector<Marked>> found = co_await std::move(finding);
        if (!found) co_return fail(found.error());
        for (const auto& marked : *found) {
          if (!subject->record.nonce.empty() && marked.intent_mark == subject->record.nonce) {
            co_return marked.id;
          }
        }
        break;
      }
      case Recovery::Kind::token: {
        const Value* token = intent->find_by.find("token");
        if (token == nullptr || !type.refresh.list) break;
        Map names = names_of(*subject);
        names.set("token", *token);
        const MapActivation activation(names);
        const Value filter = way.send.evaluate(activation);
        CallOptions options;
        options.address = subject->record.address;
        options.type = subject->type;
        options.idempotent = true;
        const ListCall& list = *type.refresh.list;
        Map input = filter.is_map() ? filter.as_map() : Map();
        Task<Result<List>> listing = subject->cloud->list(
            type.service, &list.call, list.items, list.page, std::move(input), names, options);
        Result<List> items = co_await std::move(listing);
        if (!items) co_return fail(items.error());
        if (!items->empty()) co_return id_of(type, at_path(items->front(), list.item_id), names);
        break;
      }
      case Recovery::Kind::natural_key:
      case Recovery::Kind::fingerprint: {
        const Map wanted = pick(subject->desired, way.properties);
        if (wanted.size() != way.properties.size()) break;
        Task<Result<std::vector<std::string>>> finding =
            find_matching(subject->cloud, subject->type, wanted);
        Result<std::vector<std::string>> found = co_await std::move(finding);
        if (!found) co_return fail(found.error());
        std::vector<std::string> free;
        for (const auto& id : *found) {
          const auto records = state().records();
          const bool known = std::any_of(records.begin(), records.end(), [&](const Record* r) {
            return r->id == id && r->type == type.name;
          });
          if (!known) free.push_back(id);
        }
        if (free.size() > 1) {
          Error error(ErrorCode::refused, "more than one thing may be the `" +
                                              subject->record.address +
                                              "` of the interrupted run: " + join(free, ", "));
          error.help.push_back("choose: llmforge adopt '" + subject->record.address + "' " +
                               free[0]);
          co_return fail(std::move(error));
        }
        if (free.size() == 1) co_return free.front();
        break;
      }
    }
  }
  co_return std::string();
}

Task<Result<void>> Settler::close_found(Subject* subject, uint64_t seq) {
  Record& record = subject->record;
  record.status = RecordStatus::creating;
  record.private_.erase("seq");
  record.private_.erase("absent_before");
  Outcome outcome;
  outcome.seq = seq;
  outcome.id = record.id;
  Frame frame;
  frame.emplace_back(std::move(outcome));
  frame.emplace_back(RecordPut{record});
  Task<Result<void>> appending = this->append(std::move(frame));
  Result<void> durable = co_await std::move(appending);
  if (context_.events != nullptr) context_.events->emit(Settled{record.address, record.id});
  co_return durable;
}

Task<Result<void>> Settler::close_absent(Subject* subject, uint64_t seq) {
  Outcome outcome;
  outcome.seq = seq;
  outcome.kind = Outcome::Kind::error;
  outcome.error_code = "not_found";
  Frame frame;
  frame.emplace_back(std::move(outcome));
  frame.emplace_back(RecordRemove{subject->record.address, subject->record.generation});
  Task<Result<void>> appending = this->append(std::move(frame));
  Result<void> durable = co_await std::move(appending);
  if (context_.events != nullptr) context_.events->emit(Settled{subject->record.address, ""});
  co_return durable;
}

// Searches until found or until no effect of the request can appear any more: its window is over by
// the wall clock that its intent was written by, or has passed once since this process looks. The
// second holds where that clock jumped back meanwhile; whoever sent the request is gone since then.
Task<Result<void>> Settler::settle_create(Subject subject, Intent intent) {
  Clock& clock = context_.world->clock;
  const int64_t visible_ms = subject.type->visible_within.seconds * 1000;
  const int64_t window_ms = millis(intent.deadline) - millis(intent.time) + visible_ms;
  const int64_t last_ms = millis(intent.deadline) + visible_ms;
  const MonotonicNs begun = clock.monotonic();
  int64_t pause_ms = 500;
  while (true) {
    const int64_t left_ms = std::min(last_ms - millis(clock.now()),
                                     window_ms - (clock.monotonic() - begun) / 1'000'000);
    Task<Result<std::string>> searching = search(&subject, &intent);
    Result<std::string> found = co_await std::move(searching);
    if (!found) co_return fail(found.error());
    if (!found->empty()) {
      subject.record.id = *found;
      subject.record.applied.set("", Value(facet_properties(*subject.type, "", subject.desired)));
      Task<Result<void>> closing = close_found(&subject, intent.seq);
      Result<void> closed = co_await std::move(closing);
      co_return closed;
    }
    // Only a look that began after the window's end proves absence.
    if (left_ms < 0 || memory_ != nullptr) {
      Task<Result<void>> closing = close_absent(&subject, intent.seq);
      Result<void> closed = co_await std::move(closing);
      co_return closed;
    }
    if (context_.events != nullptr) {
      const size_t before = settled_ == 0 ? 0 : settled_ - 1;
      context_.events->emit(
          StageProgress{"settle", before, to_settle_, intent.address, left_ms + 1});
    }
    const int64_t wait_ms = std::min<int64_t>(pause_ms, left_ms + 1);
    Task<void> pause = sleep_ns(&context_.world->clock, wait_ms * 1'000'000);
    co_await std::move(pause);
    pause_ms = std::min<int64_t>(pause_ms * 2, 5000);
  }
}

Task<Result<Subject>> Settler::find_lost_create(Subject subject) {
  for (const OpenIntent& open : store_->open_intents()) {
    if (open.intent.address != subject.record.address || open.intent.step != "create") continue;
    const Intent intent = open.intent;
    Subject copy = subject;
    Task<Result<void>> settling = settle_create(std::move(copy), intent);
    Result<void> settled = co_await std::move(settling);
    if (!settled) co_return fail(settled.error());
    const Record* record = state().find(subject.record.address, subject.record.generation);
    subject.record.id.clear();
    if (record != nullptr) subject.record = *record;
    co_return subject;
  }
  co_return fail(ErrorCode::internal, "no open intent for `" + subject.record.address + "`");
}

Task<Result<void>> Settler::settle_all(std::vector<OpenIntent> open, CloudOf clouds,
                                       Packages* packages, std::string stack_mark) {
  to_settle_ = open.size();
  settled_ = 0;
  for (const OpenIntent& one : open) {
    if (context_.events != nullptr)
      context_.events->emit(StageProgress{"settle", settled_, to_settle_});
    ++settled_;
    const Intent intent = one.intent;
    const Record* record = state().find(intent.address, intent.generation);
    Subject subject;
    subject.type = packages->resource(intent.type);
    subject.stack_mark = stack_mark;
    subject.desired = intent.desired;
    if (record != nullptr) subject.record = *record;
    subject.record.address = intent.address;
    subject.record.generation = intent.generation;
    subject.record.provider = intent.provider;
    subject.record.type = intent.type;
    if (const Value* nonce = intent.find_by.find("nonce"))
      subject.record.nonce = nonce->string_or();
    if (const Value* token = intent.find_by.find("token")) subject.token = token->string_or();
    if (subject.type == nullptr) {
      co_return fail(ErrorCode::refused, "an interrupted run worked on a `" + intent.type +
                                             "`, which this llmforge does not know");
    }
    if (intent.step == "create" && subject.record.id.empty()) {
      subject.cloud = clouds(intent.provider);
      if (subject.cloud == nullptr) {
        co_return fail(ErrorCode::refused, "an interrupted run worked in " + intent.provider.kind +
                                               " " + intent.provider.region + ", by provider `" +
                                               intent.provider.name +
                                               "`, which the spec no longer names");
      }
      Task<Result<void>> settling = settle_create(std::move(subject), intent);
      Result<void> settled = co_await std::move(settling);
      if (!settled) co_return settled;
      continue;
    }
    // The id is known: a read of the thing tells what was done. Until then its facets are unsure.
    Record& unsure = subject.record;
    if (record != nullptr) {
      std::string facet;
      if (intent.step.starts_with("facet:")) facet = intent.step.substr(6);
      if (intent.step.starts_with("element:"))
        facet = intent.step.substr(8, intent.step.find('/') - 8);
      facet = facet.substr(0, facet.find('/'));
      const bool known_facet = !facet.empty() && subject.type->facet(facet) != nullptr;
      auto& dirty = unsure.dirty_facets;
      if (known_facet && std::find(dirty.begin(), dirty.end(), facet) == dirty.end()) {
        dirty.push_back(facet);
      }
      if (unsure.status == RecordStatus::ready) unsure.status = RecordStatus::dirty;
    }
    Outcome outcome;
    outcome.seq = intent.seq;
    Frame frame;
    if (record != nullptr) {
      outcome.id = unsure.id;
      frame.emplace_back(std::move(outcome));
      frame.emplace_back(RecordPut{unsure});
    } else {
      outcome.kind = Outcome::Kind::error;
      outcome.error_code = "not_found";
      frame.emplace_back(std::move(outcome));
    }
    Task<Result<void>> appending = this->append(std::move(frame));
    Result<void> durable = co_await std::move(appending);
    if (!durable) co_return durable;
  }
  if (context_.events != nullptr)
    context_.events->emit(StageProgress{"settle", to_settle_, to_settle_});
  co_return Result<void>();
}

}  // namespace lf
