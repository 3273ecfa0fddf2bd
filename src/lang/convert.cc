// SPDX-License-Identifier: Apache-2.0
#include "lang/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"

namespace lf {
namespace {

using Kind = Type::Kind;
using Converted = std::expected<Value, ConvertError>;

constexpr int kDepthMax = 100;

std::unexpected<ConvertError> fail(std::string message, std::string suggestion = "") {
  return std::unexpected(ConvertError{std::move(message), std::move(suggestion), {}});
}

// As the user wrote it, short enough for a message.
std::string shown(const Value& v) {
  std::string text = v.is_string() ? v.as_string() : to_text(v);
  constexpr size_t kShownMax = 60;
  if (text.size() > kShownMax) {
    size_t end = kShownMax;
    while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + "…";
  }
  return "`" + text + "`";
}

const char* kind_words(const Value& v) {
  switch (v.kind()) {
    case Value::Kind::boolean: return "a bool";
    case Value::Kind::integer:
    case Value::Kind::uinteger: return "a whole number";
    case Value::Kind::floating: return "a number with a fraction";
    case Value::Kind::string: return "text";
    case Value::Kind::bytes: return "bytes";
    case Value::Kind::list: return "a list";
    case Value::Kind::map: return "a map";
    case Value::Kind::duration: return "a duration";
    case Value::Kind::timestamp: return "a timestamp";
    case Value::Kind::type: return "a type";
    case Value::Kind::ip: return "an IP address";
    case Value::Kind::cidr: return "a range of addresses";
    case Value::Kind::money: return "an amount of money";
    default: return "a value";
  }
}

std::string type_words(const Type& type) {
  switch (type.kind()) {
    case Kind::boolean: return "a bool";
    case Kind::integer:
    case Kind::uinteger: return "a whole number";
    case Kind::floating: return "a number";
    case Kind::string: return "text";
    case Kind::bytes: return "bytes";
    case Kind::duration: return "a duration";
    case Kind::timestamp: return "a timestamp";
    case Kind::size: return "a size";
    case Kind::money: return "an amount of money";
    case Kind::ip: return "an IP address";
    case Kind::cidr: return "a range of addresses";
    case Kind::email: return "an e-mail address";
    case Kind::list: return "a list";
    case Kind::map:
    case Kind::object: return "a map";
    case Kind::ref: return type.name().empty() ? "an id" : "a " + type.name();
    default: return "a " + type.to_string();
  }
}

// The general form: what stands there is of another kind than what is wanted.
std::unexpected<ConvertError> mismatch(const Value& v, const Type& type,
                                       std::string suggestion = "") {
  if (v.is_object()) {
    return fail("a " + v.as_object()->type_name() + " stands where " + type_words(type) +
                " is wanted");
  }
  if (v.is_list() || v.is_map()) {
    return fail(std::string(kind_words(v)) + " stands where " + type_words(type) + " is wanted",
                std::move(suggestion));
  }
  return fail(shown(v) + " is " + kind_words(v) + " where " + type_words(type) + " is wanted",
              std::move(suggestion));
}

Converted to_bool(const Value& v, const Type& type, bool literal) {
  if (v.is_bool()) return v;
  if (literal && v.is_string()) {
    for (const char* word : {"yes", "on", "y", "true"}) {
      if (iequals(v.as_string(), word)) return fail(shown(v) + " is text, no bool", "true");
    }
    for (const char* word : {"no", "off", "n", "false"}) {
      if (iequals(v.as_string(), word)) return fail(shown(v) + " is text, no bool", "false");
    }
  }
  return mismatch(v, type);
}

Converted to_whole(const Value& v, const Type& type) {
  if (v.is_int()) {
    if (type.kind() == Kind::uinteger) {
      if (v.as_int() < 0) return fail(shown(v) + " is negative");
      return Value(static_cast<uint64_t>(v.as_int()));
    }
    return v;
  }
  if (v.is_uint()) {
    if (type.kind() == Kind::uinteger) return v;
    if (v.as_uint() <= static_cast<uint64_t>(INT64_MAX)) {
      return Value(static_cast<int64_t>(v.as_uint()));
    }
    return fail(shown(v) + " is beyond 64 bits");
  }
  if (v.is_double() && v.as_double() == std::floor(v.as_double()) &&
      std::fabs(v.as_double()) < 1e15) {
    return mismatch(v, type, fmt::format("{:.0f}", v.as_double()));
  }
  if (v.is_string()) {
    const auto parsed = parse_json(v.as_string());
    if (parsed && parsed->is_int()) return mismatch(v, type, v.as_string());
  }
  return mismatch(v, type);
}

Converted to_floating(const Value& v, const Type& type) {
  if (v.is_double()) return v;
  if (v.is_int()) return Value(static_cast<double>(v.as_int()));
  if (v.is_uint()) return Value(static_cast<double>(v.as_uint()));
  return mismatch(v, type);
}

Converted to_string(const Value& v, const Type& type, bool literal) {
  if (v.is_string()) return v;
  if (v.is_ip() || v.is_cidr()) return Value(to_text(v));
  if (v.is_object()) {
    if (auto identity = v.as_object()->identity()) return convert(*identity, type, false);
    return mismatch(v, type);
  }
  if (v.is_number() || v.is_bool()) {
    return mismatch(v, type, literal ? json_quote(to_text(v)) : "string(…)");
  }
  return mismatch(v, type);
}

// Forms that are written as text: each with an example for who has written something else.
template <class Parse>
Converted parsed(const Value& v, const Type& type, Parse parse, const char* example) {
  if (!v.is_string()) return mismatch(v, type, example);
  if (auto result = parse(v.as_string())) return Value(*std::move(result));
  return fail(shown(v) + " is no " + type_words(type).substr(type_words(type).find(' ') + 1),
              example);
}

Converted to_duration(const Value& v, const Type& type) {
  if (v.is_duration()) return v;
  if (v.is_int()) {
    if (v.as_int() == 0) return Value(Duration{});
    return fail(shown(v) + " has no unit, so it is no duration", to_text(v) + "s");
  }
  if (v.is_string()) {
    const std::string& text = v.as_string();
    if (!text.empty() && text.back() == 'w' && parse_json(text.substr(0, text.size() - 1))) {
      const auto weeks = parse_json(text.substr(0, text.size() - 1));
      if (weeks->is_int()) {
        return fail(shown(v) + " is no duration: weeks are written in days",
                    std::to_string(weeks->as_int() * 7) + "d");
      }
    }
  }
  if (v.is_string() && !parse_duration(v.as_string())) {
    // "90 days", "12 hours": the number, and the unit's first letter.
    const std::string& text = v.as_string();
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const size_t word = std::min(text.find_first_not_of(' ', digits), text.size());
    if (digits > 0 && word < text.size()) {
      const std::string short_form = text.substr(0, digits) + text[word];
      static constexpr std::string_view kWords[] = {"second", "minute", "hour", "day"};
      for (const std::string_view unit : kWords) {
        const std::string rest = text.substr(word);
        if ((rest == unit || rest == std::string(unit) + "s") && parse_duration(short_form)) {
          return fail(shown(v) + " is no duration", short_form);
        }
      }
    }
  }
  return parsed(
      v, type, [](const std::string& s) { return parse_duration(s); }, "1h30m");
}

Converted to_size(const Value& v, const Type& type, bool literal) {
  if (v.is_int()) {
    if (v.as_int() < 0) return fail(shown(v) + " is negative");
    if (!literal || v.as_int() == 0) return v;
    return fail(shown(v) + " has no unit, so it is no size", to_text(v) + "GiB");
  }
  return parsed(
      v, type, [](const std::string& s) { return parse_size(s); }, "200GiB");
}

Converted to_money(const Value& v, const Type& type) {
  if (v.is_money()) return v;
  if (v.is_number()) {
    return fail(shown(v) + " has no currency, so it is no amount of money", to_text(v) + " USD");
  }
  return parsed(
      v, type, [](const std::string& s) { return parse_money(s); }, "200 USD");
}

Converted to_cidr(const Value& v, const Type& type) {
  Value cidr = v;
  if (!v.is_cidr()) {
    auto result = parsed(
        v, type, [](const std::string& s) { return parse_cidr(s); }, "10.0.0.0/16");
    if (!result) {
      if (v.is_string() && parse_ip(v.as_string())) {
        const bool v6 = parse_ip(v.as_string())->v6;
        return fail(shown(v) + " is one address, no range of addresses",
                    v.as_string() + (v6 ? "/128" : "/32"));
      }
      return result;
    }
    cidr = *std::move(result);
  }
  const Cidr whole = masked(cidr.as_cidr());
  if (!(whole == cidr.as_cidr())) {
    return fail("`" + format_cidr(cidr.as_cidr()) + "` has bits set behind its prefix",
                format_cidr(whole));
  }
  return cidr;
}

Converted to_ip(const Value& v, const Type& type) {
  if (v.is_ip()) return v;
  return parsed(
      v, type, [](const std::string& s) { return parse_ip(s); }, "10.0.0.1");
}

Converted to_timestamp(const Value& v, const Type& type) {
  if (v.is_timestamp()) return v;
  return parsed(
      v, type, [](const std::string& s) { return parse_timestamp(s); }, "2026-01-31T12:00:00Z");
}

Converted to_email(const Value& v, const Type& type) {
  if (!v.is_string()) return mismatch(v, type, "who@example.org");
  const std::string& text = v.as_string();
  const size_t at = text.find('@');
  const bool good = at != std::string::npos && at > 0 && at == text.rfind('@') &&
                    text.find('.', at) != std::string::npos && text.back() != '.' &&
                    text.find_first_of(" \t\r\n,;<>\"") == std::string::npos && text[at + 1] != '.';
  if (!good) return fail(shown(v) + " is no e-mail address", "who@example.org");
  return v;
}

Converted to_enumeration(const Value& v, const Type& type) {
  const auto& values = type.values();
  std::string all;
  for (const auto& value : values) all += (all.empty() ? "" : ", ") + value;
  const std::string text = v.is_string() || v.is_number() || v.is_bool() ? to_text(v) : "";
  if (v.is_string() && std::find(values.begin(), values.end(), text) != values.end()) return v;
  if (text.empty()) return mismatch(v, type);
  // A number or a bool that is one of the words needs quotes only.
  if (std::find(values.begin(), values.end(), text) != values.end()) {
    return fail(shown(v) + " is " + kind_words(v) + " where text is wanted", json_quote(text));
  }
  return fail(shown(v) + " is none of " + all, nearest(text, values));
}

Converted to_ref(const Value& v, const Type& type) {
  if (v.is_string()) {
    if (v.as_string().empty()) return fail("an empty text is no id");
    return v;
  }
  if (!v.is_object()) return mismatch(v, type);
  const Object& object = *v.as_object();
  const auto identity = object.identity();
  if (!identity) return mismatch(v, type);
  if (!type.name().empty() && object.type_name() != type.name() &&
      object.type_name().find('.') != std::string::npos) {
    return fail("a " + object.type_name() + " stands where a " + type.name() + " is wanted");
  }
  if (identity->is_unknown() || identity->is_secret()) return *identity;
  return convert(*identity, Type(Kind::string), false);
}

Converted at(Converted result, const std::string& place) {
  if (!result) result.error().path.insert(result.error().path.begin(), place);
  return result;
}

Converted to_type(const Value& value, const Type& type, bool literal, int depth);

Converted to_list(const Value& v, const Type& type, bool literal, int depth) {
  if (!v.is_list()) {
    if (v.is_map() || v.is_object()) return mismatch(v, type);
    return mismatch(v, type, "[" + to_text(v) + "]");
  }
  List out;
  out.reserve(v.as_list().size());
  for (size_t i = 0; i < v.as_list().size(); ++i) {
    const std::string place = "[" + std::to_string(i) + "]";
    const Value& element = v.as_list()[i];
    if (element.is_unset()) {
      return at(fail(std::string(element.is_null() ? "null" : "optional.none()") +
                         " cannot be an element of a list",
                     element.is_null() ? "" : "[?…]"),
                place);
    }
    auto converted = at(to_type(element, type.element(), literal, depth + 1), place);
    if (!converted) return converted;
    out.push_back(*std::move(converted));
  }
  return Value(std::move(out));
}

// A map or an object as entries; nullopt: neither.
std::optional<Map> entries_of(const Value& v) {
  if (v.is_map()) return v.as_map();
  if (!v.is_object()) return std::nullopt;
  Map out;
  for (const auto& key : v.as_object()->keys()) {
    if (auto field = v.as_object()->get(key)) out.set(key, *std::move(field));
  }
  return out;
}

Converted to_map(const Value& v, const Type& type, bool literal, int depth) {
  const auto entries = entries_of(v);
  if (!entries) return mismatch(v, type);
  Map out;
  out.reserve(entries->size());
  for (const auto& [key, value] : *entries) {
    const std::string place = to_text(key);
    // YAML's keys are text; a number as key of a map<string, …> keeps its digits.
    Value converted_key = key;
    if (type.key().kind() == Kind::string && !key.is_string()) {
      converted_key = place;
    } else {
      auto result = at(to_type(key, type.key(), literal, depth + 1), place);
      if (!result) return result;
      converted_key = *std::move(result);
    }
    auto converted = at(to_type(value, type.element(), literal, depth + 1), place);
    if (!converted) return converted;
    out.set(std::move(converted_key), *std::move(converted));
  }
  return Value(std::move(out));
}

Converted to_object(const Value& v, const Type& type, bool literal, int depth) {
  if (v.is_object() && type.fields().empty()) return v;
  const auto entries = entries_of(v);
  if (!entries) return mismatch(v, type);
  if (type.fields().empty()) return v;
  Map out;
  for (const auto& [key, value] : *entries) {
    const std::string name = to_text(key);
    const Type::Field* field = type.field(name);
    if (field == nullptr) {
      if (v.is_object()) continue;  // a resource has more fields than are wanted
      std::vector<std::string> names;
      for (const auto& f : type.fields()) names.push_back(f.name);
      return at(fail("`" + name + "` is no key here", nearest(name, names)), name);
    }
    auto converted = at(to_type(value, field->type, literal, depth + 1), name);
    if (!converted) return converted;
    out.set(name, *std::move(converted));
  }
  for (const auto& field : type.fields()) {
    const Value* given = out.find(field.name);
    if (field.required && (given == nullptr || given->is_unset())) {
      return fail("`" + field.name + "` is missing");
    }
  }
  return Value(std::move(out));
}

// By type alone: what is written as text may become all that has a form in text.
bool may_fit(const Type& from, const Type& to) {
  if (assignable(from, to)) return true;
  if (from.kind() == Kind::string) {
    return to.kind() == Kind::enumeration || to.kind() == Kind::ref;
  }
  return from.kind() == Kind::object && from.fields().empty();
}

Converted unknown_fits(const Value& v, const Type& type) {
  const Unknown& u = v.as_unknown();
  const auto from = Type::parse(u.type);
  if (!from || may_fit(*from, type)) return v;
  return fail("a value of type " + u.type + " will stand where " + type_words(type) + " is wanted");
}

Converted scalar_to_type(const Value& value, const Type& type, bool literal) {
  switch (type.kind()) {
    case Kind::boolean: return to_bool(value, type, literal);
    case Kind::integer:
    case Kind::uinteger: return to_whole(value, type);
    case Kind::floating: return to_floating(value, type);
    case Kind::string: return to_string(value, type, literal);
    case Kind::bytes:
      if (value.is_string()) return Value(Bytes{value.as_string()});
      return value.is_bytes() ? Converted(value) : mismatch(value, type);
    case Kind::duration: return to_duration(value, type);
    case Kind::timestamp: return to_timestamp(value, type);
    case Kind::size: return to_size(value, type, literal);
    case Kind::money: return to_money(value, type);
    case Kind::ip: return to_ip(value, type);
    case Kind::cidr: return to_cidr(value, type);
    case Kind::email: return to_email(value, type);
    case Kind::enumeration: return to_enumeration(value, type);
    case Kind::ref: return to_ref(value, type);
    case Kind::type: return value.is_type() ? Converted(value) : mismatch(value, type);
    default: return mismatch(value, type);
  }
}

Converted to_type(const Value& value, const Type& type, bool literal, int depth) {
  if (depth > kDepthMax) return fail("the value is nested too deeply");
  if (value.is_error()) return fail(value.error_message());
  if (value.is_unset()) return value;
  if (value.is_unknown()) {
    return unknown_fits(value, type.kind() == Kind::secret ? type.element() : type);
  }
  if (value.is_optional()) return to_type(*value.optional_value(), type, literal, depth + 1);
  if (value.is_secret()) {
    auto inner = to_type(value.secret_value(), type, literal, depth + 1);
    if (!inner) {  // the message must not show what the secret is
      return fail("the secret is no " + type_words(type).substr(type_words(type).find(' ') + 1));
    }
    return Value::secret(*std::move(inner));
  }
  switch (type.kind()) {
    case Kind::any: return value;
    case Kind::secret: {
      auto inner = to_type(value, type.element(), literal, depth + 1);
      return inner ? Converted(Value::secret(*std::move(inner))) : inner;
    }
    case Kind::optional: return to_type(value, type.element(), literal, depth + 1);
    case Kind::list: return to_list(value, type, literal, depth);
    case Kind::map: return to_map(value, type, literal, depth);
    case Kind::object: return to_object(value, type, literal, depth);
    default: break;
  }
  // A resource where a plain value is wanted stands for its identity.
  if (value.is_object() && type.kind() != Kind::ref && type.kind() != Kind::string) {
    const auto identity = value.as_object()->identity();
    if (!identity) return mismatch(value, type);
    return to_type(*identity, type, false, depth + 1);
  }
  return scalar_to_type(value, type, literal);
}

}  // namespace

std::expected<Value, ConvertError> convert(const Value& value, const Type& type, bool literal) {
  return to_type(value, type, literal, 0);
}

}  // namespace lf
