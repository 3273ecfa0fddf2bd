// SPDX-License-Identifier: Apache-2.0
// A CEL expression, parsed once and evaluated many times. See docs of each function for errors.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/text_map.h"
#include "base/value.h"
#include "lang/type.h"

namespace lf::cel {

struct Expr;  // ast.h

// One `root.a.b["c"]` chain of an expression: what it refers to, as far as that is static.
struct Reference {
  std::string root;  // "network", "vars", "resources"
  // Selections and literal indexes after the root: a text index as it is, a number as "[0]".
  std::vector<std::string> path;
  bool dynamic = false;  // the chain goes on with an index that is not a literal
  bool guarded = false;  // under has(), `.?`, `[?]`, or where a has() or `in` proves it
  // The first element of `path` that may be absent without an error; path.size() if !guarded.
  // `machines.?a.id`: 0. `has(machines.a.id)`: 1, for `machines.a` must be there.
  size_t guard = 0;
  uint32_t begin = 0, end = 0;  // in the expression's text
  bool guards(size_t element) const { return guarded && element >= guard; }
};

class Expression {
 public:
  // Syntax errors go to `diagnostics` at their place by way of `map`; nullopt then.
  static std::optional<Expression> parse(std::string_view text, const TextMap& map,
                                         Diagnostics& diagnostics);
  const std::string& text() const;
  const Expr& ast() const;
  Span span() const;                              // of the whole expression
  Span span(uint32_t begin, uint32_t end) const;  // of a part, by offsets in text()
  // All references in order of appearance, those bound by macros (`x` in `l.map(x, …)`) and the
  // names of types left out.
  const std::vector<Reference>& references() const;
  uint16_t slots() const;  // how many variables of macros live at once

 private:
  friend class Interpolation;
  struct Rep;
  // From `begin` in `text`; `embedded`: up to the `}` that closes a `${`, whose place comes back.
  static std::optional<Expression> parse_part(std::string_view text, uint32_t begin, bool embedded,
                                              const TextMap& map, Diagnostics& diagnostics,
                                              uint32_t* end);
  std::shared_ptr<const Rep> rep_;
};

// A scalar with `${…}` in it. `$${` stands for `${`.
class Interpolation {
 public:
  struct Part {
    std::string text;  // literal, when there is no expression
    std::optional<Expression> expression;
  };
  // nullopt: errors were reported. A text without `${` gives one literal part.
  static std::optional<Interpolation> parse(std::string_view text, const TextMap& map,
                                            Diagnostics& diagnostics);
  // Cheap test before parsing: does the text hold `${` or `$${`?
  static bool has_expression(std::string_view text);
  bool is_single() const;  // exactly one `${…}` and nothing else: keeps the value's type
  const std::vector<Part>& parts() const { return parts_; }

 private:
  std::vector<Part> parts_;
};

// What names mean while an expression is evaluated.
class Activation {
 public:
  virtual ~Activation() = default;
  // nullopt: no such name. The value may be a lazy Object, Unknown, Secret or Error.
  virtual std::optional<Value> lookup(std::string_view name) const = 0;
  // The functions that reach files (`file`, `template`): text of `path` as the spec names it.
  // Error value where it cannot be read or where this place allows no files (the default).
  virtual Value read_file(const std::string& path) const;
  // The system's data of a time zone ("Europe/Berlin"): the content of its TZif file, as it stands
  // in /usr/share/zoneinfo. nullopt: no such zone, or none at hand (the default).
  virtual std::optional<std::string> read_zone(const std::string& name) const;
  // CEL's name resolution with dotted names: `a.b` may be one name, also within `container`
  // ("x.y": then `b` may be x.y.b or x.b). Specs have none of this.
  virtual bool has_dotted_names() const { return false; }
  virtual std::string container() const { return ""; }
};

struct EvalLimits {
  uint64_t cost_max = 10'000'000;  // steps and bytes made; beyond: an error value
  int depth_max = 200;
};

// Pure, total, bounded. Errors are error values, unknowns partial-evaluate (`false && u` is false,
// `[u].size()` is 1), a secret operand makes the result a secret.
Value evaluate(const Expression& expression, const Activation& activation,
               const EvalLimits& limits = {});
// Interpolates: single keeps its value; otherwise text, unknown or secret if any part is.
Value evaluate(const Interpolation& text, const Activation& activation,
               const EvalLimits& limits = {});

// What names mean to the checker.
class TypeScope {
 public:
  virtual ~TypeScope() = default;
  virtual std::optional<Type> type_of(std::string_view name) const = 0;  // nullopt: no such name
  virtual std::vector<std::string> names() const = 0;                    // for "did you mean"
  // As in Activation.
  virtual bool has_dotted_names() const { return false; }
  virtual std::string container() const { return ""; }
};
// Infers the type; reports unknown names, fields, functions and wrong argument types at their
// place. A part that was reported has type any and is silent from then on.
Type check(const Expression& expression, const TypeScope& scope, Diagnostics& diagnostics);

}  // namespace lf::cel
