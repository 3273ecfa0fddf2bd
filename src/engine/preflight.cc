// SPDX-License-Identifier: Apache-2.0
#include "engine/preflight.h"

#include <algorithm>

#include "base/json.h"
#include "provider/scope.h"

namespace lf {

Task<Result<std::vector<PreflightProblem>>> preflight(CloudOf clouds, Packages* packages,
                                                      Events* events, const Graph* graph,
                                                      const Plan* plan,
                                                      const AttributeSource* source) {
  std::vector<PreflightProblem> problems;
  std::map<std::string, Value> answers;
  bool asked = false;
  for (const PlanItem& item : plan->items) {
    const bool makes = item.action == Action::create || item.action == Action::replace;
    if (!makes || item.node == kNoGraphId) continue;
    const GraphNode& node = graph->nodes[item.node];
    if (node.type->preflight.empty() || !node.facet.empty()) continue;
    ProviderInstance where;
    where.name = item.provider;
    Cloud* cloud = clouds(where);
    if (cloud == nullptr) continue;
    if (events != nullptr) events->emit(StageProgress{"preflight", 0, 1, item.address});
    asked = true;
    PreflightProblem problem;
    problem.address = item.address;
    const size_t choices = std::max<size_t>(1, node.alternative_count);
    size_t refused = 0;
    for (size_t choice = 0; choice < choices; ++choice) {
      Diagnostics silent;  // the plan has reported them
      const Map self = graph->desired(item.node, *source, silent, choice);
      bool fails = false;
      for (const Preflight& check : node.type->preflight) {
        const DataType* data = packages->data(check.data);
        if (data == nullptr) continue;
        Map names = cloud->names();
        names.set("self", Value(self));
        const MapActivation asking(names);
        const Value with = check.with.evaluate(asking);
        if (!with.is_map() || contains_unknown(with)) continue;
        const std::string key =
            check.data + to_json(with, {.indent = -1, .sort_keys = true}) + item.provider;
        auto known = answers.find(key);
        if (known == answers.end()) {
          Map inputs = with.as_map();
          Task<Result<Value>> looking = cloud->look_up(data, std::move(inputs));
          Result<Value> found = co_await std::move(looking);
          const bool nothing = !found && found.error().code == ErrorCode::not_found;
          if (!found && !nothing) co_return fail(found.error());
          known = answers.emplace(key, nothing ? Value(List()) : std::move(*found)).first;
        }
        names.set("result", known->second);
        const MapActivation judging(names);
        const Value fine = evaluate(check.expect, judging);
        if (!fine.is_bool() || fine.as_bool()) continue;
        fails = true;
        const std::string message = to_text(evaluate(check.message, judging));
        auto& list = problem.messages;
        if (std::find(list.begin(), list.end(), message) == list.end()) list.push_back(message);
      }
      if (fails) ++refused;
    }
    problem.fatal = refused == choices;
    if (refused > 0) problems.push_back(std::move(problem));
  }
  if (asked && events != nullptr) events->emit(StageProgress{"preflight", 1, 1});
  co_return problems;
}

}  // namespace lf
