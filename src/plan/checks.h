// SPDX-License-Identifier: Apache-2.0
// The stack's `checks:`: assertions over its values, before anything is changed and after it was.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "plan/plan.h"
#include "spec/policy.h"

namespace lf {

enum class Moment : uint8_t { before, after };

// Evaluates those that are for this moment, and with `also` those that could not be decided then.
// What does not hold is LF0521, what fails LF0401, a secret LF0406. Before: what hangs on values
// that only apply will know is LF0522; those come back.
std::vector<const CheckDecl*> run_checks(const std::vector<CheckDecl>& checks, Moment moment,
                                         const Graph& graph, const AttributeSource& source,
                                         Diagnostics& diagnostics,
                                         const std::vector<const CheckDecl*>& also = {});

// What each planned node will be, for a plan that stands.
class PlannedValues {
 public:
  PlannedValues(const Graph& graph, const Plan& plan);
  const AttributeSource& source() const { return source_; }

 private:
  std::vector<const PlanItem*> by_node_;
  PlanSource source_;
};

}  // namespace lf
