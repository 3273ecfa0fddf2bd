// SPDX-License-Identifier: Apache-2.0
#include "lang/unify.h"

#include <algorithm>

namespace lf::cel {
namespace {

using Kind = Type::Kind;
constexpr int kDepthMax = 64;

// Builds the same type over other elements.
template <class F>
Type rebuild(const Type& type, F element_of) {
  switch (type.kind()) {
    case Kind::list: return Type::list(element_of(type.element()));
    case Kind::optional: return Type::optional(element_of(type.element()));
    case Kind::secret: return Type::secret(element_of(type.element()));
    case Kind::type: return Type::type_of(element_of(type.element()));
    case Kind::map: return Type::map(element_of(type.key()), element_of(type.element()));
    default: return type;
  }
}

// Null may stand for these: they can be "not set".
bool takes_null(Kind kind) {
  return kind == Kind::duration || kind == Kind::timestamp || kind == Kind::optional ||
         kind == Kind::object || kind == Kind::money || kind == Kind::ip || kind == Kind::cidr;
}

// Whether `a` says less than `b`, or as much.
bool more_general(const Type& a, const Type& b) {
  if (a.kind() == Kind::any) return true;
  if (b.kind() == Kind::any) return false;
  if (b.kind() == Kind::null) return true;
  if (a.kind() == Kind::null) return false;
  if (a.kind() == Kind::param) return false;
  if (b.kind() == Kind::param) return true;
  if (a.kind() != b.kind()) return true;
  if (a.kind() == Kind::map) {
    return more_general(a.key(), b.key()) && more_general(a.element(), b.element());
  }
  if (a.kind() == Kind::list || a.kind() == Kind::optional) {
    return more_general(a.element(), b.element());
  }
  return true;
}

}  // namespace

Type Unifier::fresh() {
  return Type::param("%" + std::to_string(next_++));
}

Overload Unifier::instantiate(const Overload& overload) {
  std::unordered_map<std::string, Type> names;
  auto rename = [&](const Type& type, auto&& self) -> Type {
    if (type.kind() == Kind::param) {
      const auto found = names.find(type.name());
      if (found != names.end()) return found->second;
      return names.emplace(type.name(), fresh()).first->second;
    }
    return rebuild(type, [&](const Type& element) { return self(element, self); });
  };
  Overload out;
  out.method = overload.method;
  out.variadic = overload.variadic;
  for (const auto& parameter : overload.parameters) {
    out.parameters.push_back(rename(parameter, rename));
  }
  out.result = rename(overload.result, rename);
  return out;
}

Type Unifier::resolve(const Type& type, bool final_form) const {
  if (type.kind() == Kind::param) {
    const auto found = bound_.find(type.name());
    if (found != bound_.end()) return resolve(found->second, final_form);
    return final_form ? Type() : type;
  }
  return rebuild(type, [&](const Type& element) { return resolve(element, final_form); });
}

bool Unifier::occurs(const std::string& variable, const Type& type) const {
  if (type.kind() == Kind::param) {
    if (type.name() == variable) return true;
    const auto found = bound_.find(type.name());
    return found != bound_.end() && occurs(variable, found->second);
  }
  switch (type.kind()) {
    case Kind::list:
    case Kind::optional:
    case Kind::type: return occurs(variable, type.element());
    case Kind::map: return occurs(variable, type.key()) || occurs(variable, type.element());
    default: return false;
  }
}

bool Unifier::assign(const Type& from, const Type& to) {
  return assign_all({from}, {to});
}

bool Unifier::assign_all(const std::vector<Type>& from, const std::vector<Type>& to) {
  auto before = bound_;
  for (size_t i = 0; i < from.size(); ++i) {
    if (!unify(from[i], to[i], 0)) {
      bound_ = std::move(before);
      return false;
    }
  }
  return true;
}

bool Unifier::unify(const Type& given, const Type& wanted, int depth) {
  const Type from = given.kind() == Kind::param ? resolve(given) : given;
  const Type to = wanted.kind() == Kind::param ? resolve(wanted) : wanted;
  if (depth > kDepthMax) return false;
  if (to.kind() == Kind::param || from.kind() == Kind::param) {
    const Type& variable = to.kind() == Kind::param ? to : from;
    const Type& other = to.kind() == Kind::param ? from : to;
    if (other == variable) return true;
    if (occurs(variable.name(), other)) return false;
    bound_.insert_or_assign(variable.name(), other);
    return true;
  }
  // A variable that stood for something narrower becomes what it now meets.
  auto widen = [&](const Type& side, const Type& type) {
    if (side.kind() == Kind::param) bound_.insert_or_assign(side.name(), type);
  };
  if (from.kind() == Kind::any || to.kind() == Kind::any) {
    widen(wanted, Type());
    widen(given, Type());
    return true;
  }
  if (from.kind() == Kind::null && to.kind() != Kind::null) return takes_null(to.kind());
  if (to.kind() == Kind::null && from.kind() != Kind::null) {
    if (!takes_null(from.kind())) return false;
    widen(wanted, from);
    return true;
  }
  // A resource stands for its id.
  if (from.kind() == Kind::object && to.kind() == Kind::string) return true;
  if (to.kind() == Kind::object && from.kind() == Kind::string && wanted.kind() == Kind::param) {
    return true;
  }
  if (from.kind() == Kind::object && to.kind() == Kind::map) {
    return unify(Type(Kind::string), to.key(), depth + 1);
  }
  if (from.kind() != to.kind()) return false;
  switch (from.kind()) {
    case Kind::list:
    case Kind::optional:
      if (!unify(from.element(), to.element(), depth + 1)) return false;
      break;
    case Kind::map:
      if (!unify(from.key(), to.key(), depth + 1) ||
          !unify(from.element(), to.element(), depth + 1)) {
        return false;
      }
      break;
    default: return true;
  }
  if (wanted.kind() == Kind::param && more_general(resolve(from), resolve(to))) {
    widen(wanted, from);
  }
  return true;
}

std::optional<Type> Unifier::join(const Type& a, const Type& b) {
  if (assign(b, a) || assign(a, b)) {
    const Type x = resolve(a);
    const Type y = resolve(b);
    return more_general(x, y) ? x : y;
  }
  return std::nullopt;
}

Type expression_type(const Type& type) {
  switch (type.kind()) {
    case Kind::size: return Type(Kind::integer);
    case Kind::email:
    case Kind::enumeration:
    case Kind::ref: return Type(Kind::string);
    case Kind::secret: return expression_type(type.element());
    default: return rebuild(type, [](const Type& element) { return expression_type(element); });
  }
}

}  // namespace lf::cel
