// SPDX-License-Identifier: Apache-2.0
// `plan`: everything that apply would decide, nothing that it would do.
#include "cli/commands.h"
#include "cli/costing.h"
#include "cli/judge.h"
#include "cli/planning.h"
#include "plan/render.h"
#include "plan/same_thing.h"

namespace lf {

namespace {

Task<int> plan_task(CommandContext* context, Session* session) {
  Plan plan;
  Task<PlanningEnd> planning = plan_all(session, context, &plan, false);
  PlanningEnd end = co_await std::move(planning);
  if (end.exit_code >= 0) co_return end.exit_code;
  if (context->observer != nullptr) context->observer->planned(*session, plan);
  Result<void> saved = session->save_lock_file();
  if (!saved) {
    show_error(saved.error(), context->options.json, context->terminal);
    co_return kFailed;
  }
  Judge judge(*session, session->graph(), plan, false);
  PlanView view = plan_view(*session, *context);
  view.findings = judge.look();
  view.notes = rename_notes(plan, session->graph());
  view.cost = plan_cost(*session, *context, session->graph(), plan);
  print(show_plan(*session, plan, view));
  (void)flush_output();
  show_rename_notes(*session, *context, plan);
  if (const int refused = judge.before(*context); refused >= 0) co_return refused;
  if (view.cost != nullptr) {
    const int dear = refuse_by_price(*session, *context, session->graph(), *view.cost);
    if (dear >= 0) co_return dear;
  }
  if (!context->options.out.empty()) {
    Result<void> written = save_plan(*session, plan, context->options.out);
    if (!written) {
      show_error(written.error(), context->options.json, context->terminal);
      co_return kFailed;
    }
    print_error("saved the plan; apply exactly this with: llmforge apply " + context->options.out +
                "\n");
  }
  if (context->options.detailed_exitcode && plan.has_changes()) co_return kChanges;
  co_return kDone;
}

}  // namespace

int run_plan(CommandContext& context) {
  Session session(context.world, context.options, context.sink);
  Task<int> task = plan_task(&context, &session);
  const int code = context.loop.run(std::move(task));
  if (context.observer != nullptr) context.observer->ended(session);
  return code;
}

}  // namespace lf
