// SPDX-License-Identifier: Apache-2.0
#include "lang/evaluator.h"

#include <algorithm>

#include "base/assert.h"
#include "lang/references.h"

namespace lf::cel {
namespace {

// Objects, unknowns, secrets and errors: the last kinds.
bool is_special(const Value& value) {
  return value.kind() >= Value::Kind::object;
}

bool may_hold(const Value& value) {
  return value.is_list() || value.is_map() || value.is_optional() || value.is_object();
}

}  // namespace

// ---- Taint

void Taint::add(const Unknown& u) {
  any_unknown_ = true;
  secret |= u.secret;
  for (const auto& origin : u.origins) {
    if (std::find(unknown_.origins.begin(), unknown_.origins.end(), origin) ==
        unknown_.origins.end()) {
      unknown_.origins.push_back(origin);
    }
  }
}

void Taint::absorb(Value& value) {
  if (value.is_secret()) {
    secret = true;
    Value inner = value.secret_value();
    value = std::move(inner);
  }
  if (value.is_unknown()) add(value.as_unknown());
}

void Taint::absorb_deep(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::list:
      for (const auto& v : value.as_list()) absorb_deep(v);
      break;
    case Value::Kind::map:
      for (const auto& [k, v] : value.as_map()) absorb_deep(v);
      break;
    case Value::Kind::optional:
      if (value.optional_value() != nullptr) absorb_deep(*value.optional_value());
      break;
    case Value::Kind::secret:
      secret = true;
      absorb_deep(value.secret_value());
      break;
    case Value::Kind::unknown: add(value.as_unknown()); break;
    case Value::Kind::object:
      if (const auto identity = value.as_object()->identity()) absorb_deep(*identity);
      break;
    default: break;
  }
}

Value Taint::as_unknown(std::string type) const {
  Unknown u = unknown_;
  u.type = std::move(type);
  u.secret = secret;
  return Value(std::move(u));
}

Value Taint::wrap(Value value) const {
  if (!secret) return value;
  if (value.is_error()) return Value::error("an operation on a secret failed");
  if (value.is_unknown()) {
    Unknown u = value.as_unknown();
    u.secret = true;
    return Value(std::move(u));
  }
  return Value::secret(std::move(value));
}

// ---- names

Value Evaluator::eval(const Expr& e) {
  if (!budget_.spend(1)) return too_costly();
  switch (e.kind) {
    case Expr::Kind::literal: return e.value;
    case Expr::Kind::ident: return ident(e);
    case Expr::Kind::local: return locals_[e.slot];
    case Expr::Kind::select: return select(e);
    case Expr::Kind::index: return index(e);
    case Expr::Kind::has: return has(e);
    case Expr::Kind::call: return call(e);
    case Expr::Kind::list: return list(e);
    case Expr::Kind::map: return map(e);
    case Expr::Kind::message: return message(e);
    case Expr::Kind::logical_and:
    case Expr::Kind::logical_or: return logical(e);
    case Expr::Kind::ternary: return ternary(e);
    case Expr::Kind::comprehension: return comprehension(e);
    case Expr::Kind::bind: locals_[e.slot] = eval(*e.args[0]); return eval(*e.args[1]);
    case Expr::Kind::block: return block(e);
  }
  LF_ASSERT(false);
}

Value Evaluator::ident(const Expr& e) {
  if (dotted_) {
    if (auto found = dotted(e)) return *std::move(found);
  } else if (auto found = activation_.lookup(e.name)) {
    return *std::move(found);
  }
  if (is_type_name(e.name)) return TypeName{e.name};
  return Value::error("nothing is named `" + e.name + "`");
}

// The value of a dotted name as a whole, tried in the container and in each one around it.
std::optional<Value> Evaluator::dotted(const Expr& e) {
  const std::string name = qualified_name(e);
  if (name.empty()) return std::nullopt;
  const Expr* root = &e;
  while (root->kind == Expr::Kind::select) root = root->args[0].get();
  std::string prefix = root->absolute ? "" : container_;
  for (;;) {
    const std::string candidate = prefix.empty() ? name : prefix + "." + name;
    if (auto found = activation_.lookup(candidate)) return found;
    if (is_type_name(candidate) || is_message_name(candidate)) return TypeName{candidate};
    if (prefix.empty()) return std::nullopt;
    const size_t dot = prefix.rfind('.');
    prefix.resize(dot == std::string::npos ? 0 : dot);
  }
}

