// SPDX-License-Identifier: Apache-2.0
#include "render/graph_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "graph/context.h"

namespace lf {

namespace {

// Items by module, modules in order of appearance.
std::vector<std::pair<std::string, std::vector<size_t>>> by_module(const GraphView& view) {
  std::vector<std::pair<std::string, std::vector<size_t>>> out;
  for (size_t i = 0; i < view.items.size(); ++i) {
    const std::string& module = view.items[i].module;
    auto group = std::find_if(out.begin(), out.end(),
                              [&](const auto& known) { return known.first == module; });
    if (group == out.end()) group = out.insert(out.end(), {module, {}});
    group->second.push_back(i);
  }
  return out;
}

// The address without its module's.
std::string own_name(const GraphView::Item& item) {
  const bool inside = !item.module.empty() && item.address.starts_with(item.module + ".");
  return inside ? item.address.substr(item.module.size() + 1) : item.address;
}

std::string dot_quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// Mermaid has no escape for quotes in labels but HTML's.
std::string mermaid_quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : printable(text)) {
    switch (c) {
      case '"': out += "#quot;"; break;
      case '&': out += "#amp;"; break;
      case '#': out += "#35;"; break;
      case '<': out += "#lt;"; break;
      case '>': out += "#gt;"; break;
      case '`': out += "#96;"; break;
      default: out += c;
    }
  }
  return out + "\"";
}

}  // namespace

GraphView view_of(const Graph& graph, const std::string& stack, const std::string& environment) {
  GraphView out{stack, environment, {}};
  std::vector<size_t> place(graph.nodes.size());
  for (const GraphId id : graph.order) {
    const GraphNode& node = graph.nodes[id];
    if (node.main != kNoGraphId) continue;
    place[id] = out.items.size();
    out.items.push_back({node.address,
                         node.type == nullptr ? "" : node.type->name,
                         node.module == nullptr ? "" : node.module->address,
                         {}});
  }
  auto resource = [&](GraphId id) {
    return graph.nodes[id].main == kNoGraphId ? id : graph.nodes[id].main;
  };
  for (const GraphId id : graph.order) {
    const size_t own = place[resource(id)];
    for (const GraphId dependency : graph.nodes[id].dependencies) {
      const size_t other = place[resource(dependency)];
      if (other != own) out.items[own].needs.push_back(other);
    }
  }
  for (auto& item : out.items) {
    std::sort(item.needs.begin(), item.needs.end());
    item.needs.erase(std::unique(item.needs.begin(), item.needs.end()), item.needs.end());
  }
  return out;
}

std::string to_dot(const GraphView& view) {
  std::string out = fmt::format(
      "digraph {} {{\n  rankdir = RL;\n  node [shape = box, fontname = \"sans-serif\"];\n",
      dot_quoted(view.stack));
  size_t cluster = 0;
  for (const auto& [module, items] : by_module(view)) {
    const std::string indent = module.empty() ? "  " : "    ";
    if (!module.empty()) {
      out +=
          fmt::format("  subgraph cluster_{} {{\n    label = {};\n", cluster++, dot_quoted(module));
    }
    for (const size_t i : items) {
      const GraphView::Item& item = view.items[i];
      // `\n` of DOT, so not through dot_quoted.
      std::string label = dot_quoted(own_name(item));
      label.insert(label.size() - 1, "\\n" + printable(item.type));
      out += fmt::format("{}{} [label = {}];\n", indent, dot_quoted(item.address), label);
    }
    if (!module.empty()) out += "  }\n";
  }
  for (const auto& item : view.items) {
    for (const size_t other : item.needs) {
      out += fmt::format("  {} -> {};\n", dot_quoted(item.address),
                         dot_quoted(view.items[other].address));
    }
  }
  return out + "}\n";
}

std::string to_mermaid(const GraphView& view) {
  std::string out = "flowchart RL\n";
  size_t cluster = 0;
  for (const auto& [module, items] : by_module(view)) {
    const std::string indent = module.empty() ? "  " : "    ";
    if (!module.empty()) {
      out += fmt::format("  subgraph m{}[{}]\n", cluster++, mermaid_quoted(module));
    }
    for (const size_t i : items) {
      std::string label = mermaid_quoted(own_name(view.items[i]));
      label.insert(label.size() - 1, "<br/>" + printable(view.items[i].type));
      out += fmt::format("{}n{}[{}]\n", indent, i, label);
    }
    if (!module.empty()) out += "  end\n";
  }
  for (size_t i = 0; i < view.items.size(); ++i) {
    for (const size_t other : view.items[i].needs) out += fmt::format("  n{} --> n{}\n", i, other);
  }
  return out;
}

Value to_value(const GraphView& view) {
  List nodes;
  for (const auto& item : view.items) {
    List needs;
    for (const size_t other : item.needs) needs.emplace_back(view.items[other].address);
    nodes.emplace_back(Map{{"address", Value(item.address)},
                           {"type", Value(item.type)},
                           {"module", Value(item.module)},
                           {"needs", Value(std::move(needs))}});
  }
  return Value(Map{{"stack", Value(view.stack)},
                   {"environment", Value(view.environment)},
                   {"nodes", Value(std::move(nodes))}});
}

}  // namespace lf
