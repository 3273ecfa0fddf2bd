// SPDX-License-Identifier: Apache-2.0
// Type variables and what they stand for: the checker's arithmetic.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lang/functions.h"

namespace lf::cel {

class Unifier {
 public:
  Type fresh();  // a new variable
  // The parameters and the result of an overload with variables of their own.
  Overload instantiate(const Overload& overload);
  // Whether a `from` may stand where a `to` is wanted; binds variables if so, else nothing.
  bool assign(const Type& from, const Type& to);
  bool assign_all(const std::vector<Type>& from, const std::vector<Type>& to);
  // What both may be called: the more general of the two; nullopt: they have nothing in common.
  std::optional<Type> join(const Type& a, const Type& b);
  // With variables replaced; with `final_form` those that stand for nothing become any.
  Type resolve(const Type& type, bool final_form = false) const;

 private:
  bool unify(const Type& from, const Type& to, int depth);
  bool occurs(const std::string& variable, const Type& type) const;
  std::unordered_map<std::string, Type> bound_;
  size_t next_ = 0;
};

// The type that a value has in expressions: sizes are ints, e-mail addresses, enums and ids
// strings, secrets what they hold.
Type expression_type(const Type& type);

}  // namespace lf::cel