Value Evaluator::select(const Expr& e) {
  if (dotted_) {
    if (auto found = dotted(e)) return *std::move(found);
  }
  Value operand = eval(*e.args[0]);
  if (operand.is_error() && e.args[0]->kind != Expr::Kind::local) {
    const std::string name = qualified_name(e);
    if (is_type_name(name) || is_message_name(name)) return TypeName{name};
    return operand;
  }
  return select_field(operand, e.name, e.optional);
}

Value Evaluator::index(const Expr& e) {
  const Value operand = eval(*e.args[0]);
  if (operand.is_error()) return operand;
  const Value key = eval(*e.args[1]);
  return index_value(operand, key, e.optional);
}

Value Evaluator::has(const Expr& e) {
  if (dotted_) {
    Expr whole;  // has(a.b) of a variable that is named `a.b`
    if (const std::string prefix = qualified_name(*e.args[0]); !prefix.empty()) {
      whole.kind = Expr::Kind::ident;
      whole.name = prefix + "." + e.name;
      if (dotted(whole)) return true;
    }
  }
  return has_field(eval(*e.args[0]), e.name);
}

// ---- calls

// Errors first, then unknowns; secrets are unwrapped and put on again around the result.
Value Evaluator::apply(const Expr& e, std::vector<Value>& args) {
  const Function& function = *e.function;
  Taint taint;
  for (auto& arg : args) {
    if (arg.is_error()) return arg;
  }
  for (auto& arg : args) {
    if (is_special(arg)) {
      if (arg.is_secret() && (function.traits & trait::kSecrets) == 0) {
        taint.secret = true;
        Value inner = arg.secret_value();
        arg = std::move(inner);
      }
      if (arg.is_object() && (function.traits & trait::kObjects) == 0) {
        if (auto identity = arg.as_object()->identity()) arg = *std::move(identity);
      }
      if (arg.is_secret() && (function.traits & trait::kSecrets) == 0) {
        taint.secret = true;
        Value inner = arg.secret_value();
        arg = std::move(inner);
      }
      if (arg.is_error()) return arg;
      if (arg.is_unknown() && (function.traits & trait::kUnknowns) == 0) {
        taint.add(arg.as_unknown());
      }
    }
    if ((function.traits & trait::kLeaves) == 0 && may_hold(arg)) {
      if (!budget_.spend_deep(arg)) return too_costly();
      const bool before = taint.secret;
      Taint leaves;
      leaves.absorb_deep(arg);
      taint.absorb_deep(arg);
      if (leaves.secret) arg = map_secrets(arg, [](const Value& v) { return v; });
      taint.secret = before || leaves.secret;
    }
  }
  if (taint.unknown()) return taint.as_unknown(result_type_name(function));
  const Call call{function, args, e.method, budget_, activation_};
  Value result = function.takes(e.method, args.size()) ? function.run(call) : no_overload(call);
  if (result.is_string() && !budget_.spend(result.as_string().size() / 8)) return too_costly();
  return taint.secret ? taint.wrap(std::move(result)) : result;
}

Value Evaluator::call(const Expr& e) {
  if (e.function == nullptr) return Value::error("there is no function `" + e.name + "`");
  if (e.name == "_+_" && e.args.size() == 2 && e.args[0]->kind == Expr::Kind::call) return sum(e);
  std::vector<Value> args;
  args.reserve(e.args.size());
  for (const auto& arg : e.args) {
    args.push_back(eval(*arg));
    if ((e.function->traits & trait::kShort) != 0 && args.size() == 1 && args[0].is_optional() &&
        args[0].optional_value() != nullptr && e.method) {
      return e.name == "or" ? args[0] : *args[0].optional_value();
    }
  }
  return apply(e, args);
}

