// SPDX-License-Identifier: Apache-2.0
// One mutation: intent durable, then sent, then its outcome durable. And a verb's steps.
#include <algorithm>

#include "base/strings.h"
#include "base/timestamp.h"
#include "engine/operate.h"
#include "engine/retry.h"
#include "provider/scope.h"
#include "provider/wire.h"

namespace lf {

namespace {

constexpr int kIntentsMax = 5;

Map find_by(const Subject& subject) {
  Map found;
  if (!subject.record.id.empty()) found.set("id", Value(subject.record.id));
  if (!subject.record.nonce.empty()) found.set("nonce", Value(subject.record.nonce));
  if (!subject.token.empty()) found.set("token", Value(subject.token));
  if (const Property* name = subject.type->unique_name()) {
    if (const Value* value = subject.desired.find(name->name)) found.set("name", *value);
  }
  return found;
}

Map masked(const Map& desired) {
  Map out;
  for (const auto& [name, value] : desired) {
    if (!contains_secret(value) && !contains_unknown(value)) out.set(name, as_kept(value));
  }
  return out;
}

}  // namespace

// One journalled call on its way.
struct Operator::Mutation {
  Intent intent;
  Frame with_intent;
  bool journalled = false;
  int64_t limit_ms = 0;  // after which the request is given up
};

// Right before the request is sent, and again before each repetition: what waited for its turn or
// was told to come back later has its full window from the moment when it really goes out, and
// what was never sent leaves no trace.
Task<Result<void>> Operator::journal_intent(Mutation* mutation) {
  Intent& intent = mutation->intent;
  Clock& clock = context_.world->clock;
  if (intent.seq == 0) intent.seq = store_.next_intent();
  // Whoever settles counts on the deadline: an intent that took too long to write gets another.
  for (int tries = 0; tries < kIntentsMax; ++tries) {
    const MonotonicNs begun = clock.monotonic();
    intent.time = now();
    intent.deadline = later(intent.time, mutation->limit_ms + store_.intent_lead_ms());
    Frame frame;
    frame.emplace_back(intent);
    for (auto& entry : mutation->with_intent) frame.push_back(std::move(entry));
    mutation->with_intent.clear();
    Task<Result<void>> append = store_.append(std::move(frame));
    Result<void> durable = co_await std::move(append);
    if (!durable) co_return durable;
    mutation->journalled = true;
    const int64_t took_ms = (clock.monotonic() - begun) / 1'000'000;
    const int64_t lead_ms = store_.intent_lead_ms();
    if (lead_ms == 0 || took_ms < lead_ms) co_return store_.may_send();
  }
  co_return fail(ErrorCode::io,
                 "the state is written too slowly: a request must follow its note "
                 "within " +
                     std::to_string(store_.intent_lead_ms() / 1000) + " s");
}

// Sends one journalled mutation. `with_intent`: entries that become durable together with the
// intent. The caller closes the intent with the outcome's frame unless the outcome is unknown,
// which is closed by settling alone.
Task<Result<Answer>> Operator::mutate(Subject* subject, const Call* call, std::string step,
                                      Map input, Map names, bool idempotent, Frame with_intent) {
  Mutation mutation;
  mutation.with_intent = std::move(with_intent);
  // The shorter of what the cloud's package and the place of the state allow.
  mutation.limit_ms =
      std::min(subject->cloud->package().info().request_limit.seconds * 1000, store_.request_ms());
  Intent& intent = mutation.intent;
  intent.address = subject->record.address;
  intent.generation = subject->record.generation;
  intent.step = step;
  intent.action = call->action;
  const Value digest_of{input};
  intent.request_digest = request_digest(*call, digest_of);
  intent.find_by = find_by(*subject);
  intent.absent_before = subject->record.private_.find("absent_before") != nullptr;
  intent.type = subject->type->name;
  intent.provider = subject->record.provider;
  intent.desired = masked(subject->desired);

  const Service* service = subject->type->service;
  if (!call->service.empty()) {
    service = subject->cloud->package().service(call->service);
    if (service == nullptr)
      co_return fail(ErrorCode::internal, "no service `" + call->service + "`");
  }
  CallOptions options;
  options.address = subject->record.address;
  options.type = subject->type;
  options.mutation = true;
  options.idempotent = idempotent || call->idempotent;
  options.visible_within_ms = subject->type->visible_within.seconds * 1000;
  options.timeout_ms = mutation.limit_ms;
  Mutation* const journalled = &mutation;
  options.before_send = [this, journalled] { return journal_intent(journalled); };
  Task<Result<Answer>> sending =
      subject->cloud->call(service, call, std::move(input), std::move(names), options);
  Result<Answer> answer = co_await std::move(sending);
  if (!mutation.journalled) co_return answer;  // nothing was sent
  if (answer) {
    subject->record.private_.set("seq", Value(static_cast<int64_t>(intent.seq)));
    co_return answer;
  }
  const Error error = answer.error();
  const bool done_already =
      error.code == ErrorCode::not_found && !call->absent_on.empty() && !error.service_code.empty();
  if (done_already) {
    subject->record.private_.set("seq", Value(static_cast<int64_t>(intent.seq)));
    co_return answer;  // the caller closes it: what was to be taken away is not there
  }
  Outcome outcome;
  outcome.seq = intent.seq;
  outcome.kind =
      error.code == ErrorCode::outcome_unknown ? Outcome::Kind::unknown : Outcome::Kind::error;
  outcome.error_code = to_string(error.code);
  outcome.service_code = error.service_code;
  Frame close_frame;
  close_frame.emplace_back(std::move(outcome));
  const bool first_step = step == "create";
  if (first_step && error.code != ErrorCode::outcome_unknown) {
    close_frame.emplace_back(RecordRemove{subject->record.address, subject->record.generation});
  }
  Task<Result<void>> closing = store_.append(std::move(close_frame));
  Result<void> closed = co_await std::move(closing);
  if (!closed) co_return fail(closed.error());
  co_return answer;
}

// Makes outcome and record durable in one frame.
Task<Result<void>> Operator::close(uint64_t seq, const Result<Answer>* result, Subject* subject,
                                   Frame with_outcome) {
  Outcome outcome;
  outcome.seq = seq;
  outcome.kind = Outcome::Kind::ok;
  outcome.id = subject->record.id;
  if (result != nullptr && !*result) outcome.service_code = result->error().service_code;
  subject->record.private_.erase("seq");
  subject->record.updated_at = now();
  Frame frame = std::move(with_outcome);
  frame.insert(frame.begin(), Entry(std::move(outcome)));
  Task<Result<void>> append = store_.append(std::move(frame));
  Result<void> durable = co_await std::move(append);
  co_return durable;
}

Task<Result<void>> Operator::put(Subject* subject) {
  subject->record.updated_at = now();
  Frame frame;
  frame.emplace_back(RecordPut{subject->record});
  Task<Result<void>> append = store_.append(std::move(frame));
  Result<void> durable = co_await std::move(append);
  co_return durable;
}

// Runs the steps of a verb from `from` on. A step's outcome frame holds the record as it is then.
Task<Result<void>> Operator::run_steps(Subject* subject, const Verb* verb, size_t from,
                                       std::string step, Map input, Map extra_names) {
  Map bound = std::move(extra_names);
  std::map<std::string, int> repeats;
  size_t at = from;
  while (at < verb->size()) {
    const Step& one = (*verb)[at];
    Map names = names_of(*subject);
    for (const auto& [name, value] : bound) names.set(name, value);
    MapActivation activation(names);
    if (one.when) {
      const Value met = evaluate(*one.when, activation);
      if (met.is_error())
        co_return fail(ErrorCode::internal, "step " + one.name + ": " + met.error_message());
      if (!met.is_bool() || !met.as_bool()) {
        // A repetition that has nothing left to do ends here.
        ++at;
        continue;
      }
    }
    List turns{Value()};
    if (one.for_each) {
      const Value list = evaluate(*one.for_each, activation);
      if (!list.is_list())
        co_return fail(ErrorCode::internal, "step " + one.name + ": for_each gives no list");
      turns = list.as_list();
    }
    for (size_t turn = 0; turn < turns.size(); ++turn) {
      Map names_here = names;
      if (!one.as.empty()) names_here.set(one.as, turns[turn]);
      std::string label = step;
      if (verb->size() > 1) label += "/" + one.name;
      if (one.for_each) label += "/" + std::to_string(turn);
      Map sent = at == 0 ? input : Map();
      Result<Answer> answer;
      if (one.read) {
        CallOptions options;
        options.address = subject->record.address;
        options.type = subject->type;
        options.idempotent = true;
        Task<Result<Answer>> reading = subject->cloud->call(subject->type->service, &one.call,
                                                            std::move(sent), names_here, options);
        answer = co_await std::move(reading);
        const bool absent =
            !answer && answer.error().code == ErrorCode::not_found && !one.call.absent_on.empty();
        if (!answer && !absent) co_return fail(answer.error());
      } else {
        Frame none;
        Task<Result<Answer>> sending = mutate(subject, &one.call, label, std::move(sent),
                                              names_here, one.call.idempotent, std::move(none));
        answer = co_await std::move(sending);
        const Value* seq = subject->record.private_.find("seq");
        if (seq == nullptr) co_return fail(answer.error());
        const auto number = static_cast<uint64_t>(seq->as_int());
        subject->record.private_.erase("seq");
        Frame with_record;
        with_record.emplace_back(RecordPut{subject->record});
        Task<Result<void>> closing = close(number, &answer, subject, std::move(with_record));
        Result<void> closed = co_await std::move(closing);
        if (!closed) co_return closed;
      }
      Map tree;
      if (answer) {
        if (answer->body.is_map())
          tree = answer->body.as_map();
        else
          tree.set("@body", answer->body);
        tree.set("@header", Value(answer->headers));
      }
      const Value whole{std::move(tree)};
      for (const auto& [name, path] : one.bind) {
        bound.set(name, path.empty() ? whole : at_path(whole, path));
      }
      for (const auto& [name, path] : one.call.take) {
        const Property* property = subject->type->property(name);
        if (property == nullptr) continue;
        subject->record.computed.set(name, at_path(whole, path));
      }
    }
    if (one.repeat_until) {
      Map again_names = names_of(*subject);
      for (const auto& [name, value] : bound) again_names.set(name, value);
      const MapActivation again_activation(again_names);
      const Value over = evaluate(*one.repeat_until, again_activation);
      const bool again = over.is_bool() && !over.as_bool();
      if (again) {
        if (++repeats[one.name] > one.repeat_limit) {
          co_return fail(ErrorCode::internal, "step " + one.name + " was repeated " +
                                                  std::to_string(one.repeat_limit) +
                                                  " times without an end");
        }
        // What only looks does not come any nearer by looking at once.
        if (one.read && (one.repeat_from.empty() || one.repeat_from == one.name)) {
          const int64_t pause_ms = std::min<int64_t>(250 * repeats[one.name], 10'000);
          Task<void> pause = sleep_ns(&context_.world->clock, pause_ms * 1'000'000);
          co_await std::move(pause);
        }
        size_t back = at;
        for (size_t i = 0; i <= at; ++i) {
          if ((*verb)[i].name == one.repeat_from) back = i;
        }
        at = back;
        continue;
      }
    }
    ++at;
  }
  co_return Result<void>();
}

}  // namespace lf
