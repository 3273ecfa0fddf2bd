// SPDX-License-Identifier: Apache-2.0
// Properties -> wire data: for a request (client) and for an answer (sandbox).
#include <fmt/format.h>

#include <charconv>

#include "base/compress.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "provider/wire.h"
#include "provider/wire_detail.h"

namespace lf {

namespace wire_detail {

const Type& plain(const Type& type) {
  const Type* at = &type;
  while (at->kind() == Type::Kind::secret || at->kind() == Type::Kind::optional) {
    at = &at->element();
  }
  return *at;
}

int64_t unit_factor(const Property& property) {
  const std::string& unit = property.unit;
  if (unit == "min") return 60;
  if (unit == "h") return 3'600;
  if (unit == "d") return 86'400;
  if (unit == "KiB") return int64_t{1} << 10;
  if (unit == "MiB") return int64_t{1} << 20;
  if (unit == "GiB") return int64_t{1} << 30;
  return 1;
}

namespace {

// `*` backwards: each element of the value into an element of the list there.
Value set_each(const Value& tree, const WirePath& path, size_t from, const Value& value) {
  if (!value.is_list()) return tree;
  List out = tree.is_list() ? tree.as_list() : List{};
  if (out.size() < value.as_list().size()) out.resize(value.as_list().size());
  for (size_t i = 0; i < value.as_list().size(); ++i) {
    out[i] = set_at(out[i], path, from, value.as_list()[i]);
  }
  return Value(std::move(out));
}

}  // namespace

Value set_at(const Value& tree, const WirePath& path, size_t from, const Value& value) {
  if (from == path.size()) {
    return tree.is_map() && value.is_map() ? merge_wire(tree, value) : value;
  }
  const std::string& step = path[from];
  if (step == "[]") return set_at(tree, path, from + 1, value);
  if (step == "*") return set_each(tree, path, from + 1, value);
  size_t index = 0;
  const auto [stop, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  // No descriptor names an element far out; a bound keeps a typing slip from filling the memory.
  constexpr size_t kIndexMax = 1'000;
  if (error == std::errc() && stop == step.data() + step.size() && index < kIndexMax) {
    List list = tree.is_list() ? tree.as_list() : List{};
    if (list.size() <= index) list.resize(index + 1);
    list[index] = set_at(list[index], path, from + 1, value);
    return Value(std::move(list));
  }
  Map map = tree.is_map() ? tree.as_map() : Map{};
  const Value under = tree[step];
  map.set(std::string_view(step), set_at(under, path, from + 1, value));
  return Value(std::move(map));
}

}  // namespace wire_detail

namespace {

using wire_detail::plain;
using wire_detail::set_at;
using wire_detail::Side;

Value encode(const Type& type, const Property& property, const Value& value, Side side);
Value whole(const Property& property, const Value& value, Side side);

Value in_units(const Property& property, int64_t amount, const Value& original) {
  const int64_t factor = wire_detail::unit_factor(property);
  if (amount % factor != 0) {
    return Value::error(fmt::format("`{}` of `{}` is no whole number of {}", to_text(original),
                                    property.name, property.unit));
  }
  return Value(amount / factor);
}

// `200.5 USD` as two members: the amount without its currency, and the currency.
Value amount_of(const Property& property, const Money& money) {
  const uint64_t micros = money.micros < 0 ? 0 - static_cast<uint64_t>(money.micros)
                                           : static_cast<uint64_t>(money.micros);
  std::string amount = fmt::format("{}{}.{:06}", money.micros < 0 ? "-" : "", micros / 1'000'000,
                                   micros % 1'000'000);
  while (amount.ends_with('0')) amount.pop_back();
  if (amount.ends_with('.')) amount.pop_back();
  return Value(Map{{Value(property.amount), Value(std::move(amount))},
                   {Value(property.currency), Value(money.currency)}});
}

Value encode_scalar(const Type& type, const Property& property, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::duration: {
      const Duration duration = value.as_duration();
      if (duration.nanos != 0) {
        return Value::error(fmt::format("`{}` of `{}` is no whole number of {}", to_text(value),
                                        property.name,
                                        property.unit.empty() ? "s" : property.unit));
      }
      return in_units(property, duration.seconds, value);
    }
    case Value::Kind::integer:
      if (type.kind() == Type::Kind::size) return in_units(property, value.as_int(), value);
      return value;
    case Value::Kind::money:
      if (!property.amount.empty()) return amount_of(property, value.as_money());
      return Value(to_text(value));
    case Value::Kind::cidr:
    case Value::Kind::ip: return Value(to_text(value));
    case Value::Kind::object: {
      const std::optional<Value> identity = value.as_object()->identity();
      return identity ? encode(type, property, *identity, Side::request) : Value();
    }
    default: return value;
  }
}

// The text forms of one scalar.
Value formatted(const Property& property, const Value& value, Side side) {
  if (value.is_unset() || value.is_error()) return value;
  if (property.format == WireFormat::present)
    return value.is_bool() && value.as_bool() ? Value(Map()) : Value();
  if (property.format == WireFormat::string) return Value(to_text(value));
  if (value.is_bytes() && plain(property.type).kind() == Type::Kind::bytes) {
    if (side == Side::request || property.compare != Compare::digest) {
      return Value(base64(value.as_bytes()));
    }
    // A service shows the digest in place of what it was given.
    const Sha256 digest = sha256(value.as_bytes());
    return Value(base64(std::string(digest.begin(), digest.end())));
  }
  const bool coded = side == Side::request ? property.format == WireFormat::base64
                                           : property.read_transform == ReadTransform::base64;
  constexpr std::string_view kScheme = "https://";
  if (side == Side::answer && property.read_transform == ReadTransform::https &&
      value.is_string() && value.as_string().starts_with(kScheme)) {
    return Value(value.as_string().substr(kScheme.size()));
  }
  if (!coded) return value;
  const std::string raw = value.is_bytes() ? value.as_bytes() : to_text(value);
  const bool compress = property.gzip_over > 0 && raw.size() > property.gzip_over;
  return Value(base64(compress ? gzip(raw) : raw));
}

// Of a path and its alternatives the one of which most is there already; the first of several.
const WirePath& fullest(const WirePath& first, const std::vector<WirePath>& others,
                        const Value& tree) {
  const auto there = [&](const WirePath& path) {
    WirePath above;
    for (const auto& step : path) {
      above.push_back(step);
      if (above.size() == path.size() || at_path(tree, above).is_unset()) break;
    }
    return above.size();
  };
  const WirePath* best = &first;
  for (const WirePath& path : others) {
    if (there(path) > there(*best)) best = &path;
  }
  return *best;
}

const WirePath& request_path(const Property& property, const Value& input) {
  return property.wire_or.empty() ? property.wire : fullest(property.wire, property.wire_or, input);
}

Value encode_object(const std::vector<Property>& fields, const Value& value, Side side) {
  Value out{Map{}};
  for (const Property& field : fields) {
    const WirePath path = side == Side::request ? request_path(field, out) : field.read;
    const Value& member = value[field.name];
    if (path.empty() || field.local || member.is_unset()) continue;
    out = set_at(out, path, 0, whole(field, member, side));
  }
  return out;
}

Value encode_list(const Type& type, const Property& property, const List& items, Side side) {
  const std::string& wrap = side == Side::request ? property.item : property.read_item;
  List out;
  out.reserve(items.size());
  for (const Value& item : items) {
    if (item.is_unset()) continue;
    Value element =
        encode(type.kind() == Type::Kind::list ? type.element() : type, property, item, side);
    out.push_back(wrap.empty() ? std::move(element)
                               : Value(Map{{Value(wrap), std::move(element)}}));
  }
  if (property.format == WireFormat::comma) {
    std::vector<std::string> texts;
    for (const Value& element : out) {
      if (element.is_unknown() || element.is_error()) return element;
      texts.push_back(to_text(element));
    }
    return Value(join(texts, ","));
  }
  return Value(std::move(out));
}

Value encode_map(const Type& type, const Property& property, const Map& map, Side side) {
  const bool request = side == Side::request;
  const std::string& key_name = request ? property.pair_key : property.read_pair_key;
  const std::string& value_name = request ? property.pair_value : property.read_pair_value;
  List pairs;
  Map plain_map;
  for (const auto& [key, member] : map) {
    if (member.is_unset()) continue;
    Value element =
        encode(type.kind() == Type::Kind::map ? type.element() : type, property, member, side);
    if (key_name.empty()) {
      plain_map.set(key, std::move(element));
    } else {
      pairs.push_back(Value(Map{{Value(key_name), key}, {Value(value_name), std::move(element)}}));
    }
  }
  return key_name.empty() ? Value(std::move(plain_map)) : Value(std::move(pairs));
}

Value encode(const Type& declared, const Property& property, const Value& value, Side side) {
  if (value.is_unset()) return {};
  if (value.is_optional()) return encode(declared, property, *value.optional_value(), side);
  if (value.is_secret()) {
    return Value::secret(encode(declared, property, value.secret_value(), side));
  }
  if (value.is_unknown() || value.is_error()) return value;
  const Type& type = plain(declared);
  if (value.is_map()) {
    const bool object = type.kind() == Type::Kind::object || !property.fields.empty();
    if (object && type.kind() != Type::Kind::map) {
      return property.fields.empty() ? value : encode_object(property.fields, value, side);
    }
    return encode_map(type, property, value.as_map(), side);
  }
  if (value.is_list()) return encode_list(type, property, value.as_list(), side);
  return formatted(property, encode_scalar(type, property, value), side);
}

// A document as the text of one value, with its escapes where answers carry those.
Value as_document(const Property& property, const Value& value, Side side) {
  if (value.is_unset() || value.is_unknown() || value.is_error()) return value;
  if (value.is_secret()) return Value::secret(as_document(property, value.secret_value(), side));
  const auto json = [&] { return value.is_string() ? value.as_string() : to_json(value); };
  if (side == Side::request) {
    return property.format == WireFormat::json ? Value(json()) : value;
  }
  if (property.read_transform == ReadTransform::json) return Value(json());
  if (property.read_transform == ReadTransform::url_json) return Value(percent_encode(json()));
  return value;
}

Value whole(const Property& property, const Value& value, Side side) {
  return as_document(property, encode(property.type, property, value, side), side);
}

}  // namespace

Value to_wire(const Property& property, const Value& value) {
  return whole(property, value, Side::request);
}

void put_on_wire(const Property& property, const Value& value, Map& input) {
  if (property.wire.empty() || property.local || value.is_unset()) return;
  const Value encoded = to_wire(property, value);
  if (encoded.is_unset()) return;
  Value tree(std::move(input));
  const WirePath path = request_path(property, tree);
  input = set_at(tree, path, 0, encoded).as_map();
}

void put_in_item(const Property& property, const Value& value, Protocol, Map& item) {
  if (property.read.empty() || property.local || value.is_unset()) return;
  const Value encoded = whole(property, value, Side::answer);
  if (encoded.is_unset()) return;
  Value tree(std::move(item));
  const WirePath path =
      property.read_or.empty() ? property.read : fullest(property.read, property.read_or, tree);
  item = set_at(tree, path, 0, encoded).as_map();
}

Value merge_wire(const Value& under, const Value& over) {
  if (!over.is_map()) return over;
  Map out = under.is_map() ? under.as_map() : Map{};
  for (const auto& [key, value] : over.as_map()) {
    if (value.is_unset()) {
      if (key.is_string()) out.erase(key.as_string());
      continue;
    }
    const Value* below = out.find(key);
    Value merged = merge_wire(below == nullptr ? Value() : *below, value);
    out.set(key, std::move(merged));
  }
  return Value(std::move(out));
}

}  // namespace lf
