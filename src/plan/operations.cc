// SPDX-License-Identifier: Apache-2.0
// Every edge between operations, computed in this one place:
//  - a create, update or facet waits for those of its dependencies;
//  - a delete waits for the deletes of all that depended on it, and for the updates that let it go;
//  - a replacement creates after its delete, or (create_before_delete) deposes, creates, lets its
//    dependents follow, then deletes the deposed.
#include <algorithm>
#include <unordered_map>

#include "plan/plan.h"

namespace lf {

namespace {

constexpr size_t kNone = SIZE_MAX;

class Builder {
 public:
  Builder(const Graph& graph, const std::vector<PlanItem>& items) : graph_(graph), items_(items) {}

  std::vector<Operation> run() {
    makes_.assign(items_.size(), kNone);
    removes_.assign(items_.size(), kNone);
    by_node_.assign(graph_.nodes.size(), kNone);
    for (size_t i = 0; i < items_.size(); ++i) add_operations(i);
    for (size_t i = 0; i < items_.size(); ++i) add_edges(i);
    add_empties();
    for (size_t i = 0; i < items_.size(); ++i) wait_for_knowledge(i);
    for (auto& operation : out_) {
      std::sort(operation.after.begin(), operation.after.end());
      operation.after.erase(std::unique(operation.after.begin(), operation.after.end()),
                            operation.after.end());
    }
    return std::move(out_);
  }

 private:
  size_t add(Operation::Kind kind, size_t item, uint32_t generation, std::string facet = "") {
    Operation operation{};
    operation.kind = kind;
    operation.item = item;
    operation.generation = generation;
    operation.facet = std::move(facet);
    out_.push_back(std::move(operation));
    return out_.size() - 1;
  }

  void add_operations(size_t i) {
    const PlanItem& item = items_[i];
    if (item.record && item.generation == 0) by_address_[item.address] = i;
    if (item.node != kNoGraphId) by_node_[item.node] = i;
    using Kind = Operation::Kind;
    const bool late = item.node != kNoGraphId && !graph_.nodes[item.node].facet.empty();
    switch (item.action) {
      case Action::none: break;
      case Action::create: makes_[i] = add(Kind::create, i, 0); break;
      case Action::adopt: makes_[i] = add(Kind::adopt, i, 0); break;
      case Action::move: makes_[i] = add(Kind::move, i, 0); break;
      case Action::forget: removes_[i] = add(Kind::forget, i, item.generation); break;
      case Action::remove: removes_[i] = add(Kind::remove, i, item.generation); break;
      case Action::update:
        makes_[i] =
            late ? add(Kind::facet, i, 0, graph_.nodes[item.node].facet) : add(Kind::update, i, 0);
        break;
      case Action::replace:
        if (item.create_before_delete) {
          const size_t depose = add(Kind::depose, i, 0);
          makes_[i] = add(Kind::create, i, 0);
          out_[makes_[i]].after.push_back(depose);
          removes_[i] = add(Kind::remove, i, item.generation);
          out_[removes_[i]].after.push_back(makes_[i]);
        } else {
          removes_[i] = add(Kind::remove, i, 0);
          makes_[i] = add(Kind::create, i, 0);
          out_[makes_[i]].after.push_back(removes_[i]);
        }
        break;
    }
  }

  // The operation that makes node `id` what it should be; through unchanged nodes there is nothing
  // to wait for but what they themselves wait for, which is done already.
  void wait_for_node(size_t operation, GraphId id) {
    const size_t item = by_node_[id];
    if (item != kNone && makes_[item] != kNone && makes_[item] != operation) {
      out_[operation].after.push_back(makes_[item]);
    }
  }

  // Whether `from` must wait for `to`, by way of others.
  bool waits_for(size_t from, size_t to) const {
    std::vector<size_t> stack{from};
    std::vector<bool> seen(out_.size(), false);
    while (!stack.empty()) {
      const size_t at = stack.back();
      stack.pop_back();
      if (at == to) return true;
      if (seen[at]) continue;
      seen[at] = true;
      stack.insert(stack.end(), out_[at].after.begin(), out_[at].after.end());
    }
    return false;
  }

