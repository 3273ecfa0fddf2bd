// SPDX-License-Identifier: Apache-2.0
// The macros that run over a list or a map. Each has its own loop instead of CEL's general fold:
// the same results, and nothing is copied from step to step.
#include <algorithm>

#include "lang/evaluator.h"

namespace lf::cel {

// One run over a range. `next` binds the variables.
struct Evaluator::Loop {
  const Expr& e;
  std::vector<Value>& locals;
  Value range;
  std::vector<std::string> keys;  // of an object
  size_t at = 0;
  size_t size = 0;
  Taint taint;

  // False: it is no range.
  bool start() {
    if (range.is_list()) {
      size = range.as_list().size();
    } else if (range.is_map()) {
      size = range.as_map().size();
    } else if (range.is_object()) {
      keys = range.as_object()->keys();
      size = keys.size();
    } else {
      return false;
    }
    return true;
  }

  Value key(size_t i) const {
    if (range.is_map()) return (range.as_map().begin() + static_cast<std::ptrdiff_t>(i))->first;
    return range.is_object() ? Value(keys[i]) : Value(static_cast<int64_t>(i));
  }
  Value value(size_t i) const {
    if (range.is_list()) return range.as_list()[i];
    if (range.is_map()) return (range.as_map().begin() + static_cast<std::ptrdiff_t>(i))->second;
    auto found = range.as_object()->get(keys[i]);
    return found ? *std::move(found) : Value();
  }

