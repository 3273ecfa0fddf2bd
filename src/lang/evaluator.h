// SPDX-License-Identifier: Apache-2.0
// The tree walk behind evaluate(). Errors are values; unknowns and secrets travel with the data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lang/ast.h"
#include "lang/functions.h"

namespace lf::cel {

// What the operands of an operation had in common with unknowns and secrets.
class Taint {
 public:
  bool secret = false;
  bool unknown() const { return !unknown_.origins.empty() || any_unknown_; }
  void add(const Unknown& u);
  // Takes `value` apart: a secret is unwrapped into `value` (and noted), an unknown is noted.
  void absorb(Value& value);
  // Notes the unknowns and secrets inside lists, maps and optionals too.
  void absorb_deep(const Value& value);
  // The unknown that stands for a result of type `type`.
  Value as_unknown(std::string type = "dyn") const;
  // `value`, secret if an operand was; an error then says nothing about the operand.
  Value wrap(Value value) const;

 private:
  Unknown unknown_;
  bool any_unknown_ = false;
};

class Evaluator {
 public:
  Evaluator(const Activation& activation, const EvalLimits& limits, size_t slots)
      : activation_(activation), budget_(limits.cost_max), depth_max_(limits.depth_max) {
    locals_.resize(slots);
    dotted_ = activation.has_dotted_names();
    if (dotted_) container_ = activation.container();
  }

  Value eval(const Expr& e);
  bool exhausted() const { return budget_.exhausted(); }
  uint64_t left() const { return budget_.left(); }  // of the limit that it was made with

 private:
  Value ident(const Expr& e);
  Value select(const Expr& e);
  Value index(const Expr& e);
  Value has(const Expr& e);
  Value call(const Expr& e);
  Value sum(const Expr& e);
  Value logical(const Expr& e);
  Value ternary(const Expr& e);
  Value list(const Expr& e);
  Value map(const Expr& e);
  Value message(const Expr& e);
  Value block(const Expr& e);
  std::optional<Value> dotted(const Expr& e);
  Value apply(const Expr& e, std::vector<Value>& args);

  // comprehension.cc
  struct Loop;
  Value comprehension(const Expr& e);
  Value quantify(Loop& loop);
  Value exists_one(Loop& loop);
  Value make_list(Loop& loop);
  Value make_map(Loop& loop);
  Value sort_by(Loop& loop);
  Value optional_map(const Expr& e, const Value& range);

  const Activation& activation_;
  Budget budget_;
  int depth_max_;
  bool dotted_ = false;
  std::string container_;
  std::vector<Value> locals_;
};

// A field of a value: of a map, an object, an optional, an unknown, a secret. `optional`: `.?`.
Value select_field(const Value& operand, std::string_view field, bool optional);
Value index_value(const Value& operand, const Value& key, bool optional);
Value has_field(const Value& operand, std::string_view field);
// google.protobuf's messages that are plain values in CEL: wrappers, Duration, Timestamp, Struct…
Value make_message(std::string_view name, const std::vector<std::string>& fields,
                   std::vector<Value> values);
bool is_message_name(std::string_view name);

}  // namespace lf::cel
