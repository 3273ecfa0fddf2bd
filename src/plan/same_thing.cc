// SPDX-License-Identifier: Apache-2.0
#include "plan/same_thing.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/json.h"
#include "base/strings.h"
#include "provider/wire.h"

namespace lf {

namespace {

constexpr size_t kNotesMax = 5;

std::string shelf(const std::string& type, const std::string& provider) {
  return type + " " + provider;
}

// The properties of which no two things have the same values; empty: the type has none.
std::vector<const Property*> identity_of(const ResourceType& type) {
  if (const Property* name = type.unique_name()) return {name};
  for (const auto& way : type.recovery) {
    if (way.kind != Recovery::Kind::natural_key) continue;
    std::vector<const Property*> out;
    for (const auto& name : way.properties) out.push_back(type.property(name));
    if (std::find(out.begin(), out.end(), nullptr) == out.end()) return out;
  }
  return {};
}

Map known_of(const Record& record) {
  Map out = record.observed;
  for (const auto& [name, value] : applied_properties(record)) out.set(name, value);
  return out;
}

bool same_identity(const std::vector<const Property*>& identity, const Map& a, const Map& b) {
  return std::all_of(identity.begin(), identity.end(), [&](const Property* property) {
    const Value* x = a.find(property->name);
    const Value* y = b.find(property->name);
    return x != nullptr && y != nullptr && !x->is_unset() && !contains_unknown(*x) &&
           !contains_secret(*x) && same_value(*property, *x, *y);
  });
}

// Everything that was applied is wanted of the other too, but for its name.
bool alike(const ResourceType& type, const Map& desired, const Record& record) {
  const Map applied = applied_properties(record);
  size_t compared = 0;
  for (const auto& property : type.properties) {
    const Value* wanted = desired.find(property.name);
    const Value* had = applied.find(property.name);
    if (property.unique_name || property.computed || property.name == type.mark_property) continue;
    if (wanted == nullptr && had == nullptr) continue;
    if (wanted == nullptr || had == nullptr) return false;
    if (contains_unknown(*wanted) || contains_secret(*wanted)) continue;
    if (!same_value(property, *wanted, *had)) return false;
    ++compared;
  }
  return compared > 0;
}

}  // namespace

Unclaimed::Unclaimed(const Graph& graph, const State& state, Packages& packages) {
  if (graph.nodes.empty()) return;  // `destroy` plans without a graph
  std::set<std::string> claimed;
  for (const auto& node : graph.nodes)
    claimed.insert(node.moved_from.begin(), node.moved_from.end());
  for (const Record* record : state.records()) {
    const bool settled =
        record->status == RecordStatus::ready || record->status == RecordStatus::dirty;
    if (record->generation > 0 || !settled || record->id.empty() || !record->run.empty()) continue;
    if (claimed.contains(record->address) || graph.find(record->address) != kNoGraphId) continue;
    const ResourceType* type = packages.resource(record->type);
    if (type == nullptr || identity_of(*type).empty()) continue;
    by_type_[shelf(record->type, record->provider.name)].push_back(record);
  }
}

bool Unclaimed::any(const GraphNode& node) const {
  return !by_type_.empty() && by_type_.contains(shelf(node.type->name, node.provider));
}

const Record* Unclaimed::find(const GraphNode& node, const Map& desired) const {
  const auto found = by_type_.find(shelf(node.type->name, node.provider));
  if (found == by_type_.end()) return nullptr;
  const std::vector<const Property*> identity = identity_of(*node.type);
  const Record* same = nullptr;
  for (const Record* record : found->second) {
    if (!same_identity(identity, desired, known_of(*record))) continue;
    if (same != nullptr) return nullptr;
    same = record;
  }
  return same;
}

std::vector<std::string> rename_notes(const Plan& plan, const Graph& graph) {
  std::vector<std::string> out;
  std::map<std::string, std::vector<const PlanItem*>> made, gone;
  for (const auto& item : plan.items) {
    if (item.address.find('#') != std::string::npos || item.generation > 0 || item.excluded)
      continue;
    if (item.node != kNoGraphId && !item.moved_from.empty()) {
      const auto& written = graph.nodes[item.node].moved_from;
      if (std::find(written.begin(), written.end(), item.moved_from) == written.end())
        out.push_back(fmt::format(
            "`{}` is what was `{}`: both are {}. It is moved{}; "
            "`moved_from: {}` on it says so in writing",
            item.address, item.moved_from, item.record->id,
            item.action == Action::move ? ", and nothing is sent" : "", item.moved_from));
    }
    if (item.node != kNoGraphId && item.action == Action::create && !item.record)
      made[shelf(item.type, item.provider)].push_back(&item);
    if (item.node == kNoGraphId && item.action == Action::remove)
      gone[shelf(item.type, item.provider)].push_back(&item);
  }
  for (const auto& [type, items] : made) {
    const auto old = gone.find(type);
    if (items.size() != 1 || old == gone.end() || old->second.size() != 1) continue;
    const PlanItem& fresh = *items.front();
    const PlanItem& left = *old->second.front();
    const GraphNode& node = graph.nodes[fresh.node];
    if (!left.record || !node.run.empty() || !alike(*node.type, fresh.desired, *left.record))
      continue;
    const Property* name = node.type->unique_name();
    const Map known = known_of(*left.record);
    const Value* value = name == nullptr ? nullptr : known.find(name->name);
    const std::string keep =
        value == nullptr ? "" : fmt::format(" and `{}: {}`", name->name, to_text(*value));
    out.push_back(
        fmt::format("`{}` is made and `{}` is deleted, and they look alike. If it is the "
                    "same under a new key, write on it `moved_from: {}`{}",
                    fresh.address, left.address, left.address, keep));
  }
  if (out.size() > kNotesMax) {
    const size_t more = out.size() - kNotesMax;
    out.resize(kNotesMax);
    out.push_back(fmt::format("and {} more of this kind", more));
  }
  return out;
}

}  // namespace lf
