// SPDX-License-Identifier: Apache-2.0
// Three-way: wanted, applied, seen. What the spec never set belongs to the cloud.
#include <algorithm>
#include <set>

#include "base/digest.h"
#include "plan/plan.h"
#include "provider/wire.h"

namespace lf {

Map applied_properties(const Record& record) {
  Map all;
  for (const auto& [facet, properties] : record.applied) {
    if (!properties.is_map()) continue;
    for (const auto& [name, value] : properties.as_map()) all.set(name, value);
  }
  return all;
}

namespace {

std::string element_key(const Property& property, const Value& element) {
  std::string key;
  if (element.is_map()) {
    for (const auto& field : property.key) {
      const Value& part = element[field];
      if (!key.empty()) key += ", ";
      if (!part.is_unset()) key += to_text(part);
    }
  } else {
    key = to_text(element);
  }
  return key;
}

class PropertyDiff {
 public:
  // `keeps_others`: elements that nobody wants stay (their facet has no `remove`).
  PropertyDiff(Cause cause, bool forces, bool keeps_others, std::vector<Change>& out)
      : cause_(cause), forces_(forces), keeps_others_(keeps_others), out_(out) {}

  void compare(const Property& property, const std::string& path, const Value& before,
               const Value& after) {
    if (contains_unknown(after)) {
      emit(path, before, after, before.is_unset() ? cause_ : Cause::unknown, property.type);
      return;
    }
    if (same_value(property, after, before)) return;
    const bool is_list_of_maps = property.type.kind() == Type::Kind::list && !property.key.empty();
    if (is_list_of_maps && (before.is_list() || before.is_unset()) &&
        (after.is_list() || after.is_unset())) {
      compare_sets(property, path, before, after);
    } else if (property.type.kind() == Type::Kind::map && property.compare == Compare::exact &&
               (before.is_map() || before.is_unset()) && (after.is_map() || after.is_unset())) {
      compare_maps(path, before, after, property.type.element());
    } else if (!property.fields.empty() && property.type.kind() == Type::Kind::object &&
               before.is_map() && after.is_map()) {
      for (const auto& field : property.fields) {
        if (field.computed) continue;
        if (field.absent == Absent::server && after[field.name].is_unset()) continue;
        compare(field, path + "." + field.name, before[field.name], after[field.name]);
      }
    } else {
      emit(path, before, after, cause_, property.type);
    }
  }

 private:
  void compare_sets(const Property& property, const std::string& path, const Value& before,
                    const Value& after) {
    std::map<std::string, std::pair<Value, Value>> pairs;
    std::vector<std::string> order;
    auto collect = [&](const Value& list, bool is_after) {
      if (!list.is_list()) return;
      for (const auto& element : list.as_list()) {
        const std::string key = element_key(property, element);
        auto [it, fresh] = pairs.try_emplace(key);
        if (fresh) order.push_back(key);
        (is_after ? it->second.second : it->second.first) = element;
      }
    };
    collect(before, false);
    collect(after, true);
    Property element = property;
    element.type = property.type.element();
    element.key.clear();
    for (const auto& key : order) {
      const auto& [a, b] = pairs[key];
      if (b.is_unset() && keeps_others_) continue;
      const std::string place = path + "[" + key + "]";
      const size_t before_it = out_.size();
      // Field by field where it is on both sides: what the cloud chose by itself is no change.
      if (a.is_map() && b.is_map() && !element.fields.empty()) compare(element, place, a, b);
      const bool told = out_.size() > before_it;
      if (!told && (a.is_unset() || b.is_unset() || !same_value(element, b, a))) {
        emit(place, a, b, cause_, element.type);
      }
    }
  }

  void compare_maps(const std::string& path, const Value& before, const Value& after,
                    const Type& type) {
    static const Map kEmpty;
    const Map& a = before.is_map() ? before.as_map() : kEmpty;
    const Map& b = after.is_map() ? after.as_map() : kEmpty;
    for (const auto& [key, value] : a) {
      const Value* other = b.find(key);
      if (other == nullptr)
        emit(path + "." + to_text(key), value, Value(), cause_, type);
      else if (!(*other == value))
        emit(path + "." + to_text(key), value, *other, cause_, type);
    }
    for (const auto& [key, value] : b) {
      if (a.find(key) == nullptr) emit(path + "." + to_text(key), Value(), value, cause_, type);
    }
  }

  void emit(const std::string& path, const Value& before, const Value& after, Cause cause,
            const Type& type) {
    Change change;
    change.path = path;
    change.before = before;
    change.after = after;
    change.type = type;
    change.cause = cause;
    change.forces_replace = forces_;
    out_.push_back(std::move(change));
  }

