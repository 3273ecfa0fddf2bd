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
  // Bodies stand below Value, which they need to be complete.
  using Entries = std::vector<std::pair<Value, Value>>;
  size_t size() const;
  bool empty() const;
  Entries::const_iterator begin() const;
  Entries::const_iterator end() const;
  void reserve(size_t n);

 private:
  size_t find_index(std::string_view key) const;
  Entries entries_;
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

  // Special members are written out: the compiler would make them anew in every file, and a
  // std::variant of twenty kinds was most of what this header cost.
  Value() noexcept : int_(0) {}  // null
  Value(const Value& other) : int_(0) { copy_from(other); }
  Value(Value&& other) noexcept : int_(0) { move_from(other); }
  Value& operator=(const Value& other) {
    Value copy(other);
    return *this = std::move(copy);
  }
  Value& operator=(Value&& other) noexcept {
    if (this == &other) return *this;
    clear();
    move_from(other);
    return *this;
  }
  ~Value() { clear(); }

  Value(std::nullptr_t) noexcept : int_(0) {}
  Value(bool v) noexcept : kind_(Kind::boolean), int_(v ? 1 : 0) {}
  Value(int v) noexcept : kind_(Kind::integer), int_(v) {}
  Value(int64_t v) noexcept : kind_(Kind::integer), int_(v) {}
  Value(uint64_t v) noexcept : kind_(Kind::uinteger), uint_(v) {}
  Value(double v) noexcept : kind_(Kind::floating), double_(v) {}
  Value(Duration v) noexcept : kind_(Kind::duration), duration_(v) {}
  Value(Timestamp v) noexcept : kind_(Kind::timestamp), timestamp_(v) {}
  Value(std::string v);
  Value(std::string_view v);
  Value(const char* v);
  Value(Bytes v);
  Value(List v);
  Value(Map v);
  Value(TypeName v);
  Value(Ip v);
  Value(Cidr v);
  Value(Money v);
  Value(Unknown v);
  Value(ErrorValue v);
  Value(std::shared_ptr<const Object> v);

  static Value none();               // optional.none()
  static Value some(Value v);        // optional.of(v)
  static Value secret(Value inner);  // wraps once: a secret of a secret is the same secret
  static Value error(std::string message);

  Kind kind() const { return kind_; }
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
  bool as_bool() const { return expect(Kind::boolean).int_ != 0; }
  int64_t as_int() const { return expect(Kind::integer).int_; }
  uint64_t as_uint() const { return expect(Kind::uinteger).uint_; }
  double as_double() const { return expect(Kind::floating).double_; }
  const std::string& as_string() const { return shared_as<std::string>(Kind::string); }
  const std::string& as_bytes() const { return shared_as<Bytes>(Kind::bytes).data; }
  const List& as_list() const { return shared_as<List>(Kind::list); }
  const Map& as_map() const { return shared_as<Map>(Kind::map); }
  Duration as_duration() const { return expect(Kind::duration).duration_; }
  Timestamp as_timestamp() const { return expect(Kind::timestamp).timestamp_; }
  const std::string& as_type() const { return shared_as<TypeName>(Kind::type).name; }
  const Value* optional_value() const;  // nullptr: optional.none()
  const Ip& as_ip() const { return shared_as<Ip>(Kind::ip); }
  const Cidr& as_cidr() const { return shared_as<Cidr>(Kind::cidr); }
  const Money& as_money() const { return shared_as<Money>(Kind::money); }
  const std::shared_ptr<const Object>& as_object() const { return expect(Kind::object).object_; }
  const Unknown& as_unknown() const { return shared_as<Unknown>(Kind::unknown); }
  const Value& secret_value() const;  // the raw value inside a secret
  const std::string& error_message() const { return shared_as<ErrorValue>(Kind::error).message; }

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
  enum class Storage : uint8_t { plain, shared, object };

  Storage storage() const {
    if (kind_ == Kind::object) return Storage::object;
    return kind_ < Kind::string || kind_ == Kind::duration || kind_ == Kind::timestamp
               ? Storage::plain
               : Storage::shared;
  }
  const Value& expect(Kind kind) const {
    if (kind_ != kind) wrong_kind(kind);
    return *this;
  }
  template <class T>
  const T& shared_as(Kind kind) const {
    return *static_cast<const T*>(expect(kind).shared_.get());
  }
  [[noreturn]] void wrong_kind(Kind wanted) const;
  void share(Kind kind, std::shared_ptr<const void> payload) noexcept;

  void copy_from(const Value& other);     // *this is null
  void move_from(Value& other) noexcept;  // *this is null, `other` is then
  void clear() noexcept {                 // to null
    if (storage() != Storage::plain) release();
    kind_ = Kind::null;
  }
  void copy_plain(const Value& other) noexcept;
  void release() noexcept;

  Kind kind_ = Kind::null;
  union {
    int64_t int_;  // and bool
    uint64_t uint_;
    double double_;
    Duration duration_;
    Timestamp timestamp_;
    std::shared_ptr<const void> shared_;
    std::shared_ptr<const Object> object_;
  };
};

inline size_t Map::size() const {
  return entries_.size();
}
inline bool Map::empty() const {
  return entries_.empty();
}
inline Map::Entries::const_iterator Map::begin() const {
  return entries_.begin();
}
inline Map::Entries::const_iterator Map::end() const {
  return entries_.end();
}
inline void Map::reserve(size_t n) {
  entries_.reserve(n);
}
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
