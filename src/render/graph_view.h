// SPDX-License-Identifier: Apache-2.0
// The resource graph as a picture's content: what there is, in which module, and what needs what.
// And that content as DOT (Graphviz), Mermaid, JSON and a page that needs nothing else.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace lf {

struct GraphView {
  struct Item {
    std::string address;
    std::string type;           // "aws.ec2.vpc"
    std::string module;         // "network", "buckets[\"data\"]"; "": the spec itself
    std::vector<size_t> needs;  // indexes into items, ascending, without doubles
  };
  std::string stack;
  std::string environment;
  std::vector<Item> items;  // in an order in which each stands behind what it needs
};

// One item a resource: late facets count as their resource, so that a cycle between groups does
// not show the split which the engine makes of it.
GraphView view_of(const Graph& graph, const std::string& stack, const std::string& environment);

std::string to_dot(const GraphView& view);
std::string to_mermaid(const GraphView& view);
Value to_value(const GraphView& view);
std::string to_html(const GraphView& view);  // graph_page.cc

}  // namespace lf
