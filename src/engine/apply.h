// SPDX-License-Identifier: Apache-2.0
// Performs a plan: every operation as soon as what it waits for is done, all on one loop. Decides
// nothing new: what turns out to need more than was planned stops with `plan changed`.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/operate.h"
#include "plan/plan.h"

namespace lf {

struct OperationResult {
  enum class Kind : uint8_t { pending, done, failed, skipped } kind = Kind::pending;
  Error error;          // failed
  std::string culprit;  // skipped: the address that failed; "" when the user asked to stop
  int64_t duration_ns = 0;
  std::string id;
};

struct ApplyResult {
  std::vector<OperationResult> operations;  // as plan.operations
  size_t done = 0, failed = 0, skipped = 0;
  bool capacity = false;  // some failure was for lack of capacity (exit 6)
  std::vector<Output> outputs;
};

// Asked with all properties known, right before the first request that makes or changes a resource.
// An error: nothing is sent for it.
using Approve = std::function<Result<void>(const PlanItem& item, const Map& desired)>;

// `graph` gives the desired properties again as soon as what they refer to is known.
Task<Result<ApplyResult>> apply_plan(EngineContext* context, Store* store, Graph* graph, Plan* plan,
                                     CloudOf clouds, Packages* packages, SecretDigest digest,
                                     std::string stack_mark, Diagnostics* diagnostics,
                                     Approve approve = {});

}  // namespace lf
