// SPDX-License-Identifier: Apache-2.0
// Values and types in the notation of the line protocol.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/digest.h"
#include "base/units.h"
#include "lang/functions.h"
#include "lang/jsonl.h"
#include "lang/number_text.h"
#include "lang/time_math.h"

namespace lf::cel {
namespace {

Value tagged(const char* type, Value value) {
  return Map{{"type", type}, {"value", std::move(value)}};
}

std::string double_text(double d) {
  if (std::isnan(d)) return "nan";
  if (std::isinf(d)) return d < 0 ? "-inf" : "inf";
  return fmt::format("{}", d);
}

template <class Number>
std::optional<Value> number(const std::string& text) {
  Number out{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), out);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return Value(out);
}

template <class T>
std::optional<Value> wrapped(std::optional<T> value) {
  if (!value) return std::nullopt;
  return Value(*std::move(value));
}

std::optional<Value> from_text(const std::string& type, const Value& v) {
  // Numbers come as text; plain JSON numbers are taken, too.
  const std::string text = v.is_string() ? v.as_string() : to_text(v);
  if (type == "int") return number<int64_t>(text);
  if (type == "uint") return number<uint64_t>(text);
  if (type == "double") return wrapped(parse_double(text));
  if (!v.is_string()) return std::nullopt;
  if (type == "string") return v;
  if (type == "bytes") {
    auto data = unhex(text);
    if (!data) return std::nullopt;
    return Value(Bytes{*std::move(data)});
  }
  if (type == "type") return Value(TypeName{text});
  if (type == "duration") {
    auto parsed = parse_cel_duration(text);
    return parsed && parsed->is_error() ? std::nullopt : parsed;
  }
  if (type == "timestamp") return wrapped(parse_timestamp(text));
  if (type == "ip") return wrapped(parse_ip(text));
  if (type == "cidr") return wrapped(parse_cidr(text));
  if (type == "money") return wrapped(parse_money(text));
  return std::nullopt;
}

// "list(int)" and "list<int>" alike.
class NotationReader {
 public:
  explicit NotationReader(std::string_view text) : text_(text) {}
  std::optional<Type> whole() {
    auto type = read(0);
    skip();
    return at_ == text_.size() ? type : std::nullopt;
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view any) {
    skip();
    if (at_ >= text_.size() || any.find(text_[at_]) == std::string_view::npos) return false;
    ++at_;
    return true;
  }
  std::optional<Type> read(int depth) {
    skip();
    const size_t begin = at_;
    while (at_ < text_.size() &&
           std::string_view("(<,>) ").find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    const std::string name(text_.substr(begin, at_ - begin));
    std::vector<Type> arguments;
    if (depth < 20 && take("(<")) {
      do {
        auto argument = read(depth + 1);
        if (!argument) return std::nullopt;
        arguments.push_back(*argument);
      } while (take(","));
      if (!take(")>")) return std::nullopt;
    }
    return named(name, arguments);
  }
  static std::optional<Type> named(const std::string& name, const std::vector<Type>& arguments) {
    const Type first = arguments.empty() ? Type() : arguments.front();
    if (name == "list") return Type::list(first);
    if (name == "optional_type" || name == "optional") return Type::optional(first);
    if (name == "wrapper") return Type();  // null or the type: dyn
    if (name == "type") return Type::type_of(first);
    if (name == "map") {
      if (arguments.size() == 1) return Type::map(first);
      return Type::map(first, arguments.size() == 2 ? arguments[1] : Type());
    }
    if (name == "google.protobuf.Duration") return Type(Type::Kind::duration);
    if (name == "google.protobuf.Timestamp") return Type(Type::Kind::timestamp);
    if (name == "net.IP") return Type(Type::Kind::ip);
    if (name == "net.CIDR") return Type(Type::Kind::cidr);
    if (name.find('.') != std::string::npos) return Type();
    return Type::parse(name);
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Value to_tagged(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null: return tagged("null", Value());
    case Value::Kind::boolean: return tagged("bool", value);
    case Value::Kind::integer: return tagged("int", std::to_string(value.as_int()));
    case Value::Kind::uinteger: return tagged("uint", std::to_string(value.as_uint()));
    case Value::Kind::floating: return tagged("double", double_text(value.as_double()));
    case Value::Kind::string: return tagged("string", value);
    case Value::Kind::bytes: return tagged("bytes", hex(value.as_bytes()));
    case Value::Kind::list: {
      List out;
      for (const auto& v : value.as_list()) out.push_back(to_tagged(v));
      return tagged("list", std::move(out));
    }
    case Value::Kind::map: {
      List out;
      for (const auto& [k, v] : value.as_map()) out.emplace_back(List{to_tagged(k), to_tagged(v)});
      return tagged("map", std::move(out));
    }
    case Value::Kind::duration: return tagged("duration", format_cel_duration(value.as_duration()));
    case Value::Kind::timestamp: return tagged("timestamp", format_timestamp(value.as_timestamp()));
    case Value::Kind::type: return tagged("type", value.as_type());
    case Value::Kind::optional: {
      const Value* inner = value.optional_value();
      return tagged("optional", inner == nullptr ? Value() : to_tagged(*inner));
    }
    default: return tagged(to_string(value.kind()), to_text(value));
  }
}

std::optional<Value> from_tagged(const Value& tagged_value) {
  if (!tagged_value.is_map()) return std::nullopt;
  const std::string type = tagged_value["type"].string_or();
  const Value& v = tagged_value["value"];
  if (type == "null" || type == "null_type") return Value();
  if (type == "bool") return v.is_bool() ? std::optional<Value>(v) : std::nullopt;
  if (type == "list" && v.is_list()) {
    List out;
    for (const auto& element : v.as_list()) {
      auto inner = from_tagged(element);
      if (!inner) return std::nullopt;
      out.push_back(*std::move(inner));
    }
    return out;
  }
  if (type == "map" && v.is_list()) {
    Map out;
    for (const auto& entry : v.as_list()) {
      if (!entry.is_list() || entry.as_list().size() != 2) return std::nullopt;
      auto key = from_tagged(entry.as_list()[0]);
      auto value = from_tagged(entry.as_list()[1]);
      if (!key || !value) return std::nullopt;
      out.set(*std::move(key), *std::move(value));
    }
    return out;
  }
  if (type == "optional") {
    if (v.is_null()) return Value::none();
    auto inner = from_tagged(v);
    if (!inner) return std::nullopt;
    return Value::some(*std::move(inner));
  }
  return from_text(type, v);
}

std::string cel_notation(const Type& type) {
  switch (type.kind()) {
    case Type::Kind::any: return "dyn";
    case Type::Kind::null: return "null_type";
    case Type::Kind::floating: return "double";
    case Type::Kind::duration: return "google.protobuf.Duration";
    case Type::Kind::timestamp: return "google.protobuf.Timestamp";
    case Type::Kind::ip: return "net.IP";
    case Type::Kind::cidr: return "net.CIDR";
    case Type::Kind::type: return "type(" + cel_notation(type.element()) + ")";
    case Type::Kind::list: return "list(" + cel_notation(type.element()) + ")";
    case Type::Kind::optional: return "optional_type(" + cel_notation(type.element()) + ")";
    case Type::Kind::map:
      return "map(" + cel_notation(type.key()) + ", " + cel_notation(type.element()) + ")";
    default: return type.to_string();
  }
}

std::optional<Type> parse_cel_notation(std::string_view text) {
  return NotationReader(text).whole();
}

}  // namespace lf::cel
