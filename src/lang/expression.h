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
  std::string root;                // "network", "vars", "resources"
  std::vector<std::string> path;   // static selections and string-literal indexes after the root
  bool dynamic = false;            // the chain goes on with an index that is not a literal
  bool guarded = false;           // under has(), `.?`, `[?]` or a ternary/&& that tests has() of it
  uint32_t begin = 0, end = 0;     // in the expression's text
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
  // All references, those bound by macros (`x` in `l.map(x, …)`) left out.
  const std::vector<Reference>& references() const;

 private:
  struct Rep;
  std::shared_ptr<const Rep> rep_;
};

// A scalar with `${…}` in it. `$${` stands for `${`.
class Interpolation {
 public:
  struct Part {
    std::string text;                      // literal, when there is no expression
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
  // Error value where it cannot be read or where this place allows no files.
  virtual Value read_file(const std::string& path) const;
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
};
// Infers the type; reports unknown names, fields, functions and wrong argument types at their
// place. A part that was reported has type any and is silent from then on.
Type check(const Expression& expression, const TypeScope& scope, Diagnostics& diagnostics);

}  // namespace lf::cel
