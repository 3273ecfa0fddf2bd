// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "lang/functions.h"

namespace lf::cel {
namespace {

// The extreme of the arguments, or of the one list among them. Keeps the kind it had.
Value extreme(const Call& call, bool greatest) {
  const std::span<const Value> range =
      call.size() == 1 && call[0].is_list() ? std::span<const Value>(call[0].as_list()) : call.args;
  if (range.empty()) {
    return Value::error("invalid argument: `" + call.function.name + "` of an empty list");
  }
  const Value* best = &range[0];
  for (const Value& v : range) {
    if (!v.is_number()) return no_overload(call);
    if (v.is_double() && std::isnan(v.as_double()) && range.size() > 1) {
      return Value::error("`" + call.function.name + "` cannot order NaN");
    }
    const auto order = compare_values(v, *best);
    if (greatest ? order > 0 : order < 0) best = &v;
  }
  return *best;
}
Value greatest(const Call& call) {
  return extreme(call, true);
}
Value least(const Call& call) {
  return extreme(call, false);
}

template <double (*Round)(double)>
Value rounded(const Call& call) {
  return call[0].is_double() ? Value(Round(call[0].as_double())) : no_overload(call);
}
double ceil_of(double d) {
  return std::ceil(d);
}
double floor_of(double d) {
  return std::floor(d);
}
double round_of(double d) {
  return std::round(d);
}
double trunc_of(double d) {
  return std::trunc(d);
}

template <bool (*Test)(double)>
Value tested(const Call& call) {
  return call[0].is_double() ? Value(Test(call[0].as_double())) : no_overload(call);
}
bool nan_test(double d) {
  return std::isnan(d);
}
bool infinite_test(double d) {
  return std::isinf(d);
}
bool finite_test(double d) {
  return std::isfinite(d);
}

Value absolute(const Call& call) {
  const Value& v = call[0];
  if (v.is_uint()) return v;
  if (v.is_double()) return std::fabs(v.as_double());
  if (!v.is_int()) return no_overload(call);
  if (v.as_int() == INT64_MIN) return Value::error("overflow: the result is beyond 64 bits");
  return v.as_int() < 0 ? -v.as_int() : v.as_int();
}

Value sign(const Call& call) {
  const Value& v = call[0];
  if (v.is_uint()) return v.as_uint() == 0 ? uint64_t{0} : uint64_t{1};
  if (v.is_int()) return int64_t{(v.as_int() > 0) - (v.as_int() < 0)};
  if (!v.is_double()) return no_overload(call);
  if (std::isnan(v.as_double())) return v;
  return static_cast<double>((v.as_double() > 0) - (v.as_double() < 0));
}

Value square_root(const Call& call) {
  const Value& v = call[0];
  if (v.is_double()) return std::sqrt(v.as_double());
  if (v.is_int()) return std::sqrt(static_cast<double>(v.as_int()));
  if (v.is_uint()) return std::sqrt(static_cast<double>(v.as_uint()));
  return no_overload(call);
}

// Both of one whole kind.
template <class Operation>
Value bits(const Call& call, Operation operation) {
  const Value& a = call[0];
  const Value& b = call[1];
  if (a.is_int() && b.is_int()) {
    return static_cast<int64_t>(
        operation(static_cast<uint64_t>(a.as_int()), static_cast<uint64_t>(b.as_int())));
  }
  if (a.is_uint() && b.is_uint()) return operation(a.as_uint(), b.as_uint());
  return no_overload(call);
}
Value bit_and(const Call& call) {
  return bits(call, [](uint64_t a, uint64_t b) { return a & b; });
}
Value bit_or(const Call& call) {
  return bits(call, [](uint64_t a, uint64_t b) { return a | b; });
}
Value bit_xor(const Call& call) {
  return bits(call, [](uint64_t a, uint64_t b) { return a ^ b; });
}
Value bit_not(const Call& call) {
  if (call[0].is_int()) return ~call[0].as_int();
  return call[0].is_uint() ? Value(~call[0].as_uint()) : no_overload(call);
}

// Shifts are of the bits: a shift right brings in zeros, 64 and more leave nothing.
Value shift(const Call& call, bool left) {
  const Value& v = call[0];
  if ((!v.is_int() && !v.is_uint()) || !call[1].is_int()) return no_overload(call);
  const int64_t by = call[1].as_int();
  if (by < 0) return Value::error("invalid argument: a shift by a negative number");
  const uint64_t from = v.is_int() ? static_cast<uint64_t>(v.as_int()) : v.as_uint();
  const uint64_t out = by >= 64 ? 0 : left ? from << by : from >> by;
  return v.is_int() ? Value(static_cast<int64_t>(out)) : Value(out);
}
Value shift_left(const Call& call) {
  return shift(call, true);
}
Value shift_right(const Call& call) {
  return shift(call, false);
}

constexpr const char* kNumbers =
    "(int) int; (uint) uint; (double) double; (list<int>) int; (list<uint>) uint; "
    "(list<double>) double; (list<dyn>) dyn; (int, int, ...) int; (uint, uint, ...) uint; "
    "(double, double, ...) double; (dyn, dyn, ...) dyn";
constexpr const char* kDouble = "(double) double";
constexpr const char* kTest = "(double) bool";
constexpr const char* kBits = "(int, int) int; (uint, uint) uint";
constexpr const char* kShift = "(int, int) int; (uint, int) uint";

constexpr FunctionEntry kTable[] = {
    {"math.greatest", greatest, 0, kNumbers, "The greatest of some numbers or of a list of them."},
    {"math.least", least, 0, kNumbers, "The least of some numbers or of a list of them."},
    {"math.ceil", rounded<ceil_of>, 0, kDouble, "The next whole number above."},
    {"math.floor", rounded<floor_of>, 0, kDouble, "The next whole number below."},
    {"math.round", rounded<round_of>, 0, kDouble,
     "The nearest whole number; halves away from zero."},
    {"math.trunc", rounded<trunc_of>, 0, kDouble, "The number without its fraction."},
    {"math.isNaN", tested<nan_test>, 0, kTest, "Whether it is no number, as 0.0 / 0.0 is."},
    {"math.isInf", tested<infinite_test>, 0, kTest, "Whether it is infinite."},
    {"math.isFinite", tested<finite_test>, 0, kTest,
     "Whether it is a number that is not infinite."},
    {"math.abs", absolute, 0, "(int) int; (uint) uint; (double) double",
     "The number without its sign."},
    {"math.sign", sign, 0, "(int) int; (uint) uint; (double) double", "-1, 0 or 1."},
    {"math.sqrt", square_root, 0, "(int) double; (uint) double; (double) double",
     "The square root."},
    {"math.bitAnd", bit_and, 0, kBits, "The bits that both numbers have."},
    {"math.bitOr", bit_or, 0, kBits, "The bits that one of two numbers has."},
    {"math.bitXor", bit_xor, 0, kBits, "The bits that exactly one of two numbers has."},
    {"math.bitNot", bit_not, 0, "(int) int; (uint) uint", "All bits turned around."},
    {"math.bitShiftLeft", shift_left, 0, kShift, "The bits moved to the left by so many places."},
    {"math.bitShiftRight", shift_right, 0, kShift,
     "The bits moved to the right by so many places, with zeros."},
};

}  // namespace

std::span<const FunctionEntry> math_functions() {
  return kTable;
}

}  // namespace lf::cel
