// SPDX-License-Identifier: Apache-2.0
// A plan as its policies see it: `resource`, `plan` and the names around them, and where in the
// user's text a resource's property was given.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plan/policy.h"

namespace lf {

class PolicyView {
 public:
  PolicyView(PolicyNames names, const Graph& graph, const Plan& plan, Packages& packages);

  const PolicyNames& names() const { return names_; }
  const Graph& graph() const { return graph_; }
  // The plan's items that are resources of their own (late facets count with theirs).
  const std::vector<size_t>& resources() const { return resources_; }
  const PlanItem& item(size_t index) const { return plan_.items[index]; }
  size_t index_of(const PlanItem& item) const;
  const ResourceType* type_of(size_t index) const;
  std::string action(size_t index) const;  // with its late facets' changes
  const Value& properties(size_t index) const;
  Value prior(size_t index) const;
  // The type's own security checks: true where one finds something. Unknown, error as evaluated.
  Value finding(size_t index, std::string_view check) const;
  std::string finding_message(size_t index, std::string_view check) const;
  Value resource(size_t index) const;  // the object
  Value plan_object() const;
  // Known by now: seen by policies from here on.
  void set_properties(size_t index, Map desired);

 private:
  PolicyNames names_;
  const Graph& graph_;
  const Plan& plan_;
  Packages& packages_;
  std::vector<size_t> resources_;
  std::map<GraphId, size_t> by_node_;
  std::set<size_t> changed_late_;  // items whose late facets change
  mutable std::map<size_t, Value> properties_;
  mutable std::optional<Value> plan_object_;
};

// What names mean in a policy. `index`: the resource at hand; SIZE_MAX: none.
class PolicyActivation : public cel::Activation {
 public:
  PolicyActivation(const PolicyView& view, size_t index) : view_(view), index_(index) {}
  std::optional<Value> lookup(std::string_view name) const override;

 private:
  const PolicyView& view_;
  size_t index_;
};

using SourceLine = std::pair<SourceId, uint32_t>;

struct PolicyPlace {
  Span at;   // in the user's text
  Span via;  // the block's own line between, if any
  std::string property;
  const Tree* value = nullptr;  // as the user wrote it, where it is a resource of the user's own
  std::set<SourceLine> lines;   // where an exemption counts
};
// The first of `properties` that was given, else the resource itself.
PolicyPlace place_of(const GraphNode& node, const std::vector<std::string>& properties,
                     const Sources& sources);

}  // namespace lf
