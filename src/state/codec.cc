// SPDX-License-Identifier: Apache-2.0
#include "state/codec.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/assert.h"
#include "base/digest.h"
#include "base/strings.h"
#include "base/units.h"

namespace lf {

using namespace std::literals;  // "…"sv: Map::find would also take a Value

namespace {

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

void write_typed(std::string& out, const char* type, std::string_view text) {
  out += "{\"$\":\"";
  out += type;
  out += "\",\"v\":";
  write_json_string(out, text);
  out += '}';
}

void write_double(std::string& out, double d) {
  if (std::isnan(d)) return write_typed(out, "double", "nan");
  if (std::isinf(d)) return write_typed(out, "double", d > 0 ? "inf" : "-inf");
  char text[40];
  const auto end = std::to_chars(text, text + sizeof(text), d).ptr;
  const std::string_view written(text, static_cast<size_t>(end - text));
  out += written;
  if (written.find_first_of(".e") == std::string_view::npos) out += ".0";
}

// How map members are ordered: as they stand, or by key for digests.
void write(std::string& out, const Value& value, bool sorted);

void write_members(std::string& out, const Map& map, bool sorted) {
  std::vector<const std::pair<Value, Value>*> members;
  members.reserve(map.size());
  bool plain = true;
  for (const auto& member : map) {
    members.push_back(&member);
    plain = plain && member.first.is_string() && member.first.as_string() != "$" &&
            valid_utf8(member.first.as_string());
  }
  if (!plain) {
    out += "{\"$\":\"map\",\"v\":[";
    const char* comma = "";
    for (const auto* member : members) {
      out += comma;
      out += '[';
      write(out, member->first, sorted);
      out += ',';
      write(out, member->second, sorted);
      out += ']';
      comma = ",";
    }
    out += "]}";
    return;
  }
  if (sorted) {
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) {
      return a->first.as_string() < b->first.as_string();
    });
  }
  out += '{';
  const char* comma = "";
  for (const auto* member : members) {
    out += comma;
    write_json_string(out, member->first.as_string());
    out += ':';
    write(out, member->second, sorted);
    comma = ",";
  }
  out += '}';
}

void write_list(std::string& out, const List& list, bool sorted) {
  out += '[';
  const char* comma = "";
  for (const Value& element : list) {
    out += comma;
    write(out, element, sorted);
    comma = ",";
  }
  out += ']';
}

void write_money(std::string& out, const Money& money) {
  out += "{\"$\":\"money\",\"micros\":" + std::to_string(money.micros) + ",\"currency\":";
  write_json_string(out, money.currency);
  out += '}';
}

// CEL's range of durations is wider than nanoseconds in 64 bits, and all of it must come back.
std::string duration_text(Duration d) {
  if (parse_duration(format_duration(d)) == d) return format_duration(d);
  return std::to_string(d.seconds) + ":" + std::to_string(d.nanos);
}

bool parse_duration_text(const std::string& text, Duration& out) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) {
    const auto parsed = parse_duration(text);
    if (parsed) out = *parsed;
    return parsed.has_value();
  }
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto seconds = std::from_chars(begin, begin + colon, out.seconds);
  const auto nanos = std::from_chars(begin + colon + 1, end, out.nanos);
  return seconds.ec == std::errc() && seconds.ptr == begin + colon && nanos.ec == std::errc() &&
         nanos.ptr == end;
}

