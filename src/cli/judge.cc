// SPDX-License-Identifier: Apache-2.0
#include "cli/judge.h"

#include <algorithm>

#include "cli/costing.h"

namespace lf {

namespace {

// What `plan.cost` is to policies: zero where nothing has a price.
Map cost_names(Session& session, const Graph& graph, const Plan& plan,
               const std::vector<PolicyRule>& rules) {
  std::shared_ptr<const PlanCost> cost;
  if (!rules.empty()) cost = cost_of_plan(session, graph, plan);
  const PlanCost none;
  const PlanCost& of = cost == nullptr ? none : *cost;
  return Map{{"hourly", Value(of.after_sum.running)},
             {"monthly", Value(of.after_sum.idle)},
             {"dearest_hour", Value(of.dearest_hour)},
             {"unknown", Value(static_cast<int64_t>(of.after_sum.unknown))}};
}

PolicyNames names_of(Session& session, const Graph& graph, const Plan& plan, bool destroy,
                     const std::vector<PolicyRule>& rules) {
  const Spec& spec = session.spec().spec;
  PolicyNames out;
  out.stack = spec.stack;
  out.environment = spec.environment;
  out.region = spec.region;
  out.variables = session.spec().variables;
  out.now = session.world().clock.now();
  out.destroy = destroy;
  out.cost = cost_names(session, graph, plan, rules);
  return out;
}

}  // namespace

std::vector<PolicyRule> rules_for(const Demands& demands, const Graph& graph) {
  std::vector<PolicyRule> out = demands.policies;
  for (const auto& rule : demands.standing) {
    const bool concerned =
        std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const GraphNode& node) {
          return std::find(rule.types.begin(), rule.types.end(), node.type->name) !=
                 rule.types.end();
        });
    if (concerned) out.push_back(rule);
  }
  return out;
}

int exit_code_of(const Diagnostics& diagnostics) {
  const bool refused =
      std::any_of(diagnostics.all().begin(), diagnostics.all().end(), [](const Diagnostic& d) {
        return d.code == Code::LF0501 || d.code == Code::LF0511 || d.code == Code::LF0515 ||
               d.code == Code::LF0521;
      });
  return refused ? kRefused : kUsage;
}

Judge::Judge(Session& session, const Graph& graph, const Plan& plan, bool destroy)
    : session_(session),
      graph_(graph),
      plan_(plan),
      destroy_(destroy),
      rules_(rules_for(session.spec().demands, graph)),
      policies_(rules_, names_of(session, graph, plan, destroy, rules_), graph, plan,
                session.packages(), session.sources()) {}

std::vector<PlanFinding> Judge::look() {
  if (!looked_) {
    looked_ = true;
    policies_.judge(found_);
    if (!destroy_) {
      const PlannedValues planned(graph_, plan_);
      open_checks_ = run_checks(session_.spec().demands.checks, Moment::before, graph_,
                                planned.source(), found_);
    }
  }
  std::vector<PlanFinding> out;
  for (const auto& d : found_.sorted()) {
    PlanFinding one;
    one.severity = d.severity() == Severity::error     ? "error"
                   : d.severity() == Severity::warning ? "warning"
                                                       : "note";
    one.code = info(d.code).name;
    one.message = d.message;
    one.help = d.help;
    if (const Span& span = d.primary.span; span.valid()) {
      const auto& source = session_.sources().get(span.source);
      const auto place = source.position(span.begin);
      one.file = source.path();
      one.line = static_cast<int64_t>(place.line);
      one.column = static_cast<int64_t>(place.column);
    }
    out.push_back(std::move(one));
  }
  return out;
}

int Judge::before(const CommandContext& context) {
  look();
  if (found_.empty()) return -1;
  show_diagnostics(found_, session_.sources(), context.options.json, context.terminal);
  return found_.has_errors() ? exit_code_of(found_) : -1;
}

Approve Judge::approve() {
  if (rules_.empty()) return {};
  return
      [this](const PlanItem& item, const Map& desired) { return policies_.approve(item, desired); };
}

bool Judge::after(const CommandContext& context) {
  if (destroy_) return true;
  Diagnostics found;
  policies_.finish(found);
  const RecordSource real(graph_, session_.state());
  run_checks(session_.spec().demands.checks, Moment::after, graph_, real, found, open_checks_);
  if (found.empty()) return true;
  show_diagnostics(found, session_.sources(), context.options.json, context.terminal);
  return !found.has_errors();
}

}  // namespace lf
