// SPDX-License-Identifier: Apache-2.0
// Asks the cloud what a plan needs of it before the plan is accepted: whether a machine type is
// offered there at all. What each type asks is in its descriptor.
#pragma once

#include <string>
#include <vector>

#include "engine/refresh.h"
#include "plan/plan.h"

namespace lf {

struct PreflightProblem {
  std::string address;
  std::vector<std::string> messages;  // one for each alternative, without doubles
  bool fatal = false;                 // no alternative is left
};

// Each question is asked once, whoever has it. Errors: what the questions met.
Task<Result<std::vector<PreflightProblem>>> preflight(CloudOf clouds, Packages* packages,
                                                      Events* events, const Graph* graph,
                                                      const Plan* plan,
                                                      const AttributeSource* source);

}  // namespace lf
