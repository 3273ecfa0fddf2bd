// SPDX-License-Identifier: Apache-2.0
// The one value type: what expressions compute, what specs hold, what state records and what
// protocols encode. Values are immutable and cheap to copy (24 bytes, shared payloads).
//
// Beyond CEL's own kinds there are cidr, ip and money (network_ext and our units), `object` (a
// lazy record: a resource, a block, a module), `unknown` (a leaf that only an apply can know),
// `secret` (a wrapper that no operation takes off) and `error` (CEL's error values).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lf {

class Value;

// Nanoseconds are enough for +-292 years; CEL's range (+-315,576,000,000 s) is not, so both parts.
struct Duration {
  int64_t seconds = 0;
  int32_t nanos = 0;  // same sign as seconds, |nanos| < 1e9
  auto operator<=>(const Duration&) const = default;
};
struct Timestamp {
  int64_t seconds = 0;  // since 1970-01-01T00:00:00Z
  int32_t nanos = 0;    // 0 .. 999,999,999
  auto operator<=>(const Timestamp&) const = default;
};
struct Bytes {
  std::string data;
  bool operator==(const Bytes&) const = default;
};
// An address, IPv4 or IPv6, in network byte order; IPv4 uses the first four bytes.
struct Ip {
  std::array<uint8_t, 16> bytes{};
  bool v6 = false;
  bool operator==(const Ip&) const = default;
};
struct Cidr {
  Ip address;
  int prefix = 0;
  bool operator==(const Cidr&) const = default;
};
// Exact money: `micros` millionths of one unit of `currency` (ISO 4217, three capitals).
struct Money {
  int64_t micros = 0;
  std::string currency;
  bool operator==(const Money&) const = default;
};
struct TypeName {  // a CEL type value: `int`, `list`, `google.protobuf.Duration`, `aws.ec2.vpc`
  std::string name;
  bool operator==(const TypeName&) const = default;
};
struct ErrorValue {
  std::string message;
  bool operator==(const ErrorValue&) const = default;
};
// A leaf that is not known before apply. Knows the type it will have and where it comes from.
struct Unknown {
  std::string type = "dyn";          // a type's name in the spec's notation, e.g. "string"
  std::vector<std::string> origins;  // e.g. {"network.vpc.id"}, no doubles, in order of appearance
  bool secret = false;               // it will be a secret once known
  bool operator==(const Unknown&) const = default;
};

// A record whose fields are computed when asked for. Identity and life time: held by shared_ptr,
// owned by whoever made it (a graph, a module instance).
class Object {
 public:
  virtual ~Object() = default;
  virtual std::string type_name() const = 0;  // "aws.ec2.vpc", "module network", "map of buckets"
  // nullopt: no such field. A field may be Unknown, Error or Secret.
  virtual std::optional<Value> get(std::string_view field) const = 0;
  virtual std::vector<std::string> keys() const = 0;  // in the order of the spec
  // What the object stands for where a plain value is wanted: a resource's id. nullopt: nothing.
  virtual std::optional<Value> identity() const = 0;
};

using List = std::vector<Value>;

// Insertion order is kept (plans show the spec's order); equality ignores it.
class Map {
 public:
  Map() = default;
  Map(std::initializer_list<std::pair<Value, Value>> entries);

  const Value* find(const Value& key) const;      // nullptr: absent. int 1 finds uint 1u, as CEL
  const Value* find(std::string_view key) const;  // string keys only
  const Value* find(const char* key) const { return find(std::string_view(key)); }
  const Value* find(const std::string& key) const { return find(std::string_view(key)); }
  void set(Value key, Value value);  // replaces in place or appends
  void set(std::string_view key, Value value);
  void set(const char* key, Value value);
  void set(const std::string& key, Value value);
  bool erase(std::string_view key);
  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  void reserve(size_t n) { entries_.reserve(n); }

 private:
  size_t find_index(std::string_view key) const;
  std::vector<std::pair<Value, Value>> entries_;
  // Open-addressed index over string keys, built when the map grows beyond a few entries.
  std::vector<uint32_t> index_;
  void rebuild_index();
};

class Value {
 public:
  enum class Kind : uint8_t {
    null,
    boolean,
    integer,
    uinteger,
    floating,
    string,
    bytes,
    list,
    map,
    duration,
    timestamp,
    type,
    optional,
    ip,
    cidr,
    money,
    object,
    unknown,
    secret,
    error,
  };

  Value() = default;  // null
  Value(std::nullptr_t) {}
  Value(bool v) : v_(v) {}
  Value(int v) : v_(static_cast<int64_t>(v)) {}
  Value(int64_t v) : v_(v) {}
  Value(uint64_t v) : v_(v) {}
  Value(double v) : v_(v) {}
  Value(std::string v) : v_(std::make_shared<const std::string>(std::move(v))) {}
  Value(std::string_view v) : Value(std::string(v)) {}
  Value(const char* v) : Value(std::string(v)) {}
  Value(Bytes v) : v_(std::make_shared<const Bytes>(std::move(v))) {}
  Value(List v) : v_(std::make_shared<const List>(std::move(v))) {}
  Value(Map v) : v_(std::make_shared<const Map>(std::move(v))) {}
  Value(Duration v) : v_(v) {}
  Value(Timestamp v) : v_(v) {}
  Value(TypeName v) : v_(std::make_shared<const TypeName>(std::move(v))) {}
  Value(Ip v) : v_(std::make_shared<const Ip>(v)) {}
  Value(Cidr v) : v_(std::make_shared<const Cidr>(v)) {}
  Value(Money v) : v_(std::make_shared<const Money>(std::move(v))) {}
  Value(Unknown v) : v_(std::make_shared<const Unknown>(std::move(v))) {}
  Value(ErrorValue v) : v_(std::make_shared<const ErrorValue>(std::move(v))) {}
  Value(std::shared_ptr<const Object> v) : v_(std::move(v)) {}

