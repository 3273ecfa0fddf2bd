// SPDX-License-Identifier: Apache-2.0
// What other resources see of a planned one.
#include "graph/attribute.h"
#include "plan/plan.h"

namespace lf {

namespace {

// What the spec says of an ignored property is neither what there is nor what there will be.
Map without_ignored(const Map& desired, const std::vector<std::string>& ignored,
                    const Record& record) {
  Map out = desired;
  const Map applied = applied_properties(record);
  for (const std::string& property : ignored) {
    if (const Value* known = applied.find(property)) out.set(property, *known);
  }
  return out;
}

}  // namespace

std::optional<Value> PlanSource::attribute(GraphId node, std::string_view field) const {
  const GraphNode& n = graph_.nodes[node];
  const PlanItem* item = by_node_[node];
  if (item == nullptr) return graph_.spec_only().attribute(node, field);
  // A run that is over and of which no record is left: there is nothing, and there will be nothing.
  const bool over = !item->record && item->action == Action::none && !item->run_note.empty();
  const Property* asked = n.type->property(field);
  if (over && (field == "id" || (asked != nullptr && asked->computed))) return Value();
  const bool fresh = !item->record || item->action == Action::create ||
                     (item->action == Action::replace && !item->replace_if_changed);
  if (fresh || item->record->id.empty()) {
    return attribute_before_create(graph_, node, item->desired, field);
  }
  const Record& record = *item->record;
  if (item->replace_if_changed &&
      (field == "id" || n.type->property(field) == nullptr || n.type->property(field)->computed)) {
    return attribute_before_create(graph_, node, item->desired, field);
  }
  if (field == "id") return Value(record.id);
  const Property* property = n.type->property(field);
  if (property == nullptr) return std::nullopt;
  Map changed;
  if (!n.ignore_changes.empty()) changed = without_ignored(item->desired, n.ignore_changes, record);
  const Map& desired = n.ignore_changes.empty() ? item->desired : changed;
  if (const Value* wanted = desired.find(field)) return *wanted;
  if (property->computed && property->changes_on_update && item->action == Action::update) {
    return Value(Unknown{
        property->type.to_string(), {n.address + "." + std::string(field)}, property->secret});
  }
  if (const Value* computed = record.computed.find(field)) return *computed;
  if (const Value* observed = record.observed.find(field)) return *observed;
  return attribute_before_create(graph_, node, desired, field);
}

Value replace_trigger(const Graph& graph, GraphId node, const AttributeSource& source,
                      const SecretDigest& digest) {
  return map_secrets(graph.replace_on(node, source), [&](const Value& secret) {
    return contains_unknown(secret) ? secret : Value("secret " + digest(secret));
  });
}

std::optional<Value> RecordSource::attribute(GraphId node, std::string_view field) const {
  const GraphNode& n = graph_.nodes[node];
  const std::string& home = n.facet.empty() ? n.address : graph_.nodes[n.main].address;
  const Record* record = state_.find(home);
  if (record == nullptr || record->id.empty()) return graph_.spec_only().attribute(node, field);
  if (field == "id") return Value(record->id);
  if (n.type->property(field) == nullptr) return std::nullopt;
  if (const Value* computed = record->computed.find(field)) return *computed;
  if (const Value* observed = record->observed.find(field)) return *observed;
  const Map applied = applied_properties(*record);
  if (const Value* known = applied.find(field)) return *known;
  return graph_.spec_only().attribute(node, field);
}

}  // namespace lf
