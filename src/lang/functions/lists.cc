// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/strings.h"
#include "lang/evaluator.h"

namespace lf::cel {

Value reverse_string(const Call& call);  // strings.cc: `reverse` is one name for both

namespace {

constexpr int64_t kRangeMax = 1'000'000;

Value invalid(const std::string& why) {
  return Value::error("invalid_argument: " + why);
}

Value size(const Call& call) {
  const Value& v = call[0];
  switch (v.kind()) {
    case Value::Kind::list: return static_cast<int64_t>(v.as_list().size());
    case Value::Kind::map: return static_cast<int64_t>(v.as_map().size());
    case Value::Kind::string: return static_cast<int64_t>(utf8_length(v.as_string()));
    case Value::Kind::bytes: return static_cast<int64_t>(v.as_bytes().size());
    case Value::Kind::object: return static_cast<int64_t>(v.as_object()->keys().size());
    default: return no_overload(call);
  }
}

Value slice(const Call& call) {
  if (!call[0].is_list() || !call[1].is_int() || !call[2].is_int()) return no_overload(call);
  const List& list = call[0].as_list();
  const int64_t begin = call[1].as_int();
  const int64_t end = call[2].as_int();
  if (begin < 0 || end < begin || end > static_cast<int64_t>(list.size())) {
    return invalid("no slice from " + std::to_string(begin) + " to " + std::to_string(end) +
                   " of a list of " + std::to_string(list.size()));
  }
  if (!call.budget.spend(static_cast<uint64_t>(end - begin))) return too_costly();
  return List(list.begin() + begin, list.begin() + end);
}

void flatten_into(const List& list, int64_t depth, List& out) {
  for (const auto& v : list) {
    if (v.is_list() && depth > 0) {
      flatten_into(v.as_list(), depth - 1, out);
    } else {
      out.push_back(v);
    }
  }
}

Value flatten(const Call& call) {
  if (!call[0].is_list() || (call.size() == 2 && !call[1].is_int())) return no_overload(call);
  const int64_t depth = call.size() == 2 ? call[1].as_int() : 1;
  if (depth < 0) return invalid("`flatten` wants no negative depth");
  List out;
  flatten_into(call[0].as_list(), depth, out);
  if (!call.budget.spend(out.size())) return too_costly();
  return out;
}

Value reverse(const Call& call) {
  if (call[0].is_string()) return reverse_string(call);
  if (!call[0].is_list()) return no_overload(call);
  if (!call.budget.spend(call[0].as_list().size())) return too_costly();
  return List(call[0].as_list().rbegin(), call[0].as_list().rend());
}

Value sort(const Call& call) {
  if (!call[0].is_list()) return no_overload(call);
  List list = call[0].as_list();
  for (const auto& v : list) {
    if (v.kind() != list.front().kind() || !orderable(list.front(), v)) {
      return Value::error("no such overload: `sort` wants elements of one type that has an order");
    }
  }
  if (!call.budget.spend(list.size() * 4)) return too_costly();
  std::stable_sort(list.begin(), list.end(), [](const Value& a, const Value& b) {
    return compare_values(a, b) == std::partial_ordering::less;
  });
  return list;
}

Value distinct(const Call& call) {
  if (!call[0].is_list()) return no_overload(call);
  List out;
  Map seen;  // strings are looked up, others compared
  for (const auto& v : call[0].as_list()) {
    if (v.is_string()) {
      if (seen.find(v) != nullptr) continue;
      seen.set(v, true);
    } else {
      if (!call.budget.spend(out.size())) return too_costly();
      if (std::find(out.begin(), out.end(), v) != out.end()) continue;
    }
    out.push_back(v);
  }
  return out;
}

Value range(const Call& call) {
  if (!call[0].is_int()) return no_overload(call);
  const int64_t n = call[0].as_int();
  if (n < 0) return invalid("`lists.range` wants no negative number");
  if (n > kRangeMax) return invalid("`lists.range` makes at most 1000000 elements");
  if (!call.budget.spend(static_cast<uint64_t>(n))) return too_costly();
  List out;
  out.reserve(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) out.emplace_back(i);
  return out;
}

Value first(const Call& call) {
  if (!call[0].is_list()) return no_overload(call);
  return call[0].as_list().empty() ? Value::none() : Value::some(call[0].as_list().front());
}
Value last(const Call& call) {
  if (!call[0].is_list()) return no_overload(call);
  return call[0].as_list().empty() ? Value::none() : Value::some(call[0].as_list().back());
}

constexpr FunctionEntry kTable[] = {
    {"size", size, trait::kLeaves | trait::kObjects,
     "(list<A>) int; (map<A, B>) int; (string) int; (bytes) int; list<A>.() int; "
     "map<A, B>.() int; string.() int; bytes.() int",
     "How many elements, entries, characters or bytes there are."},
    {"slice", slice, trait::kLeaves, "list<A>.(int, int) list<A>",
     "The elements from one index up to, not with, another."},
    {"flatten", flatten, trait::kLeaves, "list<A>.() list<dyn>; list<A>.(int) list<dyn>",
     "The elements of the lists in a list, one level deep, or as many as are given."},
    {"reverse", reverse, trait::kLeaves, "list<A>.() list<A>; string.() string",
     "The same from end to beginning."},
    {"sort", sort, 0, "list<A>.() list<A>", "The elements in rising order."},
    {"distinct", distinct, 0, "list<A>.() list<A>",
     "The elements, each once, in the order in which they came first."},
    {"lists.range", range, 0, "(int) list<int>", "The numbers from 0 up to, not with, n."},
    {"first", first, trait::kLeaves, "list<A>.() optional<A>",
     "The first element; none of an empty list."},
    {"last", last, trait::kLeaves, "list<A>.() optional<A>",
     "The last element; none of an empty list."},
};

}  // namespace

std::span<const FunctionEntry> list_functions() {
  return kTable;
}

}  // namespace lf::cel
