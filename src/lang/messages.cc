// SPDX-License-Identifier: Apache-2.0
// The well-known messages that are plain values in CEL: `google.protobuf.Int32Value{value: 5}` is
// the int 5. Other messages do not exist here: specs have no protocol buffers.
#include <array>
#include <cmath>

#include "lang/evaluator.h"
#include "lang/time_math.h"

namespace lf::cel {
namespace {

struct Wrapper {
  std::string_view name;
  Value::Kind kind;
  double low;  // bounds of whole numbers
  double high;
};
constexpr std::array<Wrapper, 9> kWrappers = {{
    {"google.protobuf.BoolValue", Value::Kind::boolean, 0, 0},
    {"google.protobuf.BytesValue", Value::Kind::bytes, 0, 0},
    {"google.protobuf.DoubleValue", Value::Kind::floating, 0, 0},
    {"google.protobuf.FloatValue", Value::Kind::floating, 0, 1},
    {"google.protobuf.Int32Value", Value::Kind::integer, -2147483648.0, 2147483647.0},
    {"google.protobuf.Int64Value", Value::Kind::integer, -1e300, 1e300},
    {"google.protobuf.StringValue", Value::Kind::string, 0, 0},
    {"google.protobuf.UInt32Value", Value::Kind::uinteger, 0, 4294967295.0},
    {"google.protobuf.UInt64Value", Value::Kind::uinteger, 0, 1e300},
}};

constexpr std::array<std::string_view, 5> kOthers = {
    "google.protobuf.Duration", "google.protobuf.Timestamp", "google.protobuf.Value",
    "google.protobuf.Struct", "google.protobuf.ListValue"};

Value zero(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::boolean: return false;
    case Value::Kind::bytes: return Bytes{};
    case Value::Kind::floating: return 0.0;
    case Value::Kind::integer: return 0;
    case Value::Kind::uinteger: return uint64_t{0};
    default: return "";
  }
}

Value wrong_type(std::string_view name, const std::string& field, const Value& v) {
  return Value::error("the field `" + field + "` of " + std::string(name) + " takes no " +
                      type_name(v));
}

Value make_wrapper(const Wrapper& wrapper, const std::vector<std::string>& fields,
                   const std::vector<Value>& values) {
  if (fields.empty()) return zero(wrapper.kind);
  if (fields.size() > 1 || fields[0] != "value") {
    return Value::error(std::string(wrapper.name) + " has the one field `value`");
  }
  const Value& v = values[0];
  if (wrapper.kind == Value::Kind::floating && wrapper.high > 0 && v.is_double()) {
    return static_cast<double>(static_cast<float>(v.as_double()));
  }
  if (v.kind() != wrapper.kind) return wrong_type(wrapper.name, fields[0], v);
  const double n = v.is_int()    ? static_cast<double>(v.as_int())
                   : v.is_uint() ? static_cast<double>(v.as_uint())
                                 : 0;
  if (n < wrapper.low || (wrapper.high != 0 && n > wrapper.high)) {
    return Value::error("range: " + to_text(v) + " does not fit " + std::string(wrapper.name));
  }
  return v;
}

// What JSON has: numbers are doubles.
std::optional<Value> json_value(const Value& v, int depth) {
  if (depth > 100) return std::nullopt;
  switch (v.kind()) {
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::string:
    case Value::Kind::floating: return v;
    case Value::Kind::integer: return static_cast<double>(v.as_int());
    case Value::Kind::uinteger: return static_cast<double>(v.as_uint());
    case Value::Kind::list: {
      List out;
      for (const auto& element : v.as_list()) {
        auto inner = json_value(element, depth + 1);
        if (!inner) return std::nullopt;
        out.push_back(*std::move(inner));
      }
      return out;
    }
    case Value::Kind::map: {
      Map out;
      for (const auto& [key, value] : v.as_map()) {
        auto inner = json_value(value, depth + 1);
        if (!inner || !key.is_string()) return std::nullopt;
        out.set(key, *std::move(inner));
      }
      return out;
    }
    default: return std::nullopt;
  }
}

Value make_json(std::string_view name, const std::vector<std::string>& fields,
                const std::vector<Value>& values) {
  const bool is_struct = name == "google.protobuf.Struct";
  const bool is_list = name == "google.protobuf.ListValue";
  if (fields.empty()) return is_struct ? Value(Map()) : is_list ? Value(List()) : Value();
  if (fields.size() > 1) return Value::error(std::string(name) + " takes one field");
  const Value& v = values[0];
  const std::string& field = fields[0];
  const bool fits = is_struct ? field == "fields" && v.is_map()
                    : is_list ? field == "values" && v.is_list()
                              : (field == "null_value" && (v.is_int() || v.is_null())) ||
                                    (field == "number_value" && v.is_double()) ||
                                    (field == "string_value" && v.is_string()) ||
                                    (field == "bool_value" && v.is_bool()) ||
                                    (field == "struct_value" && v.is_map()) ||
                                    (field == "list_value" && v.is_list());
  if (!fits) return wrong_type(name, field, v);
  if (field == "null_value") return Value();
  auto out = json_value(v, 0);
  return out ? *std::move(out) : wrong_type(name, field, v);
}

Value make_time(std::string_view name, const std::vector<std::string>& fields,
                const std::vector<Value>& values) {
  int64_t seconds = 0;
  int64_t nanos = 0;
  for (size_t i = 0; i < fields.size(); ++i) {
    if ((fields[i] != "seconds" && fields[i] != "nanos") || !values[i].is_int()) {
      return wrong_type(name, fields[i], values[i]);
    }
    (fields[i] == "seconds" ? seconds : nanos) = values[i].as_int();
  }
  if (nanos > 999'999'999 || nanos < -999'999'999) return Value::error("range: nanos");
  return name == "google.protobuf.Duration" ? make_duration(seconds, nanos)
                                            : make_timestamp(seconds, nanos);
}

}  // namespace

bool is_message_name(std::string_view name) {
  for (const auto& wrapper : kWrappers) {
    if (wrapper.name == name) return true;
  }
  for (const auto& other : kOthers) {
    if (other == name) return true;
  }
  return false;
}

Value make_message(std::string_view name, const std::vector<std::string>& fields,
                   std::vector<Value> values) {
  for (const auto& wrapper : kWrappers) {
    if (wrapper.name == name) return make_wrapper(wrapper, fields, values);
  }
  if (name == kOthers[0] || name == kOthers[1]) return make_time(name, fields, values);
  if (is_message_name(name)) return make_json(name, fields, values);
  return Value::error("there is no type `" + std::string(name) + "`");
}

}  // namespace lf::cel
