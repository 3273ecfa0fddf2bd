// SPDX-License-Identifier: Apache-2.0
// int() uint() double() string() bytes() bool() dyn() type(). What does not fit is an error.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/strings.h"
#include "base/units.h"
#include "lang/functions.h"
#include "lang/number_text.h"
#include "lang/time_math.h"

namespace lf::cel {
namespace {

Value range_error(const char* type, const Value& from) {
  return Value::error(fmt::format("range: {} does not fit {}", to_text(from), type));
}

Value no_conversion(const Value& from, const char* type) {
  return Value::error(fmt::format("type conversion error: `{}` is no {}", from.as_string(), type));
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  Number out{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), out);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return out;
}

Value to_int(const Call& call) {
  const Value& v = call[0];
  switch (v.kind()) {
    case Value::Kind::integer: return v;
    case Value::Kind::uinteger:
      if (v.as_uint() > static_cast<uint64_t>(INT64_MAX)) return range_error("int", v);
      return static_cast<int64_t>(v.as_uint());
    case Value::Kind::floating:
      // The bounds themselves are refused: as doubles they stand for numbers beyond, too.
      if (!(v.as_double() > -9223372036854775808.0 && v.as_double() < 9223372036854775808.0)) {
        return range_error("int", v);
      }
      return static_cast<int64_t>(v.as_double());
    case Value::Kind::string: {
      const auto parsed = parse_number<int64_t>(v.as_string());
      return parsed ? Value(*parsed) : no_conversion(v, "int");
    }
    case Value::Kind::timestamp: return v.as_timestamp().seconds;
    case Value::Kind::duration: return v.as_duration().seconds;
    default: return no_overload(call);
  }
}

Value to_uint(const Call& call) {
  const Value& v = call[0];
  switch (v.kind()) {
    case Value::Kind::uinteger: return v;
    case Value::Kind::integer:
      if (v.as_int() < 0) return range_error("uint", v);
      return static_cast<uint64_t>(v.as_int());
    case Value::Kind::floating:
      if (!(v.as_double() >= 0.0 && v.as_double() < 18446744073709551616.0)) {
        return range_error("uint", v);
      }
      return static_cast<uint64_t>(v.as_double());
    case Value::Kind::string: {
      const auto parsed = parse_number<uint64_t>(v.as_string());
      return parsed ? Value(*parsed) : no_conversion(v, "uint");
    }
    default: return no_overload(call);
  }
}

Value to_double(const Call& call) {
  const Value& v = call[0];
  switch (v.kind()) {
    case Value::Kind::floating: return v;
    case Value::Kind::integer: return static_cast<double>(v.as_int());
    case Value::Kind::uinteger: return static_cast<double>(v.as_uint());
    case Value::Kind::string: {
      const auto parsed = parse_double(v.as_string());
      return parsed ? Value(*parsed) : no_conversion(v, "double");
    }
    default: return no_overload(call);
  }
}

Value to_string_value(const Call& call) {
  const Value& v = call[0];
  switch (v.kind()) {
    case Value::Kind::string: return v;
    case Value::Kind::boolean: return v.as_bool() ? "true" : "false";
    case Value::Kind::integer: return std::to_string(v.as_int());
    case Value::Kind::uinteger: return std::to_string(v.as_uint());
    case Value::Kind::floating: return format_double(v.as_double());
    case Value::Kind::bytes:
      if (!valid_utf8(v.as_bytes())) return Value::error("invalid UTF-8 in bytes");
      return v.as_bytes();
    case Value::Kind::duration: return format_cel_duration(v.as_duration());
    case Value::Kind::timestamp: return format_timestamp(v.as_timestamp());
    case Value::Kind::ip:
    case Value::Kind::cidr:
    case Value::Kind::money:
    case Value::Kind::type: return to_text(v);
    default: return no_overload(call);
  }
}

Value to_bytes(const Call& call) {
  if (call[0].is_bytes()) return call[0];
  return call[0].is_string() ? Value(Bytes{call[0].as_string()}) : no_overload(call);
}

Value to_bool(const Call& call) {
  const Value& v = call[0];
  if (v.is_bool()) return v;
  if (!v.is_string()) return no_overload(call);
  for (const char* text : {"1", "t", "true", "TRUE", "True"}) {
    if (v.as_string() == text) return true;
  }
  for (const char* text : {"0", "f", "false", "FALSE", "False"}) {
    if (v.as_string() == text) return false;
  }
  return no_conversion(v, "bool");
}

Value to_dyn(const Call& call) {
  return call[0];
}
Value type_of(const Call& call) {
  return TypeName{type_name(call[0])};
}

constexpr FunctionEntry kTable[] = {
    {"int", to_int, 0,
     "(int) int; (uint) int; (double) int; (string) int; (timestamp) int; (duration) int",
     "The whole number: of a text's digits, without a fraction, or as seconds (of a timestamp: "
     "since 1970)."},
    {"uint", to_uint, 0, "(uint) uint; (int) uint; (double) uint; (string) uint",
     "The same as a number without a sign; negative ones are errors."},
    {"double", to_double, 0, "(double) double; (int) double; (uint) double; (string) double",
     "The number with a fraction."},
    {"string", to_string_value, 0,
     "(string) string; (bool) string; (int) string; (uint) string; (double) string; "
     "(bytes) string; (duration) string; (timestamp) string; (ip) string; (cidr) string; "
     "(money) string; (type) string",
     "The value as text."},
    {"bytes", to_bytes, 0, "(bytes) bytes; (string) bytes", "The text's bytes, in UTF-8."},
    {"bool", to_bool, 0, "(bool) bool; (string) bool",
     "The truth that a text such as 'true' or 'false' says."},
    {"dyn", to_dyn, trait::kLeaves | trait::kObjects | trait::kUnknowns | trait::kSecrets,
     "(A) dyn", "The same value, of a type that is checked only when it is evaluated."},
    {"type", type_of, trait::kLeaves | trait::kObjects, "(A) type<A>", "The type of a value."},
};

}  // namespace

std::span<const FunctionEntry> conversion_functions() {
  return kTable;
}

}  // namespace lf::cel
