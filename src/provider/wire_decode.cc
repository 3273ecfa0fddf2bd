// SPDX-License-Identifier: Apache-2.0
// Wire data -> properties: out of an answer (client) and out of a request (sandbox). Services say
// `true` as "true", a list of one as its element and an empty list as "": the declared type
// decides.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/compress.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "provider/wire.h"
#include "provider/wire_detail.h"

namespace lf {

namespace {

using wire_detail::plain;
using wire_detail::Side;

std::unexpected<Error> unreadable(const Property& property, const Value& value,
                                  std::string_view wanted) {
  std::string shown = to_text(value);
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  return fail(ErrorCode::corrupt, fmt::format("`{}` should be {}, but the service answered `{}`",
                                              property.name, wanted, printable(shown)));
}

// What a client may send packed, unpacked: far beyond any limit of a service.
constexpr size_t kUnpackedMax = 16 << 20;

std::optional<int64_t> whole_number(const Value& value) {
  if (value.is_int()) return value.as_int();
  if (value.is_uint()) {
    if (value.as_uint() > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<int64_t>(value.as_uint());
  }
  double number = 0;
  if (value.is_string()) {
    const std::string& text = value.as_string();
    if (text.empty()) return std::nullopt;
    char* end = nullptr;
    errno = 0;
    const int64_t whole = std::strtoll(text.c_str(), &end, 10);
    if (errno == 0 && *end == '\0') return whole;
    number = std::strtod(text.c_str(), &end);  // "300.0", as XML writes doubles
    if (*end != '\0') return std::nullopt;
  } else if (value.is_double()) {
    number = value.as_double();
  } else {
    return std::nullopt;
  }
  if (std::isnan(number) || number != std::floor(number) || std::fabs(number) > 9.2e18) {
    return std::nullopt;
  }
  return static_cast<int64_t>(number);
}

// A whole number of the property's units, in its base unit. nullopt: no number, or out of range.
std::optional<int64_t> from_units(const Property& property, const Value& value) {
  const std::optional<int64_t> amount = whole_number(value);
  int64_t out = 0;
  if (!amount || __builtin_mul_overflow(*amount, wire_detail::unit_factor(property), &out)) {
    return std::nullopt;
  }
  return out;
}

Result<Value> to_bool(const Property& property, const Value& value) {
  if (value.is_bool()) return value;
  if (value.is_string() && iequals(value.as_string(), "true")) return Value(true);
  if (value.is_string() && iequals(value.as_string(), "false")) return Value(false);
  // Some say it as a state.
  if (value.is_string() && (value.as_string() == "ENABLED" || value.as_string() == "DISABLED"))
    return Value(value.as_string() == "ENABLED");
  return unreadable(property, value, "true or false");
}

Result<Value> to_double(const Property& property, const Value& value) {
  if (value.is_int()) return Value(static_cast<double>(value.as_int()));  // 80 and 80.0 are one key
  if (value.is_number()) return value;
  if (value.is_string() && !value.as_string().empty()) {
    char* end = nullptr;
    const double number = std::strtod(value.as_string().c_str(), &end);
    if (*end == '\0') return Value(number);
  }
  return unreadable(property, value, "a number");
}

Result<Value> to_timestamp(const Property& property, const Value& value) {
  if (value.is_timestamp()) return value;
  if (value.is_string()) {
    if (const auto parsed = parse_timestamp(value.as_string())) return Value(*parsed);
  }
  const Result<Value> seconds = to_double(property, value);
  if (!seconds) return unreadable(property, value, "a time");
  const double number = seconds->is_double()
                            ? seconds->as_double()
                            : static_cast<double>(whole_number(*seconds).value_or(0));
  if (std::isnan(number) || std::fabs(number) > 253402300799.0) {
    return unreadable(property, value, "a time");
  }
  const double whole = std::floor(number);
  return Value(
      Timestamp{static_cast<int64_t>(whole),
                static_cast<int32_t>(std::lround((number - whole) * 1e3) % 1000) * 1'000'000});
}

// Two members, or one text. What is in no currency (`PERCENTAGE`, `GB`) is no money: not set.
Result<Value> to_money(const Property& property, const Value& value) {
  if (value.is_money()) return value;
  if (property.amount.empty()) {
    const auto money = parse_money(value.string_or());
    return money ? Result<Value>(Value(*money)) : unreadable(property, value, "an amount of money");
  }
  const std::string unit = value[property.currency].string_or();
  const bool currency = unit.size() == 3 && std::all_of(unit.begin(), unit.end(), [](char c) {
                          return c >= 'A' && c <= 'Z';
                        });
  if (!currency) return Value();
  const auto money = parse_money(to_text(value[property.amount]) + " " + unit);
  return money ? Result<Value>(Value(*money)) : unreadable(property, value, "an amount of money");
}

Result<Value> to_string_value(const Property& property, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::string: return value;
    case Value::Kind::list:
    case Value::Kind::map:
      // A document where the type is text: its JSON is the text.
      if (property.format == WireFormat::json) return Value(to_json(value));
      return unreadable(property, value, "text");
    default: return Value(to_text(value));
  }
}

// One scalar by its declared type.
Result<Value> decode_scalar(const Type& type, const Property& property, const Value& value) {
  switch (type.kind()) {
    case Type::Kind::boolean: return to_bool(property, value);
    case Type::Kind::integer:
    case Type::Kind::uinteger: {
      const auto number = whole_number(value);
      return number ? Result<Value>(Value(*number)) : unreadable(property, value, "a whole number");
    }
    case Type::Kind::floating: return to_double(property, value);
    case Type::Kind::duration: {
      if (value.is_duration()) return value;
      const auto seconds = from_units(property, value);
      return seconds ? Result<Value>(Value(Duration{*seconds, 0}))
                     : unreadable(property, value, "a duration");
    }
    case Type::Kind::size: {
      const auto bytes = from_units(property, value);
      return bytes ? Result<Value>(Value(*bytes)) : unreadable(property, value, "a size");
    }
    case Type::Kind::timestamp: return to_timestamp(property, value);
    case Type::Kind::money: return to_money(property, value);
    case Type::Kind::cidr: {
      if (value.is_cidr()) return value;
      const auto cidr = parse_cidr(value.string_or());
      return cidr ? Result<Value>(Value(*cidr))
                  : unreadable(property, value, "a range of addresses");
    }
    case Type::Kind::ip: {
      if (value.is_ip()) return value;
      const auto ip = parse_ip(value.string_or());
      return ip ? Result<Value>(Value(*ip)) : unreadable(property, value, "an address");
    }
    case Type::Kind::string:
    case Type::Kind::email:
    case Type::Kind::enumeration:
    case Type::Kind::ref: return to_string_value(property, value);
    default: return value;
  }
}

// What a scalar's text forms hide.
Result<Value> unformatted(const Property& property, const Value& value, Side side) {
  if (!value.is_string()) return value;
  const ReadTransform transform = property.read_transform;
  const bool bytes = plain(property.type).kind() == Type::Kind::bytes &&
                     (side == Side::request || property.compare != Compare::digest);
  const bool coded = side == Side::request ? property.format == WireFormat::base64
                                           : transform == ReadTransform::base64;
  if (bytes) {
    auto raw = unbase64(value.as_string());
    return raw ? Result<Value>(Value(Bytes{std::move(*raw)}))
               : unreadable(property, value, "base64");
  }
  if (coded) {
    auto text = unbase64(value.as_string());
    if (text && property.gzip_over > 0 && is_gzip(*text)) text = gunzip(*text, kUnpackedMax);
    return text ? Result<Value>(Value(std::move(*text))) : unreadable(property, value, "base64");
  }
  if (side == Side::answer && transform == ReadTransform::last_path) {
    std::string_view text = value.as_string();
    if (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
    const size_t slash = text.rfind('/');
    return Value(std::string(slash == std::string_view::npos ? text : text.substr(slash + 1)));
  }
  if (side == Side::answer && transform == ReadTransform::last_colon) {
    const std::string& text = value.as_string();
    const size_t colon = text.rfind(':');
    return Value(colon == std::string::npos ? text : text.substr(colon + 1));
  }
  if (side == Side::answer && transform == ReadTransform::lower)
    return Value(lower(value.as_string()));
  constexpr std::string_view kScheme = "https://";
  if (side == Side::answer && transform == ReadTransform::https &&
      !value.as_string().starts_with(kScheme)) {
    return Value(std::string(kScheme) + value.as_string());
  }
  return value;
}

class WhereActivation : public cel::Activation {
 public:
  explicit WhereActivation(const Value& element) : element_(element) {}
  std::optional<Value> lookup(std::string_view name) const override {
    if (name == "element") return element_;
    return std::nullopt;
  }

 private:
  const Value& element_;
};

Result<Value> decode(const Type& type, const Property& property, const Value& value, Side side,
                     int depth);
Result<Value> decode_whole(const Property& property, const Value& value, Side side, int depth);

Result<List> counted(const Property& property, List items, Side side) {
  if (!property.where || side == Side::request) return items;
  List out;
  for (Value& item : items) {
    const WhereActivation activation(item);
    const Value keep = cel::evaluate(*property.where, activation);
    if (keep.is_error()) {
      return fail(ErrorCode::corrupt,
                  fmt::format("`{}` cannot be read: {}", property.name, keep.error_message()));
    }
    if (keep.is_bool() && keep.as_bool()) out.push_back(std::move(item));
  }
  return out;
}

List as_items(const Value& value) {
  if (value.is_list()) return value.as_list();
  if (value.is_unset() || (value.is_string() && value.as_string().empty())) return {};
  if (value.is_map() && value.as_map().empty()) return {};
  return {value};
}

Result<Value> decode_list(const Type& type, const Property& property, const Value& value, Side side,
                          int depth) {
  List whole = as_items(value);
  if (property.format == WireFormat::comma && value.is_string()) {
    whole.clear();
    for (const std::string& one : split(value.as_string(), ','))
      if (!trim(one).empty()) whole.emplace_back(std::string(trim(one)));
  }
  auto items = counted(property, std::move(whole), side);
  if (!items) return std::unexpected(items.error());
  const std::string& wrap = side == Side::request ? property.item : property.read_item;
  List out;
  out.reserve(items->size());
  for (const Value& item : *items) {
    const Value& inner = wrap.empty() || !item.is_map() ? item : item[wrap];
    if (inner.is_unset()) continue;
    auto element = decode(type.element(), property, inner, side, depth + 1);
    if (!element) return element;
    out.push_back(std::move(*element));
  }
  return Value(std::move(out));
}

Result<Value> decode_map(const Type& type, const Property& property, const Value& value, Side side,
                         int depth) {
  const bool request = side == Side::request;
  const std::string& key_name = request ? property.pair_key : property.read_pair_key;
  const std::string& value_name = request ? property.pair_value : property.read_pair_value;
  Map out;
  const auto take = [&](const Value& key, const Value& member) -> Result<void> {
    if (member.is_unset()) return {};
    auto element = decode(type.element(), property, member, side, depth + 1);
    if (!element) return std::unexpected(element.error());
    out.set(key.is_string() ? key : Value(to_text(key)), std::move(*element));
    return {};
  };
  const bool pairs =
      !key_name.empty() &&
      (!value.is_map() || value.as_map().find(std::string_view(key_name)) != nullptr);
  if (pairs) {
    auto items = counted(property, as_items(value), side);
    if (!items) return std::unexpected(items.error());
    for (const Value& item : *items) {
      // A pair without its value is a key with the empty text (tags may be like that).
      const Value& member = item[value_name];
      auto done = take(item[key_name], member.is_unset() ? Value("") : member);
      if (!done) return std::unexpected(done.error());
    }
    return Value(std::move(out));
  }
  if (value.is_string() && value.as_string().empty()) return Value(std::move(out));
  if (!value.is_map()) return unreadable(property, value, "a map");
  for (const auto& [key, member] : value.as_map()) {
    auto done = take(key, member);
    if (!done) return std::unexpected(done.error());
  }
  return Value(std::move(out));
}

// What a request holds at the property's wire name, or at the first of its alternatives.
Value at_request(const Property& property, const Value& input) {
  if (property.wire.empty()) return {};
  Value value = at_path(input, property.wire);
  for (const WirePath& path : property.wire_or) {
    if (!value.is_unset()) break;
    value = at_path(input, path);
  }
  return value;
}

// What an answer shows where the property is read, or at the first of its alternatives.
Value at_answer(const Property& property, const Value& item) {
  Value value = at_path(item, property.read);
  for (const WirePath& path : property.read_or) {
    if (!value.is_unset()) break;
    value = at_path(item, path);
  }
  return value;
}

Result<Value> decode_object(const Property& property, const Value& value, Side side, int depth) {
  if (property.fields.empty()) return value;
  if (property.where && plain(property.type).kind() == Type::Kind::object) {
    auto kept = counted(property, List{value}, Side::answer);
    if (!kept) return std::unexpected(kept.error());
    if (kept->empty()) return Value();
  }
  if (value.is_string() && value.as_string().empty()) return Value(Map{});
  if (!value.is_map()) return unreadable(property, value, "a group of fields");
  Map out;
  for (const Property& field : property.fields) {
    if (field.local || (field.write_only && side == Side::answer)) continue;
    const Value member = side == Side::request ? at_request(field, value) : at_answer(field, value);
    if (side == Side::answer && field.read.empty()) continue;
    if (member.is_unset()) continue;
    auto decoded = decode_whole(field, member, side, depth + 1);
    if (!decoded) return decoded;
    if (!decoded->is_unset()) out.set(std::string_view(field.name), std::move(*decoded));
  }
  return Value(std::move(out));
}

Result<Value> decode(const Type& declared, const Property& property, const Value& value, Side side,
                     int depth) {
  // Wire data is as deep as its text; the types are not, but `fields` may nest.
  constexpr int kDepthMax = 64;
  if (depth > kDepthMax) return fail(ErrorCode::corrupt, "an answer is nested too deeply");
  if (value.is_secret()) {
    auto inner = decode(declared, property, value.secret_value(), side, depth + 1);
    return inner ? Result<Value>(Value::secret(std::move(*inner))) : inner;
  }
  if (value.is_unknown() || value.is_error()) return value;
  const Type& type = plain(declared);
  switch (type.kind()) {
    case Type::Kind::list: return decode_list(type, property, value, side, depth);
    case Type::Kind::map: return decode_map(type, property, value, side, depth);
    case Type::Kind::object: return decode_object(property, value, side, depth);
    default: break;
  }
  // An empty member says yes.
  if (property.format == WireFormat::present && type.kind() == Type::Kind::boolean)
    return Value(true);
  auto text = unformatted(property, value, side);
  if (!text) return text;
  // XML and some JSON services write what is not set as "".
  const bool empty = text->is_string() && text->as_string().empty();
  if (empty && type.kind() != Type::Kind::string && type.kind() != Type::Kind::any) return Value();
  return decode_scalar(type, property, *text);
}

bool wants_text(const Property& property) {
  const Type::Kind kind = plain(property.type).kind();
  return kind == Type::Kind::string || kind == Type::Kind::ref || kind == Type::Kind::email;
}

// A property's whole value: first the document forms, then by type.
Result<Value> decode_whole(const Property& property, const Value& value, Side side, int depth) {
  const ReadTransform transform = property.read_transform;
  Value document = value;
  if (side == Side::answer && transform == ReadTransform::url_json && value.is_string()) {
    auto text = percent_decode(value.as_string());
    if (!text) return unreadable(property, value, "percent-encoded JSON");
    document = Value(std::move(*text));
  }
  const bool json = side == Side::request
                        ? property.format == WireFormat::json
                        : transform == ReadTransform::json || transform == ReadTransform::url_json;
  if (json && document.is_string() && !wants_text(property)) {
    if (document.as_string().empty()) return Value();
    auto parsed = parse_json(document.as_string());
    if (!parsed) return unreadable(property, document, "a JSON document");
    document = std::move(*parsed);
  }
  auto out = decode(property.type, property, document, side, depth);
  if (!out || out->is_unset() || out->is_secret()) return out;
  const bool secret = property.secret || property.type.kind() == Type::Kind::secret;
  return secret ? Value::secret(std::move(*out)) : out;
}

}  // namespace

Result<Value> from_wire(const Property& property, const Value& item, Protocol) {
  if (property.read.empty() || property.write_only || property.local) return Value();
  const Value value = at_answer(property, item);
  if (value.is_unset()) return Value();
  const Type::Kind kind = property.type.kind();
  const bool judged_by_itself =
      kind == Type::Kind::list || kind == Type::Kind::map || kind == Type::Kind::object;
  if (property.where && !judged_by_itself) {
    const Value counts = cel::evaluate(*property.where, WhereActivation(item));
    if (counts.is_bool() && !counts.as_bool()) return Value();
  }
  return decode_whole(property, value, Side::answer, 0);
}

Result<Value> from_request(const Property& property, const Value& input, Protocol) {
  if (property.local) return Value();
  const Value value = at_request(property, input);
  if (value.is_unset()) return Value();
  return decode_whole(property, value, Side::request, 0);
}

Result<Map> read_properties(const ResourceType& type, std::string_view facet, const Value& item) {
  const Protocol protocol = type.service == nullptr ? Protocol::json : type.service->protocol;
  Map out;
  for (const Property& property : type.properties) {
    if (property.facet != facet) continue;
    auto value = from_wire(property, item, protocol);
    if (!value) return std::unexpected(value.error());
    if (!value->is_unset()) out.set(std::string_view(property.name), std::move(*value));
  }
  return out;
}

}  // namespace lf
