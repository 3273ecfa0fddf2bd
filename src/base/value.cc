// SPDX-License-Identifier: Apache-2.0
#include "base/value.h"

#include <algorithm>
#include <cmath>
#include <new>

#include "base/assert.h"
#include "base/json.h"
#include "base/units.h"

namespace lf {

struct Value::Optional {
  std::optional<Value> value;
};
struct Value::Secret {
  Value value;
};

namespace {

constexpr size_t kIndexFrom = 12;  // below, a linear search is as fast as hashing
constexpr uint32_t kEmpty = UINT32_MAX;

// CEL compares numbers of the three kinds by their mathematical value.
bool numbers_equal(const Value& a, const Value& b) {
  if (a.is_double() || b.is_double()) {
    auto exact = [](double d, const Value& whole) {
      if (std::isnan(d) || std::isinf(d) || d != std::floor(d)) return false;
      if (whole.is_int()) {
        if (d < -9223372036854775808.0 || d >= 9223372036854775808.0) return false;
        return static_cast<int64_t>(d) == whole.as_int();
      }
      if (d < 0 || d >= 18446744073709551616.0) return false;
      return static_cast<uint64_t>(d) == whole.as_uint();
    };
    if (a.is_double() && b.is_double()) return a.as_double() == b.as_double();
    return a.is_double() ? exact(a.as_double(), b) : exact(b.as_double(), a);
  }
  if (a.is_int() && b.is_int()) return a.as_int() == b.as_int();
  if (a.is_uint() && b.is_uint()) return a.as_uint() == b.as_uint();
  const int64_t i = a.is_int() ? a.as_int() : b.as_int();
  const uint64_t u = a.is_uint() ? a.as_uint() : b.as_uint();
  return i >= 0 && static_cast<uint64_t>(i) == u;
}

bool maps_equal(const Map& a, const Map& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, value] : a) {
    const Value* other = b.find(key);
    if (other == nullptr || !(*other == value)) return false;
  }
  return true;
}

}  // namespace

Map::Map(std::initializer_list<std::pair<Value, Value>> entries) {
  for (const auto& [key, value] : entries) set(key, value);
}

size_t Map::find_index(std::string_view key) const {
  if (index_.empty()) {
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].first.is_string() && entries_[i].first.as_string() == key) return i;
    }
    return entries_.size();
  }
  const size_t mask = index_.size() - 1;
  for (size_t slot = std::hash<std::string_view>{}(key)&mask;; slot = (slot + 1) & mask) {
    const uint32_t i = index_[slot];
    if (i == kEmpty) return entries_.size();
    if (entries_[i].first.as_string() == key) return i;
  }
}

void Map::rebuild_index() {
  size_t size = 32;
  while (size < entries_.size() * 2) size *= 2;
  index_.assign(size, kEmpty);
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].first.is_string()) continue;
    size_t slot = std::hash<std::string_view>{}(entries_[i].first.as_string()) & (size - 1);
    while (index_[slot] != kEmpty) slot = (slot + 1) & (size - 1);
    index_[slot] = static_cast<uint32_t>(i);
  }
}

const Value* Map::find(std::string_view key) const {
  const size_t i = find_index(key);
  return i == entries_.size() ? nullptr : &entries_[i].second;
}

const Value* Map::find(const Value& key) const {
  if (key.is_string()) return find(std::string_view(key.as_string()));
  for (const auto& [k, v] : entries_) {
    if (k == key) return &v;
  }
  return nullptr;
}

void Map::set(Value key, Value value) {
  size_t i = entries_.size();
  if (key.is_string()) {
    i = find_index(key.as_string());
  } else {
    for (i = 0; i < entries_.size() && !(entries_[i].first == key); ++i) {
    }
  }
  if (i < entries_.size()) {
    entries_[i].second = std::move(value);
    return;
  }
  entries_.emplace_back(std::move(key), std::move(value));
  if (index_.empty() && entries_.size() < kIndexFrom) return;
  if (index_.size() < entries_.size() * 2) {
    rebuild_index();
  } else if (entries_.back().first.is_string()) {
    const size_t mask = index_.size() - 1;
    size_t slot = std::hash<std::string_view>{}(entries_.back().first.as_string()) & mask;
    while (index_[slot] != kEmpty) slot = (slot + 1) & mask;
    index_[slot] = static_cast<uint32_t>(entries_.size() - 1);
  }
}

void Map::set(std::string_view key, Value value) {
  set(Value(key), std::move(value));
}

bool Map::erase(std::string_view key) {
  const size_t i = find_index(key);
  if (i == entries_.size()) return false;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
  if (!index_.empty()) rebuild_index();
  return true;
}

