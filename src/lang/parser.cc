// SPDX-License-Identifier: Apache-2.0
#include "lang/parser.h"

#include <algorithm>
#include <optional>

#include "lang/functions.h"

namespace lf::cel {
namespace {

struct Operator {
  TokenKind token;
  int precedence;  // higher binds tighter
  const char* function;
};
constexpr Operator kOperators[] = {
    {TokenKind::equal, 1, "_==_"},  {TokenKind::not_equal, 1, "_!=_"},
    {TokenKind::less, 1, "_<_"},    {TokenKind::less_equal, 1, "_<=_"},
    {TokenKind::greater, 1, "_>_"}, {TokenKind::greater_equal, 1, "_>=_"},
    {TokenKind::plus, 2, "_+_"},    {TokenKind::minus, 2, "_-_"},
    {TokenKind::star, 3, "_*_"},    {TokenKind::slash, 3, "_/_"},
    {TokenKind::percent, 3, "_%_"},
};
constexpr Operator kIn = {TokenKind::identifier, 1, "@in"};

struct MacroEntry {
  const char* name;
  Macro macro;
  size_t one;  // arguments of the form with one variable; 0: no such form
  size_t one_max;
  size_t two;  // arguments of the form with two variables; 0: no such form
  size_t two_max;
};
constexpr MacroEntry kMacros[] = {
    {"all", Macro::all, 2, 2, 3, 3},
    {"exists", Macro::exists, 2, 2, 3, 3},
    {"exists_one", Macro::exists_one, 2, 2, 3, 3},
    {"existsOne", Macro::exists_one, 2, 2, 3, 3},
    {"map", Macro::map, 2, 3, 0, 0},
    {"filter", Macro::filter, 2, 2, 0, 0},
    {"transformList", Macro::transform_list, 0, 0, 3, 4},
    {"transformMap", Macro::transform_map, 0, 0, 3, 4},
    {"transformMapEntry", Macro::transform_map_entry, 0, 0, 3, 4},
    {"optMap", Macro::opt_map, 2, 2, 0, 0},
    {"optFlatMap", Macro::opt_flat_map, 2, 2, 0, 0},
    {"sortBy", Macro::sort_by, 2, 2, 0, 0},
};

class Parser {
 public:
  Parser(std::string_view text, const std::vector<Token>& tokens) : text_(text), tokens_(tokens) {}

  Parsed run() {
    ExprPtr root = expression();
    if (root && !at(TokenKind::end)) {
      trailing();
      root.reset();
    }
    Parsed out;
    out.root = failed_ ? nullptr : std::move(root);
    out.error = std::move(error_);
    out.slots = slots_;
    return out;
  }