  // What is replaced for, or judged by, a value that is not known yet is deleted only when it is:
  // it may then turn out that nothing need be done, or that it may not.
  void wait_for_knowledge(size_t i) {
    const PlanItem& item = items_[i];
    if (item.action != Action::replace || item.create_before_delete || removes_[i] == kNone) return;
    if (item.node == kNoGraphId) return;
    const bool open = item.replace_if_changed ||
                      std::any_of(item.desired.begin(), item.desired.end(),
                                  [](const auto& entry) { return contains_unknown(entry.second); });
    if (!open) return;
    for (GraphId id : graph_.nodes[item.node].dependencies) {
      const size_t other = by_node_[id];
      if (other == kNone || makes_[other] == kNone) continue;
      if (!waits_for(makes_[other], removes_[i])) out_[removes_[i]].after.push_back(makes_[other]);
    }
  }

  // A run that was interrupted after it deposed something: the rest comes in the same order.
  void wait_for_successor(size_t deposed) {
    if (removes_[deposed] == kNone) return;
    auto& after = out_[removes_[deposed]].after;
    for (size_t i = 0; i < items_.size(); ++i) {
      if (makes_[i] == kNone || items_[i].node == kNoGraphId) continue;
      const GraphNode& node = graph_.nodes[items_[i].node];
      const bool uses = std::any_of(
          node.dependencies.begin(), node.dependencies.end(),
          [&](GraphId id) { return graph_.nodes[id].address == items_[deposed].address; });
      if (uses || node.address == items_[deposed].address) after.push_back(makes_[i]);
    }
  }

  void add_edges(size_t i) {
    const PlanItem& item = items_[i];
    if (makes_[i] != kNone && item.node != kNoGraphId) {
      for (GraphId id : graph_.nodes[item.node].dependencies) wait_for_node(makes_[i], id);
    }
    if (item.generation != 0) wait_for_successor(i);
    if (!item.record || item.generation != 0) return;
    // What this record used until now.
    for (const auto& address : item.record->dependencies) {
      const auto found = by_address_.find(address);
      if (found == by_address_.end()) continue;
      const size_t used = found->second;
      if (removes_[used] == kNone || used == i) continue;
      const bool deposed_later =
          items_[used].action == Action::replace && items_[used].create_before_delete;
      if (removes_[i] != kNone &&
          !(items_[i].action == Action::replace && items_[i].create_before_delete)) {
        out_[removes_[used]].after.push_back(removes_[i]);
      } else if (removes_[i] != kNone && deposed_later) {
        out_[removes_[used]].after.push_back(removes_[i]);
      } else if (makes_[i] != kNone && (items_[used].action == Action::remove || deposed_later)) {
        out_[removes_[used]].after.push_back(makes_[i]);
      }
    }
  }

  // Things that refer to each other by late facets let go of each other before the first is
  // deleted.
  void add_empties() {
    std::vector<size_t> empties, removes;
    for (size_t i = 0; i < items_.size(); ++i) {
      if (removes_[i] == kNone || items_[i].late_facets.empty()) continue;
      if (out_[removes_[i]].kind != Operation::Kind::remove) continue;
      removes.push_back(removes_[i]);
      empties.push_back(add(Operation::Kind::empty, i, out_[removes_[i]].generation));
    }
    for (size_t remove : removes) {
      out_[remove].after.insert(out_[remove].after.end(), empties.begin(), empties.end());
    }
  }

  const Graph& graph_;
  const std::vector<PlanItem>& items_;
  std::vector<Operation> out_;
  std::vector<size_t> makes_, removes_, by_node_;
  std::unordered_map<std::string, size_t> by_address_;
};

}  // namespace

std::vector<Operation> make_operations(const Graph& graph, const std::vector<PlanItem>& items) {
  return Builder(graph, items).run();
}

}  // namespace lf