Value::Value(std::string v) : int_(0) {
  share(Kind::string, std::make_shared<const std::string>(std::move(v)));
}
Value::Value(std::string_view v) : Value(std::string(v)) {}
Value::Value(const char* v) : Value(std::string(v)) {}
Value::Value(Bytes v) : int_(0) {
  share(Kind::bytes, std::make_shared<const Bytes>(std::move(v)));
}
Value::Value(List v) : int_(0) {
  share(Kind::list, std::make_shared<const List>(std::move(v)));
}
Value::Value(Map v) : int_(0) {
  share(Kind::map, std::make_shared<const Map>(std::move(v)));
}
Value::Value(TypeName v) : int_(0) {
  share(Kind::type, std::make_shared<const TypeName>(std::move(v)));
}
Value::Value(Ip v) : int_(0) {
  share(Kind::ip, std::make_shared<const Ip>(v));
}
Value::Value(Cidr v) : int_(0) {
  share(Kind::cidr, std::make_shared<const Cidr>(v));
}
Value::Value(Money v) : int_(0) {
  share(Kind::money, std::make_shared<const Money>(std::move(v)));
}
Value::Value(Unknown v) : int_(0) {
  share(Kind::unknown, std::make_shared<const Unknown>(std::move(v)));
}
Value::Value(ErrorValue v) : int_(0) {
  share(Kind::error, std::make_shared<const ErrorValue>(std::move(v)));
}
Value::Value(std::shared_ptr<const Object> v) : kind_(Kind::object), object_(std::move(v)) {}

void Value::share(Kind kind, std::shared_ptr<const void> payload) noexcept {
  new (&shared_) std::shared_ptr<const void>(std::move(payload));
  kind_ = kind;
}

void Value::copy_from(const Value& other) {
  switch (other.storage()) {
    case Storage::shared: new (&shared_) std::shared_ptr<const void>(other.shared_); break;
    case Storage::object: new (&object_) std::shared_ptr<const Object>(other.object_); break;
    case Storage::plain: copy_plain(other); break;
  }
  kind_ = other.kind_;
}

void Value::move_from(Value& other) noexcept {
  switch (other.storage()) {
    case Storage::shared:
      new (&shared_) std::shared_ptr<const void>(std::move(other.shared_));
      break;
    case Storage::object:
      new (&object_) std::shared_ptr<const Object>(std::move(other.object_));
      break;
    case Storage::plain: copy_plain(other); break;
  }
  kind_ = other.kind_;
  other.clear();
}

void Value::copy_plain(const Value& other) noexcept {
  switch (other.kind_) {
    case Kind::uinteger: uint_ = other.uint_; break;
    case Kind::floating: double_ = other.double_; break;
    case Kind::duration: duration_ = other.duration_; break;
    case Kind::timestamp: timestamp_ = other.timestamp_; break;
    default: int_ = other.int_; break;
  }
}

void Value::release() noexcept {
  if (kind_ == Kind::object) {
    object_.~shared_ptr();
  } else {
    shared_.~shared_ptr();
  }
}

void Value::wrong_kind(Kind wanted) const {
  const std::string what =
      std::string("a value's kind is ") + to_string(kind_) + ", not " + to_string(wanted);
  assert_failed(what.c_str(), __FILE__, __LINE__);
}

Value Value::error(std::string message) {
  return Value(ErrorValue{std::move(message)});
}

Value Value::none() {
  Value v;
  v.share(Kind::optional, std::make_shared<const Optional>());
  return v;
}

Value Value::some(Value inner) {
  Value v;
  v.share(Kind::optional, std::make_shared<const Optional>(Optional{std::move(inner)}));
  return v;
}

Value Value::secret(Value inner) {
  if (inner.is_secret()) return inner;
  Value v;
  v.share(Kind::secret, std::make_shared<const Secret>(Secret{std::move(inner)}));
  return v;
}

const Value* Value::optional_value() const {
  const auto& held = shared_as<Optional>(Kind::optional).value;
  return held ? &*held : nullptr;
}

const Value& Value::secret_value() const {
  return shared_as<Secret>(Kind::secret).value;
}

const Value& Value::operator[](std::string_view key) const {
  static const Value null;
  if (!is_map()) return null;
  const Value* found = as_map().find(key);
  return found == nullptr ? null : *found;
}

std::string Value::string_or(std::string_view otherwise) const {
  return is_string() ? as_string() : std::string(otherwise);
}