 private:
  const Token& token(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool at(TokenKind kind) const { return token().kind == kind; }
  bool at_word(std::string_view word) const {
    return at(TokenKind::identifier) && token().text == word;
  }
  bool take(TokenKind kind) {
    if (!at(kind)) return false;
    ++at_;
    return true;
  }
  uint32_t last_end() const { return at_ == 0 ? 0 : tokens_[at_ - 1].end; }

  SyntaxError& fail(uint32_t begin, uint32_t end, std::string message, std::string label = "") {
    static thread_local SyntaxError ignored;  // what follows from the first error is not news
    if (failed_) return ignored = SyntaxError();
    failed_ = true;
    error_.begin = begin;
    error_.end = end;
    error_.message = std::move(message);
    error_.label = std::move(label);
    return error_;
  }
  SyntaxError& fail(const Token& where, std::string message, std::string label = "") {
    return fail(where.begin, where.end, std::move(message), std::move(label));
  }
  std::string shown(const Token& t) const {
    if (t.kind == TokenKind::end) return "the expression ends";
    return "`" + std::string(text_.substr(t.begin, t.end - t.begin)) + "`";
  }
  bool expect(TokenKind kind, const std::string& after) {
    if (take(kind)) return true;
    fail(token(), shown(token()) + " where " + to_string(kind) + " is wanted", after);
    return false;
  }

  // After a whole expression something is left.
  void trailing() {
    const Token& t = token();
    if (t.kind == TokenKind::identifier) {
      static constexpr const char* kWords[][2] = {{"and", "&&"}, {"or", "||"}, {"is", "=="}};
      for (const auto& [word, symbol] : kWords) {
        if (t.text != word) continue;
        SyntaxError& e = fail(t, "`" + t.text + "` is no operator",
                              std::string("here it is written `") + symbol + "`");
        e.replacement = symbol;
        return;
      }
      if (t.text == "if" || t.text == "else" || t.text == "for") {
        SyntaxError& e = fail(t, "`" + t.text + "` has no meaning in an expression");
        e.help.push_back(t.text == "for" ? "a list is made from another with `list.map(x, …)`"
                                         : "a choice is written `condition ? value : other`");
        return;
      }
    }
    if (t.kind == TokenKind::close_paren || t.kind == TokenKind::close_bracket ||
        t.kind == TokenKind::close_brace) {
      fail(t, shown(t) + " closes nothing");
      return;
    }
    fail(t, shown(t) + " after a whole expression", "an operator is missing before it");
  }

  // ---- nodes

  ExprPtr node(Expr::Kind kind, uint32_t begin) {
    auto e = std::make_unique<Expr>();
    e->kind = kind;
    e->begin = begin;
    return e;
  }
  // Sets end and height; refuses what is too deep.
  ExprPtr close(ExprPtr e) {
    e->end = last_end();
    uint16_t height = 0;
    for (const auto& arg : e->args) height = std::max(height, arg->height);
    // A chain of additions is evaluated in a loop and counts as one level.
    const bool chain = e->kind == Expr::Kind::call && e->name == "_+_" &&
                       e->args[0]->kind == Expr::Kind::call && e->args[0]->name == "_+_";
    e->height = chain ? std::max<uint16_t>(e->args[0]->height, e->args[1]->height + 1)
                      : static_cast<uint16_t>(height + 1);
    if (e->height > kDepthMax) return too_deep(e->begin, e->end);
    return e;
  }
  ExprPtr too_deep(uint32_t begin, uint32_t end) {
    fail(begin, end,
         "the expression is nested more than " + std::to_string(kDepthMax) + " levels deep")
        .too_deep = true;
    return nullptr;
  }
  ExprPtr call(const std::string& name, uint32_t begin, const Token& op,
               std::vector<ExprPtr> args) {
    auto e = node(Expr::Kind::call, begin);
    e->name = name;
    e->name_begin = op.begin;
    e->name_end = op.end;
    e->function = find_function(name);
    e->args = std::move(args);
    return close(std::move(e));
  }

  // ---- operators

  ExprPtr expression() {
    if (++depth_ > kDepthMax) return too_deep(token().begin, token().end);
    ExprPtr e = ternary();
    --depth_;
    return e;
  }

  ExprPtr ternary() {
    ExprPtr condition = logical(TokenKind::or_or);
    if (!condition || !at(TokenKind::question)) return condition;
    auto e = node(Expr::Kind::ternary, condition->begin);
    e->name_begin = token().begin;
    e->name_end = token().end;
    ++at_;
    ExprPtr yes = logical(TokenKind::or_or);
    if (!yes) return nullptr;
    if (!at(TokenKind::colon)) {
      fail(token(), shown(token()) + " where `:` is wanted",
           "a choice is written `condition ? value : other`");
      return nullptr;
    }
    ++at_;
    ExprPtr no = expression();
    if (!no) return nullptr;
    e->args.push_back(std::move(condition));
    e->args.push_back(std::move(yes));
    e->args.push_back(std::move(no));
    return close(std::move(e));
  }

  // `a || b || c` and `a && b && c` become one node each.
  ExprPtr logical(TokenKind kind) {
    const bool is_or = kind == TokenKind::or_or;
    ExprPtr first = is_or ? logical(TokenKind::and_and) : binary(1);
    if (!first || !at(kind)) return first;
    auto e = node(is_or ? Expr::Kind::logical_or : Expr::Kind::logical_and, first->begin);
    e->name_begin = token().begin;
    e->name_end = token().end;
    e->args.push_back(std::move(first));
    while (take(kind)) {
      ExprPtr next = is_or ? logical(TokenKind::and_and) : binary(1);
      if (!next) return nullptr;
      e->args.push_back(std::move(next));
    }
    return close(std::move(e));
  }

  const Operator* binary_operator() const {
    if (at_word("in")) return &kIn;
    for (const auto& op : kOperators) {
      if (at(op.token)) return &op;
    }
    return nullptr;
  }

  ExprPtr binary(int precedence) {
    ExprPtr left = unary();
    while (left) {
      const Operator* op = binary_operator();
      if (op == nullptr || op->precedence < precedence) return left;
      const Token symbol = token();
      ++at_;
      ExprPtr right = binary(op->precedence + 1);
      if (!right) return nullptr;
      const uint32_t begin = left->begin;
      std::vector<ExprPtr> args;
      args.push_back(std::move(left));
      args.push_back(std::move(right));
      left = call(op->function, begin, symbol, std::move(args));
    }
    return left;
  }

  ExprPtr unary() {
    const Token op = token();
    const bool negative_literal = op.kind == TokenKind::minus &&
                                  token(1).kind == TokenKind::literal && token(1).value.is_number();
    if ((op.kind != TokenKind::minus && op.kind != TokenKind::bang) || negative_literal) {
      return member();
    }
    // Two of the same undo each other, as the language says.
    size_t count = 0;
    while (at(op.kind) && !(op.kind == TokenKind::minus && count > 0 &&
                            token(1).kind == TokenKind::literal && token(1).value.is_number())) {
      ++at_;
      ++count;
    }
    if (++depth_ > kDepthMax) return too_deep(op.begin, op.end);
    ExprPtr operand = at(TokenKind::minus) || at(TokenKind::bang) ? unary() : member();
    --depth_;
    if (!operand) return nullptr;
    const char* name = op.kind == TokenKind::minus ? "-_" : "!_";
    for (size_t i = 0; i < (count > 2 ? 2 - count % 2 : count); ++i) {
      std::vector<ExprPtr> args;
      args.push_back(std::move(operand));
      operand = call(name, op.begin, op, std::move(args));
      if (!operand) return nullptr;
    }
    return operand;
  }

  // ---- selections, indexes, calls

  ExprPtr member() {
    ExprPtr e = primary();
    while (e) {
      if (at(TokenKind::dot)) {
        e = after_dot(std::move(e));
      } else if (at(TokenKind::open_bracket)) {
        e = index(std::move(e));
      } else if (at(TokenKind::open_brace) && !qualified_name(*e).empty()) {
        e = message(std::move(e));
      } else {
        return e;
      }
    }
    return e;
  }

  ExprPtr after_dot(ExprPtr target) {
    const uint32_t begin = target->begin;
    ++at_;
    const bool optional = take(TokenKind::question);
    const Token name = token();
    if (name.kind != TokenKind::identifier && name.kind != TokenKind::quoted) {
      fail(name, shown(name) + " where a name is wanted",
           name.kind == TokenKind::literal ? "an element by number or text is written `[…]`" : "");
      return nullptr;
    }
    if (name.text == "in" || name.text == "true" || name.text == "false" || name.text == "null") {
      if (name.kind == TokenKind::identifier) {
        fail(name, "`" + name.text + "` is a word of the language, no field",
             "a field of this name is written `[\"" + name.text + "\"]`");
        return nullptr;
      }
    }
    ++at_;
    if (name.kind == TokenKind::identifier && !optional && at(TokenKind::open_paren)) {
      return method(std::move(target), name);
    }
    auto e = node(Expr::Kind::select, begin);
    e->optional = optional;
    e->name = name.text;
    e->name_begin = name.begin;
    e->name_end = name.end;
    e->args.push_back(std::move(target));
    return close(std::move(e));
  }

  ExprPtr index(ExprPtr target) {
    auto e = node(Expr::Kind::index, target->begin);
    e->name_begin = token().begin;
    ++at_;
    e->optional = take(TokenKind::question);
    ExprPtr key = expression();
    if (!key || !expect(TokenKind::close_bracket, "the index ends here")) return nullptr;
    e->name_end = last_end();
    e->args.push_back(std::move(target));
    e->args.push_back(std::move(key));
    return close(std::move(e));
  }

  // target.name(…): a macro, a function with a dotted name (`math.abs`), or a method.
  ExprPtr method(ExprPtr target, const Token& name) {
    const std::string prefix = qualified_name(*target);
    if (prefix == "cel" && is_free(*target)) {
      if (name.text == "bind" || name.text == "block" || name.text == "index" ||
          name.text == "iterVar" || name.text == "accuVar") {
        return cel_macro(target->begin, name);
      }
    }
    if (!prefix.empty() && is_free(*target)) {
      const std::string qualified = prefix + "." + name.text;
      if (find_function(qualified) != nullptr) {
        Token whole = name;
        whole.begin = target->begin;
        auto args = arguments();
        if (!args) return nullptr;
        return call(qualified, target->begin, whole, std::move(*args));
      }
    }
    const size_t count = count_arguments();
    for (const auto& macro : kMacros) {
      if (name.text != macro.name) continue;
      const bool one = count >= macro.one && count <= macro.one_max && macro.one > 0;
      const bool two = count >= macro.two && count <= macro.two_max && macro.two > 0;
      if (one || two) return comprehension(std::move(target), name, macro, two);
    }
    auto args = arguments();
    if (!args) return nullptr;
    args->insert(args->begin(), std::move(target));
    const uint32_t begin = args->front()->begin;
    ExprPtr e = call(name.text, begin, name, std::move(*args));
    if (e) e->method = true;
    return e;
  }

  // A name that no macro around has bound.
  static bool is_free(const Expr& e) {
    const Expr* root = &e;
    while (root->kind == Expr::Kind::select) root = root->args[0].get();
    return root->kind == Expr::Kind::ident;
  }

  // The arguments of the call whose `(` comes next, without reading them.
  size_t count_arguments() const {
    int nesting = 0;
    size_t commas = 0;
    for (size_t i = at_; i < tokens_.size(); ++i) {
      switch (tokens_[i].kind) {
        case TokenKind::open_paren:
        case TokenKind::open_bracket:
        case TokenKind::open_brace: ++nesting; break;
        case TokenKind::close_paren:
        case TokenKind::close_bracket:
        case TokenKind::close_brace:
          if (--nesting == 0) {
            return i == at_ + 1 ? 0 : commas + (tokens_[i - 1].kind != TokenKind::comma ? 1 : 0);
          }
          break;
        case TokenKind::comma: commas += nesting == 1 ? 1 : 0; break;
        default: break;
      }
    }
    return 0;
  }

  std::optional<std::vector<ExprPtr>> arguments() {
    std::vector<ExprPtr> args;
    expect(TokenKind::open_paren, "");
    while (!failed_ && !take(TokenKind::close_paren)) {
      if (!args.empty() &&
          !expect(TokenKind::comma, "arguments are separated by commas, closed with `)`")) {
        break;
      }
      if (!args.empty() && at(TokenKind::close_paren)) {
        fail(token(), "`)` where another argument is wanted");
        break;
      }
      ExprPtr arg = expression();
      if (!arg) break;
      args.push_back(std::move(arg));
    }
    if (failed_) return std::nullopt;
    return args;
  }

  // ---- macros

  // The name of a variable that a macro binds; "" after an error.
  std::string variable(const std::string& macro) {
    const Token& t = token();
    const bool plain = t.kind == TokenKind::identifier && (token(1).kind == TokenKind::comma ||
                                                           token(1).kind == TokenKind::close_paren);
    if (plain && !is_reserved(t.text)) {
      ++at_;
      return t.text;
    }
    if (t.text == "cel" && token(1).kind == TokenKind::dot &&
        (token(2).text == "iterVar" || token(2).text == "accuVar")) {
      const Token name = token(2);
      at_ += 3;
      return numbered_variable(name);
    }
    fail(t, "`" + macro + "` wants the name of its variable first",
         "a plain name, such as in `" + macro + "(x, …)`");
    return "";
  }

  // cel.iterVar(N, M): the name `@it:N:M`.
  std::string numbered_variable(const Token& name) {
    std::string out = name.text == "iterVar" ? "@it" : "@ac";
    if (!expect(TokenKind::open_paren, "")) return "";
    for (int i = 0; i < 2; ++i) {
      if (i > 0 && !expect(TokenKind::comma, "")) return "";
      if (!at(TokenKind::literal) || !token().value.is_int()) {
        fail(token(), "`cel." + name.text + "` wants two whole numbers");
        return "";
      }
      out += ":" + std::to_string(token().value.as_int());
      ++at_;
    }
    return expect(TokenKind::close_paren, "") ? out : "";
  }

  uint16_t bind_name(std::string name) {
    scope_.push_back(std::move(name));
    slots_ = std::max(slots_, static_cast<uint16_t>(scope_.size()));
    return static_cast<uint16_t>(scope_.size() - 1);
  }

  ExprPtr comprehension(ExprPtr range, const Token& name, const MacroEntry& macro, bool two) {
    auto e = node(Expr::Kind::comprehension, range->begin);
    e->macro = macro.macro;
    e->name = name.text;
    e->name_begin = name.begin;
    e->name_end = name.end;
    e->two_variables = two;
    e->args.push_back(std::move(range));
    expect(TokenKind::open_paren, "");
    const uint32_t first_begin = token().begin;
    std::string first = variable(name.text);
    if (failed_) return nullptr;
    std::string second;
    if (two) {
      if (!expect(TokenKind::comma, "")) return nullptr;
      const Token place = token();
      second = variable(name.text);
      if (failed_) return nullptr;
      if (second == first) {
        fail(first_begin, place.end,
             "both variables of `" + name.text + "` are named `" + first + "`");
        return nullptr;
      }
    }
    e->slot = bind_name(std::move(first));
    if (two) bind_name(std::move(second));
    while (!failed_ && take(TokenKind::comma)) {
      ExprPtr body = expression();
      if (body) e->args.push_back(std::move(body));
    }
    scope_.resize(e->slot);
    if (failed_ || !expect(TokenKind::close_paren, "`" + name.text + "(` ends here"))
      return nullptr;
    return close(std::move(e));
  }

  ExprPtr cel_macro(uint32_t begin, const Token& name) {
    if (name.text == "iterVar" || name.text == "accuVar") {
      const std::string variable_name = numbered_variable(name);
      return failed_ ? nullptr : resolve(variable_name, begin, begin, name.end, false);
    }
    expect(TokenKind::open_paren, "");
    if (name.text == "index") {
      const Token number = token();
      if (number.kind != TokenKind::literal || !number.value.is_int()) {
        fail(number, "`cel.index` wants a whole number");
        return nullptr;
      }
      ++at_;
      if (!expect(TokenKind::close_paren, "")) return nullptr;
      return resolve("@index" + std::to_string(number.value.as_int()), begin, begin, name.end,
                     false);
    }
    return name.text == "bind" ? bind(begin, name) : block(begin, name);
  }

  ExprPtr bind(uint32_t begin, const Token& name) {
    auto e = node(Expr::Kind::bind, begin);
    e->name_begin = begin;
    e->name_end = name.end;
    std::string variable_name = variable("cel.bind");
    if (failed_ || !expect(TokenKind::comma, "`cel.bind(name, value, result)`")) return nullptr;
    ExprPtr value = expression();
    if (!value || !expect(TokenKind::comma, "`cel.bind(name, value, result)`")) return nullptr;
    e->slot = bind_name(std::move(variable_name));
    ExprPtr result = expression();
    scope_.resize(e->slot);
    if (!result || !expect(TokenKind::close_paren, "`cel.bind(` ends here")) return nullptr;
    e->args.push_back(std::move(value));
    e->args.push_back(std::move(result));
    return close(std::move(e));
  }

  ExprPtr block(uint32_t begin, const Token& name) {
    auto e = node(Expr::Kind::block, begin);
    e->name_begin = begin;
    e->name_end = name.end;
    e->slot = static_cast<uint16_t>(scope_.size());
    if (!expect(TokenKind::open_bracket, "`cel.block([…], result)`")) return nullptr;
    size_t count = 0;
    while (!failed_ && !take(TokenKind::close_bracket)) {
      if (count > 0 && !expect(TokenKind::comma, "")) return nullptr;
      ExprPtr entry = expression();
      if (!entry) return nullptr;
      e->args.push_back(std::move(entry));
      bind_name("@index" + std::to_string(count++));
    }
    if (failed_ || !expect(TokenKind::comma, "`cel.block([…], result)`")) return nullptr;
    ExprPtr result = expression();
    scope_.resize(e->slot);
    if (!result || !expect(TokenKind::close_paren, "`cel.block(` ends here")) return nullptr;
    e->args.push_back(std::move(result));
    return close(std::move(e));
  }

  // ---- primaries

  ExprPtr primary() {
    const Token t = token();
    switch (t.kind) {
      case TokenKind::literal: return literal(t);
      case TokenKind::minus: {  // unary() leaves a minus only before a number
        ++at_;
        return literal(token(), t.begin, true);
      }
      case TokenKind::open_paren: {
        ++at_;
        ExprPtr e = expression();
        if (!e || !expect(TokenKind::close_paren, "the `(` before is not closed")) return nullptr;
        return e;
      }
      case TokenKind::open_bracket: return list();
      case TokenKind::open_brace: return map();
      case TokenKind::dot:
        if (token(1).kind != TokenKind::identifier) break;
        ++at_;
        return name(true, t.begin);
      case TokenKind::identifier: return name(false, t.begin);
      default: break;
    }
    if (t.kind == TokenKind::end) {
      fail(t, at_ == 0 ? "the expression is empty" : "the expression ends where a value is wanted");
    } else {
      fail(t, shown(t) + " where a value is wanted");
    }
    return nullptr;
  }

  ExprPtr literal(const Token& t) { return literal(t, t.begin, false); }
  ExprPtr literal(const Token& t, uint32_t begin, bool negative) {
    ++at_;
    auto e = node(Expr::Kind::literal, begin);
    e->value = t.value;
    if (t.oversized && !negative) {
      fail(t, shown(t) + " is beyond 64 bits", "the largest int is 9223372036854775807");
      return nullptr;
    }
    if (negative && t.value.is_uint()) {
      fail(begin, t.end, "an unsigned number has no minus");
      return nullptr;
    }
    if (negative && t.value.is_double()) e->value = -t.value.as_double();
    if (negative && t.value.is_int() && !t.oversized) e->value = -t.value.as_int();
    return close(std::move(e));
  }

  ExprPtr name(bool absolute, uint32_t begin) {
    const Token t = token();
    ++at_;
    if (!absolute && (t.text == "true" || t.text == "false" || t.text == "null")) {
      auto e = node(Expr::Kind::literal, begin);
      if (t.text != "null") e->value = t.text == "true";
      return close(std::move(e));
    }
    if (is_reserved(t.text)) {
      reserved(t);
      return nullptr;
    }
    if (at(TokenKind::open_paren)) {
      if (t.text == "has" && !absolute && count_arguments() == 1) return has(begin, t);
      auto args = arguments();
      return args ? call(t.text, begin, t, std::move(*args)) : nullptr;
    }
    if (t.text == "not" && (at(TokenKind::identifier) || at(TokenKind::open_paren))) {
      fail(t, "`not` is no operator", "here it is written `!`").replacement = "!";
      return nullptr;
    }
    return resolve(t.text, begin, t.begin, t.end, absolute);
  }

  void reserved(const Token& t) {
    SyntaxError& e = fail(t, "`" + t.text + "` is a word of the language, no name");
    if (t.text == "if") e.help.push_back("a choice is written `condition ? value : other`");
    if (t.text == "for") e.help.push_back("a list is made from another with `list.map(x, …)`");
    if (t.text == "let" || t.text == "var") {
      e.help.push_back("a value gets a name with `cel.bind(name, value, result)`");
    }
  }

  ExprPtr resolve(const std::string& text, uint32_t begin, uint32_t name_begin, uint32_t name_end,
                  bool absolute) {
    const auto found = std::find(scope_.rbegin(), scope_.rend(), text);
    auto e = node(Expr::Kind::ident, begin);
    if (found != scope_.rend() && !absolute) {
      e->kind = Expr::Kind::local;
      e->slot = static_cast<uint16_t>(scope_.rend() - found - 1);
    }
    e->name = text;
    e->name_begin = name_begin;
    e->name_end = name_end;
    e->absolute = absolute;
    return close(std::move(e));
  }

  ExprPtr has(uint32_t begin, const Token& name) {
    ++at_;
    ExprPtr arg = expression();
    if (!arg || !expect(TokenKind::close_paren, "`has(` ends here")) return nullptr;
    if (arg->kind != Expr::Kind::select || arg->optional) {
      SyntaxError& e = fail(arg->begin, arg->end, "`has` tests a field, such as in `has(a.b)`");
      if (arg->kind == Expr::Kind::index)
        e.help.push_back("a key of a map is tested with `key in map`");
      return nullptr;
    }
    auto e = node(Expr::Kind::has, begin);
    e->name = arg->name;
    e->name_begin = name.begin;
    e->name_end = name.end;
    e->args.push_back(std::move(arg->args[0]));
    return close(std::move(e));
  }

  ExprPtr list() {
    auto e = node(Expr::Kind::list, token().begin);
    ++at_;
    bool any_optional = false;
    while (!take(TokenKind::close_bracket)) {
      if (!e->args.empty() &&
          !expect(TokenKind::comma, "elements are separated by commas, closed with `]`")) {
        return nullptr;
      }
      if (!e->args.empty() && take(TokenKind::close_bracket)) break;  // a comma at the end
      const bool optional = take(TokenKind::question);
      ExprPtr element = expression();
      if (!element) return nullptr;
      e->args.push_back(std::move(element));
      e->optional_args.push_back(optional);
      any_optional |= optional;
    }
    if (!any_optional) e->optional_args.clear();
    return close(std::move(e));
  }

  ExprPtr map() {
    auto e = node(Expr::Kind::map, token().begin);
    ++at_;
    bool any_optional = false;
    while (!take(TokenKind::close_brace)) {
      if (!e->args.empty() &&
          !expect(TokenKind::comma, "entries are separated by commas, closed with `}`")) {
        return nullptr;
      }
      if (!e->args.empty() && take(TokenKind::close_brace)) break;
      const bool optional = take(TokenKind::question);
      ExprPtr key = expression();
      if (!key || !expect(TokenKind::colon, "an entry is written `key: value`")) return nullptr;
      ExprPtr value = expression();
      if (!value) return nullptr;
      e->args.push_back(std::move(key));
      e->args.push_back(std::move(value));
      e->optional_args.push_back(optional);
      any_optional |= optional;
    }
    if (!any_optional) e->optional_args.clear();
    return close(std::move(e));
  }

  ExprPtr message(ExprPtr type) {
    auto e = node(Expr::Kind::message, type->begin);
    const Expr* root = type.get();
    while (root->kind == Expr::Kind::select) root = root->args[0].get();
    e->absolute = root->absolute;
    e->name = qualified_name(*type);
    e->name_begin = type->begin;
    e->name_end = type->end;
    ++at_;
    bool any_optional = false;
    while (!take(TokenKind::close_brace)) {
      if (!e->args.empty() &&
          !expect(TokenKind::comma, "fields are separated by commas, closed with `}`")) {
        return nullptr;
      }
      if (!e->args.empty() && take(TokenKind::close_brace)) break;
      const bool optional = take(TokenKind::question);
      if (!at(TokenKind::identifier) && !at(TokenKind::quoted)) {
        fail(token(), shown(token()) + " where a field's name is wanted");
        return nullptr;
      }
      e->fields.push_back(token().text);
      ++at_;
      if (!expect(TokenKind::colon, "a field is written `name: value`")) return nullptr;
      ExprPtr value = expression();
      if (!value) return nullptr;
      e->args.push_back(std::move(value));
      e->optional_args.push_back(optional);
      any_optional |= optional;
    }
    if (!any_optional) e->optional_args.clear();
    return close(std::move(e));
  }

  std::string_view text_;
  const std::vector<Token>& tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  bool failed_ = false;
  SyntaxError error_;
  std::vector<std::string> scope_;  // variables of the macros around, innermost last
  uint16_t slots_ = 0;
};

}  // namespace

std::string qualified_name(const Expr& expr) {
  if (expr.kind == Expr::Kind::ident) return expr.name;
  if (expr.kind != Expr::Kind::select || expr.optional) return "";
  std::string prefix = qualified_name(*expr.args[0]);
  if (prefix.empty()) return prefix;
  return prefix + "." + expr.name;
}

Parsed parse_tokens(std::string_view text, const std::vector<Token>& tokens) {
  return Parser(text, tokens).run();
}

}  // namespace lf::cel
