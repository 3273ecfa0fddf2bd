// SPDX-License-Identifier: Apache-2.0
// + - * / % and the signs. Whole numbers that overflow are errors, never wrapped.
#include <cmath>

#include "lang/functions.h"
#include "lang/time_math.h"

namespace lf::cel {
namespace {

Value overflow(const Call& call) {
  return Value::error(std::string("overflow: the result of ") +
                      (call[0].is_uint() ? "uint" : "int") + " `" +
                      call.function.name.substr(1, 1) + "` is beyond 64 bits");
}

Value concatenate(const Call& call) {
  const Value& a = call[0];
  const Value& b = call[1];
  if (a.is_string()) {
    std::string out;
    out.reserve(a.as_string().size() + b.as_string().size());
    out += a.as_string();
    out += b.as_string();
    return out;
  }
  if (a.is_bytes()) {
    if (!call.budget.spend((a.as_bytes().size() + b.as_bytes().size()) / 8)) return too_costly();
    return Bytes{a.as_bytes() + b.as_bytes()};
  }
  const List& x = a.as_list();
  const List& y = b.as_list();
  if (x.empty()) return b;
  if (y.empty()) return a;
  if (!call.budget.spend_deep(a) || !call.budget.spend_deep(b)) return too_costly();
  List out;
  out.reserve(x.size() + y.size());
  out.insert(out.end(), x.begin(), x.end());
  out.insert(out.end(), y.begin(), y.end());
  return out;
}

Value money_sum(const Money& a, const Money& b, bool minus) {
  if (a.currency != b.currency) {
    return Value::error("money in " + a.currency + " and in " + b.currency + " has no common sum");
  }
  int64_t micros = 0;
  const bool over = minus ? __builtin_sub_overflow(a.micros, b.micros, &micros)
                          : __builtin_add_overflow(a.micros, b.micros, &micros);
  if (over) return Value::error("overflow: the sum of money is beyond 64 bits");
  return Money{micros, a.currency};
}

Value add(const Call& call) {
  const Value& a = call[0];
  const Value& b = call[1];
  if (a.kind() == b.kind()) {
    switch (a.kind()) {
      case Value::Kind::integer: {
        int64_t out = 0;
        return __builtin_add_overflow(a.as_int(), b.as_int(), &out) ? overflow(call) : Value(out);
      }
      case Value::Kind::uinteger: {
        uint64_t out = 0;
        return __builtin_add_overflow(a.as_uint(), b.as_uint(), &out) ? overflow(call) : Value(out);
      }
      case Value::Kind::floating: return a.as_double() + b.as_double();
      case Value::Kind::string:
      case Value::Kind::bytes:
      case Value::Kind::list: return concatenate(call);
      case Value::Kind::duration: return add_durations(a.as_duration(), b.as_duration());
      case Value::Kind::money: return money_sum(a.as_money(), b.as_money(), false);
      default: return no_overload(call);
    }
  }
  if (a.is_timestamp() && b.is_duration()) return add_time(a.as_timestamp(), b.as_duration());
  if (a.is_duration() && b.is_timestamp()) return add_time(b.as_timestamp(), a.as_duration());
  return no_overload(call);
}

Value subtract(const Call& call) {
  const Value& a = call[0];
  const Value& b = call[1];
  if (a.is_timestamp() && b.is_duration()) {
    return add_time(a.as_timestamp(), negated(b.as_duration()));
  }
  if (a.kind() != b.kind()) return no_overload(call);
  switch (a.kind()) {
    case Value::Kind::integer: {
      int64_t out = 0;
      return __builtin_sub_overflow(a.as_int(), b.as_int(), &out) ? overflow(call) : Value(out);
    }
    case Value::Kind::uinteger: {
      uint64_t out = 0;
      return __builtin_sub_overflow(a.as_uint(), b.as_uint(), &out) ? overflow(call) : Value(out);
    }
    case Value::Kind::floating: return a.as_double() - b.as_double();
    case Value::Kind::duration: return add_durations(a.as_duration(), negated(b.as_duration()));
    case Value::Kind::timestamp: return time_between(b.as_timestamp(), a.as_timestamp());
    case Value::Kind::money: return money_sum(a.as_money(), b.as_money(), true);
    default: return no_overload(call);
  }
}

Value multiply(const Call& call) {
  const Value& a = call[0];
  const Value& b = call[1];
  if (a.is_int() && b.is_int()) {
    int64_t out = 0;
    return __builtin_mul_overflow(a.as_int(), b.as_int(), &out) ? overflow(call) : Value(out);
  }
  if (a.is_uint() && b.is_uint()) {
    uint64_t out = 0;
    return __builtin_mul_overflow(a.as_uint(), b.as_uint(), &out) ? overflow(call) : Value(out);
  }
  if (a.is_double() && b.is_double()) return a.as_double() * b.as_double();
  if (a.is_money() && b.is_int()) {
    int64_t out = 0;
    if (__builtin_mul_overflow(a.as_money().micros, b.as_int(), &out)) return overflow(call);
    return Money{out, a.as_money().currency};
  }
  if (a.is_money() && b.is_double()) {
    const double out = std::round(static_cast<double>(a.as_money().micros) * b.as_double());
    if (!(std::fabs(out) < 9.2e18)) return overflow(call);
    return Money{static_cast<int64_t>(out), a.as_money().currency};
  }
  return no_overload(call);
}

Value divide(const Call& call) {
  const Value& a = call[0];
  const Value& b = call[1];
  if (a.is_double() && b.is_double()) return a.as_double() / b.as_double();
  if (a.is_int() && b.is_int()) {
    if (b.as_int() == 0) return Value::error("division by zero");
    if (b.as_int() == -1 && a.as_int() == INT64_MIN) return overflow(call);
    return a.as_int() / b.as_int();
  }
  if (a.is_uint() && b.is_uint()) {
    if (b.as_uint() == 0) return Value::error("division by zero");
    return a.as_uint() / b.as_uint();
  }
  return no_overload(call);
}

Value modulo(const Call& call) {
  const Value& a = call[0];
  const Value& b = call[1];
  if (a.is_int() && b.is_int()) {
    if (b.as_int() == 0) return Value::error("modulus by zero");
    if (b.as_int() == -1) return a.as_int() == INT64_MIN ? overflow(call) : Value(0);
    return a.as_int() % b.as_int();
  }
  if (a.is_uint() && b.is_uint()) {
    if (b.as_uint() == 0) return Value::error("modulus by zero");
    return a.as_uint() % b.as_uint();
  }
  return no_overload(call);
}

Value negate(const Call& call) {
  const Value& a = call[0];
  if (a.is_int()) return a.as_int() == INT64_MIN ? overflow(call) : Value(-a.as_int());
  if (a.is_double()) return -a.as_double();
  if (a.is_duration()) return negated(a.as_duration());
  return no_overload(call);
}

Value invert(const Call& call) {
  return call[0].is_bool() ? Value(!call[0].as_bool()) : no_overload(call);
}

constexpr FunctionEntry kTable[] = {
    {"_+_", add, trait::kLeaves,
     "(int, int) int; (uint, uint) uint; (double, double) double; (string, string) string; "
     "(bytes, bytes) bytes; (list<A>, list<A>) list<A>; (timestamp, duration) timestamp; "
     "(duration, timestamp) timestamp; (duration, duration) duration; (money, money) money"},
    {"_-_", subtract, 0,
     "(int, int) int; (uint, uint) uint; (double, double) double; (timestamp, timestamp) duration; "
     "(timestamp, duration) timestamp; (duration, duration) duration; (money, money) money"},
    {"_*_", multiply, 0,
     "(int, int) int; (uint, uint) uint; (double, double) double; (money, int) money; "
     "(money, double) money"},
    {"_/_", divide, 0, "(int, int) int; (uint, uint) uint; (double, double) double"},
    {"_%_", modulo, 0, "(int, int) int; (uint, uint) uint"},
    {"-_", negate, 0, "(int) int; (double) double; (duration) duration"},
    {"!_", invert, 0, "(bool) bool"},
};

}  // namespace

std::span<const FunctionEntry> arithmetic_functions() {
  return kTable;
}

}  // namespace lf::cel
