// SPDX-License-Identifier: Apache-2.0
// The life of one resource: create, apply facets, delete, wait. Every mutation is journalled: its
// intent is durable before it is sent, its outcome before anybody depends on it.
// Nothing here decides what to do (plan/) or when (apply.h).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/refresh.h"
#include "engine/subject.h"
#include "plan/plan.h"
#include "state/store.h"

namespace lf {

// The word in Record::private_ of what is `shared`.
inline constexpr const char* kSharedWord = "shared";
// Whether an adopted thing has this property as the spec says, because nothing can tell otherwise
// and sending it again would mean another thing: what no answer shows and no call changes.
bool taken_on_trust(const Property& property);
// Makes the subject's record that of an adopted thing with this observation: type, place, what it
// computes, and as applied what is there and wanted. The record's id and address are set.
void take_in(Subject* subject, const Observation& seen);

class Operator {
 public:
  Operator(EngineContext& context, Store& store, SecretDigest digest)
      : context_(context), store_(store), digest_(std::move(digest)) {}

  // Makes the thing, waits until it is up, applies its facets (late ones excepted) and records it
  // ready. What its descriptor says is there already (`adopt`) is taken over in place of made.
  // Errors: capacity (nothing was made: try the next alternative), refused (a thing of that name is
  // there without our marks), exists…; what was made until then is in state.
  Task<Result<Subject>> create(Subject subject);
  // Goes on where an interrupted create stopped: id known, the rest applied again.
  Task<Result<Subject>> finish_create(Subject subject);
  // Brings these facets ("" is the create group's update call) to what is desired.
  Task<Result<Subject>> update(Subject subject, std::vector<std::string> facets);
  // Takes every element of these late facets out.
  Task<Result<Subject>> empty(Subject subject);
  // Deletes and proves it gone; the record leaves the state. refused: it holds data. What cannot be
  // deleted (`reset`) is set back and left without our marks.
  Task<Result<Subject>> remove(Subject subject);
  // Reads a thing by id and records it as ours, marking it where its type carries marks. What the
  // spec wants otherwise is for the next plan.
  Task<Result<Subject>> adopt(Subject subject, std::string id);
  Task<Result<bool>> let_expire(Subject subject);
  // Reads a thing by id and records it as used: it stays whose it is, without our marks.
  Task<Result<Subject>> use(Subject subject, std::string id);
  // Looks into what refuses deletion while it holds data: true if it holds any. `leaving`: `type`
  // and `properties` of what depends on it and is deleted before it, which does not count.
  Task<Result<bool>> holds_data(Subject subject, List leaving = {});
  // Reads until the wait's states are reached. The observation is in the subject.
  std::string because(const Subject& subject, const std::string& reason);
  Task<Result<Subject>> wait_until(Subject subject, const Wait* wait, int64_t limit_ms,
                                   bool created);

 private:
  Task<Result<void>> drop(Record record);
  struct Mutation;  // one journalled call
  Task<Result<void>> journal_intent(Mutation* mutation);
  Task<Result<Answer>> mutate(Subject* subject, const Call* call, std::string step, Map input,
                              Map names, bool idempotent, Frame with_intent);
  Task<Result<void>> close(uint64_t seq, const Result<Answer>* result, Subject* subject,
                           Frame with_outcome);
  Task<Result<void>> run_steps(Subject* subject, const Verb* verb, size_t from, std::string step,
                               Map input, Map extra_names);
  Task<Result<void>> apply_facet(Subject* subject, const Facet* facet, bool fresh);
  Task<Result<void>> apply_elements(Subject* subject, const Facet* facet, bool fresh);
  Task<Result<void>> facet_step(Subject* subject, const Facet* facet, const Verb* verb,
                                std::string step, Map input, Map names, bool done_after);
  Task<Result<void>> put(Subject* subject);
  // `taken`: the id of somebody else's thing of that name, where the subject is `shared`.
  Task<Result<void>> confirm_absent_before(Subject* subject, std::string* taken);
  Task<Result<Subject>> restore(Subject subject);
  // operate_existing.cc: of what comes into being with something else and goes with it.
  Task<Result<Subject>> take_over(Subject subject);
  Task<Result<std::string>> find_existing(Subject* subject);
  Task<Result<void>> confirm_free(Subject* subject, std::string id);
  Task<Result<void>> put_back(Subject* subject);
  Task<Result<void>> finish(Subject* subject, bool fresh);
  Task<Result<void>> empty_first(Subject* subject, size_t* next);
  Task<Result<void>> wait_gone(Subject* subject, int64_t limit_ms);
  Task<Result<void>> explain_dependency(Subject* subject, Error* error);
  Timestamp now() { return context_.world->clock.now(); }

  EngineContext& context_;
  Store& store_;
  SecretDigest digest_;
};

}  // namespace lf