// a + b + c + … leans to the left as deep as it is long: a loop instead of recursion.
Value Evaluator::sum(const Expr& e) {
  std::vector<const Expr*> chain;
  const Expr* left = &e;
  while (left->kind == Expr::Kind::call && left->name == "_+_" && left->args.size() == 2) {
    chain.push_back(left);
    left = left->args[0].get();
  }
  Value value = eval(*left);
  for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
    std::vector<Value> args;
    args.reserve(2);
    args.push_back(std::move(value));
    args.push_back(eval(*(*it)->args[1]));
    value = apply(**it, args);
    if (exhausted()) return too_costly();
  }
  return value;
}

Value Evaluator::logical(const Expr& e) {
  const bool absorbing = e.kind == Expr::Kind::logical_or;
  Taint taint;
  std::optional<Value> error;
  for (const auto& arg : e.args) {
    Value v = eval(*arg);
    taint.absorb(v);
    if (v.is_bool()) {
      if (v.as_bool() == absorbing) return taint.wrap(absorbing);
    } else if (!v.is_unknown() && !error) {
      error = v.is_error()
                  ? std::move(v)
                  : Value::error(std::string("no such overload: `") + (absorbing ? "||" : "&&") +
                                 "` wants bool, not " + type_name(v));
    }
    if (exhausted()) return too_costly();
  }
  if (taint.unknown()) return taint.as_unknown("bool");
  if (error) return taint.wrap(*std::move(error));
  return taint.wrap(!absorbing);
}

Value Evaluator::ternary(const Expr& e) {
  Value condition = eval(*e.args[0]);
  Taint taint;
  taint.absorb(condition);
  if (condition.is_bool()) {
    Value result = eval(condition.as_bool() ? *e.args[1] : *e.args[2]);
    return taint.wrap(std::move(result));
  }
  if (condition.is_error()) return taint.wrap(std::move(condition));
  if (!condition.is_unknown()) {
    return Value::error("no such overload: a condition is bool, not " + type_name(condition));
  }
  // Either may come: what both have in common is known.
  const Value yes = eval(*e.args[1]);
  const Value no = eval(*e.args[2]);
  taint.secret |= contains_secret(yes) || contains_secret(no);
  const bool same = yes.kind() == no.kind() && !is_special(yes);
  return taint.as_unknown(same && !may_hold(yes) ? to_string(yes.kind()) : "dyn");
}

// ---- literals

Value Evaluator::list(const Expr& e) {
  List out;
  out.reserve(e.args.size());
  Taint taint;
  for (size_t i = 0; i < e.args.size(); ++i) {
    Value v = eval(*e.args[i]);
    if (v.is_error()) return v;
    if (!e.optional_args.empty() && e.optional_args[i]) {
      taint.absorb(v);
      if (v.is_unknown()) continue;
      if (!v.is_optional()) return Value::error("`[?x]` wants an optional, not " + type_name(v));
      if (v.optional_value() == nullptr) continue;
      Value inner = *v.optional_value();
      v = std::move(inner);
    }
    if (!budget_.spend_deep(v)) return too_costly();
    out.push_back(std::move(v));
  }
  if (taint.unknown()) return taint.as_unknown("list");
  return taint.wrap(std::move(out));
}

Value Evaluator::map(const Expr& e) {
  Map out;
  out.reserve(e.args.size() / 2);
  Taint taint;
  for (size_t i = 0; i < e.args.size(); i += 2) {
    Value key = eval(*e.args[i]);
    if (key.is_error()) return key;
    taint.absorb(key);
    if (key.is_object()) {
      if (auto identity = key.as_object()->identity()) key = *std::move(identity);
    }
    if (!key.is_unknown() && !key.is_string() && !key.is_bool() && !key.is_int() &&
        !key.is_uint()) {
      return Value::error("a map's key is a string, int, uint or bool, not " + type_name(key));
    }
    Value v = eval(*e.args[i + 1]);
    if (v.is_error()) return v;
    if (!e.optional_args.empty() && e.optional_args[i / 2]) {
      taint.absorb(v);
      if (v.is_unknown()) continue;
      if (!v.is_optional()) return Value::error("`{?k: x}` wants an optional, not " + type_name(v));
      if (v.optional_value() == nullptr) continue;
      Value inner = *v.optional_value();
      v = std::move(inner);
    }
    if (key.is_unknown()) continue;
    if (out.find(key) != nullptr) {
      return taint.wrap(Value::error("the key `" + to_text(key) + "` stands twice in a map"));
    }
    if (!budget_.spend_deep(v)) return too_costly();
    out.set(std::move(key), std::move(v));
  }
  if (taint.unknown()) return taint.as_unknown("map");
  return taint.wrap(std::move(out));
}