void write(std::string& out, const Value& value, bool sorted) {
  using Kind = Value::Kind;
  switch (value.kind()) {
    case Kind::null: out += "null"; return;
    case Kind::boolean: out += value.as_bool() ? "true" : "false"; return;
    case Kind::integer: out += std::to_string(value.as_int()); return;
    case Kind::uinteger: return write_typed(out, "uint", std::to_string(value.as_uint()));
    case Kind::floating: return write_double(out, value.as_double());
    case Kind::string:
      if (valid_utf8(value.as_string())) return write_json_string(out, value.as_string());
      return write_typed(out, "string", base64(value.as_string()));
    case Kind::bytes: return write_typed(out, "bytes", base64(value.as_bytes()));
    case Kind::list: return write_list(out, value.as_list(), sorted);
    case Kind::map: return write_members(out, value.as_map(), sorted);
    case Kind::duration: return write_typed(out, "duration", duration_text(value.as_duration()));
    case Kind::timestamp:
      return write_typed(out, "timestamp", format_timestamp(value.as_timestamp()));
    case Kind::type: return write_typed(out, "type", value.as_type());
    case Kind::optional:
      if (value.optional_value() == nullptr) {
        out += "{\"$\":\"none\"}";
        return;
      }
      out += "{\"$\":\"some\",\"v\":";
      write(out, *value.optional_value(), sorted);
      out += '}';
      return;
    case Kind::ip: return write_typed(out, "ip", format_ip(value.as_ip()));
    case Kind::cidr: return write_typed(out, "cidr", format_cidr(value.as_cidr()));
    case Kind::money: return write_money(out, value.as_money());
    case Kind::object:
    case Kind::unknown:
    case Kind::secret:
    case Kind::error: LF_ASSERT(!"state holds no secrets, unknowns, objects or errors");
  }
}

}  // namespace

bool storable(const Value& value) {
  using Kind = Value::Kind;
  switch (value.kind()) {
    case Kind::object:
    case Kind::unknown:
    case Kind::secret:
    case Kind::error: return false;
    case Kind::list: return std::all_of(value.as_list().begin(), value.as_list().end(), storable);
    case Kind::map:
      for (const auto& [key, member] : value.as_map()) {
        if (!storable(key) || !storable(member)) return false;
      }
      return true;
    case Kind::optional:
      return value.optional_value() == nullptr || storable(*value.optional_value());
    default: return true;
  }
}

void write_json_string(std::string& out, std::string_view text) {
  out += '"';
  size_t plain = 0;  // start of what needs no escape
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out += text.substr(plain, i - plain);
    plain = i + 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else {
      static constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  out += text.substr(plain);
  out += '"';
}

void write_value(std::string& out, const Value& value) {
  write(out, value, false);
}
void write_map(std::string& out, const Map& map) {
  write_members(out, map, false);
}

std::string canonical_text(const Value& value) {
  std::string out;
  write(out, value, true);
  return out;
}

Value StringPool::get(std::string_view text) {
  if (text.size() > kLongest) return Value(text);
  Value& slot = slots_[std::hash<std::string_view>{}(text) % kSlots];
  if (!slot.is_string() || slot.as_string() != text) slot = Value(text);
  return slot;
}

// --- reading

bool JsonReader::fail(std::string_view what) {
  if (problem_.empty()) problem_ = std::string(what) + " at byte " + std::to_string(at_);
  return false;
}

void JsonReader::skip_space() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
    ++at_;
  }
}

bool JsonReader::accept(char c) {
  skip_space();
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool JsonReader::expect(char c) {
  if (accept(c)) return true;
  return fail(std::string("expected `") + c + "`");
}

bool JsonReader::open(char c) {
  if (++depth_ > kDepthMax) return fail("nested too deep");
  return expect(c);
}

bool JsonReader::at_end() {
  skip_space();
  return at_ == text_.size() || fail("something follows the end");
}

bool JsonReader::word(std::string_view expected) {
  if (text_.substr(at_, expected.size()) != expected) return fail("expected a value");
  at_ += expected.size();
  return true;
}

bool JsonReader::string_view(std::string_view& out) {
  if (!expect('"')) return false;
  const size_t begin = at_;
  for (; at_ < text_.size(); ++at_) {
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (c == '"') {
      out = text_.substr(begin, at_ - begin);
      ++at_;
      return true;
    }
    if (c == '\\') {
      scratch_.assign(text_.substr(begin, at_ - begin));
      return unescape(out);
    }
    if (c < 0x20) return fail("a control character in a string");
  }
  return fail("a string without its end");
}

bool JsonReader::hex4(uint32_t& out) {
  if (at_ + 4 > text_.size()) return fail("a cut escape");
  const char* begin = text_.data() + at_;
  const auto parsed = std::from_chars(begin, begin + 4, out, 16);
  if (parsed.ec != std::errc() || parsed.ptr != begin + 4) return fail("a wrong escape");
  at_ += 4;
  return true;
}

bool JsonReader::unescape(std::string_view& out) {
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == '"') {
      out = scratch_;
      return true;
    }
    if (static_cast<unsigned char>(c) < 0x20) return fail("a control character in a string");
    if (c != '\\') {
      scratch_ += c;
      continue;
    }
    if (at_ >= text_.size()) break;
    static constexpr std::string_view kFrom = "\"\\/bfnrt";
    static constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    const char escape = text_[at_++];
    if (const size_t i = kFrom.find(escape); i != std::string_view::npos) {
      scratch_ += kTo[i];
      continue;
    }
    uint32_t unit = 0;
    if (escape != 'u') return fail("a wrong escape");
    if (!hex4(unit)) return false;
    if (unit >= 0xD800 && unit < 0xDC00) {
      uint32_t low = 0;
      if (!word("\\u") || !hex4(low)) return fail("half a surrogate pair");
      if (low < 0xDC00 || low > 0xDFFF) return fail("half a surrogate pair");
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    } else if (unit >= 0xDC00 && unit <= 0xDFFF) {
      return fail("half a surrogate pair");
    }
    append_utf8(scratch_, unit);
  }
  return fail("a string without its end");
}

