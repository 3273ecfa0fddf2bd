// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "plan/plan.h"

namespace lf {
namespace {

GraphNode node(const std::string& address, std::vector<GraphId> dependencies) {
  GraphNode out;
  out.address = address;
  out.dependencies = std::move(dependencies);
  return out;
}

PlanItem item(const GraphNode& of, GraphId id, Action action) {
  PlanItem out;
  out.address = of.address;
  out.node = id;
  out.action = action;
  return out;
}

Record record(const GraphNode& of, std::vector<std::string> dependencies) {
  Record out;
  out.address = of.address;
  out.id = "id-of-" + of.address;
  out.dependencies = std::move(dependencies);
  return out;
}

size_t find(const std::vector<Operation>& operations, Operation::Kind kind, size_t item_index) {
  for (size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].kind == kind && operations[i].item == item_index) return i;
  }
  FAIL("no such operation");
  return 0;
}

bool waits(const std::vector<Operation>& operations, size_t one, size_t other) {
  const auto& after = operations[one].after;
  if (std::find(after.begin(), after.end(), other) != after.end()) return true;
  return std::any_of(after.begin(), after.end(),
                     [&](size_t next) { return waits(operations, next, other); });
}

using Kind = Operation::Kind;

TEST_CASE("create_before_delete deposes, creates, lets its users follow, then deletes",
          "[operations]") {
  Graph graph;
  graph.nodes = {node("template", {}), node("group", {0})};
  std::vector<PlanItem> items = {item(graph.nodes[0], 0, Action::replace),
                                 item(graph.nodes[1], 1, Action::update)};
  items[0].record = record(graph.nodes[0], {});
  items[0].create_before_delete = true;
  items[1].record = record(graph.nodes[1], {"template"});
  const auto operations = make_operations(graph, items);
  const size_t depose = find(operations, Kind::depose, 0);
  const size_t create = find(operations, Kind::create, 0);
  const size_t remove = find(operations, Kind::remove, 0);
  const size_t update = find(operations, Kind::update, 1);
  CHECK(waits(operations, create, depose));
  CHECK(waits(operations, update, create));
  CHECK(waits(operations, remove, create));
  CHECK(waits(operations, remove, update));
}

TEST_CASE("a plain replacement deletes first", "[operations]") {
  Graph graph;
  graph.nodes = {node("machine", {})};
  std::vector<PlanItem> items = {item(graph.nodes[0], 0, Action::replace)};
  items[0].record = record(graph.nodes[0], {});
  const auto operations = make_operations(graph, items);
  CHECK(operations.size() == 2);
  CHECK(waits(operations, find(operations, Kind::create, 0), find(operations, Kind::remove, 0)));
}

TEST_CASE("what an interrupted run deposed goes after its successor and those that use it",
          "[operations]") {
  Graph graph;
  graph.nodes = {node("template", {}), node("group", {0}), node("other", {})};
  std::vector<PlanItem> items = {
      item(graph.nodes[0], 0, Action::create), item(graph.nodes[1], 1, Action::update),
      item(graph.nodes[2], 2, Action::create), item(graph.nodes[0], kNoGraphId, Action::remove)};
  items[1].record = record(graph.nodes[1], {"template"});
  items[3].generation = 1;
  items[3].record = record(graph.nodes[0], {});
  items[3].record->generation = 1;
  const auto operations = make_operations(graph, items);
  const size_t remove = find(operations, Kind::remove, 3);
  CHECK(operations[remove].generation == 1);
  CHECK(waits(operations, remove, find(operations, Kind::create, 0)));
  CHECK(waits(operations, remove, find(operations, Kind::update, 1)));
  CHECK_FALSE(waits(operations, remove, find(operations, Kind::create, 2)));
}

}  // namespace
}  // namespace lf