bool operator==(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return numbers_equal(a, b);
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::null: return true;
    case Value::Kind::boolean: return a.as_bool() == b.as_bool();
    case Value::Kind::string: return a.as_string() == b.as_string();
    case Value::Kind::bytes: return a.as_bytes() == b.as_bytes();
    case Value::Kind::list: return a.as_list() == b.as_list();
    case Value::Kind::map: return maps_equal(a.as_map(), b.as_map());
    case Value::Kind::duration: return a.as_duration() == b.as_duration();
    case Value::Kind::timestamp: return a.as_timestamp() == b.as_timestamp();
    case Value::Kind::type: return a.as_type() == b.as_type();
    case Value::Kind::optional: {
      const Value* x = a.optional_value();
      const Value* y = b.optional_value();
      return x == nullptr || y == nullptr ? x == y : *x == *y;
    }
    case Value::Kind::ip: return a.as_ip() == b.as_ip();
    case Value::Kind::cidr: return a.as_cidr() == b.as_cidr();
    case Value::Kind::money: return a.as_money() == b.as_money();
    case Value::Kind::object: {
      if (a.as_object() == b.as_object()) return true;
      const auto x = a.as_object()->identity();
      const auto y = b.as_object()->identity();
      return x && y && *x == *y;
    }
    case Value::Kind::unknown: return a.as_unknown().origins == b.as_unknown().origins;
    case Value::Kind::secret: return a.secret_value() == b.secret_value();
    case Value::Kind::error: return a.error_message() == b.error_message();
    default: return false;
  }
}

const char* to_string(Value::Kind kind) {
  static constexpr const char* kNames[] = {"null",      "bool",   "int",      "uint",   "double",
                                           "string",    "bytes",  "list",     "map",    "duration",
                                           "timestamp", "type",   "optional", "ip",     "cidr",
                                           "money",     "object", "unknown",  "secret", "error"};
  return kNames[static_cast<size_t>(kind)];
}

namespace {

// Calls `visit` on every leaf until it returns true.
bool any_leaf(const Value& value, const std::function<bool(const Value&)>& visit) {
  switch (value.kind()) {
    case Value::Kind::list:
      return std::any_of(value.as_list().begin(), value.as_list().end(),
                         [&](const Value& v) { return any_leaf(v, visit); });
    case Value::Kind::map:
      return std::any_of(value.as_map().begin(), value.as_map().end(), [&](const auto& entry) {
        return any_leaf(entry.first, visit) || any_leaf(entry.second, visit);
      });
    case Value::Kind::optional:
      return value.optional_value() != nullptr && any_leaf(*value.optional_value(), visit);
    case Value::Kind::secret: return visit(value) || any_leaf(value.secret_value(), visit);
    case Value::Kind::object: {
      const auto identity = value.as_object()->identity();
      return identity && any_leaf(*identity, visit);
    }
    default: return visit(value);
  }
}

}  // namespace

bool contains_unknown(const Value& value) {
  return any_leaf(value, [](const Value& v) { return v.is_unknown(); });
}

std::vector<std::string> unknown_origins(const Value& value) {
  std::vector<std::string> origins;
  any_leaf(value, [&](const Value& v) {
    if (v.is_unknown()) {
      for (const auto& origin : v.as_unknown().origins) {
        if (std::find(origins.begin(), origins.end(), origin) == origins.end()) {
          origins.push_back(origin);
        }
      }
    }
    return false;
  });
  return origins;
}

bool contains_secret(const Value& value) {
  return any_leaf(value, [](const Value& v) {
    return v.is_secret() || (v.is_unknown() && v.as_unknown().secret);
  });
}

Value map_secrets(const Value& value, const std::function<Value(const Value&)>& replace) {
  switch (value.kind()) {
    case Value::Kind::secret: return replace(value.secret_value());
    case Value::Kind::list: {
      if (!contains_secret(value)) return value;
      List out;
      for (const auto& v : value.as_list()) out.push_back(map_secrets(v, replace));
      return out;
    }
    case Value::Kind::map: {
      if (!contains_secret(value)) return value;
      Map out;
      for (const auto& [k, v] : value.as_map()) out.set(k, map_secrets(v, replace));
      return out;
    }
    case Value::Kind::optional:
      return value.optional_value() == nullptr
                 ? value
                 : Value::some(map_secrets(*value.optional_value(), replace));
    default: return value;
  }
}

std::string to_text(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::string: return value.as_string();
    case Value::Kind::duration: return format_duration(value.as_duration());
    case Value::Kind::timestamp: return format_timestamp(value.as_timestamp());
    case Value::Kind::type: return value.as_type();
    case Value::Kind::ip: return format_ip(value.as_ip());
    case Value::Kind::cidr: return format_cidr(value.as_cidr());
    case Value::Kind::money: return format_money(value.as_money());
    case Value::Kind::optional:
      return value.optional_value() == nullptr ? "" : to_text(*value.optional_value());
    case Value::Kind::unknown: return "(known after apply)";
    case Value::Kind::secret: return "(secret)";
    case Value::Kind::error: return "error: " + value.error_message();
    case Value::Kind::object: {
      const auto identity = value.as_object()->identity();
      return identity ? to_text(*identity) : value.as_object()->type_name();
    }
    default: return to_json(value);
  }
}

}  // namespace lf
