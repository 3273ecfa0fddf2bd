// SPDX-License-Identifier: Apache-2.0
#include "cli/costing.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "base/units.h"
#include "cli/judge.h"
#include "graph/context.h"

namespace lf {

std::vector<UsageGiven> usage_given(const Options& options, const LoadedSpec& spec,
                                    Diagnostics& diagnostics) {
  std::vector<UsageGiven> out;
  for (const auto& one : spec.demands.usage)
    out.push_back({one.address, one.key, one.text, one.span});
  for (const auto& text : options.usage) {
    const size_t equals = text.find('=');
    const size_t dot = equals == std::string::npos ? equals : text.rfind('.', equals);
    if (dot == std::string::npos || dot == 0 || dot + 1 == equals || equals + 1 == text.size()) {
      diagnostics.add(Code::LF0203, Span(), "--usage wants ADDRESS.KEY=VALUE, not `" + text + "`")
          .help.push_back("for instance --usage buckets.training-data.storage=100GiB");
      continue;
    }
    out.push_back({text.substr(0, dot), text.substr(dot + 1, equals - dot - 1),
                   text.substr(equals + 1), Span()});
  }
  return out;
}

std::shared_ptr<const PlanCost> cost_of_plan(Session& session, const Graph& graph,
                                             const Plan& plan) {
  Diagnostics silent;
  CostModel model(session.packages(), usage_given(session.options(), session.spec(), silent));
  auto out = std::make_shared<PlanCost>(model.of_plan(graph, plan));
  return out->empty() ? nullptr : out;
}

std::shared_ptr<const PlanCost> plan_cost(Session& session, const CommandContext& context,
                                          const Graph& graph, const Plan& plan) {
  const bool told =
      plan.has_changes() || context.options.format == "json" || !context.options.max_hourly.empty();
  return told ? cost_of_plan(session, graph, plan) : nullptr;
}

namespace {

// "5", "5 USD"; nullopt: neither.
std::optional<Money> limit_of(const std::string& text, const std::string& currency) {
  const auto whole = parse_money(text);
  return whole ? whole : parse_money(text + " " + currency);
}

std::string why_unknown(const ResourceCost& cost) {
  for (const auto& line : cost.lines) {
    if (!line.unknown.empty() && !line.by_usage) return line.unknown;
  }
  return cost.unknown_alternatives.empty()
             ? ""
             : "no price of `" + cost.unknown_alternatives.front() + "`";
}

Span span_of(const Graph& graph, const ResourceCost& cost) {
  if (cost.node == kNoGraphId) return {};
  const GraphNode& node = graph.nodes[cost.node];
  Span out = node.span;
  // The user's own line, not the block's.
  for (const ModuleInstance* m = node.module; m != nullptr && m->call != nullptr; m = m->parent)
    out = m->call->key_span;
  return out;
}

}  // namespace

int refuse_by_price(Session& session, const CommandContext& context, const Graph& graph,
                    const PlanCost& cost) {
  if (context.options.max_hourly.empty()) return -1;
  const auto limit = limit_of(context.options.max_hourly, cost.currency);
  if (!limit || limit->currency != cost.currency) {
    Error wrong(ErrorCode::invalid, "--max-hourly wants an amount of " + cost.currency + ", not `" +
                                        context.options.max_hourly + "`");
    wrong.help.push_back("for instance --max-hourly 5");
    show_error(wrong, context.options.json, context.terminal);
    return kUsage;
  }
  const double allowed = static_cast<double>(limit->micros) / 1e6;
  Diagnostics found;
  const ResourceCost* dearest = nullptr;
  for (const auto& one : cost.after) {
    const std::string unknown = why_unknown(one);
    if (!unknown.empty()) {
      auto& d =
          found.add(Code::LF0511, span_of(graph, one),
                    "`--max-hourly` refuses the plan: nobody knows what `" + one.address +
                        "` costs, and " + show_amount(allowed, cost.currency) + "/h are allowed");
      d.help.push_back(unknown);
    }
    if (dearest == nullptr || one.dearest() > dearest->dearest()) dearest = &one;
  }
  if (cost.dearest_hour > allowed + 1e-9 && dearest != nullptr) {
    auto& d = found.add(Code::LF0511, span_of(graph, *dearest),
                        "`--max-hourly` refuses the plan: what would run costs " +
                            show_amount(cost.dearest_hour, cost.currency) + "/h, and " +
                            show_amount(allowed, cost.currency) + "/h are allowed");
    d.help.push_back("`" + dearest->address + "` costs up to " +
                     show_amount(dearest->dearest(), cost.currency) + "/h");
    for (const auto& [what, hour] : dearest->alternatives) {
      if (hour > allowed)
        d.help.push_back("`" + what + "`, which may be taken as well, is " +
                         show_amount(hour, cost.currency) + "/h with it");
    }
  }
  if (found.empty()) return -1;
  show_diagnostics(found, session.sources(), context.options.json, context.terminal);
  return exit_code_of(found);
}

int refuse_by_price(Session& session, const CommandContext& context) {
  if (context.options.max_hourly.empty()) return -1;
  Diagnostics wrong;
  CostModel model(session.packages(), usage_given(context.options, session.spec(), wrong));
  const PlanCost cost = model.of_graph(session.offline_graph(), session.state());
  return refuse_by_price(session, context, session.offline_graph(), cost);
}

Task<Result<void>> keep_prices(Session* session) {
  CostModel model(session->packages(), {});
  Frame frame;
  for (const Record* record : session->state().records()) {
    const bool fresh = record->generation == 0 && record->status == RecordStatus::ready;
    if (!fresh || record->private_.find("price") != nullptr) continue;
    const Value price = model.of_record(*record);
    if (price.is_null()) continue;
    Record now = *record;
    now.private_.set("price", price);
    frame.emplace_back(RecordPut{std::move(now)});
  }
  if (frame.empty()) co_return Result<void>();
  Task<Result<void>> append = session->store()->append(std::move(frame));
  Result<void> durable = co_await std::move(append);
  co_return durable;
}

}  // namespace lf
