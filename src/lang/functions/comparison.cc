// SPDX-License-Identifier: Apache-2.0
// == != < <= > >= and `in`. Equality is defined for all pairs of values (other kinds: false);
// order for numbers across their kinds and for pairs of one ordered kind.
#include <algorithm>
#include <cmath>

#include "lang/evaluator.h"

namespace lf::cel {
namespace {

std::partial_ordering reversed(std::partial_ordering order) {
  if (order == std::partial_ordering::less) return std::partial_ordering::greater;
  if (order == std::partial_ordering::greater) return std::partial_ordering::less;
  return order;
}

std::partial_ordering compare_int_uint(int64_t a, uint64_t b) {
  if (a < 0) return std::partial_ordering::less;
  return static_cast<uint64_t>(a) <=> b;
}

// As the standard's suite has it: within the whole number's range both are compared as doubles.
std::partial_ordering compare_double(double d, const Value& whole) {
  const bool is_int = whole.is_int();
  if (d < (is_int ? -9223372036854775808.0 : 0.0)) return std::partial_ordering::less;
  if (d > (is_int ? 9223372036854775808.0 : 18446744073709551616.0)) {
    return std::partial_ordering::greater;
  }
  const double other =
      is_int ? static_cast<double>(whole.as_int()) : static_cast<double>(whole.as_uint());
  return d <=> other;  // unordered for NaN
}

std::partial_ordering compare_numbers(const Value& a, const Value& b) {
  if (a.is_double() && b.is_double()) return a.as_double() <=> b.as_double();
  if (a.is_double()) return compare_double(a.as_double(), b);
  if (b.is_double()) return reversed(compare_double(b.as_double(), a));
  if (a.is_int() && b.is_int()) return a.as_int() <=> b.as_int();
  if (a.is_uint() && b.is_uint()) return a.as_uint() <=> b.as_uint();
  if (a.is_int()) return compare_int_uint(a.as_int(), b.as_uint());
  return reversed(compare_int_uint(b.as_int(), a.as_uint()));
}

bool is_plain(const Value& v) {
  return !v.is_list() && !v.is_map() && !v.is_optional() && !v.is_object() && !v.is_unknown() &&
         !v.is_secret();
}

// The thing itself: a secret's content, an object's identity.
Value bare(const Value& v, Taint& taint) {
  Value out = v;
  taint.absorb(out);
  return out;
}

std::optional<bool> lists_equal(const List& a, const List& b, Taint& taint) {
  if (a.size() != b.size()) return false;
  bool open = false;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto same = values_equal(a[i], b[i], taint);
    if (!same) {
      open = true;
    } else if (!*same) {
      return false;
    }
  }
  return open ? std::nullopt : std::optional<bool>(true);
}

std::optional<bool> maps_equal(const Map& a, const Map& b, Taint& taint) {
  if (a.size() != b.size()) return false;
  bool open = false;
  for (const auto& [key, value] : a) {
    const Value* other = b.find(key);
    if (other == nullptr) return false;
    const auto same = values_equal(value, *other, taint);
    if (!same) {
      open = true;
    } else if (!*same) {
      return false;
    }
  }
  return open ? std::nullopt : std::optional<bool>(true);
}

// `notes` keeps what an unknown adds away from the result where the answer is known without it.
Value equality(const Call& call, bool wanted) {
  if (call[0].kind() == call[1].kind() && !call.budget.spend_deep(call[0])) return too_costly();
  Taint notes;
  const auto same = values_equal(call[0], call[1], notes);
  if (!same) return notes.as_unknown("bool");
  return notes.wrap(*same == wanted);
}
Value equal(const Call& call) {
  return equality(call, true);
}
Value not_equal(const Call& call) {
  return equality(call, false);
}

template <class Test>
Value ordering(const Call& call, Test test) {
  if (!orderable(call[0], call[1])) return no_overload(call);
  return test(compare_values(call[0], call[1]));
}
Value less(const Call& call) {
  return ordering(call, [](std::partial_ordering o) { return o < 0; });
}
Value less_equal(const Call& call) {
  return ordering(call, [](std::partial_ordering o) { return o <= 0; });
}
Value greater(const Call& call) {
  return ordering(call, [](std::partial_ordering o) { return o > 0; });
}
Value greater_equal(const Call& call) {
  return ordering(call, [](std::partial_ordering o) { return o >= 0; });
}

Value contains_element(const Call& call) {
  const Value& needle = call[0];
  const Value& range = call[1];
  if (range.is_unknown()) return range;
  Taint taint;
  const Value key = bare(needle, taint);
  if (range.is_object()) {
    if (key.is_unknown()) return taint.as_unknown("bool");
    return taint.wrap(key.is_string() && range.as_object()->get(key.as_string()).has_value());
  }
  if (range.is_map()) {
    if (key.is_unknown()) return taint.as_unknown("bool");
    return taint.wrap(range.as_map().find(key) != nullptr);
  }
  if (!range.is_list()) return no_overload(call);
  if (!call.budget.spend(range.as_list().size())) return too_costly();
  bool open = false;
  for (const auto& element : range.as_list()) {
    if (element.kind() == needle.kind() && !call.budget.spend_deep(element)) return too_costly();
    const auto same = values_equal(needle, element, taint);
    if (same && *same) return taint.wrap(true);
    open |= !same;
  }
  if (open) return taint.as_unknown("bool");
  return taint.wrap(false);
}

constexpr uint8_t kEquality = trait::kLeaves | trait::kObjects | trait::kUnknowns | trait::kSecrets;
constexpr const char* kOrdered =
    "(bool, bool) bool; (int, int) bool; (int, uint) bool; (int, double) bool; (uint, uint) bool; "
    "(uint, int) bool; (uint, double) bool; (double, double) bool; (double, int) bool; "
    "(double, uint) bool; (string, string) bool; (bytes, bytes) bool; "
    "(timestamp, timestamp) bool; (duration, duration) bool; (money, money) bool";

constexpr FunctionEntry kTable[] = {
    {"_==_", equal, kEquality, "(A, A) bool"},
    {"_!=_", not_equal, kEquality, "(A, A) bool"},
    {"_<_", less, 0, kOrdered},
    {"_<=_", less_equal, 0, kOrdered},
    {"_>_", greater, 0, kOrdered},
    {"_>=_", greater_equal, 0, kOrdered},
    {"@in", contains_element, trait::kLeaves | trait::kObjects | trait::kUnknowns,
     "(A, list<A>) bool; (A, map<A, B>) bool"},
};

}  // namespace

