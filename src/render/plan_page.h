// SPDX-License-Identifier: Apache-2.0
// A plan as one HTML page that needs nothing from elsewhere: what it comes to, findings, each
// resource with its changes, files, outputs, cost, the longest chain, and the graph.
#pragma once

#include <string>

#include "plan/critical_path.h"
#include "plan/render.h"
#include "render/graph_view.h"

namespace lf {

std::string plan_page(const Plan& plan, const PlanView& view, const GraphView& graph,
                      const CriticalPath& path);

}  // namespace lf
