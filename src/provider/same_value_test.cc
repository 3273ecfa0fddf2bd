// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/digest.h"
#include "base/json.h"
#include "base/units.h"
#include "provider/wire.h"

using namespace lf;

namespace {

Value json(const std::string& text) {
  auto value = parse_json(text);
  REQUIRE(value);
  return *value;
}

Property of(Type type, Compare compare = Compare::exact) {
  Property out;
  out.name = "p";
  out.type = std::move(type);
  out.compare = compare;
  return out;
}

Property field(const char* name, Type type, Absent absent, Value value = {}) {
  Property out = of(std::move(type));
  out.name = name;
  out.absent = absent;
  out.default_value = std::move(value);
  return out;
}

const Type kString(Type::Kind::string), kInt(Type::Kind::integer), kBool(Type::Kind::boolean);

}  // namespace

TEST_CASE("scalars that mean the same", "[same_value]") {
  const Property text = of(kString);
  CHECK(same_value(text, Value("a"), Value("a")));
  CHECK_FALSE(same_value(text, Value("a"), Value("A")));
  CHECK(same_value(of(kInt), Value(5), Value("5")));
  CHECK(same_value(of(kInt), Value(5), Value(5.0)));
  CHECK_FALSE(same_value(of(kInt), Value(5), Value("6")));
  CHECK(same_value(of(kBool), Value("true"), Value(true)));
  CHECK(same_value(text, Value("5"), Value(5)));
  CHECK(same_value(of(Type(Type::Kind::duration)), Value(Duration{60, 0}), Value("1m")));
  CHECK(same_value(of(Type(Type::Kind::cidr)), Value(*parse_cidr("10.0.0.0/8")),
                   Value("10.0.0.0/8")));
  CHECK(same_value(text, Value::secret(Value("a")), Value("a")));
  CHECK_FALSE(same_value(text, Value::secret(Value("a")), Value("b")));
  CHECK(same_value(text, Value(), Value::none()));
  CHECK(same_value(text, Value(), Value("")));
  CHECK_FALSE(same_value(text, Value(), Value("x")));
  Unknown unknown;
  unknown.origins = {"a"};
  CHECK_FALSE(same_value(text, Value(unknown), Value("x")));
}

TEST_CASE("ways of comparing", "[same_value]") {
  CHECK(same_value(of(kString, Compare::case_insensitive), Value("Ab"), Value("aB")));
  CHECK(same_value(of(kString, Compare::trim_dot), Value("a.b."), Value("a.b")));
  const Property range = of(Type(Type::Kind::cidr), Compare::cidr);
  CHECK(same_value(range, Value("10.1.2.3/16"), Value(*parse_cidr("10.1.0.0/16"))));
  CHECK_FALSE(same_value(range, Value("10.1.0.0/16"), Value("10.1.0.0/17")));
  const Property version = of(kString, Compare::version_prefix);
  CHECK(same_value(version, Value("8.0"), Value("8.0.35")));
  CHECK_FALSE(same_value(version, Value("8.0"), Value("8.01")));
  CHECK_FALSE(same_value(version, Value("8.0.35"), Value("8.0")));
  const Property document = of(Type(), Compare::json);
  CHECK(same_value(document, Value(R"({"a":1,"b":[1]})"), json(R"({"b":[1],"a":1})")));
  CHECK_FALSE(same_value(document, json(R"({"a":[1,2]})"), json(R"({"a":[2,1]})")));
  const Property digest = of(kString, Compare::digest);
  CHECK(same_value(digest, Value("code"), Value(hex(sha256("code")))));
  CHECK_FALSE(same_value(digest, Value("code"), Value(hex(sha256("other")))));
}

