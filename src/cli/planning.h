// SPDX-License-Identifier: Apache-2.0
// From a spec to a plan, as plan, apply, destroy and drift need it; and plans in files.
#pragma once

#include "cli/commands.h"
#include "plan/render.h"

namespace lf {

struct PlanningEnd {
  int exit_code = -1;  // -1: go on with the plan
};

// Reads the spec, opens the state (locked if `session` has a store already opened by the caller),
// identifies, resolves, settles, guards, refreshes, plans. Shows what goes wrong.
Task<PlanningEnd> plan_all(Session* session, CommandContext* context, Plan* out, bool destroy);

// On stderr: renames that were found out, and those that may be meant.
void show_rename_notes(Session& session, const CommandContext& context, const Plan& plan);

PlanView plan_view(Session& session, const CommandContext& context);
// In the view's format, a page too.
std::string show_plan(Session& session, const Plan& plan, const PlanView& view);

// saved_plan.cc. Errors: io; stale with every reason.
Result<void> save_plan(Session& session, const Plan& plan, const std::string& path);
bool is_saved_plan(FileSystem& files, const std::string& path);
// The options that the saved plan was made with.
Result<Options> saved_options(FileSystem& files, const std::string& path, const Options& now);
// Whether `plan`, made just now, is what was saved.
Result<void> check_saved_plan(Session& session, const Plan& plan, const std::string& path);

}  // namespace lf
