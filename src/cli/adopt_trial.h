// SPDX-License-Identifier: Apache-2.0
// Would the plan be empty? The spec with its new entries is read in memory, the things are taken in
// there, and the plan is made; what it would change is left out, ignored, or not adopted at all,
// until nothing is left to change.
#pragma once

#include <memory>
#include <string>

#include "cli/adopt_bulk.h"
#include "engine/operate.h"

namespace lf {

// What an adoption of this node starts from: record and life-cycle words, without id and cloud.
Subject adoption_subject(Session& session, const Graph& graph, const GraphNode& node);

class Trial {
 public:
  Trial(CommandContext& context, Session& session, World& world, BulkInput& input);
  ~Trial();

  Task<int> run();  // -1: the plan is empty for each thing without a `why`
  // The spec as it will be; `adopt`: with the words that take things in.
  std::string text(bool adopt);
  const Graph& graph() const { return inner_->graph(); }
  Observations& observations() { return observations_; }

 private:
  Task<Result<bool>> load();          // false: diagnostics of inner_ have errors
  bool blame_diagnostics();           // each error is answered; false: one is not about a thing
  bool blame_plan(const Plan& plan);  // true: something changed, try again
  void blame(Thing& thing, const std::string& property, const std::string& why);
  State adopted_state();
  void learn_desired();
  Plan plan(const State& state);
  void learn_references();
  std::string entries(bool adopt, size_t first_line);

  CommandContext& context_;
  Session& session_;
  World& world_;
  BulkInput& input_;
  Options options_;
  std::unique_ptr<OverlayFiles> files_;
  std::unique_ptr<World> overlaid_;
  std::unique_ptr<Session> inner_;
  References references_;
  Observations observations_;
};

}  // namespace lf
