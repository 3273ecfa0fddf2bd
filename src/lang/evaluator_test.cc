// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <map>

#include "base/json.h"
#include "lang/expression.h"

namespace lf::cel {
namespace {

class Names : public Activation {
 public:
  std::map<std::string, Value, std::less<>> values;
  std::optional<Value> lookup(std::string_view name) const override {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional<Value>(found->second);
  }
};

// A resource with fields that are computed when asked for.
class Resource : public Object {
 public:
  Resource(std::string type, Map fields, std::optional<Value> id)
      : type_(std::move(type)), fields_(std::move(fields)), id_(std::move(id)) {}
  std::string type_name() const override { return type_; }
  std::optional<Value> get(std::string_view field) const override {
    const Value* found = fields_.find(field);
    return found == nullptr ? std::nullopt : std::optional<Value>(*found);
  }
  std::vector<std::string> keys() const override {
    std::vector<std::string> out;
    for (const auto& entry : fields_) out.push_back(entry.first.as_string());
    return out;
  }
  std::optional<Value> identity() const override { return id_; }

 private:
  std::string type_;
  Map fields_;
  std::optional<Value> id_;
};

Value object(std::string type, Map fields, std::optional<Value> id = std::nullopt) {
  return Value(std::shared_ptr<const Object>(
      std::make_shared<Resource>(std::move(type), std::move(fields), std::move(id))));
}
Value unknown(std::string origin, std::string type = "dyn", bool secret = false) {
  return Value(Unknown{std::move(type), {std::move(origin)}, secret});
}

Names scope() {
  Names names;
  names.values["u"] = unknown("net.vpc.id", "string");
  names.values["v"] = unknown("net.gateway.id", "string");
  names.values["us"] = unknown("db.password", "string", true);
  names.values["s"] = Value::secret("hush");
  names.values["net"] = object("module net", {{"vpc", unknown("net.vpc")}});
  names.values["vpc"] = object("aws.ec2.vpc", {{"id", "vpc-1"}, {"cidr", "10.0.0.0/16"}}, "vpc-1");
  names.values["machines"] =
      object("map of machines", {{"a", object("machine", {{"id", "i-1"}}, "i-1")}});
  names.values["m"] = Map{{"a", 1}, {"b", Map{{"c", "x"}}}};
  return names;
}

Value run(const std::string& text, const Names& names = scope()) {
  Diagnostics diagnostics;
  const auto expression = Expression::parse(text, TextMap(), diagnostics);
  if (!expression) return Value::error("syntax: " + diagnostics.all().front().message);
  return evaluate(*expression, names);
}

// A value as text that shows what to_json hides.
std::string show(const Value& v) {
  switch (v.kind()) {
    case Value::Kind::error: return "error: " + v.error_message();
    case Value::Kind::secret: return "secret(" + show(v.secret_value()) + ")";
    case Value::Kind::unknown: {
      std::string out = v.as_unknown().secret ? "unknown secret " : "unknown ";
      for (const auto& origin : v.as_unknown().origins) out += "<" + origin + ">";
      return out;
    }
    case Value::Kind::optional:
      return v.optional_value() == nullptr ? "none" : "some(" + show(*v.optional_value()) + ")";
    case Value::Kind::list: {
      std::string out = "[";
      for (const auto& element : v.as_list()) out += (out.size() > 1 ? ", " : "") + show(element);
      return out + "]";
    }
    case Value::Kind::object: return v.as_object()->type_name();
    default: return to_json(v);
  }
}

struct Row {
  const char* text;
  const char* expected;
};

void check_all(std::initializer_list<Row> rows) {
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(show(run(row.text)) == row.expected);
  }
}

TEST_CASE("operators and literals", "[evaluator]") {
  check_all({
      {"1 + 2 * 3", "7"},
      {"(1 + 2) * -3", "-9"},
      {"7 / 2", "3"},
      {"-7 % 3", "-1"},
      {"1.5 + 2.0", "3.5"},
      {"'a' + \"b\"", "\"ab\""},
      {"[1] + [2, 3]", "[1, 2, 3]"},
      {"1 == 1.0 && 1u == 1", "true"},
      {"'a' == 1", "false"},
      {"1 < 2u && 2.5 > 2", "true"},
      {"2 in [1, 2]", "true"},
      {"'a' in {'a': 1}", "true"},
      {"true ? 1 : 2", "1"},
      {"{'a': 1}['a']", "1"},
      {"[1, 2][1]", "2"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"0xff", "255"},
      {"!!true", "true"},
      {"- - 5", "5"},
      {"r'\\n'.size()", "2"},
      {"size('\u00fc')", "1"},
      {"type(1) == int", "true"},
      {"1 // the rest is a comment", "1"},
  });
}

TEST_CASE("errors are values", "[evaluator]") {
  check_all({
      {"9223372036854775807 + 1", "error: overflow: the result of int `+` is beyond 64 bits"},
      {"1 / 0", "error: division by zero"},
      {"1 + 'a'", "error: no such overload: int + string"},
      {"nowhere", "error: nothing is named `nowhere`"},
      {"m.z", "error: no such key: \"z\""},
      {"[1][1]", "error: index out of range: 1 in a list of 1"},
      {"vpc.zone", "error: a aws.ec2.vpc has no `zone`"},
      {"'x'.nothing()", "error: there is no function `nothing`"},
      {"{'a': 1, 'a': 2}", "error: the key `a` stands twice in a map"},
      {"1 / 0 == 1 && false", "false"},
      {"1 / 0 == 1 || true", "true"},
      {"1 / 0 == 1 || false", "error: division by zero"},
      {"true ? 1 : 1 / 0", "1"},
      {"[1, 0].exists(x, 1 / x == 1)", "true"},
      {"[1, 0].all(x, 1 / x == 1)", "error: division by zero"},
  });
}

TEST_CASE("unknowns sit at the leaf", "[evaluator]") {
  check_all({
      {"u", "unknown <net.vpc.id>"},
      {"false && u", "false"},
      {"u && false", "false"},
      {"true || u", "true"},
      {"u || true", "true"},
      {"u || false", "unknown <net.vpc.id>"},
      {"1 / 0 == 1 || u", "unknown <net.vpc.id>"},
      {"[u].size()", "1"},
      {"size([u, v])", "2"},
      {"[u, 1][1]", "1"},
      {"[u, v][1]", "unknown <net.gateway.id>"},
      {"{'a': u}.a", "unknown <net.vpc.id>"},
      {"{'a': u, 'b': 2}.b", "2"},
      {"net.vpc", "unknown <net.vpc>"},
      {"net.vpc.id", "unknown <net.vpc.id>"},
      {"net.vpc.tags['a b'][0]", "unknown <net.vpc.tags[\"a b\"][0]>"},
      {"u + v", "unknown <net.vpc.id><net.gateway.id>"},
      {"u + 'x' + u", "unknown <net.vpc.id>"},
      {"u == 'a'", "unknown <net.vpc.id>"},
      {"[u] == [1, 2]", "false"},
      {"[u, 1] == [v, 2]", "false"},
      {"[u, 1] == [v, 1]", "unknown <net.vpc.id><net.gateway.id>"},
      {"1 in [u, 1]", "true"},
      {"2 in [u, 1]", "unknown <net.vpc.id>"},
      {"u ? 1 : 2", "unknown <net.vpc.id>"},
      {"[u, 'a'].join('-')", "unknown <net.vpc.id>"},
      {"json({'a': u})", "unknown <net.vpc.id>"},
      {"[1, 2].map(x, u)", "[unknown <net.vpc.id>, unknown <net.vpc.id>]"},
      {"[1, 2].exists(x, x == 2 || u == 'a')", "true"},
      {"[1, 2].filter(x, u == 'a')", "unknown <net.vpc.id>"},
      {"u.map(x, x)", "unknown <net.vpc.id>"},
      {"optional.of(u).hasValue()", "true"},
      {"optional.of(u).orValue('x')", "unknown <net.vpc.id>"},
      {"net.?vpc.?id.orValue('x')", "unknown <net.vpc.id>"},
      {"us + 'x'", "unknown secret <db.password>"},
      {"size(us)", "unknown secret <db.password>"},
      {"u + s", "unknown secret <net.vpc.id>"},
      {"1 / 0 + u", "error: division by zero"},
  });
}

TEST_CASE("an operation on a secret gives a secret", "[evaluator]") {
  check_all({
      {"s", "secret(\"hush\")"},
      {"s + '!'", "secret(\"hush!\")"},
      {"s == 'hush'", "secret(true)"},
      {"size(s)", "secret(4)"},
      {"s.startsWith('h') ? 1 : 2", "secret(1)"},
      {"[s]", "[secret(\"hush\")]"},
      {"size([s])", "1"},
      {"[s, 'a'].join('-')", "secret(\"hush-a\")"},
      {"json({'a': s})", "secret(\"{\\\"a\\\":\\\"hush\\\"}\")"},
      {"sha256(s).size()", "secret(64)"},
      {"s == 'a' || true", "secret(true)"},
      {"true || s == 'a'", "true"},
      {"int(s)", "error: an operation on a secret failed"},
      {"['a', 'b'].map(x, x + s)", "[secret(\"ahush\"), secret(\"bhush\")]"},
      {"[1].exists(x, s == 'hush')", "secret(true)"},
      {"[s] == ['hush']", "secret(true)"},
      {"'hush' in [s]", "secret(true)"},
      {"optional.of(s).orValue('')", "secret(\"hush\")"},
      {"s.nothing", "error: an operation on a secret failed"},
      {"cel.bind(x, s, x + x)", "secret(\"hushhush\")"},
  });
}

TEST_CASE("lazy objects read like maps", "[evaluator]") {
  check_all({
      {"vpc.id", "\"vpc-1\""},
      {"vpc['id']", "\"vpc-1\""},
      {"has(vpc.id) && !has(vpc.zone)", "true"},
      {"vpc.?zone.hasValue()", "false"},
      {"machines.?b.?id", "none"},
      {"machines.?a.?id", "some(\"i-1\")"},
      {"machines[?'b'].orValue('none')", "\"none\""},
      {"'a' in machines", "true"},
      {"'b' in machines", "false"},
      {"machines.map(k, k)", "[\"a\"]"},
      {"machines.transformList(k, v, v.id)", "[\"i-1\"]"},
      {"size(machines)", "1"},
      {"machines.exists(k, machines[k].id == 'i-1')", "true"},
      {"'id: ' + vpc", "\"id: vpc-1\""},
      {"vpc == 'vpc-1'", "true"},
      {"vpc == vpc", "true"},
      {"[vpc]", "[aws.ec2.vpc]"},
      {"json([vpc])", "\"[\\\"vpc-1\\\"]\""},
      {"machines", "map of machines"},
      {"lookup(machines, 'b', 1)", "1"},
      {"merge({'a': {'x': 1, 'y': 2}}, {'a': {'x': null, 'z': 3}})", "{\"a\":{\"y\":2,\"z\":3}}"},
  });
}

TEST_CASE("functions beyond the standard", "[evaluator]") {
  check_all({
      {"string(cidr('10.0.0.0/16').subnet(8, 3))", "\"10.0.3.0/24\""},
      {"string(cidr('10.0.0.0/24').host(5))", "\"10.0.0.5\""},
      {"string(cidr('10.0.0.0/24').host(-2))", "\"10.0.0.254\""},
      {"cidr('10.0.0.0/16').subnet(20, 0)",
       "error: a 10.0.0.0/16 has room for 16 more bits of prefix, not 20"},
      {"cidr('10.0.0.0/16').subnet(2, 4)",
       "error: with 2 more bits of prefix 10.0.0.0/16 has no subnet number 4"},
      {"quantity('200GiB')", "214748364800"},
      {"quantity('2 apples')", "error: `2 apples` is no size, such as 200GiB or 1.5TB"},
      {"money('200 USD') > money('199.99 USD')", "true"},
      {"money('1 USD') + money('1 EUR')", "error: money in USD and in EUR has no common sum"},
      {"days(90) == duration('2160h')", "true"},
      {"duration('90d')",
       "error: `90d` is no duration, such as 1h30m or 2.5s; days are written days(90)"},
      {"sha256('')", "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""},
      {"json({'b': [1, 2.5, true, null], 'a': 'x'})",
       "\"{\\\"b\\\":[1,2.5,true,null],\\\"a\\\":\\\"x\\\"}\""},
      {"yaml({'a': [1, {'b': 'no', 'c': []}], 'd': 'x y'})",
       "\"a:\\n  - 1\\n  - b: \\\"no\\\"\\n    c: []\\nd: \\\"x y\\\"\\n\""},
      {"file('x')", "error: `x` cannot be read here"},
  });
}

TEST_CASE("evaluation is bounded", "[evaluator]") {
  const auto names = scope();
  CHECK(show(run("lists.range(1000000).map(x, lists.range(1000000))")) ==
        "error: the expression costs too much to evaluate");
  CHECK(show(run("lists.range(100000).map(x, x).exists(y, lists.range(100000).all(z, z < y)) || "
                 "true")) == "error: the expression costs too much to evaluate");
  std::string doubling = "'0123456789'";
  for (int i = 0; i < 40; ++i) doubling = "cel.bind(x, " + doubling + ", x + x)";
  CHECK(run(doubling).is_error());
  std::string nested = "1";
  for (int i = 0; i < 1000; ++i) nested = "(" + nested + ")";
  CHECK(show(run(nested)).starts_with("error: syntax: the expression is nested more than"));
  std::string chain = "0";
  for (int i = 0; i < 5000; ++i) chain += " + 1";
  CHECK(show(run(chain)) == "5000");
}

TEST_CASE("values that share their parts cost as if they did not", "[evaluator]") {
  // Each level names the one before ten times: 2 * 10^12 values in a few bytes.
  std::string before, after;
  for (int i = 1; i <= 12; ++i) {
    const std::string inner = "x" + std::to_string(i - 1);
    std::string ten = inner;
    for (int k = 1; k < 10; ++k) ten += ", " + inner;
    before += "cel.bind(x" + std::to_string(i) + ", [" + ten + "], ";
    after += ")";
  }
  const std::string costly = "error: the expression costs too much to evaluate";
  for (const char* body :
       {"x12", "x12 == x12", "x12.flatten(20)", "json(x12)", "'%s'.format([x12])", "x12.map(a, a)",
        "{'a': x12}", "[x12].distinct()", "size(x12)"}) {
    INFO(body);
    CHECK(show(run("cel.bind(x0, [1, 2], " + before + body + after + ")")) == costly);
  }
  CHECK(show(run("cel.bind(x, lists.range(1000000), lists.range(1000000).map(i, x))")) == costly);
  CHECK(show(run("cel.bind(x, lists.range(100000), lists.range(1000).all(i, x == x))")) == costly);
  std::string doubled = "[1, 2]";
  for (int i = 0; i < 60; ++i) doubled = "cel.bind(x, " + doubled + ", [x] + [x])";
  CHECK(show(run(doubled)) == costly);
  std::string merged = "{'a': 1}";
  for (int i = 0; i < 60; ++i) {
    merged = "cel.bind(x, " + merged + ", merge({'a': x}, {'b': x}))";
  }
  CHECK(show(run(merged)) == costly);
  // What people write stays far below the limit.
  CHECK(show(run("size(lists.range(1000).map(i, lists.range(100).map(k, i * k)).flatten())")) ==
        "100000");
}

TEST_CASE("nested macros, patterns and precisions are bounded", "[evaluator]") {
  const std::string costly = "error: the expression costs too much to evaluate";
  std::string maps = "1";
  for (int i = 0; i < 150; ++i) maps = "[1, 2].map(x" + std::to_string(i) + ", " + maps + ")";
  CHECK(show(run(maps)) == costly);
  CHECK(show(run("lists.range(1000).map(a, lists.range(1000).map(b, lists.range(1000)))")) ==
        costly);
  CHECK(show(run("lists.range(1000000000)")).starts_with("error: invalid_argument: `lists.range`"));
  CHECK(show(run("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('(a*)*(a*)*(a*)*b')")) ==
        "false");
  CHECK(show(run("'a'.matches('(((a{100}){100}){100}){100}')")).starts_with("error: "));
  CHECK(show(run("'%.1000000f'.format([1.0])")).starts_with("error: the precision"));
  std::string text = "'a,a,a,a,a,a,a,a'";
  for (char c = 'a'; c < 'p'; ++c) {
    const std::string next(16, static_cast<char>(c + 1));
    text += std::string(".replace('") + c + "', '" + next + "')";
  }
  CHECK(show(run(text)) == costly);
  CHECK(run(std::string(100000, '!') + "true").is_bool());
  CHECK(show(run(std::string(5000, '[') + std::string(5000, ']')))
            .starts_with("error: syntax: the expression is nested more than"));
  std::string path = "m";
  for (int i = 0; i < 50000; ++i) path += ".b";
  CHECK(show(run(path)).starts_with("error: syntax: the expression is nested more than"));
}

TEST_CASE("as cel-go has it", "[evaluator]") {
  // Found by tests/conformance/cel_differential.py.
  check_all({
      {"'%s %s %d'.format([1e-7, 1e21, 123456789012.5])",
       "\"0.0000001 1000000000000000000000 123456789012.5\""},
      {"'%s'.format([-0.0])", "\"-0\""},
      {"'%s|%s'.format([b'a\\xff\\xfeb\\xff', duration('1h0.5s')])", "\"a\uFFFDb\uFFFD|3600.5s\""},
      {"base64.decode('1e3').size()", "2"},
      {"''.indexOf('', 2)", "0"},
      {"'abc'.lastIndexOf('', 9)", "3"},
      {"duration('2562048h')", "error: range: the duration is beyond 292 years"},
      {"timestamp('9999-01-01T00:00:00Z') - timestamp('0001-01-01T00:00:00Z')",
       "error: range: the duration is beyond 292 years"},
      {"uint(-0.5)", "error: range: -0.5 does not fit uint"},
      {"math.greatest(1.0, 0.0 / 0.0)", "error: `math.greatest` cannot order NaN"},
      {"optional.ofNonZeroValue(optional.none())", "some(none)"},
      {"[2, 1.5].sort()",
       "error: no such overload: `sort` wants elements of one type that has an order"},
      {"{1: 2}[?dyn(duration('1s'))]",
       "error: no such overload: a map has no key of type google.protobuf.Duration"},
      {"{?dyn(1.5): optional.none()}",
       "error: a map's key is a string, int, uint or bool, not double"},
  });
}

TEST_CASE("texts with expressions", "[evaluator]") {
  const auto names = scope();
  auto text = [&](const std::string& source) -> std::string {
    Diagnostics diagnostics;
    const auto parsed = Interpolation::parse(source, TextMap(), diagnostics);
    if (!parsed) return "syntax: " + diagnostics.all().front().message;
    return show(evaluate(*parsed, names));
  };
  CHECK(text("plain") == "\"plain\"");
  CHECK(text("") == "\"\"");
  CHECK(text("${1 + 1}") == "2");
  CHECK(text("a ${1 + 1} b ${'}'}") == "\"a 2 b }\"");
  CHECK(text("$${x} costs $5 ${{'a': 1}.a}") == "\"${x} costs $5 1\"");
  CHECK(text("id=${vpc}") == "\"id=vpc-1\"");
  CHECK(text("x ${u}") == "unknown <net.vpc.id>");
  CHECK(text("x ${s}") == "secret(\"x hush\")");
  CHECK(text("x ${s} ${u}") == "unknown secret <net.vpc.id>");
  CHECK(text("x ${[1, 'a']}") == "\"x [1,\\\"a\\\"]\"");
  CHECK(text("x ${null}") == "error: a value that is not set (null) cannot be part of a text");
  CHECK(text("x ${machines}") ==
        "error: a map of machines cannot be part of a text: select one of its fields");
  CHECK(text("x ${1") == "syntax: `${` is not closed");
  CHECK(text("x ${}") == "syntax: the expression is empty");
}

}  // namespace
}  // namespace lf::cel