Value Evaluator::message(const Expr& e) {
  std::vector<std::string> fields;
  std::vector<Value> values;
  Taint taint;
  for (size_t i = 0; i < e.args.size(); ++i) {
    Value v = eval(*e.args[i]);
    if (v.is_error()) return v;
    taint.absorb(v);
    if (!e.optional_args.empty() && e.optional_args[i] && !v.is_unknown()) {
      if (!v.is_optional()) return Value::error("`?" + e.fields[i] + "` wants an optional");
      if (v.optional_value() == nullptr) continue;
      Value inner = *v.optional_value();
      v = std::move(inner);
    }
    fields.push_back(e.fields[i]);
    values.push_back(std::move(v));
  }
  std::string prefix = e.absolute ? "" : container_;
  while (!prefix.empty() && !is_message_name(prefix + "." + e.name)) {
    const size_t dot = prefix.rfind('.');
    prefix.resize(dot == std::string::npos ? 0 : dot);
  }
  const std::string name = prefix.empty() ? e.name : prefix + "." + e.name;
  if (taint.unknown()) return taint.as_unknown();
  return taint.wrap(make_message(name, fields, std::move(values)));
}

Value Evaluator::block(const Expr& e) {
  for (size_t i = 0; i + 1 < e.args.size(); ++i) locals_[e.slot + i] = eval(*e.args[i]);
  return eval(*e.args.back());
}

// ---- the public face

Value evaluate(const Expression& expression, const Activation& activation,
               const EvalLimits& limits) {
  const Expr& root = expression.ast();
  if (root.height > limits.depth_max) {
    return Value::error("the expression is nested too deeply");
  }
  Evaluator evaluator(activation, limits, expression.slots());
  Value value = evaluator.eval(root);
  // Absorbed or not: a bound that was met leaves no result.
  return evaluator.exhausted() ? too_costly() : value;
}

namespace {

// One `${…}` inside text. Empty optional: it added an unknown.
std::optional<Value> add_part(Value value, Taint& taint, std::string& out) {
  taint.absorb(value);
  taint.absorb_deep(value);
  if (value.is_object()) {
    const auto identity = value.as_object()->identity();
    if (!identity) {
      return Value::error("a " + value.as_object()->type_name() +
                          " cannot be part of a text: select one of its fields");
    }
    value = *identity;
    taint.absorb(value);
  }
  if (value.is_optional() && value.optional_value() != nullptr) {
    Value inner = *value.optional_value();
    value = std::move(inner);
    taint.absorb(value);
  }
  if (value.is_error()) return taint.wrap(std::move(value));
  if (value.is_unset()) {
    return Value::error("a value that is not set (" +
                        std::string(value.is_null() ? "null" : "optional.none()") +
                        ") cannot be part of a text");
  }
  if (taint.unknown()) return std::nullopt;
  if (taint.secret) value = map_secrets(value, [](const Value& v) { return v; });
  out += to_text(value);
  return std::nullopt;
}

}  // namespace

Value evaluate(const Interpolation& text, const Activation& activation, const EvalLimits& limits) {
  if (text.is_single()) return evaluate(*text.parts()[0].expression, activation, limits);
  std::string out;
  Taint taint;
  for (const auto& part : text.parts()) {
    if (!part.expression) {
      out += part.text;
      continue;
    }
    if (auto error = add_part(evaluate(*part.expression, activation, limits), taint, out)) {
      return *std::move(error);
    }
  }
  if (taint.unknown()) return taint.as_unknown("string");
  return taint.wrap(std::move(out));
}

}  // namespace lf::cel
