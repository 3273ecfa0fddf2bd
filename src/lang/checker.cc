// SPDX-License-Identifier: Apache-2.0
// The type of each part of a tree. What was reported has type any from then on, which fits
// everywhere: one mistake, one message.
#include <algorithm>

#include "lang/ast.h"
#include "lang/evaluator.h"
#include "lang/references.h"
#include "lang/unify.h"

namespace lf::cel {
namespace {

using Kind = Type::Kind;

constexpr const char* kMacroNames[] = {
    "all",    "exists",        "exists_one",   "map",
    "filter", "transformList", "transformMap", "transformMapEntry",
    "optMap", "optFlatMap",    "sortBy",       "has"};

std::string a_or_an(const std::string& word) {
  return (std::string_view("aeiou").find(word.front()) != std::string_view::npos ? "an " : "a ") +
         word;
}

std::string operator_symbol(const std::string& function) {
  if (function == "@in") return "in";
  std::string out = function;
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

bool is_operator(const std::string& name) {
  return name.front() == '_' || name.front() == '@' || name.front() == '!' || name.front() == '-';
}

Type type_named(const std::string& name) {
  if (name == "google.protobuf.Duration") return Type(Kind::duration);
  if (name == "google.protobuf.Timestamp") return Type(Kind::timestamp);
  if (name == "net.IP") return Type(Kind::ip);
  if (name == "net.CIDR") return Type(Kind::cidr);
  if (name == "list") return Type::list(Type());
  if (name == "map") return Type::map(Type(), Type());
  if (name == "optional_type") return Type::optional(Type());
  return Type::parse(name).value_or(Type());
}

// What `google.protobuf.X{…}` gives.
Type message_type(const std::string& name) {
  const std::string_view tail = std::string_view(name).substr(name.rfind('.') + 1);
  if (tail == "BoolValue") return Type(Kind::boolean);
  if (tail == "BytesValue") return Type(Kind::bytes);
  if (tail == "DoubleValue" || tail == "FloatValue") return Type(Kind::floating);
  if (tail == "Int32Value" || tail == "Int64Value") return Type(Kind::integer);
  if (tail == "UInt32Value" || tail == "UInt64Value") return Type(Kind::uinteger);
  if (tail == "StringValue") return Type(Kind::string);
  if (tail == "Duration") return Type(Kind::duration);
  if (tail == "Timestamp") return Type(Kind::timestamp);
  if (tail == "ListValue") return Type::list(Type());
  if (tail == "Struct") return Type::map(Type());
  return Type();
}

class Checker {
 public:
  Checker(const Expression& expression, const TypeScope& scope, Diagnostics& diagnostics)
      : expression_(expression), scope_(scope), diagnostics_(diagnostics) {
    locals_.resize(expression.slots());
    dotted_ = scope.has_dotted_names();
    if (dotted_) container_ = scope.container();
  }

  Type run() { return types_.resolve(type_of(expression_.ast()), true); }

 private:
  Type type_of(const Expr& e) {
    switch (e.kind) {
      case Expr::Kind::literal: return literal(e);
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
      case Expr::Kind::logical_or:
        for (const auto& arg : e.args) {
          want(*arg, Type(Kind::boolean), e.kind == Expr::Kind::logical_or ? "`||`" : "`&&`");
        }
        return Type(Kind::boolean);
      case Expr::Kind::ternary: return ternary(e);
      case Expr::Kind::comprehension: return comprehension(e);
      case Expr::Kind::bind: locals_[e.slot] = type_of(*e.args[0]); return type_of(*e.args[1]);
      case Expr::Kind::block:
        for (size_t i = 0; i + 1 < e.args.size(); ++i) locals_[e.slot + i] = type_of(*e.args[i]);
        return type_of(*e.args.back());
    }
    return Type();
  }

  Span span(const Expr& e) const { return expression_.span(e.begin, e.end); }
  Span name_span(const Expr& e) const { return expression_.span(e.name_begin, e.name_end); }
  Type shown(const Type& type) const { return types_.resolve(type, true); }
  std::string text(const Type& type) const { return shown(type).to_string(); }

  void suggest(Diagnostic& d, Span span, const std::string& word,
               const std::vector<std::string>& candidates) {
    const std::string near = nearest(word, candidates);
    if (near.empty()) return;
    d.fixes.push_back({"did you mean `" + near + "`?", span, near, false});
  }

  // `e` must have type `wanted`; `by` says who wants it.
  void want(const Expr& e, const Type& wanted, const std::string& by) {
    const Type type = type_of(e);
    if (types_.assign(type, wanted)) return;
    diagnostics_.add(Code::LF0305, span(e),
                     by + " wants " + a_or_an(text(wanted)) + ", not " + a_or_an(text(type)));
  }

  static Type literal(const Expr& e) {
    switch (e.value.kind()) {
      case Value::Kind::boolean: return Type(Kind::boolean);
      case Value::Kind::integer: return Type(Kind::integer);
      case Value::Kind::uinteger: return Type(Kind::uinteger);
      case Value::Kind::floating: return Type(Kind::floating);
      case Value::Kind::string: return Type(Kind::string);
      case Value::Kind::bytes: return Type(Kind::bytes);
      default: return Type(Kind::null);
    }
  }

  // ---- names

  std::optional<Type> named(const Expr& e) {
    const std::string name = qualified_name(e);
    if (name.empty()) return std::nullopt;
    const Expr* root = &e;
    while (root->kind == Expr::Kind::select) root = root->args[0].get();
    std::string prefix = root->absolute ? "" : container_;
    for (;;) {
      const std::string candidate = prefix.empty() ? name : prefix + "." + name;
      if (auto found = scope_.type_of(candidate)) return expression_type(*found);
      if (is_type_name(candidate)) return Type::type_of(type_named(candidate));
      if (is_message_name(candidate)) return Type::type_of(message_type(candidate));
      if (prefix.empty()) return std::nullopt;
      const size_t dot = prefix.rfind('.');
      prefix.resize(dot == std::string::npos ? 0 : dot);
    }
  }

  Type ident(const Expr& e) {
    if (dotted_) {
      if (auto found = named(e)) return *found;
    } else if (auto found = scope_.type_of(e.name)) {
      return expression_type(*found);
    }
    if (is_type_name(e.name)) return Type::type_of(type_named(e.name));
    const Span place = name_span(e);
    Diagnostic& d = diagnostics_.add(Code::LF0302, place, "nothing is named `" + e.name + "` here");
    suggest(d, place, e.name, scope_.names());
    return Type();
  }

  Type select(const Expr& e) {
    if (dotted_) {
      if (auto found = named(e)) return *found;
    }
    const std::string name = qualified_name(e);
    if (!name.empty() && (is_type_name(name) || is_message_name(name)) &&
        !scope_.type_of(name.substr(0, name.find('.')))) {
      return Type::type_of(is_type_name(name) ? type_named(name) : message_type(name));
    }
    const Type operand = types_.resolve(type_of(*e.args[0]));
    const Type field = field_type(e, operand);
    return e.optional && operand.kind() != Kind::optional ? Type::optional(field) : field;
  }

  Type field_type(const Expr& e, const Type& operand) {
    switch (operand.kind()) {
      case Kind::any:
      case Kind::param: return Type();
      case Kind::map:
        if (!types_.assign(Type(Kind::string), operand.key())) {
          diagnostics_.add(Code::LF0305, name_span(e),
                           "the keys of a " + text(operand) + " are not selected with a dot");
        }
        return operand.element();
      case Kind::optional: {
        const Type inner = types_.resolve(operand.element());
        const Type field = field_type(e, inner);
        return inner.kind() == Kind::optional ? field : Type::optional(field);
      }
      case Kind::object: {
        if (const Type::Field* field = operand.field(e.name)) return expression_type(field->type);
        if (operand.fields().empty() && operand.name().empty()) return Type();
        if (is_open(operand) && e.optional) return Type();
        no_field(operand, e.args.empty() ? "" : part(*e.args[0]), e.name, name_span(e));
        return Type();
      }
      default:
        diagnostics_.add(Code::LF0303, name_span(e),
                         a_or_an(text(operand)) + " has no fields, so no `" + e.name + "`");
        return Type();
    }
  }

  // A part of the expression as it is written.
  std::string part(const Expr& e) const {
    return expression_.text().substr(e.begin, e.end - e.begin);
  }

  void no_field(const Type& operand, const std::string& written, const std::string& name,
                Span place, char quote = '\0') {
    std::vector<std::string> names;
    for (const auto& field : operand.fields()) names.push_back(field.name);
    const std::string type = text(operand);
    // A block is named like what is written; a resource's type says more.
    std::string subject = written.empty() ? a_or_an(type) : "`" + written + "`";
    if (!written.empty() && type.find('.') != std::string::npos && !operand.name().empty()) {
      subject += " (" + type + ")";
    }
    Diagnostic& d = diagnostics_.add(Code::LF0303, place, subject + " has no `" + name + "`");
    suggest(d, place, name, names);
    if (!d.fixes.empty()) {
      if (quote != '\0') d.fixes[0].replacement = quote + d.fixes[0].replacement + quote;
      return;
    }
    constexpr size_t kShown = 12;
    std::string all;
    for (size_t i = 0; i < std::min(names.size(), kShown); ++i) {
      all += (i > 0 ? ", " : "") + names[i];
    }
    if (names.size() > kShown) all += ", …";
    // What a spec declares under such a root is one line away.
    std::string declare;
    for (const auto& [root, section] : {std::pair{"vars", "variables"},
                                        {"locals", "locals"},
                                        {"resources", "resources"},
                                        {"data", "data"},
                                        {"modules", "modules"}}) {
      if (written == root) declare = "declare it under `" + std::string(section) + ":`";
    }
    if (all.empty())
      d.help.push_back(declare.empty() ? "there is nothing in it" : declare);
    else
      d.help.push_back("it has " + all);
  }

  // All fields may be absent (the instances of a block, by key): `.?` of another is no mistake.
  static bool is_open(const Type& type) {
    return std::none_of(type.fields().begin(), type.fields().end(),
                        [](const Type::Field& field) { return field.required; });
  }

  Type index(const Expr& e) {
    const Type operand = types_.resolve(type_of(*e.args[0]));
    const Type key = type_of(*e.args[1]);
    const Type element = element_type(e, operand, key);
    return e.optional && operand.kind() != Kind::optional ? Type::optional(element) : element;
  }

  Type element_type(const Expr& e, const Type& operand, const Type& key) {
    const Span place = span(*e.args[1]);
    switch (operand.kind()) {
      case Kind::any:
      case Kind::param: return Type();
      case Kind::optional: {
        const Type inner = types_.resolve(operand.element());
        const Type element = element_type(e, inner, key);
        return inner.kind() == Kind::optional ? element : Type::optional(element);
      }
      case Kind::list:
        if (!types_.assign(key, Type(Kind::integer))) {
          diagnostics_.add(Code::LF0305, place,
                           "a list's index is an int, not " + a_or_an(text(key)));
        }
        return operand.element();
      case Kind::map:
        if (!types_.assign(key, operand.key())) {
          diagnostics_.add(
              Code::LF0305, place,
              "the keys of this map are of type " + text(operand.key()) + ", not " + text(key));
        }
        return operand.element();
      case Kind::object: {
        const Expr& literal_key = *e.args[1];
        if (literal_key.kind == Expr::Kind::literal && literal_key.value.is_string()) {
          const std::string& name = literal_key.value.as_string();
          const Type::Field* field = operand.field(name);
          if (field != nullptr) return expression_type(field->type);
          const bool anything = operand.fields().empty() && operand.name().empty();
          if (!anything && !(is_open(operand) && e.optional)) {
            no_field(operand, part(*e.args[0]), name, place, part(literal_key).front());
          }
        }
        return Type();
      }
      default:
        diagnostics_.add(Code::LF0305, span(*e.args[0]),
                         a_or_an(text(operand)) + " has no elements");
        return Type();
    }
  }

  Type has(const Expr& e) {
    const Type operand = types_.resolve(type_of(*e.args[0]));
    // The field's own place is inside the parentheses, behind the last dot.
    Expr field;
    field.name = e.name;
    field.name_end = e.end > 0 ? e.end - 1 : 0;
    field.name_begin = std::max(
        e.args[0]->end + 1,
        field.name_end - static_cast<uint32_t>(std::min<size_t>(e.name.size(), field.name_end)));
    field.optional = is_open(operand);
    field_type(field, operand);
    return Type(Kind::boolean);
  }

  // ---- calls

  Type call(const Expr& e) {
    std::vector<Type> args;
    // `math.nothing(1)`: the namespace is no variable, and its being unknown no news.
    if (e.function == nullptr || !e.function->takes(e.method, e.args.size())) {
      if (e.method && report_namespaced(e)) return Type();
    }
    for (const auto& arg : e.args) args.push_back(type_of(*arg));
    if (e.function == nullptr) return unknown_function(e);
    const std::vector<Type> results = results_of(e, args);
    if (results.empty() && null_comparison(e, args)) return Type(Kind::boolean);
    if (results.empty()) return no_match(e, args);
    for (const auto& result : results) {
      if (!(result == results.front())) return Type();
    }
    return results.front();
  }

  // The results of all overloads that take `args`. An argument whose type is still open (`[]`) may
  // fit several: then none of them closes it.
  std::vector<Type> results_of(const Expr& e, const std::vector<Type>& args) {
    const bool any_open = std::any_of(args.begin(), args.end(),
                                      [&](const Type& t) { return unbound(types_.resolve(t)); });
    const Unifier before = any_open ? types_ : Unifier();
    Unifier first;
    std::vector<Type> results;
    for (const auto& overload : overloads(*e.function)) {
      if (overload.method != e.method) continue;
      // One that takes anything is for what no other takes.
      if (!results.empty() && overload.parameters.front().kind() == Kind::any) continue;
      Overload fresh = types_.instantiate(overload);
      const size_t fixed = fresh.parameters.size();
      if (fresh.variadic ? args.size() < fixed : args.size() != fixed) continue;
      while (fresh.parameters.size() < args.size()) {
        fresh.parameters.push_back(fresh.parameters.back());
      }
      if (!types_.assign_all(args, fresh.parameters)) continue;
      results.push_back(types_.resolve(fresh.result));
      if (!any_open) continue;
      if (results.size() == 1) first = types_;
      types_ = before;
    }
    if (any_open && results.size() == 1) types_ = std::move(first);
    return results;
  }

  static bool unbound(const Type& type) {
    switch (type.kind()) {
      case Kind::param: return true;
      case Kind::map: return unbound(type.key()) || unbound(type.element());
      case Kind::list:
      case Kind::optional: return unbound(type.element());
      default: return false;
    }
  }

  // null means "not set" and compares with everything.
  bool null_comparison(const Expr& e, const std::vector<Type>& args) const {
    if (e.name != "_==_" && e.name != "_!=_") return false;
    return std::any_of(args.begin(), args.end(),
                       [&](const Type& t) { return shown(t).kind() == Kind::null; });
  }

  bool report_namespaced(const Expr& e) {
    const std::string prefix = qualified_name(*e.args[0]);
    if (prefix.empty() || scope_.type_of(prefix)) return false;
    std::vector<std::string> names;
    for (const auto& name : function_names()) {
      if (name.starts_with(prefix + ".")) names.push_back(name);
    }
    if (names.empty()) return false;
    const std::string whole = prefix + "." + e.name;
    const Span place = expression_.span(e.args[0]->begin, e.name_end);
    Diagnostic& d = diagnostics_.add(Code::LF0304, place, "there is no function `" + whole + "`");
    suggest(d, place, whole, names);
    return true;
  }

  Type unknown_function(const Expr& e) {
    const Span place = name_span(e);
    std::vector<std::string> names = function_names();
    names.insert(names.end(), std::begin(kMacroNames), std::end(kMacroNames));
    const bool macro = std::find(names.begin(), names.end(), e.name) != names.end();
    if (macro) {
      diagnostics_.add(
          Code::LF0304, place,
          "`" + e.name + "` does not take " + std::to_string(e.args.size() - 1) + " arguments here",
          "its first argument names the variable: `." + e.name + "(x, …)`");
      return Type();
    }
    Diagnostic& d = diagnostics_.add(Code::LF0304, place, "there is no function `" + e.name + "`");
    suggest(d, place, e.name, names);
    return Type();
  }

  std::string signature(const std::string& name, const Overload& overload) const {
    std::string out;
    size_t first = 0;
    if (overload.method) {
      out = overload.parameters[0].to_string() + ".";
      first = 1;
    }
    out += name + "(";
    for (size_t i = first; i < overload.parameters.size(); ++i) {
      out += (i > first ? ", " : "") + overload.parameters[i].to_string();
    }
    if (overload.variadic) out += ", …";
    return out + ")";
  }

  Type no_match(const Expr& e, const std::vector<Type>& args) {
    if (is_operator(e.name)) {
      const std::string symbol = operator_symbol(e.name);
      std::string message = "`" + symbol + "` does not take " + a_or_an(text(args[0]));
      if (args.size() == 2) message += " and " + a_or_an(text(args[1]));
      Diagnostic& d = diagnostics_.add(Code::LF0304, span(e), message);
      if (args.size() == 2) help_with_operands(d, shown(args[0]).kind(), shown(args[1]).kind());
      return Type();
    }
    std::string types;
    for (size_t i = e.method ? 1 : 0; i < args.size(); ++i) {
      types += (types.empty() ? "" : ", ") + text(args[i]);
    }
    const std::string on = e.method ? " on " + a_or_an(text(args[0])) : "";
    Diagnostic& d = diagnostics_.add(Code::LF0304, name_span(e),
                                     "`" + e.name + "` does not take (" + types + ")" + on);
    constexpr size_t kShown = 4;
    const auto& all = overloads(*e.function);
    for (size_t i = 0; i < std::min(all.size(), kShown); ++i) {
      d.help.push_back("there is " + signature(e.name, all[i]));
    }
    return Type();
  }

  static void help_with_operands(Diagnostic& d, Kind a, Kind b) {
    auto either = [&](Kind kind) { return a == kind || b == kind; };
    if (either(Kind::string) && (either(Kind::integer) || either(Kind::floating))) {
      d.help.emplace_back("a number becomes text with `string(…)`, text a number with `int(…)`");
    } else if (either(Kind::integer) && either(Kind::floating)) {
      d.help.emplace_back("convert one side with `double(…)` or `int(…)`");
    } else if (either(Kind::integer) && either(Kind::uinteger)) {
      d.help.emplace_back("convert one side with `int(…)` or `uint(…)`");
    }
  }

  // ---- literals and choices

  Type element(const Expr& e, size_t arg, size_t flag) {
    const Type type = type_of(*e.args[arg]);
    if (e.optional_args.empty() || !e.optional_args[flag]) return type;
    const Type inner = types_.fresh();
    if (!types_.assign(type, Type::optional(inner))) {
      diagnostics_.add(Code::LF0305, span(*e.args[arg]),
                       "`?` here wants an optional, not " + a_or_an(text(type)));
      return Type();
    }
    return types_.resolve(type).kind() == Kind::any ? Type() : types_.resolve(inner);
  }

  // The type of all elements together; any where they differ.
  Type together(const std::optional<Type>& so_far, const Type& next) {
    if (!so_far) return next;
    return types_.join(*so_far, next).value_or(Type());
  }

  Type list(const Expr& e) {
    std::optional<Type> elements;
    for (size_t i = 0; i < e.args.size(); ++i) elements = together(elements, element(e, i, i));
    return Type::list(elements ? *elements : types_.fresh());
  }

  Type map(const Expr& e) {
    std::optional<Type> keys;
    std::optional<Type> values;
    for (size_t i = 0; i < e.args.size(); i += 2) {
      const Type key = type_of(*e.args[i]);
      const Kind kind = types_.resolve(key).kind();
      const bool fits = kind == Kind::string || kind == Kind::integer || kind == Kind::uinteger ||
                        kind == Kind::boolean || kind == Kind::any || kind == Kind::param ||
                        kind == Kind::object;
      if (!fits) {
        diagnostics_.add(Code::LF0305, span(*e.args[i]),
                         "a map's key is a string, int, uint or bool, not " + a_or_an(text(key)));
      }
      keys = together(keys, fits ? key : Type());
      values = together(values, element(e, i + 1, i / 2));
    }
    return Type::map(keys ? *keys : types_.fresh(), values ? *values : types_.fresh());
  }

  Type message(const Expr& e) {
    for (const auto& arg : e.args) type_of(*arg);
    std::string prefix = e.absolute ? "" : container_;
    for (;;) {
      const std::string candidate = prefix.empty() ? e.name : prefix + "." + e.name;
      if (is_message_name(candidate)) return message_type(candidate);
      if (prefix.empty()) break;
      const size_t dot = prefix.rfind('.');
      prefix.resize(dot == std::string::npos ? 0 : dot);
    }
    diagnostics_.add(Code::LF0302, name_span(e), "there is no type `" + e.name + "`",
                     "a map is written `{\"key\": value}`");
    return Type();
  }

  Type ternary(const Expr& e) {
    want(*e.args[0], Type(Kind::boolean), "the condition of `? :`");
    const Type yes = type_of(*e.args[1]);
    const Type no = type_of(*e.args[2]);
    if (auto both = types_.join(yes, no)) return *both;
    if (shown(yes).kind() == Kind::null) return no;  // null: not set
    if (shown(no).kind() == Kind::null) return yes;
    diagnostics_.add(Code::LF0305, span(*e.args[2]),
                     "the choices of `? :` have two types: " + text(yes) + " and " + text(no));
    return Type();
  }

  // ---- macros

  Type comprehension(const Expr& e) {
    const Type range = types_.resolve(type_of(*e.args[0]));
    if (e.macro == Macro::opt_map || e.macro == Macro::opt_flat_map) {
      return optional_map(e, range);
    }
    Type key;
    Type value;
    if (!range_types(e, range, key, value)) return Type();
    const bool is_list = range.kind() == Kind::list;
    locals_[e.slot] = e.two_variables || !is_list ? key : value;
    if (e.two_variables) locals_[e.slot + 1u] = value;
    if (range.kind() == Kind::any && !e.two_variables) locals_[e.slot] = Type();
    const std::string name = "`" + e.name + "`";
    if (e.args.size() == 3) want(*e.args[1], Type(Kind::boolean), "the filter of " + name);
    switch (e.macro) {
      case Macro::all:
      case Macro::exists:
      case Macro::exists_one:
        want(*e.args[1], Type(Kind::boolean), "the body of " + name);
        return Type(Kind::boolean);
      case Macro::filter:
        want(*e.args[1], Type(Kind::boolean), "the body of " + name);
        return Type::list(locals_[e.slot]);
      case Macro::transform_map: return Type::map(key, type_of(*e.args.back()));
      case Macro::transform_map_entry: {
        const Type entry = Type::map(types_.fresh(), types_.fresh());
        want(*e.args.back(), entry, "the body of " + name);
        return types_.resolve(entry);
      }
      case Macro::sort_by: type_of(*e.args[1]); return range;
      default: return Type::list(type_of(*e.args.back()));
    }
  }

  bool range_types(const Expr& e, const Type& range, Type& key, Type& value) {
    switch (range.kind()) {
      case Kind::any:
      case Kind::param: return true;
      case Kind::list:
        key = Type(Kind::integer);
        value = range.element();
        return true;
      case Kind::map:
        key = range.key();
        value = range.element();
        return true;
      case Kind::object: key = Type(Kind::string); return true;
      default:
        diagnostics_.add(Code::LF0305, span(*e.args[0]),
                         "`" + e.name + "` runs over a list or a map, not " + a_or_an(text(range)));
        for (size_t i = e.slot; i < locals_.size(); ++i) locals_[i] = Type();
        for (size_t i = 1; i < e.args.size(); ++i) type_of(*e.args[i]);
        return false;
    }
  }

  Type optional_map(const Expr& e, const Type& range) {
    const Type inner = types_.fresh();
    if (!types_.assign(range, Type::optional(inner))) {
      diagnostics_.add(Code::LF0305, span(*e.args[0]),
                       "`" + e.name + "` wants an optional, not " + a_or_an(text(range)));
    }
    locals_[e.slot] = range.kind() == Kind::any ? Type() : types_.resolve(inner);
    const Type body = type_of(*e.args[1]);
    if (e.macro == Macro::opt_map) return Type::optional(body);
    const Type result = Type::optional(types_.fresh());
    if (!types_.assign(body, result)) {
      diagnostics_.add(Code::LF0305, span(*e.args[1]),
                       "the body of `optFlatMap` is an optional, not " + a_or_an(text(body)));
    }
    return types_.resolve(result);
  }

  const Expression& expression_;
  const TypeScope& scope_;
  Diagnostics& diagnostics_;
  Unifier types_;
  std::vector<Type> locals_;
  bool dotted_ = false;
  std::string container_;
};

}  // namespace

Type check(const Expression& expression, const TypeScope& scope, Diagnostics& diagnostics) {
  return Checker(expression, scope, diagnostics).run();
}

}  // namespace lf::cel
