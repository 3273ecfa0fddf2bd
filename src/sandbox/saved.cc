// SPDX-License-Identifier: Apache-2.0
#include "sandbox/saved.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/units.h"

namespace lf::sandbox {

namespace {

constexpr int64_t kFormat = 1;

Value typed(const char* kind, std::string text) {
  return Value(Map{{Value("$"), Value(kind)}, {Value("v"), Value(std::move(text))}});
}

Value time(const Timestamp& t) {
  return typed("time", format_timestamp(t));
}

Timestamp time_of(const Value& plain) {
  const Value value = from_plain(plain);
  return value.is_timestamp() ? value.as_timestamp() : Timestamp{};
}

Map map_of(const Value& plain) {
  const Value value = from_plain(plain);
  return value.is_map() ? value.as_map() : Map{};
}

}  // namespace

Value to_plain(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::bytes: return typed("bytes", base64(value.as_bytes()));
    case Value::Kind::duration: return typed("duration", format_duration(value.as_duration()));
    case Value::Kind::timestamp: return time(value.as_timestamp());
    case Value::Kind::ip: return typed("ip", format_ip(value.as_ip()));
    case Value::Kind::cidr: return typed("cidr", format_cidr(value.as_cidr()));
    case Value::Kind::money: return typed("money", format_money(value.as_money()));
    case Value::Kind::secret: return to_plain(value.secret_value());
    case Value::Kind::list: {
      List out;
      for (const Value& item : value.as_list()) out.push_back(to_plain(item));
      return Value(std::move(out));
    }
    case Value::Kind::map: {
      Map out;
      for (const auto& [key, item] : value.as_map()) {
        // A key of a user's own that looks like our mark gets one more.
        const std::string name = key.string_or();
        out.set(name.starts_with("$") ? "$" + name : name, to_plain(item));
      }
      return Value(std::move(out));
    }
    default: return value;
  }
}

Value from_plain(const Value& plain) {
  if (plain.is_list()) {
    List out;
    for (const Value& item : plain.as_list()) out.push_back(from_plain(item));
    return Value(std::move(out));
  }
  if (!plain.is_map()) return plain;
  if (const Value* kind = plain.as_map().find("$")) {
    const std::string text = plain["v"].string_or();
    const std::string name = kind->string_or();
    if (name == "bytes") return Value(Bytes{unbase64(text).value_or("")});
    if (name == "duration") return Value(parse_duration(text).value_or(Duration{}));
    if (name == "time") return Value(parse_timestamp(text).value_or(Timestamp{}));
    if (name == "ip") return Value(parse_ip(text).value_or(Ip{}));
    if (name == "cidr") return Value(parse_cidr(text).value_or(Cidr{}));
    if (name == "money") return Value(parse_money(text).value_or(Money{}));
    return {};
  }
  Map out;
  for (const auto& [key, item] : plain.as_map()) {
    const std::string& name = key.as_string();
    out.set(name.starts_with("$$") ? name.substr(1) : name, from_plain(item));
  }
  return Value(std::move(out));
}

std::string save_things(const Things& things) {
  List list;
  for (const Thing* thing : things.all()) {
    Map one;
    one.set("type", Value(thing->type_name));
    one.set("account", Value(thing->place.account));
    one.set("region", Value(thing->place.region));
    one.set("id", Value(thing->id));
    one.set("number", Value(static_cast<int64_t>(thing->number)));
    one.set("created", time(thing->created));
    if (thing->deleted) one.set("deleted", time(*thing->deleted));
    if (thing->gone_at) one.set("gone_at", time(*thing->gone_at));
    if (!thing->token.empty()) {
      one.set("token", Value(thing->token));
      one.set("token_digest", Value(thing->token_digest));
    }
    one.set("properties", to_plain(Value(thing->properties)));
    if (!thing->hidden.empty()) one.set("hidden", to_plain(Value(thing->hidden)));
    list.push_back(Value(std::move(one)));
  }
  List held;
  for (const HeldName& name : things.held) {
    held.push_back(Value(Map{{Value("type"), Value(name.type_name)},
                             {Value("id"), Value(name.id)},
                             {Value("account"), Value(name.place.account)},
                             {Value("region"), Value(name.place.region)},
                             {Value("until"), time(name.until)}}));
  }
  Map file;
  file.set("format", Value(kFormat));
  file.set("next", Value(static_cast<int64_t>(things.next_number)));
  file.set("latest", time(things.latest));
  file.set("things", Value(std::move(list)));
  file.set("held", Value(std::move(held)));
  return to_json(Value(std::move(file)), {.indent = 1, .sort_keys = false}) + "\n";
}

Result<void> load_things(const std::string& text, Things& things) {
  auto file = parse_json(text);
  if (!file) return fail(ErrorCode::corrupt, "the model cloud's file: " + file.error().message);
  if (!(*file)["format"].is_int() || (*file)["format"].as_int() != kFormat ||
      !(*file)["things"].is_list()) {
    return fail(ErrorCode::corrupt, "the model cloud's file is of another format");
  }
  for (const Value& one : (*file)["things"].as_list()) {
    Thing thing;
    thing.type_name = one["type"].string_or();
    thing.place = {one["account"].string_or(), one["region"].string_or()};
    thing.id = one["id"].string_or();
    if (one["number"].is_int()) thing.number = static_cast<uint64_t>(one["number"].as_int());
    thing.created = time_of(one["created"]);
    if (!one["deleted"].is_null()) thing.deleted = time_of(one["deleted"]);
    if (!one["gone_at"].is_null()) thing.gone_at = time_of(one["gone_at"]);
    thing.token = one["token"].string_or();
    thing.token_digest = one["token_digest"].string_or();
    thing.properties = map_of(one["properties"]);
    thing.hidden = map_of(one["hidden"]);
    if (thing.type_name.empty() || thing.id.empty()) {
      return fail(ErrorCode::corrupt, "the model cloud's file holds a thing without type or id");
    }
    things.add(std::move(thing));
  }
  if ((*file)["held"].is_list()) {
    for (const Value& one : (*file)["held"].as_list()) {
      things.held.push_back({one["type"].string_or(),
                             one["id"].string_or(),
                             {one["account"].string_or(), one["region"].string_or()},
                             time_of(one["until"])});
    }
  }
  things.latest = time_of((*file)["latest"]);
  const Value& next = (*file)["next"];
  if (next.is_int())
    things.next_number = std::max(things.next_number, static_cast<uint64_t>(next.as_int()));
  return {};
}

}  // namespace lf::sandbox
