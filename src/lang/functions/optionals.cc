// SPDX-License-Identifier: Apache-2.0
#include "lang/evaluator.h"

namespace lf::cel {
namespace {

bool is_zero(const Value& v) {
  switch (v.kind()) {
    case Value::Kind::null: return true;
    case Value::Kind::boolean: return !v.as_bool();
    case Value::Kind::integer: return v.as_int() == 0;
    case Value::Kind::uinteger: return v.as_uint() == 0;
    case Value::Kind::floating: return v.as_double() == 0;
    case Value::Kind::string: return v.as_string().empty();
    case Value::Kind::bytes: return v.as_bytes().empty();
    case Value::Kind::list: return v.as_list().empty();
    case Value::Kind::map: return v.as_map().empty();
    case Value::Kind::duration: return v.as_duration() == Duration{};
    case Value::Kind::timestamp: return v.as_timestamp() == Timestamp{};
    default: return false;
  }
}

Value none(const Call&) {
  return Value::none();
}
Value of(const Call& call) {
  return Value::some(call[0]);
}

Value of_non_zero(const Call& call) {
  const Value& v = call[0];
  if (v.is_unknown()) return v;
  if (v.is_secret()) {  // whether it is zero is part of the secret
    const Value& inner = v.secret_value();
    return Value::secret(is_zero(inner) ? Value::none() : Value::some(inner));
  }
  return is_zero(v) ? Value::none() : Value::some(v);
}

Value has_value(const Call& call) {
  if (!call[0].is_optional()) return no_overload(call);
  return call[0].optional_value() != nullptr;
}

Value value(const Call& call) {
  if (!call[0].is_optional()) return no_overload(call);
  if (call[0].optional_value() == nullptr) {
    return Value::error("optional.none() dereference: there is no value");
  }
  return *call[0].optional_value();
}

// The receiver with a value never comes here: it is the answer without a look at the other side.
Value or_else(const Call& call) {
  if (call[0].is_unknown()) return call[0];
  if (!call[0].is_optional()) return no_overload(call);
  if (call[0].optional_value() != nullptr) return call[0];
  return call[1].is_optional() || call[1].is_unknown() ? call[1] : no_overload(call);
}

Value or_value(const Call& call) {
  if (call[0].is_unknown()) return call[0];
  if (!call[0].is_optional()) return no_overload(call);
  return call[0].optional_value() != nullptr ? *call[0].optional_value() : call[1];
}

Value unwrap(const Call& call) {
  if (!call[0].is_list()) return no_overload(call);
  List out;
  for (const auto& v : call[0].as_list()) {
    if (v.is_unknown()) return v;
    if (!v.is_optional()) return no_overload(call);
    if (v.optional_value() != nullptr) out.push_back(*v.optional_value());
  }
  return out;
}

constexpr uint8_t kAny = trait::kLeaves | trait::kObjects | trait::kUnknowns | trait::kSecrets;
constexpr uint8_t kChoice = trait::kLeaves | trait::kObjects | trait::kUnknowns | trait::kShort;

constexpr FunctionEntry kTable[] = {
    {"optional.none", none, 0, "() optional<A>",
     "Nothing: as a property or output it means not set."},
    {"optional.of", of, kAny, "(A) optional<A>", "An optional that holds the value."},
    {"optional.ofNonZeroValue", of_non_zero, kAny, "(A) optional<A>",
     "An optional that holds the value, or nothing where it is empty, 0, false or null."},
    {"optional.unwrap", unwrap, trait::kLeaves, "(list<optional<A>>) list<A>",
     "What the optionals of a list hold, without those that hold nothing."},
    {"unwrapOpt", unwrap, trait::kLeaves, "list<optional<A>>.() list<A>",
     "What the optionals of a list hold, without those that hold nothing."},
    {"hasValue", has_value, trait::kLeaves, "optional<A>.() bool",
     "Whether the optional holds something."},
    {"value", value, trait::kLeaves, "optional<A>.() A",
     "What the optional holds; an error where it holds nothing."},
    {"or", or_else, kChoice, "optional<A>.(optional<A>) optional<A>",
     "The optional, or another one where it holds nothing."},
    {"orValue", or_value, kChoice, "optional<A>.(A) A",
     "What the optional holds, or a value that is given."},
};

}  // namespace

std::span<const FunctionEntry> optional_functions() {
  return kTable;
}

}  // namespace lf::cel
