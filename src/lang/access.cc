// SPDX-License-Identifier: Apache-2.0
// Selecting and indexing. What is selected from an unknown is an unknown whose origin goes on
// (`network.vpc` -> `network.vpc.id`); from a secret, a secret; from an optional, an optional.
#include "base/json.h"
#include "lang/evaluator.h"

namespace lf::cel {
namespace {

std::string shown_key(const Value& key) {
  return key.is_string() ? json_quote(key.as_string()) : to_text(key);
}

Value no_key(const Value& key) {
  return Value::error("no such key: " + shown_key(key));
}

Value no_field(const Object& object, std::string_view field) {
  return Value::error("a " + object.type_name() + " has no `" + std::string(field) + "`");
}

// The type of a part of an unknown, as far as its type's notation says.
std::string part_type(const Unknown& u, std::string_view field, bool is_field) {
  if (u.type == "dyn" || u.type == "any") return "dyn";
  const auto type = Type::parse(u.type);
  if (!type) return "dyn";
  if (type->kind() == Type::Kind::list || type->kind() == Type::Kind::map) {
    return type->element().to_string();
  }
  if (is_field && type->field(field) != nullptr) return type->field(field)->type.to_string();
  return "dyn";
}

Value extend(const Unknown& u, const std::string& suffix, std::string type) {
  Unknown out = u;
  for (auto& origin : out.origins) origin += suffix;
  out.type = std::move(type);
  return out;
}

// An unknown or a secret around the operand or the key: `go` does the work on what is inside.
template <class Go>
Value through(const Value& operand, Go go) {
  Taint taint;
  taint.secret = true;
  return taint.wrap(go(operand.secret_value()));
}

Value present(Value value, bool optional) {
  if (!optional || value.is_error()) return value;
  return Value::some(std::move(value));
}

// The element of an optional, which stays one.
template <class Go>
Value in_optional(const Value& operand, Go go) {
  const Value* inner = operand.optional_value();
  if (inner == nullptr) return operand;
  return go(*inner);
}

std::optional<size_t> position(const Value& key, size_t size) {
  if (key.is_int() && key.as_int() >= 0 && static_cast<uint64_t>(key.as_int()) < size) {
    return static_cast<size_t>(key.as_int());
  }
  if (key.is_uint() && key.as_uint() < size) return static_cast<size_t>(key.as_uint());
  if (key.is_double() && key.as_double() >= 0 && key.as_double() < static_cast<double>(size) &&
      key.as_double() == static_cast<double>(static_cast<size_t>(key.as_double()))) {
    return static_cast<size_t>(key.as_double());
  }
  return std::nullopt;
}

Value index_list(const List& list, const Value& key, bool optional) {
  if (!key.is_number()) {
    return Value::error("no such overload: a list's index is a number, not " + type_name(key));
  }
  if (key.is_double() &&
      key.as_double() != static_cast<double>(static_cast<int64_t>(key.as_double()))) {
    return Value::error("invalid argument: a list's index is whole, not " + to_text(key));
  }
  if (const auto i = position(key, list.size())) return present(list[*i], optional);
  if (optional) return Value::none();
  return Value::error("index out of range: " + to_text(key) + " in a list of " +
                      std::to_string(list.size()));
}

std::optional<Value> get(const Value& operand, std::string_view field) {
  if (operand.is_object()) return operand.as_object()->get(field);
  const Value* found = operand.as_map().find(field);
  return found == nullptr ? std::nullopt : std::optional<Value>(*found);
}

}  // namespace

Value select_field(const Value& operand, std::string_view field, bool optional) {
  switch (operand.kind()) {
    case Value::Kind::map:
    case Value::Kind::object: {
      if (auto found = get(operand, field)) return present(*std::move(found), optional);
      if (optional) return Value::none();
      if (operand.is_object()) return no_field(*operand.as_object(), field);
      return no_key(Value(field));
    }
    case Value::Kind::optional:
      return in_optional(operand, [&](const Value& v) { return select_field(v, field, true); });
    case Value::Kind::unknown:
      return extend(operand.as_unknown(), "." + std::string(field),
                    part_type(operand.as_unknown(), field, true));
    case Value::Kind::secret:
      return through(operand, [&](const Value& v) { return select_field(v, field, optional); });
    case Value::Kind::error: return operand;
    default:
      return Value::error("no such overload: " + type_name(operand) + " has no field `" +
                          std::string(field) + "`");
  }
}

Value index_value(const Value& operand, const Value& key, bool optional) {
  if (operand.is_error()) return operand;
  if (key.is_error()) return key;
  if (operand.is_secret()) {
    return through(operand, [&](const Value& v) { return index_value(v, key, optional); });
  }
  if (key.is_secret()) {
    return through(key, [&](const Value& k) { return index_value(operand, k, optional); });
  }
  if (operand.is_unknown()) {
    if (key.is_unknown()) return operand;
    const std::string suffix = "[" + shown_key(key) + "]";
    const std::string field = key.is_string() ? key.as_string() : "";
    return extend(operand.as_unknown(), suffix,
                  part_type(operand.as_unknown(), field, key.is_string()));
  }
  if (operand.is_optional()) {
    return in_optional(operand, [&](const Value& v) { return index_value(v, key, true); });
  }
  if (key.is_unknown()) {
    Unknown u = key.as_unknown();
    u.type = "dyn";
    return u;
  }
  if (key.is_object()) {
    const auto identity = key.as_object()->identity();
    if (identity) return index_value(operand, *identity, optional);
  }
  if (operand.is_list()) return index_list(operand.as_list(), key, optional);
  if (operand.is_map()) {
    if (const Value* found = operand.as_map().find(key)) return present(*found, optional);
    if (!key.is_string() && !key.is_number() && !key.is_bool()) {
      return Value::error("no such overload: a map has no key of type " + type_name(key));
    }
    return optional ? Value::none() : no_key(key);
  }
  if (operand.is_object() && key.is_string()) {
    return select_field(operand, key.as_string(), optional);
  }
  return Value::error("no such overload: " + type_name(operand) + "[" + type_name(key) + "]");
}

Value has_field(const Value& operand, std::string_view field) {
  switch (operand.kind()) {
    case Value::Kind::map:
    case Value::Kind::object: return get(operand, field).has_value();
    case Value::Kind::optional:
      if (operand.optional_value() == nullptr) return false;
      return has_field(*operand.optional_value(), field);
    case Value::Kind::unknown:
      return extend(operand.as_unknown(), "." + std::string(field), "bool");
    case Value::Kind::secret:
      return through(operand, [&](const Value& v) { return has_field(v, field); });
    case Value::Kind::error: return operand;
    default: return Value::error("no such overload: " + type_name(operand) + " has no fields");
  }
}

}  // namespace lf::cel