TEST_CASE("lists, sets, maps and defaults", "[same_value]") {
  Property list = of(Type::list(kInt));
  CHECK_FALSE(same_value(list, json("[1,2]"), json("[2,1]")));
  CHECK(same_value(list, json("[1,2]"), json(R"(["1",2])")));
  CHECK(same_value(list, json("[]"), Value()));
  list.key = {"value"};
  CHECK(same_value(list, json("[1,2]"), json("[2,1]")));
  CHECK_FALSE(same_value(list, json("[1,2]"), json("[2,2]")));
  CHECK_FALSE(same_value(list, json("[1,2]"), json("[1]")));

  Property rules = of(Type::list(Type::object("", {})));
  rules.key = {"port", "range"};
  rules.fields = {field("port", kInt, Absent::server), field("range", kString, Absent::server),
                  field("note", kString, Absent::with_default, Value("-")),
                  field("zone", kString, Absent::server), field("extra", kInt, Absent::unset)};
  const auto same = [&](const char* a, const char* b) {
    return same_value(rules, json(a), json(b));
  };
  CHECK(same(R"([{"port":1},{"port":2}])", R"([{"port":"2","zone":"z"},{"port":1,"note":"-"}])"));
  CHECK_FALSE(same(R"([{"port":1}])", R"([{"port":1,"range":"r"}])"));
  CHECK_FALSE(same(R"([{"port":1}])", R"([{"port":1,"note":"n"}])"));
  CHECK_FALSE(same(R"([{"port":1}])", R"([{"port":1,"extra":1}])"));
  CHECK_FALSE(same(R"([{"port":1,"zone":"y"}])", R"([{"port":1,"zone":"z"}])"));
  CHECK(to_json(canonical(rules, json(R"([{"port":2},{"port":1,"range":null}])"))) ==
        R"([{"port":1},{"port":2}])");

  const Property map = of(Type::map(kString));
  CHECK(same_value(map, json(R"({"a":"1","b":"2"})"), json(R"({"b":"2","a":"1"})")));
  CHECK_FALSE(same_value(map, json(R"({"a":"1"})"), json(R"({"a":"1","b":"2"})")));
  CHECK(same_value(map, json("{}"), Value()));

  Property flag = of(kBool);
  flag.absent = Absent::with_default;
  flag.default_value = Value(false);
  CHECK(same_value(flag, Value(false), Value()));
  CHECK_FALSE(same_value(flag, Value(true), Value()));
}

TEST_CASE("policies in the IAM language", "[same_value]") {
  const Property policy = of(Type(), Compare::iam_policy);
  const auto same = [&](const std::string& a, const std::string& b) {
    return same_value(policy, json(a), json(b));
  };
  const auto statement = [](const std::string& text) {
    return R"({"Version":"2012-10-17","Statement":[)" + text + "]}";
  };
  const auto same_statement = [&](const char* a, const char* b) {
    return same(statement(a), statement(b));
  };
  SECTION("one and a list of one; order and doubles") {
    CHECK(same_statement(R"({"Action":"s3:GetObject","Resource":["b","a"]})",
                         R"({"Action":["s3:getobject"],"Resource":["a","b","a"]})"));
    CHECK(same(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow"}})",
               R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]})"));
    CHECK(same_statement(R"({"Sid":"a"},{"Sid":"b"})", R"({"Sid":"b"},{"Sid":"a"})"));
    CHECK_FALSE(same_statement(R"({"Sid":"a"})", R"({"Sid":"b"})"));
    CHECK_FALSE(same_statement(R"({"Resource":"A"})", R"({"Resource":"a"})"));
    CHECK_FALSE(same_statement(R"({"Action":"a"})", R"({"NotAction":"a"})"));
    CHECK_FALSE(same_statement(R"({"Effect":"Allow"})", R"({"Effect":"Deny"})"));
  }
  SECTION("principals") {
    CHECK(same_statement(R"({"Principal":{"AWS":"arn:aws:iam::123:root"}})",
                         R"({"Principal":{"AWS":["123"]}})"));
    CHECK_FALSE(same_statement(R"({"Principal":"*"})", R"({"Principal":{"AWS":"*"}})"));
    CHECK_FALSE(same_statement(R"({"Principal":{"AWS":"arn:aws:iam::123:user/root"}})",
                               R"({"Principal":{"AWS":"123"}})"));
    CHECK_FALSE(same_statement(R"({"Principal":{"Service":"a"}})", R"({"Principal":{"AWS":"a"}})"));
  }
  SECTION("conditions and defaults") {
    CHECK(same_statement(R"({"Condition":{"Bool":{"aws:SecureTransport":false}}})",
                         R"({"Condition":{"Bool":{"aws:securetransport":["false"]}}})"));
    CHECK_FALSE(same_statement(R"({"Condition":{"StringEquals":{"k":"V"}}})",
                               R"({"Condition":{"StringEquals":{"k":"v"}}})"));
    CHECK(same_statement(R"({"Sid":""})", R"({})"));
    CHECK(same(R"({"Statement":[]})", R"({"Version":"2008-10-17","Id":"","Statement":[]})"));
    CHECK_FALSE(same(R"({"Statement":[]})", R"({"Version":"2012-10-17","Statement":[]})"));
  }
  SECTION("as text, or no policy at all") {
    CHECK(
        same_value(policy, Value(statement(R"({"Sid":"a"})")), json(statement(R"({"Sid":"a"})"))));
    CHECK(same_value(policy, Value(), Value("")));
    CHECK_FALSE(same_value(policy, Value("no json"), json("{}")));
    CHECK(same_value(policy, json("[1]"), json("[1]")));
  }
}
