// SPDX-License-Identifier: Apache-2.0
// When two values of a property mean the same: by its `compare`, its set keys and its fields.
#include <algorithm>
#include <cmath>

#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "provider/iam_policy.h"
#include "provider/wire.h"
#include "provider/wire_detail.h"

namespace lf {

namespace {

using wire_detail::plain;

std::string sort_text(const Value& value) {
  return to_json(value, {.indent = -1, .sort_keys = true});
}

Value parsed_document(const Value& value) {
  if (!value.is_string()) return value;
  auto document = parse_json(value.as_string());
  return document ? std::move(*document) : value;
}

bool is_set(const Property& property) {
  return !property.key.empty();
}

// What tells elements of a set apart: the element itself, or its key fields with their defaults.
Value element_key(const Property& property, const Value& element) {
  if (!element.is_map() || property.fields.empty()) return element;
  List key;
  for (const std::string& name : property.key) {
    const Property* field = property.field(name);
    if (field == nullptr) continue;
    Value value = element[name];
    if (value.is_unset() && field->absent == Absent::with_default) value = field->default_value;
    key.push_back(canonical(*field, value));
  }
  return Value(std::move(key));
}

Value canonical_text(const Property& property, const std::string& text) {
  switch (property.compare) {
    case Compare::case_insensitive: return Value(lower(text));
    case Compare::trim_dot:
      return Value(!text.empty() && text.back() == '.' ? text.substr(0, text.size() - 1) : text);
    case Compare::cidr:
      if (const auto cidr = parse_cidr(text)) return Value(format_cidr(masked(*cidr)));
      return Value(text);
    default: return Value(text);
  }
}

Value canonical_of(const Type& declared, const Property& property, const Value& value) {
  if (value.is_secret()) {
    return Value::secret(canonical_of(declared, property, value.secret_value()));
  }
  if (value.is_unset()) return {};
  if (value.is_optional()) return canonical_of(declared, property, *value.optional_value());
  const Type& type = plain(declared);
  switch (value.kind()) {
    case Value::Kind::list: {
      List out;
      const Type& element = type.kind() == Type::Kind::list ? type.element() : type;
      for (const Value& item : value.as_list())
        out.push_back(canonical_of(element, property, item));
      if (is_set(property)) {
        std::stable_sort(out.begin(), out.end(), [&](const Value& a, const Value& b) {
          return sort_text(element_key(property, a)) < sort_text(element_key(property, b));
        });
      }
      return Value(std::move(out));
    }
    case Value::Kind::map: {
      Map out;
      for (const auto& [key, member] : value.as_map()) {
        if (member.is_unset()) continue;
        const Property* field =
            type.kind() == Type::Kind::object ? property.field(key.string_or()) : nullptr;
        if (field != nullptr) {
          out.set(key, canonical(*field, member));
        } else {
          out.set(key, canonical_of(type.kind() == Type::Kind::map ? type.element() : type,
                                    property, member));
        }
      }
      return Value(std::move(out));
    }
    case Value::Kind::string: {
      const Value typed = wire_detail::scalar_from_text(type, value.as_string());
      return typed.is_string() ? canonical_text(property, typed.as_string()) : typed;
    }
    case Value::Kind::cidr:
      return Value(format_cidr(property.compare == Compare::cidr ? masked(value.as_cidr())
                                                                 : value.as_cidr()));
    case Value::Kind::ip: return Value(format_ip(value.as_ip()));
    default: return value;
  }
}

bool nothing(const Value& value) {
  return value.is_unset() || (value.is_list() && value.as_list().empty()) ||
         (value.is_map() && value.as_map().empty()) ||
         (value.is_string() && value.as_string().empty());
}

// "8.0" asks for any "8.0.x"; "8.0" and "8.01" differ.
bool version_prefix(const Value& a, const Value& b) {
  const std::string wanted = to_text(a), there = to_text(b);
  const auto begins = [](const std::string& text, const std::string& prefix) {
    return text.size() > prefix.size() && text.starts_with(prefix) && text[prefix.size()] == '.';
  };
  return wanted == there || begins(there, wanted);
}

// One side may be the digest that a service shows in place of the content.
bool same_digest(const Value& a, const Value& b) {
  const auto forms = [](const Value& value) {
    const std::string text = value.is_bytes() ? value.as_bytes() : to_text(value);
    const Sha256 digest = sha256(text);
    const std::string raw(digest.begin(), digest.end());
    return std::vector<std::string>{text, hex(digest), base64(raw)};
  };
  const auto left = forms(a), right = forms(b);
  return left[0] == right[0] || std::count(left.begin() + 1, left.end(), right[0]) > 0 ||
         std::count(right.begin() + 1, right.end(), left[0]) > 0;
}

bool same(const Type& declared, const Property& property, const Value& a, const Value& b);

bool same_fields(const Property& property, const Value& a, const Value& b) {
  for (const Property& field : property.fields) {
    if (field.local || field.write_only || field.computed) continue;
    Value wanted = a[field.name], there = b[field.name];
    if (field.absent == Absent::with_default) {
      if (wanted.is_unset()) wanted = field.default_value;
      if (there.is_unset()) there = field.default_value;
    }
    // Left to the server.
    if (wanted.is_unset() && field.absent == Absent::server) continue;
    if (!same_value(field, wanted, there)) return false;
  }
  return true;
}

bool same_lists(const Type& type, const Property& property, const List& a, const List& b) {
  if (a.size() != b.size()) return false;
  const Type& element = type.kind() == Type::Kind::list ? type.element() : type;
  if (!is_set(property)) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (!same(element, property, a[i], b[i])) return false;
    }
    return true;
  }
  // Pairs up elements of equal keys; equal keys twice pair up in their order.
  const auto order = [&](const List& items) {
    std::vector<std::pair<std::string, const Value*>> out;
    for (const Value& item : items) {
      out.emplace_back(sort_text(element_key(property, canonical_of(element, property, item))),
                       &item);
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& x, const auto& y) { return x.first < y.first; });
    return out;
  };
  const auto left = order(a), right = order(b);
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i].first != right[i].first) return false;
    if (!same(element, property, *left[i].second, *right[i].second)) return false;
  }
  return true;
}

