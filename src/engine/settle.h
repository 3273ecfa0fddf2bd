// SPDX-License-Identifier: Apache-2.0
// What an interrupted run left open is settled before anything new is planned. Settling never sends
// a mutation again: it searches, in the order that the type's descriptor gives, until the thing is
// found or is proven not to be there.
#pragma once

#include <string>
#include <vector>

#include "engine/refresh.h"
#include "engine/subject.h"
#include "state/store.h"

namespace lf {

class Settler {
 public:
  Settler(EngineContext& context, Store& store) : context_(context), store_(&store) {}
  // For a plan, which writes nothing: looks once and changes only the copy of the state.
  Settler(EngineContext& context, State& memory) : context_(context), memory_(&memory) {}

  // Closes every open intent. Found creates are recorded (status creating: the plan finishes them),
  // updates and deletes leave their record dirty or deleting. Errors: refused where more than one
  // thing fits by fingerprint; whatever the searches met.
  Task<Result<void>> settle_all(std::vector<OpenIntent> open, CloudOf clouds, Packages* packages,
                                std::string stack_mark);

  // Right after a create whose answer was lost: the subject with the id that was found and
  // recorded, or with an empty id and no record any more.
  Task<Result<Subject>> find_lost_create(Subject subject);

 private:
  Task<Result<std::string>> search(Subject* subject, const Intent* intent);
  Task<Result<void>> settle_create(Subject subject, Intent intent);
  Task<Result<void>> close_found(Subject* subject, uint64_t seq);
  Task<Result<void>> close_absent(Subject* subject, uint64_t seq);

  Task<Result<void>> append(Frame frame);
  const State& state() const { return store_ != nullptr ? store_->state() : *memory_; }

  EngineContext& context_;
  Store* store_ = nullptr;
  State* memory_ = nullptr;
  size_t settled_ = 0, to_settle_ = 1;  // begun, of how many: for the events
};

}  // namespace lf
