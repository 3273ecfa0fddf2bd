// SPDX-License-Identifier: Apache-2.0
// Policies over a plan: each rule sees each resource that changes, and the plan as a whole. What
// hangs on values that only apply will know is judged again right before that resource's request.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "plan/exemptions.h"
#include "plan/plan.h"
#include "spec/policy.h"

namespace lf {

struct PolicyNames {
  std::string stack, environment, region;
  std::map<std::string, Value> variables;
  Timestamp now;  // for exemptions
  bool destroy = false;
  Map cost;  // what policies see as plan.cost
};

class PolicyRun {
 public:
  // All must outlive it and stay as they are.
  PolicyRun(const std::vector<PolicyRule>& rules, PolicyNames names, const Graph& graph,
            const Plan& plan, Packages& packages, const Sources& sources);
  ~PolicyRun();
  // Reports LF0511 (refused), LF0512 (warned), LF0513 (a rule fails), LF0514 (only apply can tell),
  // and what is wrong with exemptions: LF0515 to LF0518.
  void judge(Diagnostics& diagnostics);
  // Whether what is about to be made or changed, with all its properties known, may be. refused.
  Result<void> approve(const PlanItem& item, const Map& desired);
  // After apply: what could not be judged before. Reports LF0511, LF0512.
  void finish(Diagnostics& diagnostics);

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace lf
