// SPDX-License-Identifier: Apache-2.0
// How long an apply will take, and because of what: the longest chain of operations, each counted
// with what its type usually takes.
#pragma once

#include <vector>

#include "plan/plan.h"

namespace lf {

struct CriticalPath {
  struct Step {
    size_t operation = 0;  // of the plan
    Duration usual;
  };
  std::vector<Step> steps;  // in order
  Duration total;
};

// Empty where the plan does nothing.
CriticalPath critical_path(const Plan& plan, Packages& packages);
// "45 s", "3 min", "1 h 20 min".
std::string about(Duration duration);

}  // namespace lf