bool same_maps(const Type& type, const Property& property, const Map& a, const Map& b) {
  const Type& element = type.kind() == Type::Kind::map ? type.element() : type;
  const auto covers = [&](const Map& x, const Map& y, bool compare) {
    for (const auto& [key, value] : x) {
      const Value* other = y.find(key);
      if (other == nullptr ? !value.is_unset()
                           : compare && !same(element, property, value, *other)) {
        return false;
      }
    }
    return true;
  };
  return covers(a, b, true) && covers(b, a, false);
}

bool same(const Type& declared, const Property& property, const Value& a, const Value& b) {
  if (a.is_secret()) return same(declared, property, a.secret_value(), b);
  if (b.is_secret()) return same(declared, property, a, b.secret_value());
  if (a.is_optional() && !a.is_unset()) return same(declared, property, *a.optional_value(), b);
  if (b.is_optional() && !b.is_unset()) return same(declared, property, a, *b.optional_value());
  if (a.is_unknown() || b.is_unknown()) return a == b;
  if (nothing(a) || nothing(b)) return nothing(a) && nothing(b);
  const Type& type = plain(declared);
  if (a.is_list() && b.is_list()) return same_lists(type, property, a.as_list(), b.as_list());
  if (a.is_map() && b.is_map()) {
    const bool object = !property.fields.empty() && type.kind() != Type::Kind::map;
    return object ? same_fields(property, a, b) : same_maps(type, property, a.as_map(), b.as_map());
  }
  if (property.compare == Compare::version_prefix) return version_prefix(a, b);
  if (property.compare == Compare::digest) return same_digest(a, b);
  const Value left = canonical_of(declared, property, a),
              right = canonical_of(declared, property, b);
  if (left == right) return true;
  // A number on one side and its text on the other, where the type says which is meant.
  if (left.is_string() == right.is_string()) return false;
  const std::string& text = left.is_string() ? left.as_string() : right.as_string();
  const Value number = wire_detail::scalar_from_text(type, text);
  return number == (left.is_string() ? right : left) ||
         text == to_text(left.is_string() ? right : left);
}

}  // namespace

namespace wire_detail {

Value scalar_from_text(const Type& type, const std::string& text) {
  switch (type.kind()) {
    case Type::Kind::boolean:
      if (text == "true" || text == "false") return Value(text == "true");
      break;
    case Type::Kind::integer:
    case Type::Kind::uinteger:
    case Type::Kind::floating: {
      char* end = nullptr;
      const double number = std::strtod(text.c_str(), &end);
      if (text.empty() || *end != '\0') break;
      if (number == std::floor(number) && std::fabs(number) < 9e15) {
        return Value(static_cast<int64_t>(number));
      }
      return Value(number);
    }
    case Type::Kind::duration:
      if (const auto duration = parse_duration(text)) return Value(*duration);
      break;
    case Type::Kind::size:
      if (const auto size = parse_size(text)) return Value(*size);
      break;
    case Type::Kind::cidr:
      if (const auto cidr = parse_cidr(text)) return Value(format_cidr(*cidr));
      break;
    case Type::Kind::ip:
      if (const auto ip = parse_ip(text)) return Value(format_ip(*ip));
      break;
    default: break;
  }
  return Value(text);
}

}  // namespace wire_detail

Value canonical(const Property& property, const Value& value) {
  if (value.is_secret()) return Value::secret(canonical(property, value.secret_value()));
  if (value.is_unset()) return {};
  if (property.compare == Compare::iam_policy) return canonical_iam_policy(parsed_document(value));
  if (property.compare == Compare::json) return parsed_document(value);
  return canonical_of(property.type, property, value);
}

bool same_value(const Property& property, const Value& a, const Value& b) {
  if (a.is_secret()) return same_value(property, a.secret_value(), b);
  if (b.is_secret()) return same_value(property, a, b.secret_value());
  if (property.absent == Absent::with_default && !property.default_value.is_unset() &&
      (a.is_unset() || b.is_unset())) {
    // What is not shown is at its default.
    if (a.is_unset() && b.is_unset()) return true;
    Property present = property;
    present.absent = Absent::server;
    return same_value(present, a.is_unset() ? property.default_value : a,
                      b.is_unset() ? property.default_value : b);
  }
  if (property.compare == Compare::iam_policy || property.compare == Compare::json) {
    if (nothing(a) || nothing(b)) return nothing(a) && nothing(b);
    return canonical(property, a) == canonical(property, b);
  }
  return same(property.type, property, a, b);
}

}  // namespace lf
