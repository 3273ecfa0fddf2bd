// SPDX-License-Identifier: Apache-2.0
// merge() and lookup(), and the keys and values of maps and lazy objects.
#include "lang/evaluator.h"

namespace lf::cel {
namespace {

constexpr int kDepthLimit = 100;

// An object as the map of its fields, so that it merges and serialises like one.
Value as_map_value(const Value& v) {
  if (!v.is_object()) return v;
  Map out;
  for (const auto& key : v.as_object()->keys()) {
    if (auto found = v.as_object()->get(key)) out.set(key, *std::move(found));
  }
  return out;
}

// Maps merge key by key, null removes a key, all else is replaced: the rule of overlays.
Value merged(const Value& base, const Value& over, int depth) {
  const Value left = as_map_value(base);
  const Value right = as_map_value(over);
  if (!left.is_map() || !right.is_map() || depth > kDepthLimit) return right;
  Map out = left.as_map();
  for (const auto& [key, value] : right.as_map()) {
    if (value.is_null()) {
      if (key.is_string()) out.erase(key.as_string());
      continue;
    }
    const Value* there = out.find(key);
    out.set(key, there == nullptr ? value : merged(*there, value, depth + 1));
  }
  return out;
}

Value merge(const Call& call) {
  Value out = as_map_value(call[0]);
  for (size_t i = 0; i < call.size(); ++i) {
    const Value next = as_map_value(call[i]);
    if (!next.is_map()) return no_overload(call);
    if (!call.budget.spend_deep(next)) return too_costly();
    if (i > 0) out = merged(out, next, 0);
    if (out.is_error()) return out;
  }
  return out;
}

// lookup(map, key, otherwise): the value, or `otherwise` where the key is absent.
Value lookup(const Call& call) {
  const Value& range = call[0];
  if (!range.is_map() && !range.is_object() && !range.is_unknown()) return no_overload(call);
  const Value found = index_value(range, call[1], true);
  if (found.is_optional()) {
    return found.optional_value() == nullptr ? call[2] : *found.optional_value();
  }
  return found;
}

Value keys(const Call& call) {
  const Value range = as_map_value(call[0]);
  if (!range.is_map()) return no_overload(call);
  List out;
  for (const auto& entry : range.as_map()) out.push_back(entry.first);
  return out;
}

Value values(const Call& call) {
  const Value range = as_map_value(call[0]);
  if (!range.is_map()) return no_overload(call);
  List out;
  for (const auto& entry : range.as_map()) out.push_back(entry.second);
  return out;
}

constexpr uint8_t kLazy = trait::kLeaves | trait::kObjects;

constexpr FunctionEntry kTable[] = {
    {"merge", merge, kLazy, "(map<A, B>, ...) map<A, B>",
     "The entries of several maps; of a key that several have, the last one's."},
    {"lookup", lookup, kLazy | trait::kUnknowns, "(map<A, B>, A, B) B",
     "What a map has under a key, or else a value that is given."},
    {"keys", keys, kLazy, "map<A, B>.() list<A>", "The keys of a map."},
    {"values", values, kLazy, "map<A, B>.() list<B>", "The values of a map."},
};

}  // namespace

std::span<const FunctionEntry> map_functions() {
  return kTable;
}

}  // namespace lf::cel