bool JsonReader::string(std::string& out) {
  std::string_view text;
  if (!string_view(text)) return false;
  out.assign(text);
  return true;
}

bool JsonReader::strings(std::vector<std::string>& out) {
  return array([&] { return string(out.emplace_back()); });
}

bool JsonReader::timestamp(Timestamp& out) {
  std::string_view text;
  if (!string_view(text)) return false;
  const auto parsed = parse_timestamp(text);
  if (!parsed) return fail("expected a point in time");
  out = *parsed;
  return true;
}

bool JsonReader::number(Value& out) {
  const char* begin = text_.data() + at_;
  const char* end = text_.data() + text_.size();
  const char* stop = begin;
  bool whole = true;
  while (stop != end && std::string_view("+-.0123456789eE").find(*stop) != std::string_view::npos) {
    whole = whole && *stop != '.' && *stop != 'e' && *stop != 'E';
    ++stop;
  }
  int64_t i = 0;
  double d = 0;
  const auto parsed = whole ? std::from_chars(begin, stop, i) : std::from_chars(begin, stop, d);
  if (parsed.ec != std::errc() || parsed.ptr != stop) return fail("expected a value");
  at_ += static_cast<size_t>(stop - begin);
  out = whole ? Value(i) : Value(d);
  return true;
}

bool JsonReader::integer(int64_t& out) {
  Value read;
  skip_space();
  if (!number(read)) return false;
  if (!read.is_int()) return fail("expected a whole number");
  out = read.as_int();
  return true;
}

bool JsonReader::natural(uint64_t& out) {
  int64_t read = 0;
  if (!integer(read)) return false;
  if (read < 0) return fail("expected a number from 0");
  out = static_cast<uint64_t>(read);
  return true;
}

bool JsonReader::natural(uint32_t& out) {
  uint64_t read = 0;
  if (!natural(read)) return false;
  if (read > UINT32_MAX) return fail("the number is too large");
  out = static_cast<uint32_t>(read);
  return true;
}

bool JsonReader::boolean(bool& out) {
  Value read;
  if (!value(read)) return false;
  if (!read.is_bool()) return fail("expected true or false");
  out = read.as_bool();
  return true;
}

bool JsonReader::value(Value& out) {
  skip_space();
  if (at_ >= text_.size()) return fail("the text ends where a value should be");
  switch (text_[at_]) {
    case '"': {
      std::string_view text;
      if (!string_view(text)) return false;
      out = pool_.get(text);
      return true;
    }
    case '{': return object_value(out);
    case '[': {
      List list;
      if (!array([&] { return value(list.emplace_back()); })) return false;
      out = Value(std::move(list));
      return true;
    }
    case 't': out = Value(true); return word("true");
    case 'f': out = Value(false); return word("false");
    case 'n': out = Value(); return word("null");
    default: return number(out);
  }
}

