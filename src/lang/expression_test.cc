// SPDX-License-Identifier: Apache-2.0
#include "lang/expression.h"

#include <catch2/catch.hpp>

namespace lf::cel {
namespace {

// "message @ the text underlined | help": what the first diagnostic says.
std::string syntax(const std::string& text) {
  Sources sources;
  const SourceId id = sources.add("t", text);
  Diagnostics diagnostics;
  if (Expression::parse(text, TextMap(id, 0), diagnostics)) return "fine";
  const Diagnostic& d = diagnostics.all().front();
  return d.message + " @ " +
         text.substr(d.primary.span.begin, d.primary.span.end - d.primary.span.begin);
}

// "root.path.path!dynamic?guard" of each reference, with the text it covers in brackets.
std::string references(const std::string& text) {
  Diagnostics diagnostics;
  const auto expression = Expression::parse(text, TextMap(), diagnostics);
  if (!expression) return "syntax: " + diagnostics.all().front().message;
  std::string out;
  for (const auto& r : expression->references()) {
    out += (out.empty() ? "" : "; ") + r.root;
    for (const auto& element : r.path) out += "." + element;
    if (r.dynamic) out += "!";
    if (r.guarded) out += "?" + std::to_string(r.guard);
  }
  return out;
}

TEST_CASE("syntax errors say where and what", "[expression]") {
  const char* rows[][2] = {
      {"1 +", "the expression ends where a value is wanted @ "},
      {"", "the expression is empty @ "},
      {"(1 + 2", "the expression ends where `)` is wanted @ "},
      {"[1, 2", "the expression ends where `,` is wanted @ "},
      {"a = b", "`=` compares nothing here @ ="},
      {"a & b", "a single `&` means nothing here @ &"},
      {"a and b", "`and` is no operator @ and"},
      {"not a", "`not` is no operator @ not"},
      {"x if y else z", "`if` has no meaning in an expression @ if"},
      {"if", "`if` is a word of the language, no name @ if"},
      {"'abc", "the string is not closed @ 'abc"},
      {"90d", "`90d` is no number @ 90d"},
      {"200GiB > x", "`200GiB` is no number @ 200GiB"},
      {"9223372036854775808", "`9223372036854775808` is beyond 64 bits @ 9223372036854775808"},
      {"99999999999999999999",
       "the number `99999999999999999999` is beyond 64 bits @ "
       "99999999999999999999"},
      {"'\\q'", "`\\q` is no escape of a string @ \\q"},
      {"'\\uD800'", "the escape names no character of Unicode @ \\uD800"},
      {"a ${b}", "`${` inside an expression @ ${"},
      {"1 2", "`2` after a whole expression @ 2"},
      {"a)", "`)` closes nothing @ )"},
      {"has(a)", "`has` tests a field, such as in `has(a.b)` @ a"},
      {"has(a['b'])", "`has` tests a field, such as in `has(a.b)` @ a['b']"},
      {"l.map(1, x)", "`map` wants the name of its variable first @ 1"},
      {"l.map(x.y, x)", "`map` wants the name of its variable first @ x"},
      {"l.exists(k, k, true)", "both variables of `exists` are named `k` @ k, k"},
      {"a ? b", "the expression ends where `:` is wanted @ "},
      {"a.1", "`.1` after a whole expression @ .1"},
      {"a.in", "`in` is a word of the language, no field @ in"},
      {"\u00e4", "`\u00e4` is no part of an expression @ \u00e4"},
      {"f(1,)", "`)` where another argument is wanted @ )"},
      {"-5u", "an unsigned number has no minus @ -5u"},
  };
  for (const auto& row : rows) {
    INFO(row[0]);
    CHECK(syntax(row[0]) == row[1]);
  }
  CHECK(syntax("[1, 2,]") == "fine");
  CHECK(syntax("{'a': 1,}") == "fine");
  CHECK(syntax("a.`content-type`") == "fine");
  CHECK(syntax("l.map(x, x > 1, x)") == "fine");
}

TEST_CASE("fixes can be taken over", "[expression]") {
  Sources sources;
  const SourceId id = sources.add("t", "x > 90d");
  Diagnostics diagnostics;
  CHECK(!Expression::parse("x > 90d", TextMap(id, 0), diagnostics));
  REQUIRE(diagnostics.all()[0].fixes.size() == 1);
  CHECK(diagnostics.all()[0].fixes[0].replacement == "days(90)");
  CHECK(diagnostics.all()[0].code == Code::LF0301);
}

TEST_CASE("spans inside a longer text", "[expression]") {
  const std::string source = "name: \"a ${x.y + nope(1)} b ${1 +}\"";
  Sources sources;
  const SourceId id = sources.add("t", source);
  Diagnostics diagnostics;
  const std::string text = source.substr(7, source.size() - 8);
  CHECK(!Interpolation::parse(text, TextMap(id, 7), diagnostics));
  REQUIRE(diagnostics.all().size() == 1);
  CHECK(diagnostics.all()[0].primary.span.begin == source.find("}\"", 0));

  Diagnostics none;
  const auto good = Interpolation::parse(text.substr(0, 20), TextMap(id, 7), none);
  REQUIRE(good);
  const Expression& e = *good->parts()[1].expression;
  CHECK(e.text() == "x.y + nope(1)");
  CHECK(e.span().begin == source.find("x.y"));
  const Reference& r = e.references().front();
  CHECK(e.span(r.begin, r.end).end == source.find(" + nope"));
}

TEST_CASE("unclosed expressions have their own code", "[expression]") {
  Sources sources;
  const SourceId id = sources.add("t", "a ${b + {'c': 1}");
  Diagnostics diagnostics;
  CHECK(!Interpolation::parse("a ${b + {'c': 1}", TextMap(id, 0), diagnostics));
  CHECK(diagnostics.all()[0].code == Code::LF0306);
  CHECK(diagnostics.all()[0].primary.span == Span{id, 2, 4});
  std::string deep(500, '(');
  CHECK(!Expression::parse(deep, TextMap(), diagnostics));
  CHECK(diagnostics.all()[1].code == Code::LF0307);
}

TEST_CASE("references", "[expression]") {
  const char* rows[][2] = {
      {"network.vpc.id", "network.vpc.id"},
      {"resources['my-key'].arn", "resources.my-key.arn"},
      {"resources[\"a\"][0].b", "resources.a.[0].b"},
      {"a[b.c].d", "a!; b.c"},
      {"a.b + c.d", "a.b; c.d"},
      {"l.map(x, x.y + z)", "l; z"},
      {"l.map(x, l2.map(y, x + y))", "l; l2"},
      {"x.exists(x, x == 1)", "x"},
      {"cel.bind(t, a.b, t.c)", "a.b"},
      {"network.cidr.subnet(8, 1)", "network.cidr"},
      {"math.abs(vars.n)", "vars.n"},
      {"base64.encode(b'')", ""},
      {"type(x) == int", "x"},
      {"google.protobuf.Duration", ""},
      {"has(a.b)", "a.b?0"},
      {"has(a.b.c)", "a.b.c?1"},
      {"machines.?trainer.?id", "machines.trainer.id?0"},
      {"machines.trainer.?id", "machines.trainer.id?1"},
      {"machines[?'trainer'].id", "machines.trainer.id?0"},
      {"has(m.a) ? m.a.id : ''", "m.a?0; m.a.id?0"},
      {"has(m.a) ? '' : m.a.id", "m.a?0; m.a.id"},
      {"!has(m.a) ? '' : m.a.id", "m.a?0; m.a.id?0"},
      {"has(m.a) && m.a.id == 'x'", "m.a?0; m.a.id?0"},
      {"m.a.id == 'x' && has(m.a)", "m.a.id?0; m.a?0"},
      {"!has(m.a) || m.a.id == 'x'", "m.a?0; m.a.id?0"},
      {"has(m.a) || m.a.id == 'x'", "m.a?0; m.a.id"},
      {"'a' in m ? m.a.id : ''", "m; m.a.id?0"},
      {"has(m.a) && c ? m.a.id : m.b", "m.a?0; c; m.a.id?0; m.b"},
      {"has(m.a) ? m.b : 1", "m.a?0; m.b"},
      {"{'k': a.b}['k']", "a.b"},
      {"a.b.f(c).d", "a.b; c"},
      {".a.b", "a.b"},
  };
  for (const auto& row : rows) {
    INFO(row[0]);
    CHECK(references(row[0]) == row[1]);
  }
}

}  // namespace
}  // namespace lf::cel