  static Value none();               // optional.none()
  static Value some(Value v);        // optional.of(v)
  static Value secret(Value inner);  // wraps once: a secret of a secret is the same secret
  static Value error(std::string message) { return Value(ErrorValue{std::move(message)}); }

  Kind kind() const { return static_cast<Kind>(v_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_bool() const { return kind() == Kind::boolean; }
  bool is_int() const { return kind() == Kind::integer; }
  bool is_uint() const { return kind() == Kind::uinteger; }
  bool is_double() const { return kind() == Kind::floating; }
  bool is_number() const { return is_int() || is_uint() || is_double(); }
  bool is_string() const { return kind() == Kind::string; }
  bool is_bytes() const { return kind() == Kind::bytes; }
  bool is_list() const { return kind() == Kind::list; }
  bool is_map() const { return kind() == Kind::map; }
  bool is_duration() const { return kind() == Kind::duration; }
  bool is_timestamp() const { return kind() == Kind::timestamp; }
  bool is_type() const { return kind() == Kind::type; }
  bool is_optional() const { return kind() == Kind::optional; }
  bool is_ip() const { return kind() == Kind::ip; }
  bool is_cidr() const { return kind() == Kind::cidr; }
  bool is_money() const { return kind() == Kind::money; }
  bool is_object() const { return kind() == Kind::object; }
  bool is_unknown() const { return kind() == Kind::unknown; }
  bool is_secret() const { return kind() == Kind::secret; }
  bool is_error() const { return kind() == Kind::error; }
  // Null and optional.none() both mean "not set" where a property or an output wants a value.
  bool is_unset() const { return is_null() || (is_optional() && optional_value() == nullptr); }

  // Each asserts that the kind fits.
  bool as_bool() const { return std::get<1>(v_); }
  int64_t as_int() const { return std::get<2>(v_); }
  uint64_t as_uint() const { return std::get<3>(v_); }
  double as_double() const { return std::get<4>(v_); }
  const std::string& as_string() const { return *std::get<5>(v_); }
  const std::string& as_bytes() const { return std::get<6>(v_)->data; }
  const List& as_list() const { return *std::get<7>(v_); }
  const Map& as_map() const { return *std::get<8>(v_); }
  Duration as_duration() const { return std::get<9>(v_); }
  Timestamp as_timestamp() const { return std::get<10>(v_); }
  const std::string& as_type() const { return std::get<11>(v_)->name; }
  const Value* optional_value() const;  // nullptr: optional.none()
  const Ip& as_ip() const { return *std::get<13>(v_); }
  const Cidr& as_cidr() const { return *std::get<14>(v_); }
  const Money& as_money() const { return *std::get<15>(v_); }
  const std::shared_ptr<const Object>& as_object() const { return std::get<16>(v_); }
  const Unknown& as_unknown() const { return *std::get<17>(v_); }
  const Value& secret_value() const;  // the raw value inside a secret
  const std::string& error_message() const { return std::get<19>(v_)->message; }

  // Member of a map by string key, or null. For walking wire data: v["a"]["b"].
  const Value& operator[](std::string_view key) const;
  // Text of a string, or `otherwise`.
  std::string string_or(std::string_view otherwise = "") const;

  // Deep equality in CEL's sense: numbers compare across int, uint and double; NaN != NaN;
  // maps ignore order. Unknowns are equal if they have the same origins; secrets by content.
  friend bool operator==(const Value& a, const Value& b);

 private:
  struct Optional;
  struct Secret;
  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::shared_ptr<const std::string>,
               std::shared_ptr<const Bytes>, std::shared_ptr<const List>,
               std::shared_ptr<const Map>, Duration, Timestamp, std::shared_ptr<const TypeName>,
               std::shared_ptr<const Optional>, std::shared_ptr<const Ip>,
               std::shared_ptr<const Cidr>, std::shared_ptr<const Money>,
               std::shared_ptr<const Object>, std::shared_ptr<const Unknown>,
               std::shared_ptr<const Secret>, std::shared_ptr<const ErrorValue>>
      v_;
};

inline void Map::set(const char* key, Value value) {
  set(std::string_view(key), std::move(value));
}
inline void Map::set(const std::string& key, Value value) {
  set(std::string_view(key), std::move(value));
}

const char* to_string(Value::Kind kind);

// True if `value` is or holds an unknown, at any depth (objects count by their identity).
bool contains_unknown(const Value& value);
// All origins of the unknowns in `value`, without doubles.
std::vector<std::string> unknown_origins(const Value& value);
bool contains_secret(const Value& value);
// `value` with every secret's wrapper replaced by what `replace` gives for its content.
Value map_secrets(const Value& value, const std::function<Value(const Value&)>& replace);

// Canonical text for people and for interpolation: strings bare, 12h, 200 USD, 10.0.0.0/16.
// Lists and maps as compact JSON. Unknown: "(known after apply)". Secret: "(secret)".
std::string to_text(const Value& value);

}  // namespace lf
