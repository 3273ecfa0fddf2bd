// SPDX-License-Identifier: Apache-2.0
// Generated files: what is wanted, what stands on the disk, what llmforge knows that it wrote.
// A file that it did not write is never overwritten; one that somebody edited is never deleted.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace lf {

// The text of a file below the stack's files_root; nullopt: there is none.
using ReadGenerated = std::function<Result<std::optional<std::string>>(const std::string& path)>;

// Errors: io; what is wrong with the spec's files goes to `diagnostics` (LF0409, LF0505).
Result<std::vector<PlanFile>> plan_files(const Graph& graph, const AttributeSource& source,
                                         const State& state, const PlanOptions& options,
                                         const ReadGenerated& read, Diagnostics& diagnostics);

}  // namespace lf