  bool next() {
    if (at >= size) return false;
    if (e.two_variables) {
      locals[e.slot] = key(at);
      locals[e.slot + 1u] = value(at);
    } else {
      locals[e.slot] = range.is_list() ? value(at) : key(at);
    }
    ++at;
    return true;
  }
};

namespace {

Value wants_bool(const Expr& e, const Value& v) {
  if (v.is_error()) return v;
  return Value::error("no such overload: `" + e.name + "` wants a bool from its body, not " +
                      type_name(v));
}

}  // namespace

Value Evaluator::comprehension(const Expr& e) {
  Value range = eval(*e.args[0]);
  if (range.is_error()) return range;
  Loop loop{e, locals_, std::move(range), {}, 0, 0, {}};
  loop.taint.absorb(loop.range);
  if (loop.range.is_unknown()) return loop.taint.as_unknown();
  if (e.macro == Macro::opt_map || e.macro == Macro::opt_flat_map) {
    return loop.taint.wrap(optional_map(e, loop.range));
  }
  if (!loop.start()) {
    return loop.taint.wrap(Value::error("no such overload: `" + e.name +
                                        "` runs over a list or a map, not " +
                                        type_name(loop.range)));
  }
  switch (e.macro) {
    case Macro::all:
    case Macro::exists: return quantify(loop);
    case Macro::exists_one: return exists_one(loop);
    case Macro::map:
    case Macro::filter:
    case Macro::transform_list: return make_list(loop);
    case Macro::transform_map:
    case Macro::transform_map_entry: return make_map(loop);
    case Macro::sort_by: return sort_by(loop);
    default: return Value::error("no such macro");
  }
}

// all is a long &&, exists a long ||.
Value Evaluator::quantify(Loop& loop) {
  const bool absorbing = loop.e.macro == Macro::exists;
  std::optional<Value> error;
  while (loop.next()) {
    Value v = eval(*loop.e.args[1]);
    if (exhausted()) return too_costly();
    loop.taint.absorb(v);
    if (v.is_bool()) {
      if (v.as_bool() == absorbing) return loop.taint.wrap(absorbing);
    } else if (!v.is_unknown() && !error) {
      error = wants_bool(loop.e, v);
    }
  }
  if (loop.taint.unknown()) return loop.taint.as_unknown("bool");
  if (error) return loop.taint.wrap(*std::move(error));
  return loop.taint.wrap(!absorbing);
}

Value Evaluator::exists_one(Loop& loop) {
  size_t count = 0;
  while (loop.next()) {
    Value v = eval(*loop.e.args[1]);
    if (exhausted()) return too_costly();
    loop.taint.absorb(v);
    if (v.is_unknown()) continue;
    if (!v.is_bool()) return loop.taint.wrap(wants_bool(loop.e, v));
    count += v.as_bool() ? 1 : 0;
  }
  // Two known ones decide, whatever the unknown ones are.
  if (loop.taint.unknown() && count < 2) return loop.taint.as_unknown("bool");
  return loop.taint.wrap(count == 1);
}

// Whether the element passes the filter of the macro. nullopt: unknown (noted), or an error.
static std::optional<bool> passes(Value v, Taint& taint, const Expr& e,
                                  std::optional<Value>& error) {
  taint.absorb(v);
  if (v.is_bool()) return v.as_bool();
  if (!v.is_unknown()) error = wants_bool(e, v);
  return std::nullopt;
}

Value Evaluator::make_list(Loop& loop) {
  const Expr& e = loop.e;
  const bool is_filter = e.macro == Macro::filter;
  const bool filtered = is_filter || e.args.size() == 3;
  List out;
  if (!filtered) out.reserve(loop.size);
  while (loop.next()) {
    if (filtered) {
      std::optional<Value> error;
      const auto pass = passes(eval(*e.args[1]), loop.taint, e, error);
      if (error) return loop.taint.wrap(*std::move(error));
      if (!pass || !*pass) continue;
    }
    Value v = is_filter ? locals_[e.slot] : eval(*e.args.back());
    if (exhausted() || !budget_.spend_deep(v)) return too_costly();
    if (v.is_error()) return loop.taint.wrap(std::move(v));
    out.push_back(std::move(v));
  }
  if (loop.taint.unknown()) return loop.taint.as_unknown("list");
  return loop.taint.wrap(std::move(out));
}

Value Evaluator::make_map(Loop& loop) {
  const Expr& e = loop.e;
  const bool entries = e.macro == Macro::transform_map_entry;
  Map out;
  while (loop.next()) {
    if (e.args.size() == 3) {
      std::optional<Value> error;
      const auto pass = passes(eval(*e.args[1]), loop.taint, e, error);
      if (error) return loop.taint.wrap(*std::move(error));
      if (!pass || !*pass) continue;
    }
    Value v = eval(*e.args.back());
    if (exhausted() || !budget_.spend_deep(v)) return too_costly();
    if (v.is_error()) return loop.taint.wrap(std::move(v));
    if (!entries) {
      out.set(loop.key(loop.at - 1), std::move(v));
      continue;
    }
    loop.taint.absorb(v);
    if (v.is_unknown()) continue;
    if (!v.is_map()) {
      return loop.taint.wrap(Value::error("no such overload: `" + e.name +
                                          "` wants a map from its body, not " + type_name(v)));
    }
    for (const auto& [key, value] : v.as_map()) {
      if (out.find(key) != nullptr) {
        return loop.taint.wrap(
            Value::error("insert failed: the key `" + to_text(key) + "` comes twice"));
      }
      out.set(key, value);
    }
  }
  if (loop.taint.unknown()) return loop.taint.as_unknown("map");
  return loop.taint.wrap(std::move(out));
}

Value Evaluator::sort_by(Loop& loop) {
  if (!loop.range.is_list()) {
    return loop.taint.wrap(
        Value::error("no such overload: `sortBy` sorts a list, not " + type_name(loop.range)));
  }
  std::vector<std::pair<Value, Value>> keyed;  // key, element
  keyed.reserve(loop.size);
  while (loop.next()) {
    Value key = eval(*loop.e.args[1]);
    if (exhausted()) return too_costly();
    if (key.is_error()) return loop.taint.wrap(std::move(key));
    loop.taint.absorb(key);
    keyed.emplace_back(std::move(key), loop.value(loop.at - 1));
  }
  if (loop.taint.unknown()) return loop.taint.as_unknown("list");
  for (const auto& entry : keyed) {
    if (entry.first.kind() != keyed.front().first.kind() ||
        !orderable(keyed.front().first, entry.first)) {
      return loop.taint.wrap(
          Value::error("no such overload: `sortBy` wants keys of one type that has an order"));
    }
  }
  std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    return compare_values(a.first, b.first) == std::partial_ordering::less;
  });
  List out;
  out.reserve(keyed.size());
  for (auto& entry : keyed) out.push_back(std::move(entry.second));
  return loop.taint.wrap(std::move(out));
}

Value Evaluator::optional_map(const Expr& e, const Value& range) {
  if (!range.is_optional()) {
    return Value::error("no such overload: `" + e.name + "` wants an optional, not " +
                        type_name(range));
  }
  if (range.optional_value() == nullptr) return range;
  locals_[e.slot] = *range.optional_value();
  Value v = eval(*e.args[1]);
  if (v.is_error()) return v;
  if (e.macro == Macro::opt_map) return Value::some(std::move(v));
  if (v.is_optional() || v.is_unknown() || v.is_secret()) return v;
  return Value::error("no such overload: `optFlatMap` wants an optional from its body, not " +
                      type_name(v));
}

}  // namespace lf::cel
