// SPDX-License-Identifier: Apache-2.0
#include "lang/expression.h"

#include "lang/ast.h"
#include "lang/lexer.h"
#include "lang/parser.h"
#include "lang/references.h"

namespace lf::cel {

struct Expression::Rep {
  std::string text;
  TextMap map;
  uint32_t offset = 0;  // of `text` in what `map` maps
  ExprPtr root;
  uint16_t slots = 0;
  std::vector<Reference> references;
};

namespace {

void report(const SyntaxError& error, const TextMap& map, Diagnostics& diagnostics) {
  const Span span = map.span(error.begin, error.end);
  const Code code = error.too_deep ? Code::LF0307 : Code::LF0301;
  Diagnostic& d = diagnostics.add(code, span, error.message, error.label);
  if (!error.replacement.empty()) {
    d.fixes.push_back({"write `" + error.replacement + "`", span, error.replacement, false});
  }
  d.help = error.help;
  if (error.too_deep) d.help.emplace_back("give inner parts names under `locals`");
}

// All offsets of a tree parsed at `offset` count from there.
void shift(Expr& e, uint32_t offset) {
  e.begin -= offset;
  e.end -= offset;
  e.name_begin -= offset;
  e.name_end -= offset;
  for (auto& arg : e.args) shift(*arg, offset);
}

}  // namespace

std::optional<Expression> Expression::parse(std::string_view text, const TextMap& map,
                                            Diagnostics& diagnostics) {
  return parse_part(text, 0, false, map, diagnostics, nullptr);
}

std::optional<Expression> Expression::parse_part(std::string_view text, uint32_t begin,
                                                 bool embedded, const TextMap& map,
                                                 Diagnostics& diagnostics, uint32_t* end) {
  const Lexed lexed = lex(text, begin, embedded);
  if (end != nullptr) *end = lexed.end;
  if (embedded && !lexed.closed) {
    // A string that is not closed swallows the brace: that is the nearer cause, if it is one.
    if (lexed.failed) {
      report(lexed.error, map, diagnostics);
    } else {
      Diagnostic& d = diagnostics.add(Code::LF0306, map.span(begin - 2, begin),
                                      "`${` is not closed", "its `}` is missing");
      d.help.emplace_back("`$${` stands for a plain `${`");
    }
    return std::nullopt;
  }
  if (lexed.failed) {
    report(lexed.error, map, diagnostics);
    return std::nullopt;
  }
  Parsed parsed = parse_tokens(text, lexed.tokens);
  if (parsed.root == nullptr) {
    report(parsed.error, map, diagnostics);
    return std::nullopt;
  }
  auto rep = std::make_shared<Rep>();
  rep->text = text.substr(begin, lexed.end - begin);
  rep->map = map;
  rep->offset = begin;
  if (begin > 0) shift(*parsed.root, begin);
  rep->root = std::move(parsed.root);
  rep->slots = parsed.slots;
  rep->references = find_references(*rep->root);
  Expression expression;
  expression.rep_ = std::move(rep);
  return expression;
}

const std::string& Expression::text() const {
  return rep_->text;
}
const Expr& Expression::ast() const {
  return *rep_->root;
}
uint16_t Expression::slots() const {
  return rep_->slots;
}
const std::vector<Reference>& Expression::references() const {
  return rep_->references;
}
Span Expression::span() const {
  return span(rep_->root->begin, rep_->root->end);
}
Span Expression::span(uint32_t begin, uint32_t end) const {
  return rep_->map.span(rep_->offset + begin, rep_->offset + end);
}

bool Interpolation::has_expression(std::string_view text) {
  return text.find("${") != std::string_view::npos;
}

std::optional<Interpolation> Interpolation::parse(std::string_view text, const TextMap& map,
                                                  Diagnostics& diagnostics) {
  Interpolation out;
  std::string literal;
  bool failed = false;
  auto flush = [&] {
    if (!literal.empty()) out.parts_.push_back({std::move(literal), std::nullopt});
    literal.clear();
  };
  size_t at = 0;
  while (at < text.size()) {
    const size_t dollar = text.find('$', at);
    literal += text.substr(at, dollar == std::string_view::npos ? dollar : dollar - at);
    if (dollar == std::string_view::npos) break;
    if (text.substr(dollar, 3) == "$${") {
      literal += "${";
      at = dollar + 3;
      continue;
    }
    if (text.substr(dollar, 2) != "${") {
      literal += '$';
      at = dollar + 1;
      continue;
    }
    flush();
    uint32_t end = 0;
    auto expression = Expression::parse_part(text, static_cast<uint32_t>(dollar) + 2, true, map,
                                             diagnostics, &end);
    if (!expression) {
      failed = true;
      // Go on after the brace, if there is one: each `${…}` of a text reports for itself.
      const size_t brace = text.find('}', end);
      if (brace == std::string_view::npos) break;
      at = brace + 1;
      continue;
    }
    out.parts_.push_back({"", std::move(expression)});
    at = end + 1;
  }
  if (failed) return std::nullopt;
  flush();
  if (out.parts_.empty()) out.parts_.push_back({"", std::nullopt});
  return out;
}

bool Interpolation::is_single() const {
  return parts_.size() == 1 && parts_[0].expression.has_value();
}

Value Activation::read_file(const std::string& path) const {
  return Value::error("`" + path + "` cannot be read here");
}
std::optional<std::string> Activation::read_zone(const std::string&) const {
  return std::nullopt;
}

}  // namespace lf::cel
