// SPDX-License-Identifier: Apache-2.0
// Types of the language: CEL's, and those that specs and descriptors declare (design 3.3).
// Immutable, cheap to copy (one shared pointer).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lf {

class Type {
 public:
  enum class Kind : uint8_t {
    any,  // dyn: anything, checked at run time
    null,
    boolean,
    integer,
    uinteger,
    floating,
    string,
    bytes,
    duration,
    timestamp,
    type,
    size,  // a whole number of bytes; int at run time
    money,
    ip,
    cidr,
    email,
    enumeration,  // string with listed values
    ref,          // identity of a resource of type name(); string (its id) at run time
    list,
    map,
    optional,
    secret,  // element() is what they hold; map keys are strings here
    object,  // fields()
    param,   // a type variable of a function signature, only inside the checker
  };
  struct Field;

  Type() : Type(Kind::any) {}
  explicit Type(Kind kind);
  static Type list(Type element);
  static Type map(Type value);            // map<string, value>
  static Type map(Type key, Type value);  // CEL maps with other keys
  static Type optional(Type element);
  static Type secret(Type element);
  static Type ref(std::string resource_type);
  static Type enumeration(std::vector<std::string> values);
  static Type object(std::string name, std::vector<Field> fields);
  static Type type_of(Type named);      // the type of the value `int`: type<int>
  static Type param(std::string name);  // "A"; equal by name

  Kind kind() const;
  const Type& element() const;      // list, map, optional, secret, type; any where nothing is known
  const Type& key() const;          // map
  const std::string& name() const;  // ref: the resource type; object: its name, may be empty
  const std::vector<std::string>& values() const;   // enumeration
  const std::vector<Field>& fields() const;         // object
  const Field* field(std::string_view name) const;  // nullptr: none

  // The spec's notation: "list<string>", "ref<aws.ec2.vpc>", "object{a: int, b: string}".
  std::string to_string() const;
  // Reads that notation. nullopt: not a type; `error` then says why, with the nearest name.
  static std::optional<Type> parse(std::string_view text, std::string* error = nullptr);

  bool operator==(const Type& other) const;

 private:
  struct Rep;
  static Type of(Kind kind, std::vector<Type> elements, std::string name = "");
  std::shared_ptr<const Rep> rep_;
};

struct Type::Field {
  std::string name;
  Type type;
  bool required = false;
};

// Whether a value of type `from` may stand where `to` is wanted, without looking at the value.
// any fits everywhere and takes everything; int fits float; an object with `ref` identity (a
// resource) fits ref<its type> and string; optional<T> fits T (absent means not set).
bool assignable(const Type& from, const Type& to);

}  // namespace lf
