// SPDX-License-Identifier: Apache-2.0
// The end of a run: one row per resource, outputs, and what to do next.
#pragma once

#include "cli/commands.h"
#include "cli/generated.h"
#include "engine/apply.h"

namespace lf {

void print_report(const Plan& plan, const ApplyResult& result,
                  const std::vector<GeneratedResult>& files, Session& session,
                  const CommandContext& context);

}  // namespace lf
