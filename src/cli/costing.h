// SPDX-License-Identifier: Apache-2.0
// Costs for the commands: the usage that spec and command line give, --max-hourly, and the price
// that is kept with each resource.
#pragma once

#include <memory>

#include "cli/commands.h"
#include "plan/cost.h"

namespace lf {

// What the spec and --usage say is used. What is wrong in --usage: LF0203.
std::vector<UsageGiven> usage_given(const Options& options, const LoadedSpec& spec,
                                    Diagnostics& diagnostics);

// The cost of a plan; what is wrong in `cost:` of the spec is reported. Null: nothing has a price.
std::shared_ptr<const PlanCost> cost_of_plan(Session& session, const Graph& graph,
                                             const Plan& plan);
// The same where somebody will look at it: null where a text plan changes nothing.
std::shared_ptr<const PlanCost> plan_cost(Session& session, const CommandContext& context,
                                          const Graph& graph, const Plan& plan);
// --max-hourly against what would run: -1, or an exit code after telling why.
int refuse_by_price(Session& session, const CommandContext& context, const Graph& graph,
                    const PlanCost& cost);
// The same before the first request, by what the spec alone says.
int refuse_by_price(Session& session, const CommandContext& context);
// The price of each new resource goes into its record: what was said then is what counts later.
Task<Result<void>> keep_prices(Session* session);

}  // namespace lf
