// SPDX-License-Identifier: Apache-2.0
#include "cli/planning.h"

#include "base/strings.h"
#include "cli/costing.h"
#include "cli/generated.h"
#include "cli/judge.h"
#include "engine/preflight.h"
#include "engine/refresh.h"
#include "engine/search.h"
#include "plan/critical_path.h"
#include "plan/same_thing.h"
#include "render/plan_page.h"

namespace lf {

namespace {

PlanningEnd failed(CommandContext* context, const Error& error) {
  show_error(error, context->options.json, context->terminal);
  return {exit_code_of(error)};
}

PlanningEnd invalid(CommandContext* context, Session* session) {
  show_diagnostics(session->diagnostics(), session->sources(), context->options.json,
                   context->terminal);
  return {exit_code_of(session->diagnostics())};
}

// What the cloud does not offer is said now. With other places left to try it is a note.
Task<Result<void>> ask_preflight(Session* session, CommandContext* context, Plan* plan) {
  Task<Result<std::vector<PreflightProblem>>> asking =
      preflight(session->clouds(), &session->packages(), &session->events(), &session->graph(),
                plan, &session->graph().spec_only());
  Result<std::vector<PreflightProblem>> problems = co_await std::move(asking);
  if (!problems) co_return fail(problems.error());
  Error error(ErrorCode::capacity, "");
  for (const auto& problem : *problems) {
    for (const auto& message : problem.messages) {
      if (problem.fatal)
        error.help.push_back(message);
      else if (!context->options.json)
        print_error("note: `" + problem.address + "`: " + message + "\n");
    }
    if (problem.fatal)
      error.message = "`" + problem.address + "` cannot be made in any of its places";
  }
  if (error.message.empty()) co_return Result<void>();
  co_return fail(std::move(error));
}

// `shared` things that exist already are used instead of made.
Task<Result<void>> find_shared(Session* session, Plan* plan) {
  for (PlanItem& item : plan->items) {
    if (item.action != Action::create || item.node == kNoGraphId) continue;
    const GraphNode& node = session->graph().nodes[item.node];
    if (!node.shared || !node.facet.empty()) continue;
    Cloud* cloud = session->cloud(item.provider);
    if (cloud == nullptr) continue;
    Map self = item.desired;
    Task<Result<std::string>> finding = find_named(cloud, node.type, std::move(self));
    Result<std::string> found = co_await std::move(finding);
    if (!found) co_return fail(found.error());
    if (found->empty()) continue;
    Record probe;
    probe.address = item.address;
    probe.id = *found;
    probe.private_.set("stack_mark", Value(session->stack_mark()));
    Task<Result<Observation>> reading = read_one(cloud, node.type, std::move(probe));
    Result<Observation> seen = co_await std::move(reading);
    if (!seen && seen.error().code == ErrorCode::not_found) continue;
    if (!seen) co_return fail(seen.error());
    if (seen->presence != Observation::Presence::present) continue;
    const bool owned = node.type->carrier == MarkCarrier::tags && seen->marks_ok;
    use_existing(*plan, item, *found, owned);
  }
  co_return Result<void>();
}

}  // namespace

Task<PlanningEnd> plan_all(Session* session, CommandContext* context, Plan* out, bool destroy) {
  const bool writes = context->options.command == "apply" || context->options.command == "destroy";
  Task<Result<bool>> loading = session->load_spec_fetching();
  Result<bool> loaded = co_await std::move(loading);
  if (!loaded) co_return failed(context, loaded.error());
  if (!*loaded) co_return invalid(context, session);
  Task<Result<void>> opening = writes ? session->open_store() : session->read_state();
  Result<void> opened = co_await std::move(opening);
  if (!opened) co_return failed(context, opened.error());
  for (const auto& note : session->notes()) print_error("note: " + note + "\n");
  // Everything that can be told without a cloud is told before the first request.
  if (!destroy) {
    Result<bool> sound = session->check_offline();
    if (!sound) co_return failed(context, sound.error());
    if (!*sound) co_return invalid(context, session);
  }
  if (!destroy) {
    if (const int refused = refuse_by_price(*session, *context); refused >= 0)
      co_return PlanningEnd{refused};
  }
  if (!context->options.offline) {
    Task<Result<void>> identifying = session->identify();
    Result<void> identified = co_await std::move(identifying);
    if (!identified) co_return failed(context, identified.error());
  }
  if (!destroy) {
    Task<Result<bool>> resolving = session->resolve_lookups();
    Result<bool> resolved = co_await std::move(resolving);
    if (!resolved) co_return failed(context, resolved.error());
    if (!*resolved) co_return invalid(context, session);
  }
  if (!context->options.offline) {
    Task<Result<void>> settling = session->settle();
    Result<void> settled = co_await std::move(settling);
    if (!settled) co_return failed(context, settled.error());
    if (!destroy) {
      Task<Result<void>> guarding = session->guard_empty_state();
      Result<void> guarded = co_await std::move(guarding);
      if (!guarded) co_return failed(context, guarded.error());
    }
    Task<Result<void>> refreshing = session->refresh_state();
    Result<void> refreshed = co_await std::move(refreshing);
    if (!refreshed) co_return failed(context, refreshed.error());
  }
  Result<bool> planned = session->make_plan(*out, destroy);
  if (!planned) co_return failed(context, planned.error());
  if (*planned) {
    Result<void> files = plan_generated(*session, *out, destroy);
    if (!files) co_return failed(context, files.error());
  }
  if (!*planned || session->diagnostics().has_errors()) co_return invalid(context, session);
  if (!context->options.offline && !destroy) {
    Task<Result<void>> looking = find_shared(session, out);
    Result<void> looked = co_await std::move(looking);
    if (!looked) co_return failed(context, looked.error());
    Task<Result<void>> asking = ask_preflight(session, context, out);
    Result<void> fine = co_await std::move(asking);
    if (!fine) co_return failed(context, fine.error());
  }
  co_return PlanningEnd{};
}

std::string show_plan(Session& session, const Plan& plan, const PlanView& view) {
  if (view.format != "html") return render_plan(plan, view);
  const GraphView graph =
      view.destroy ? GraphView{} : view_of(session.graph(), view.stack, view.environment);
  return plan_page(plan, view, graph, critical_path(plan, session.packages()));
}

void show_rename_notes(Session& session, const CommandContext& context, const Plan& plan) {
  if (context.options.json || context.options.format != "text") return;
  for (const auto& note : rename_notes(plan, session.graph()))
    print_error("note: " + printable(note) + "\n");
}

}  // namespace lf