  Cause cause_;
  bool forces_;
  bool keeps_others_;
  std::vector<Change>& out_;
};

bool is_ignored(const std::vector<std::string>& ignore, const std::string& name) {
  return std::find(ignore.begin(), ignore.end(), name) != ignore.end();
}

const Value* seen_value(const Property& property, const Record& record, const Observation& seen,
                        const Map& desired) {
  if (!property.drifts || property.write_only || property.read.empty()) return nullptr;
  if (!property.drifts_after.empty() && desired.find(property.drifts_after) != nullptr)
    return nullptr;
  static const Value kNull;
  if (seen.presence == Observation::Presence::present) {
    const Value* value = seen.properties.find(property.name);
    return value == nullptr ? &kNull : value;
  }
  return record.observed.find(property.name);
}

}  // namespace

Difference difference(const ResourceType& type, const Map& desired, const Record& record,
                      const Observation& seen, const std::vector<std::string>& ignore_changes,
                      const SecretDigest& digest, const std::string& late_facet) {
  Difference out;
  std::set<std::string> facets;
  static const Value kNull;
  const Map applied_all = applied_properties(record);
  for (const auto& property : type.properties) {
    if (property.computed) continue;
    const Facet* of = property.facet.empty() ? nullptr : type.facet(property.facet);
    const std::string late = of != nullptr && of->late ? of->name : "";
    if (late != late_facet) continue;
    const bool ignored = is_ignored(ignore_changes, property.name);
    const Value* wanted = desired.find(property.name);
    const Value* applied = applied_all.find(property.name);
    if (wanted != nullptr && wanted->is_unset()) wanted = nullptr;
    const Value& want = wanted == nullptr ? kNull : *wanted;

    if (wanted != nullptr && contains_secret(want)) {
      // Only the digest is known of what was applied.
      const auto known = record.secret_digests.find(property.name);
      const bool unknown = contains_unknown(want);
      if (!unknown && known != record.secret_digests.end() && known->second == digest(want))
        continue;
      if (ignored) continue;
      Change change;
      change.path = change.property = property.name;
      change.secret = true;
      change.before = known == record.secret_digests.end() ? Value() : Value::secret(Value());
      change.after = Value::secret(Value());
      change.forces_replace = property.immutable;
      out.changes.push_back(change);
      facets.insert(property.facet);
      if (property.immutable) {
        out.replace_because.push_back(property.name);
        out.replace_only_if_changed = false;
      }
      continue;
    }

    const Value* shown = seen_value(property, record, seen, desired);
    const Value& now = shown != nullptr ? *shown : applied != nullptr ? *applied : kNull;
    if (wanted == nullptr) {
      // Never set and the cloud's to choose, or set once and nothing to go back to.
      if (property.absent == Absent::server) continue;
      if (property.absent == Absent::unmanaged && applied == nullptr) continue;
      if (property.local || (shown == nullptr && applied == nullptr)) continue;
    }
    // Who moved: the spec away from what was applied, or the cloud?
    const bool spec_same =
        applied != nullptr ? same_value(property, want, *applied) : want.is_null();
    const bool cloud_same =
        shown == nullptr || applied == nullptr || same_value(property, *applied, now);
    const Cause cause = spec_same && !cloud_same ? Cause::drift
                        : wanted == nullptr      ? Cause::unset
                                                 : Cause::spec;
    std::vector<Change> found;
    const bool keeps_others = of != nullptr && !of->each.empty() && of->remove.empty();
    PropertyDiff(cause, property.immutable, keeps_others, found)
        .compare(property, property.name, now, want);
    for (auto& change : found) change.property = property.name;
    if (!cloud_same && shown != nullptr) {
      std::vector<Change> moved;
      PropertyDiff(Cause::drift, false, keeps_others, moved)
          .compare(property, property.name, applied == nullptr ? kNull : *applied, now);
      for (auto& change : moved) {
        change.property = property.name;
        out.drift.push_back(std::move(change));
      }
    }
    if (found.empty() || ignored) continue;
    if (property.local) {
      // Nothing to send; the record alone changes.
      for (auto& change : found) change.forces_replace = false;
    } else if (property.immutable) {
      out.replace_because.push_back(property.name);
      const bool only_unknown = std::all_of(
          found.begin(), found.end(), [](const Change& c) { return c.cause == Cause::unknown; });
      if (!only_unknown) out.replace_only_if_changed = false;
    }
    facets.insert(property.facet);
    out.changes.insert(out.changes.end(), std::make_move_iterator(found.begin()),
                       std::make_move_iterator(found.end()));
  }
  if (facets.contains("")) out.facets.emplace_back("");
  for (const auto& facet : type.facets) {
    const bool dirty = std::find(record.dirty_facets.begin(), record.dirty_facets.end(),
                                 facet.name) != record.dirty_facets.end();
    if (facet.late ? facet.name != late_facet : !late_facet.empty()) continue;
    if (facets.contains(facet.name) || dirty) out.facets.push_back(facet.name);
  }
  if (out.replace_because.empty()) out.replace_only_if_changed = false;
  return out;
}

}  // namespace lf
