// SPDX-License-Identifier: Apache-2.0
// `drift`: what others changed since the last apply. Exit 2 if anything, 0 if nothing.
#include <fmt/format.h>

#include "cli/command_tools.h"
#include "cli/planning.h"
#include "plan/render_parts.h"

namespace lf {

namespace {

Task<int> drift_task(CommandContext* context, Session* session) {
  Plan plan;
  Task<PlanningEnd> planning = plan_all(session, context, &plan, false);
  const PlanningEnd end = co_await std::move(planning);
  if (end.exit_code >= 0) co_return end.exit_code;
  // Only what the cloud shows; what the spec wants is plan's to tell.
  Plan drifted;
  for (const auto& item : plan.items) {
    if (!item.drift.empty()) drifted.items.push_back(item);
  }
  PlanView view = plan_view(*session, *context);
  if (context->options.json || view.format == "json") {
    view.format = "json";
    print(render_plan(drifted, view));
    co_return drifted.items.empty() ? kDone : kChanges;
  }
  const PlanGroups groups = group(drifted);
  std::string text;
  for (const auto& row : groups.drift) {
    for (const auto& line : drift_lines(row, view)) text += line.text + "\n";
  }
  text +=
      groups.drift.empty() ? "no drift" : fmt::format("{} changed outside", groups.drift.size());
  print(text + fmt::format(" ({} request{})\n", view.requests, view.requests == 1 ? "" : "s"));
  co_return drifted.items.empty() ? kDone : kChanges;
}

}  // namespace

int run_drift(CommandContext& context) {
  // Planning loads the spec itself.
  Session session(context.world, context.options, context.sink);
  Task<int> task = drift_task(&context, &session);
  return context.loop.run(std::move(task));
}

}  // namespace lf