bool orderable(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return true;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::boolean:
    case Value::Kind::string:
    case Value::Kind::bytes:
    case Value::Kind::duration:
    case Value::Kind::timestamp: return true;
    case Value::Kind::money: return a.as_money().currency == b.as_money().currency;
    default: return false;
  }
}

std::partial_ordering compare_values(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return compare_numbers(a, b);
  switch (a.kind()) {
    case Value::Kind::boolean: return int{a.as_bool()} <=> int{b.as_bool()};
    case Value::Kind::string: return a.as_string().compare(b.as_string()) <=> 0;
    case Value::Kind::bytes: return a.as_bytes().compare(b.as_bytes()) <=> 0;
    case Value::Kind::duration: return a.as_duration() <=> b.as_duration();
    case Value::Kind::timestamp: return a.as_timestamp() <=> b.as_timestamp();
    case Value::Kind::money: return a.as_money().micros <=> b.as_money().micros;
    default: return std::partial_ordering::unordered;
  }
}

std::optional<bool> values_equal(const Value& left, const Value& right, Taint& taint) {
  if (is_plain(left) && is_plain(right)) return left == right;
  Value a = bare(left, taint);
  Value b = bare(right, taint);
  if (a.is_object() && b.is_object() && a.as_object() == b.as_object()) return true;
  for (Value* side : {&a, &b}) {
    if (!side->is_object()) continue;
    if (auto identity = side->as_object()->identity()) {
      *side = *std::move(identity);
      taint.absorb(*side);
    }
  }
  if (a.is_unknown() || b.is_unknown()) return std::nullopt;
  if (a.is_list() && b.is_list()) return lists_equal(a.as_list(), b.as_list(), taint);
  if (a.is_map() && b.is_map()) return maps_equal(a.as_map(), b.as_map(), taint);
  if (a.is_optional() && b.is_optional()) {
    const Value* x = a.optional_value();
    const Value* y = b.optional_value();
    if (x == nullptr || y == nullptr) return x == y;
    return values_equal(*x, *y, taint);
  }
  return a == b;
}

std::span<const FunctionEntry> comparison_functions() {
  return kTable;
}

}  // namespace lf::cel