// Collects on a stack first, so that each map is made in its exact size.
bool JsonReader::members(Map& out) {
  const size_t base = stack_.size();
  const bool good = object([&](std::string_view key_view) {
    Value key = pool_.get(key_view);
    Value member;
    if (!value(member)) return false;
    stack_.emplace_back(std::move(key), std::move(member));
    return true;
  });
  if (good) {
    out.reserve(stack_.size() - base);
    for (size_t i = base; i < stack_.size(); ++i) {
      out.set(std::move(stack_[i].first), std::move(stack_[i].second));
    }
  }
  stack_.resize(base);
  return good;
}

// An object's text ends with its own bracket, so equal texts are equal objects.
bool JsonReader::seen(Value& out) {
  for (const Seen& candidate : seen_) {
    if (candidate.size == 0 || text_.size() - at_ < candidate.size) continue;
    const std::string_view text = text_.substr(candidate.begin, candidate.size);
    if (text_.substr(at_, candidate.size) != text) continue;
    at_ += candidate.size;
    out = candidate.value;
    return true;
  }
  return false;
}

bool JsonReader::object_value(Value& out) {
  if (seen(out)) return true;
  const size_t begin = at_;
  Map map;
  if (!members(map)) return false;
  if (map.find("$"sv) != nullptr) return typed(map, out);
  out = Value(std::move(map));
  if (at_ - begin >= kSeenFrom) seen_[seen_next_++ % kSeen] = Seen{begin, at_ - begin, out};
  return true;
}

bool JsonReader::map(Map& out) {
  Value read;
  skip_space();
  if (at_ >= text_.size() || text_[at_] != '{') return fail("expected `{`");
  if (!value(read)) return false;
  if (!read.is_map()) return fail("expected a map");
  out = read.as_map();
  return true;
}

namespace {

bool parse_uint(const std::string& text, Value& out) {
  uint64_t u = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), u);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return false;
  out = Value(u);
  return true;
}

bool parse_pairs(const Value& pairs, Value& out) {
  if (!pairs.is_list()) return false;
  Map map;
  for (const Value& pair : pairs.as_list()) {
    if (!pair.is_list() || pair.as_list().size() != 2) return false;
    map.set(pair.as_list()[0], pair.as_list()[1]);
  }
  out = Value(std::move(map));
  return true;
}

// From an optional of what a parser gives to a Value.
template <class T>
bool take(const std::optional<T>& parsed, Value& out) {
  if (parsed) out = Value(*parsed);
  return parsed.has_value();
}

// The scalars whose form is one text.
bool parse_scalar(const std::string& type, const std::string& text, Value& out) {
  if (type == "uint") return parse_uint(text, out);
  if (type == "duration") {
    Duration duration;
    if (!parse_duration_text(text, duration)) return false;
    out = Value(duration);
    return true;
  }
  if (type == "timestamp") return take(parse_timestamp(text), out);
  if (type == "ip") return take(parse_ip(text), out);
  if (type == "cidr") return take(parse_cidr(text), out);
  if (type == "type") {
    out = Value(TypeName{text});
    return true;
  }
  if (type == "double") {
    out = Value(text == "nan" ? std::nan("") : text == "inf" ? HUGE_VAL : -HUGE_VAL);
    return text == "nan" || text == "inf" || text == "-inf";
  }
  if (type != "string" && type != "bytes") return false;
  const auto data = unbase64(text);
  if (!data) return false;
  out = type == "string" ? Value(*data) : Value(Bytes{*data});
  return true;
}

}  // namespace

bool JsonReader::typed(const Map& fields, Value& out) {
  const Value* type = fields.find("$"sv);
  const Value* content = fields.find("v"sv);
  const std::string name = type->string_or();
  bool good = false;
  if (name == "none") {
    good = fields.size() == 1;
    out = Value::none();
  } else if (name == "money") {
    const Value* micros = fields.find("micros"sv);
    const Value* currency = fields.find("currency"sv);
    good = fields.size() == 3 && micros != nullptr && micros->is_int() && currency != nullptr &&
           currency->is_string();
    if (good) out = Value(Money{micros->as_int(), currency->as_string()});
  } else if (fields.size() == 2 && content != nullptr) {
    if (name == "some") {
      good = true;
      out = Value::some(*content);
    } else if (name == "map") {
      good = parse_pairs(*content, out);
    } else if (content->is_string()) {
      good = parse_scalar(name, content->as_string(), out);
    }
  }
  return good || fail("a typed value that makes no sense");
}

}  // namespace lf
