// SPDX-License-Identifier: Apache-2.0
#include "plan/critical_path.h"

#include <catch2/catch.hpp>

namespace lf {

namespace {

// Operations of types that no package knows: each counts as one call, two seconds.
Plan chain_of(const std::vector<std::vector<size_t>>& after) {
  Plan plan;
  for (size_t i = 0; i < after.size(); ++i) {
    PlanItem item;
    item.address = "r" + std::to_string(i);
    item.type = "none.such.type";
    plan.items.push_back(item);
    plan.operations.push_back({Operation::Kind::create, i, 0, "", after[i]});
  }
  return plan;
}

std::string path_of(const Plan& plan) {
  Sources sources;
  Diagnostics diagnostics;
  Packages packages(sources, diagnostics);
  const CriticalPath path = critical_path(plan, packages);
  std::string out = std::to_string(path.total.seconds) + ":";
  for (const auto& step : path.steps) out += " " + std::to_string(step.operation);
  return out;
}

}  // namespace

TEST_CASE("the critical path is the longest chain", "[plan]") {
  CHECK(path_of(chain_of({})) == "0:");
  CHECK(path_of(chain_of({{}, {}, {0}})) == "4: 0 2");
  // What it waits for may stand behind it, and chains share their beginnings.
  CHECK(path_of(chain_of({{1, 4}, {2}, {3}, {}, {}})) == "8: 3 2 1 0");
}

TEST_CASE("durations are told as people tell them", "[plan]") {
  CHECK(about(Duration{0, 0}) == "0 s");
  CHECK(about(Duration{89, 0}) == "89 s");
  CHECK(about(Duration{150, 0}) == "3 min");
  CHECK(about(Duration{7260, 0}) == "2 h 1 min");
}

}  // namespace lf
