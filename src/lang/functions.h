// SPDX-License-Identifier: Apache-2.0
// The functions of the language: a table from names to implementations and signatures. Operators
// are functions with names that nobody can write (`_+_`). One idea a file under functions/.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"
#include "lang/expression.h"
#include "lang/type.h"

namespace lf::cel {

struct Function;
class Taint;  // evaluator.h

// What an evaluation may still spend: steps, and bytes of what it makes.
class Budget {
 public:
  explicit Budget(uint64_t limit) : left_(limit) {}
  bool spend(uint64_t cost) {
    if (cost <= left_) {
      left_ -= cost;
      return true;
    }
    left_ = 0;
    exhausted_ = true;
    return false;
  }
  // For a value that is put into another, or looked through: all that it holds, as often as it
  // holds it. What is shared costs each time, so `[x, x]` over and over ends at the limit.
  bool spend_deep(const Value& value);
  bool exhausted() const { return exhausted_; }
  uint64_t left() const { return left_; }

 private:
  uint64_t left_;
  bool exhausted_ = false;
};

// One call at run time. Arguments are neither errors nor, unless the function asks for them,
// unknowns, secrets or objects.
struct Call {
  const Function& function;
  std::span<const Value> args;  // the receiver first
  bool method;
  Budget& budget;
  const Activation& activation;

  size_t size() const { return args.size(); }
  const Value& operator[](size_t i) const { return args[i]; }
};

using Implementation = Value (*)(const Call&);

namespace trait {
// Works on unknowns and secrets that are elements of its arguments; else one such element makes
// the whole result unknown or secret.
inline constexpr uint8_t kLeaves = 1;
inline constexpr uint8_t kObjects = 2;   // takes lazy objects; else they become their identity
inline constexpr uint8_t kUnknowns = 4;  // takes unknown arguments themselves
inline constexpr uint8_t kSecrets = 8;   // takes secret arguments themselves
inline constexpr uint8_t kShort = 16;    // an optional receiver with a value is the whole answer
}  // namespace trait

// The static form, one per name.
struct FunctionEntry {
  std::string_view name;
  Implementation run;
  uint8_t traits;
  // Overloads, separated by ";": "(list<A>) int; list<A>.() int": of a call f(x) and of x.f().
  // A, B, K, V are type variables; "..." at the end of the arguments repeats the last one.
  std::string_view signatures;
  std::string_view doc = {};  // one line; operators have none
};

struct Overload {
  bool method = false;
  bool variadic = false;
  std::vector<Type> parameters;  // the receiver first
  Type result;
};

struct Function {
  std::string name;
  Implementation run = nullptr;
  uint8_t traits = 0;
  std::string_view signatures, doc;
  uint32_t call_arities = 0;    // bit n: f(…) with n arguments exists; bit 31: any number from 1
  uint32_t method_arities = 0;  // bit n: x.f(…) with n arguments, the receiver counted

  bool takes(bool method, size_t count) const {
    const uint32_t arities = method ? method_arities : call_arities;
    if ((arities >> 31) != 0 && count > 0) return true;
    return count < 31 && ((arities >> count) & 1) != 0;
  }
};

const Function* find_function(std::string_view name);  // nullptr: none
const std::vector<Overload>& overloads(const Function& function);
// The type, in the spec's notation, that every overload gives; "dyn" where they differ.
std::string result_type_name(const Function& function);
// All names that a person can write, for "did you mean".
const std::vector<std::string>& function_names();

// A macro: written like a function, but syntax. `of_values`: called on a list or a map.
struct MacroDoc {
  std::string_view name, form, doc;
  bool of_values = false;
};
std::span<const MacroDoc> macro_docs();
// Of a function or macro: its forms as people write them, "cidr.subnet(int, int) cidr", and what it
// gives in one line. Empty: there is none of that name.
std::vector<std::string> function_forms(std::string_view name);
std::string_view function_doc(std::string_view name);

// The error value for arguments that no overload takes.
Value no_overload(const Call& call);
Value too_costly();
// CEL's name of a value's type: "int", "list", "google.protobuf.Timestamp", "net.IP".
std::string type_name(const Value& value);
// Numbers across their kinds, strings, bytes, bools, durations, timestamps, money of one currency.
bool orderable(const Value& a, const Value& b);
std::partial_ordering compare_values(const Value& a, const Value& b);  // unordered: NaN
// Deep equality as `==` has it. nullopt: it hangs on an unknown inside, added to `taint`.
std::optional<bool> values_equal(const Value& a, const Value& b, Taint& taint);

// The tables of functions/*.cc.
std::span<const FunctionEntry> arithmetic_functions();
std::span<const FunctionEntry> comparison_functions();
std::span<const FunctionEntry> conversion_functions();
std::span<const FunctionEntry> string_functions();
std::span<const FunctionEntry> format_functions();
std::span<const FunctionEntry> regex_functions();
std::span<const FunctionEntry> time_functions();
std::span<const FunctionEntry> list_functions();
std::span<const FunctionEntry> map_functions();
std::span<const FunctionEntry> optional_functions();
std::span<const FunctionEntry> math_functions();
std::span<const FunctionEntry> encoder_functions();
std::span<const FunctionEntry> network_functions();
std::span<const FunctionEntry> unit_functions();
std::span<const FunctionEntry> document_functions();
std::span<const FunctionEntry> archive_functions();

}  // namespace lf::cel
