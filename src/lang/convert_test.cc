// SPDX-License-Identifier: Apache-2.0
#include "lang/convert.h"

#include <catch2/catch.hpp>

#include "base/json.h"
#include "base/units.h"

namespace lf {
namespace {

// "type text" of the result, or "path: message -> suggestion".
std::string converted(const Value& value, const std::string& type_text, bool literal = true) {
  std::string error;
  const auto type = Type::parse(type_text, &error);
  if (!type) return "no type: " + error;
  const auto result = convert(value, *type, literal);
  if (result) {
    return std::string(to_string(result->kind())) + " " +
           (result->is_secret() ? to_text(result->secret_value()) : to_text(*result));
  }
  std::string out;
  for (const auto& part : result.error().path) out += part + "/";
  out += (out.empty() ? "" : ": ") + result.error().message;
  if (!result.error().suggestion.empty()) out += " -> " + result.error().suggestion;
  return out;
}

TEST_CASE("what a spec says becomes what a type wants", "[convert]") {
  struct Row {
    Value value;
    const char* type;
    const char* expected;
  };
  const Row rows[] = {
      {true, "bool", "bool true"},
      {"no", "bool", "`no` is text, no bool -> false"},
      {"on", "bool", "`on` is text, no bool -> true"},
      {1, "bool", "`1` is a whole number where a bool is wanted"},
      {3, "int", "int 3"},
      {3.0, "int", "`3.0` is a number with a fraction where a whole number is wanted -> 3"},
      {"3", "int", "`3` is text where a whole number is wanted -> 3"},
      {3, "float", "double 3.0"},
      {"x", "string", "string x"},
      {12, "string", "`12` is a whole number where text is wanted -> \"12\""},
      {"90d", "duration", "duration 90d"},
      {"1h30m", "duration", "duration 1h30m"},
      {"1:30", "duration", "`1:30` is no duration -> 1h30m"},
      {"2w", "duration", "`2w` is no duration: weeks are written in days -> 14d"},
      {90, "duration", "`90` has no unit, so it is no duration -> 90s"},
      {"200GiB", "size", "int 214748364800"},
      {200, "size", "`200` has no unit, so it is no size -> 200GiB"},
      {"200 USD", "money", "money 200 USD"},
      {200, "money", "`200` has no currency, so it is no amount of money -> 200 USD"},
      {"10.0.0.0/16", "cidr", "cidr 10.0.0.0/16"},
      {"10.0.1.0/16", "cidr", "`10.0.1.0/16` has bits set behind its prefix -> 10.0.0.0/16"},
      {"10.0.0.1", "cidr", "`10.0.0.1` is one address, no range of addresses -> 10.0.0.1/32"},
      {"10.0.0.1", "ip", "ip 10.0.0.1"},
      {"10.0.0", "ip", "`10.0.0` is no IP address -> 10.0.0.1"},
      {"a@example.org", "email", "string a@example.org"},
      {"a@b", "email", "`a@b` is no e-mail address -> who@example.org"},
      {"spot", "enum<spot, on-demand>", "string spot"},
      {"spto", "enum<spot, on-demand>", "`spto` is none of spot, on-demand -> spot"},
      {"vpc-1", "ref<aws.ec2.vpc>", "string vpc-1"},
      {"", "ref<aws.ec2.vpc>", "an empty text is no id"},
      {"a", "list<string>", "`a` is text where a list is wanted -> [a]"},
      {List{1, "b"}, "list<int>", "[1]/: `b` is text where a whole number is wanted"},
      {List{1, Value()}, "list<int>", "[1]/: null cannot be an element of a list"},
      {Map{{"a", "1h"}}, "map<duration>", "map {\"a\":\"1h\"}"},
      {Map{{"a", Map{{"b", "x"}}}}, "map<map<int>>",
       "a/b/: `x` is text where a whole number is wanted"},
      {Map{{"name", "x"}}, "object{name: string, size?: int}", "map {\"name\":\"x\"}"},
      {Map{{"nmae", "x"}}, "object{name: string}", "nmae/: `nmae` is no key here -> name"},
      {Map(), "object{name: string}", "`name` is missing"},
      {Value(), "int", "null null"},
      {Value::none(), "int", "optional "},
      {Value::some(3), "int", "int 3"},
      {"x", "secret<string>", "secret x"},
      {Value::secret("x"), "string", "secret x"},
      {Value::secret("x"), "int", "the secret is no whole number"},
      {Value::error("broken"), "int", "broken"},
      {"x", "any", "string x"},
      {Value(Unknown{"string", {"a.b"}}), "ref<aws.ec2.vpc>", "unknown (known after apply)"},
      {Value(Unknown{"list<string>", {"a.b"}}), "int",
       "a value of type list<string> will stand where a whole number is wanted"},
  };
  for (const auto& row : rows) {
    INFO(to_text(row.value) << " as " << row.type);
    CHECK(converted(row.value, row.type) == row.expected);
  }
  CHECK(converted(Value(int64_t{4096}), "size", false) == "int 4096");
}

TEST_CASE("types have one notation", "[type]") {
  for (const char* text :
       {"string", "list<string>", "map<int>", "map<int, list<bool>>", "ref<aws.ec2.vpc>",
        "object{a: int, b?: list<string>}", "enum<spot, on-demand>", "secret<string>",
        "optional<cidr>", "any", "ref", "uint"}) {
    const auto type = Type::parse(text);
    REQUIRE(type);
    CHECK(type->to_string() == text);
    CHECK(*Type::parse(type->to_string()) == *type);
  }
  std::string error;
  CHECK(!Type::parse("strng", &error));
  CHECK(error == "`strng` is no type; did you mean `string`?");
  CHECK(!Type::parse("list<int", &error));
  CHECK(error == "`>` is missing");
  CHECK(!Type::parse("", &error));
  CHECK(!Type::parse("int int", &error));
}

TEST_CASE("which types may stand for which", "[type]") {
  auto fits = [](const char* from, const char* to) {
    return assignable(*Type::parse(from), *Type::parse(to));
  };
  CHECK(fits("int", "float"));
  CHECK(!fits("float", "int"));
  CHECK(fits("any", "cidr"));
  CHECK(fits("list<int>", "list<float>"));
  CHECK(!fits("list<string>", "list<int>"));
  CHECK(fits("optional<int>", "int"));
  CHECK(fits("string", "ref<a.b>"));
  CHECK(!fits("ref<a.c>", "ref<a.b>"));
  CHECK(fits("ref<a.b>", "string"));
  CHECK(fits("secret<string>", "string"));
  CHECK(fits("object{a: int}", "object{a: float, b?: string}"));
  CHECK(!fits("object{b: string}", "object{a: int}"));
  CHECK(assignable(Type::object("a.b", {}), Type::ref("a.b")));
  CHECK(!assignable(Type::object("a.c", {}), Type::ref("a.b")));
}

}  // namespace
}  // namespace lf
