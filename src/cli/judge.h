// SPDX-License-Identifier: Apache-2.0
// The stack's policies and checks around a plan: before anything is changed, while it is, and
// after.
#pragma once

#include <memory>
#include <vector>

#include "cli/commands.h"
#include "engine/apply.h"
#include "plan/checks.h"
#include "plan/policy.h"
#include "plan/render.h"

namespace lf {

class Judge {
 public:
  // `graph`: what the plan was made from. All must outlive it.
  Judge(Session& session, const Graph& graph, const Plan& plan, bool destroy);
  // Policies, and checks before apply, once; gives what they say, for a plan's readers.
  std::vector<PlanFinding> look();
  // The same; what is found is shown. -1: go on; else the exit code.
  int before(const CommandContext& context);
  Approve approve();
  // Checks after apply, and what no policy could tell before. False: something does not hold.
  bool after(const CommandContext& context);

 private:
  Session& session_;
  const Graph& graph_;
  const Plan& plan_;
  bool destroy_, looked_ = false;
  Diagnostics found_;
  const std::vector<PolicyRule> rules_;
  PolicyRun policies_;
  std::vector<const CheckDecl*> open_checks_;
};

// The stack's own policies, and the standing ones that name a type which the graph has: the others
// would cost time and say nothing.
std::vector<PolicyRule> rules_for(const Demands& demands, const Graph& graph);

// The exit code for what a stage reports: 8 where something is refused, else 3.
int exit_code_of(const Diagnostics& diagnostics);

}  // namespace lf
