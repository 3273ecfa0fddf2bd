// SPDX-License-Identifier: Apache-2.0
// The order in which nodes can be done, and the cycles that make one impossible.
#include <algorithm>

#include "graph/context.h"

namespace lf {

namespace {

// Depth-first, without recursion: graphs of 10,000 in a chain must not overflow the stack.
class Sorter {
 public:
  Sorter(Graph& graph, Diagnostics& diagnostics) : graph_(graph), diagnostics_(diagnostics) {}

  bool run() {
    colour_.assign(graph_.nodes.size(), Colour::white);
    graph_.order.clear();
    graph_.order.reserve(graph_.nodes.size());
    for (GraphId id = 0; id < graph_.nodes.size(); ++id) {
      if (colour_[id] == Colour::white && !visit(id)) return false;
    }
    return true;
  }

 private:
  enum class Colour : uint8_t { white, grey, black };
  struct Frame {
    GraphId node;
    size_t next;
  };

  bool visit(GraphId start) {
    std::vector<Frame> stack{{start, 0}};
    colour_[start] = Colour::grey;
    while (!stack.empty()) {
      Frame& top = stack.back();
      const auto& dependencies = graph_.nodes[top.node].dependencies;
      if (top.next == dependencies.size()) {
        colour_[top.node] = Colour::black;
        graph_.order.push_back(top.node);
        stack.pop_back();
        continue;
      }
      const GraphId next = dependencies[top.next++];
      if (colour_[next] == Colour::grey) {
        report(stack, next);
        return false;
      }
      if (colour_[next] == Colour::white) {
        colour_[next] = Colour::grey;
        stack.push_back({next, 0});
      }
    }
    return true;
  }

  void report(const std::vector<Frame>& stack, GraphId closing) {
    std::vector<GraphId> cycle;
    bool inside = false;
    for (const Frame& frame : stack) {
      inside = inside || frame.node == closing;
      if (inside) cycle.push_back(frame.node);
    }
    std::string path;
    for (GraphId id : cycle) path += "`" + graph_.nodes[id].address + "` needs ";
    path += "`" + graph_.nodes[closing].address + "`";
    auto& d = diagnostics_.add(
        Code::LF0402, graph_.nodes[cycle.front()].span,
        cycle.size() == 1 ? "`" + graph_.nodes[closing].address + "` needs itself"
                          : "these need each other in a circle: " + path,
        "needs `" + graph_.nodes[cycle.size() > 1 ? cycle[1] : closing].address + "`");
    for (size_t i = 1; i < cycle.size(); ++i) {
      const GraphId after = i + 1 < cycle.size() ? cycle[i + 1] : closing;
      d.others.push_back(
          {graph_.nodes[cycle[i]].span, "needs `" + graph_.nodes[after].address + "`"});
    }
    d.help.push_back("break the circle by taking one of these references out");
  }

  Graph& graph_;
  Diagnostics& diagnostics_;
  std::vector<Colour> colour_;
};

bool reaches(const Graph& graph, GraphId from, GraphId to) {
  std::vector<GraphId> open{from};
  std::set<GraphId> seen{from};
  while (!open.empty()) {
    const GraphId id = open.back();
    open.pop_back();
    if (id == to) return true;
    for (GraphId next : graph.nodes[id].dependencies) {
      if (seen.insert(next).second) open.push_back(next);
    }
  }
  return false;
}

// Who uses a resource should find its late facets done too (a machine its group's rules), unless
// that closes a circle, which is what late facets are for.
void wait_for_late_facets(Graph& graph) {
  std::vector<GraphId> with_late;
  for (GraphId id = 0; id < graph.nodes.size(); ++id) {
    if (!graph.nodes[id].late.empty()) with_late.push_back(id);
  }
  if (with_late.empty()) return;
  for (GraphId user = 0; user < graph.nodes.size(); ++user) {
    if (!graph.nodes[user].facet.empty()) continue;
    const auto dependencies = graph.nodes[user].dependencies;
    for (GraphId id : dependencies) {
      for (GraphId late : graph.nodes[id].late) {
        if (!reaches(graph, late, user)) graph.nodes[user].dependencies.push_back(late);
      }
    }
    auto& list = graph.nodes[user].dependencies;
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
}

}  // namespace

bool order_nodes(Graph& graph, Diagnostics& diagnostics) {
  if (!Sorter(graph, diagnostics).run()) return false;
  wait_for_late_facets(graph);
  return Sorter(graph, diagnostics).run();
}

}  // namespace lf
