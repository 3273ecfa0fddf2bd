// SPDX-License-Identifier: Apache-2.0
#include "provider/wire.h"

#include <catch2/catch.hpp>

#include "base/json.h"
#include "base/units.h"
#include "provider/load_tree.h"
#include "provider/loader.h"
#include "yaml/reader.h"

using namespace lf;

namespace {

// Properties as a descriptor writes them, under a service of `protocol`.
struct Written {
  Sources sources;
  Diagnostics diagnostics;
  Service service;
  ResourceType type;

  explicit Written(const std::string& properties, Protocol protocol = Protocol::json) {
    service.name = "demo";
    service.protocol = protocol;
    std::string text =
        "type: t.demo.x\ndoc: d\nservice: demo\nid: {path: id}\nproperties:\n" + properties +
        "create: {kind: new, action: A}\nupdate: {action: U}\nrefresh: {read: {action: R}}\n"
        "delete: {kind: call, action: D}\nrecovery: [{fingerprint: []}]\n";
    const SourceId id = sources.add("t.yaml", std::move(text));
    SyntaxTree tree(sources);
    const Node root = read_yaml(tree, id, diagnostics);
    Loader loader(diagnostics);
    loader.find_service = [this](std::string_view) { return &service; };
    loader.load_resource(copy_tree(root), type);
    for (const Diagnostic& each : diagnostics.sorted()) UNSCOPED_INFO(render(each, sources, {}));
    REQUIRE(diagnostics.empty());
  }
  const Property& operator[](std::string_view name) const {
    const Property* found = type.property(name);
    REQUIRE(found != nullptr);
    return *found;
  }
};

Value json(const std::string& text) {
  auto value = parse_json(text);
  REQUIRE(value);
  return *value;
}

std::string sent(const Property& property, const Value& value) {
  Map input;
  put_on_wire(property, value, input);
  return to_json(Value(input));
}

std::string read(const Property& property, const std::string& item) {
  const auto value = from_wire(property, json(item), Protocol::json);
  return value ? to_json(*value) : "corrupt: " + value.error().message;
}

// What is read back of what the sandbox answers for it.
Value echoed(const Property& property, const Value& value) {
  Map item;
  put_in_item(property, value, Protocol::json, item);
  const auto back = from_wire(property, Value(item), Protocol::json);
  REQUIRE(back);
  return *back;
}

}  // namespace

TEST_CASE("scalars, paths and units", "[wire]") {
  const Written w(
      "  name: {type: string, wire: Name}\n"
      "  deep: {type: bool, wire: Options.Deep.Value}\n"
      "  first: {type: int, wire: List.0.Count}\n"
      "  wait: {type: duration, unit: min, wire: Wait}\n"
      "  seconds: {type: duration, wire: Seconds, format: string}\n"
      "  size: {type: size, unit: GiB, wire: Size}\n"
      "  range: {type: cidr, wire: Range}\n"
      "  none: {type: string, local: true}\n");
  CHECK(sent(w["name"], Value("a")) == R"({"Name":"a"})");
  CHECK(sent(w["name"], Value()) == "{}");
  CHECK(sent(w["name"], Value::none()) == "{}");
  CHECK(sent(w["name"], Value::some(Value("a"))) == R"({"Name":"a"})");
  CHECK(sent(w["none"], Value("a")) == "{}");
  CHECK(sent(w["deep"], Value(true)) == R"({"Options":{"Deep":{"Value":true}}})");
  CHECK(sent(w["first"], Value(3)) == R"({"List":[{"Count":3}]})");
  CHECK(sent(w["wait"], Value(Duration{120, 0})) == R"({"Wait":2})");
  CHECK(sent(w["seconds"], Value(Duration{120, 0})) == R"({"Seconds":"120"})");
  CHECK(sent(w["size"], Value(int64_t{200} << 30)) == R"({"Size":200})");
  CHECK(sent(w["range"], Value(*parse_cidr("10.0.0.0/8"))) == R"({"Range":"10.0.0.0/8"})");

  SECTION("what is no whole number of units is an error, not a rounded value") {
    CHECK(to_wire(w["wait"], Value(Duration{90, 0})).is_error());
    CHECK(to_wire(w["seconds"], Value(Duration{1, 500'000'000})).is_error());
    CHECK(to_wire(w["size"], Value(1000)).is_error());
  }
  SECTION("two properties below one wire name") {
    Map input;
    put_on_wire(w["deep"], Value(true), input);
    Property other = w["name"];
    other.wire = {"Options", "Name"};
    put_on_wire(other, Value("x"), input);
    CHECK(to_json(Value(input)) == R"({"Options":{"Deep":{"Value":true},"Name":"x"}})");
  }
  SECTION("answers, as typed values and as text") {
    CHECK(read(w["deep"], R"({"Options":{"Deep":{"Value":"true"}}})") == "true");
    CHECK(read(w["deep"], R"({"Options":{"Deep":{"Value":"False"}}})") == "false");
    CHECK(read(w["deep"], R"({"Options":{}})") == "null");
    CHECK(
        read(w["deep"], R"({"Options":{"Deep":{"Value":"yes"}}})").starts_with("corrupt: `deep`"));
    CHECK(read(w["first"], R"({"List":[{"Count":"7"}]})") == "7");
    CHECK(read(w["first"], R"({"List":{"Count":"7"}})") == "7");
    CHECK(read(w["first"], R"({"List":[]})") == "null");
    CHECK(read(w["first"], R"({"List":[{"Count":"7.0"}]})") == "7");
    CHECK(read(w["first"], R"({"List":[{"Count":7.5}]})").starts_with("corrupt"));
    CHECK(read(w["first"], R"({"List":[{"Count":""}]})") == "null");
    CHECK(read(w["wait"], R"({"Wait":"2"})") == R"("2m")");
    CHECK(read(w["wait"], R"({"Wait":9223372036854775807})").starts_with("corrupt"));
    CHECK(read(w["seconds"], R"({"Seconds":"3600"})") == R"("1h")");
    CHECK(from_wire(w["size"], json(R"({"Size":200})"), Protocol::json).value() ==
          Value(int64_t{200} << 30));
    CHECK(read(w["range"], R"({"Range":"10.0.0.0/8"})") == R"("10.0.0.0/8")");
    CHECK(read(w["range"], R"({"Range":"ten"})").starts_with("corrupt"));
    CHECK(read(w["name"], R"({"Name":5})") == R"("5")");
    CHECK(read(w["name"], R"({"Name":""})") == R"("")");
    CHECK(read(w["name"], R"({"Name":["a"]})").starts_with("corrupt"));
  }
  SECTION("unknowns and secrets keep their wrapping") {
    Unknown unknown;
    unknown.origins = {"a.b"};
    CHECK(to_wire(w["name"], Value(unknown)).is_unknown());
    const Value secret = to_wire(w["wait"], Value::secret(Value(Duration{60, 0})));
    REQUIRE(secret.is_secret());
    CHECK(secret.secret_value() == Value(1));
  }
}

TEST_CASE("names of answers where the protocol lowers them", "[wire]") {
  const Written w(
      "  size: {type: int, wire: Ebs.VolumeSize}\n"
      "  groups: {type: list<string>, wire: Group, item: GroupId, read: groupSet}\n"
      "  all: {type: list<string>, wire: GroupId, read: groupSet.*.groupId, key: [value]}\n"
      "  tags: {type: map<string>, wire: Tag, pairs: [Key, Value], read: tagSet,\n"
      "         where: \"!element.key.startsWith('sys:')\"}\n"
      "  hidden: {type: string, wire: Hidden, read: null}\n"
      "  secret: {type: secret<string>, wire: Secret, write_only: true}\n",
      Protocol::ec2query);
  CHECK(read(w["size"], R"({"ebs":{"volumeSize":"8"}})") == "8");
  CHECK(sent(w["groups"], json(R"(["a","b"])")) ==
        R"({"Group":[{"GroupId":"a"},{"GroupId":"b"}]})");
  CHECK(read(w["groups"], R"({"groupSet":[{"groupId":"a"},{"groupId":"b"}]})") == R"(["a","b"])");
  CHECK(read(w["groups"], R"({"groupSet":{"groupId":"a"}})") == R"(["a"])");
  CHECK(read(w["groups"], R"({"groupSet":""})") == "[]");
  CHECK(read(w["all"], R"({"groupSet":[{"groupId":"a"},{"groupId":"b"}]})") == R"(["a","b"])");
  CHECK(echoed(w["all"], json(R"(["x","y"])")) == json(R"(["x","y"])"));
  CHECK(sent(w["tags"], json(R"({"a":"1"})")) == R"({"Tag":[{"Key":"a","Value":"1"}]})");
  CHECK(read(w["tags"], R"({"tagSet":[{"key":"a","value":"1"},{"key":"sys:b","value":"2"}]})") ==
        R"({"a":"1"})");
  CHECK(read(w["tags"], R"({"tagSet":[{"key":"a"}]})") == R"({"a":""})");
  CHECK(read(w["tags"], R"({"tagSet":{"key":"a","value":"1"}})") == R"({"a":"1"})");
  CHECK(read(w["tags"], R"({"tagSet":""})") == "{}");
  CHECK(read(w["tags"], R"({"tagSet":[{"name":"a"}]})")
            .starts_with("corrupt: `tags` cannot be read"));
  CHECK(read(w["tags"], R"({})") == "null");
  CHECK(read(w["hidden"], R"({"hidden":"x"})") == "null");
  CHECK(read(w["secret"], R"({"secret":"x"})") == "null");
}

TEST_CASE("documents and text forms", "[wire]") {
  const Written w(
      "  policy: {type: any, wire: Policy, format: json, read_transform: url_json}\n"
      "  plain: {type: any, wire: Plain, format: json}\n"
      "  text: {type: string, wire: Text, format: json}\n"
      "  code: {type: string, wire: Code, format: base64}\n"
      "  count: {type: int, wire: Count, format: string}\n"
      "  counts: {type: list<int>, wire: Counts, format: string}\n"
      "  role: {type: string, wire: Role, read_transform: last_path}\n"
      "  name: {type: string, wire: Arn, read_transform: last_colon}\n");
  const Value policy = json(R"({"A":["x y"]})");
  CHECK(sent(w["policy"], policy) == R"({"Policy":"{\"A\":[\"x y\"]}"})");
  CHECK(sent(w["policy"], Value(R"({"A":1})")) == R"({"Policy":"{\"A\":1}"})");
  CHECK(read(w["policy"], R"({"Policy":"%7B%22A%22%3A%5B%22x%20y%22%5D%7D"})") ==
        R"({"A":["x y"]})");
  CHECK(read(w["policy"], R"({"Policy":"{\"A\":1}"})") == R"({"A":1})");
  CHECK(read(w["policy"], R"({"Policy":""})") == "null");
  CHECK(read(w["policy"], R"({"Policy":"{"})").starts_with("corrupt"));
  CHECK(read(w["plain"], R"({"Plain":{"A":1}})") == R"({"A":1})");
  CHECK(read(w["text"], R"({"Text":"{\"A\":1}"})") == R"("{\"A\":1}")");
  CHECK(sent(w["code"], Value("hi")) == R"({"Code":"aGk="})");
  CHECK(read(w["code"], R"({"Code":"aGk="})") == R"("hi")");
  CHECK(read(w["code"], R"({"Code":"a*"})").starts_with("corrupt"));
  CHECK(sent(w["count"], Value(4)) == R"({"Count":"4"})");
  CHECK(sent(w["counts"], json("[1,2]")) == R"({"Counts":["1","2"]})");
  CHECK(read(w["counts"], R"({"Counts":["1","2"]})") == "[1,2]");
  CHECK(read(w["role"], R"({"Role":"arn:x:role/a/b"})") == R"("b")");
  CHECK(read(w["role"], R"({"Role":"b"})") == R"("b")");
  CHECK(read(w["name"], R"({"Arn":"a:b:c"})") == R"("c")");
  for (const char* name : {"policy", "plain"}) CHECK(echoed(w[name], policy) == policy);
  CHECK(echoed(w["code"], Value("hi")) == Value("hi"));
  CHECK(echoed(w["count"], Value(4)) == Value(4));
}

TEST_CASE("a list as one text with commas", "[wire]") {
  Written t(
      "  zones: {type: list<string>, key: [value], wire: Zones, format: comma, immutable: true}\n");
  const Property& zones = t["zones"];
  CHECK(to_wire(zones, Value(List{Value("a"), Value("b")})) == Value("a,b"));
  CHECK(to_wire(zones, Value(List{})) == Value(""));
  const Value unknown{Unknown{"string", {"x.id"}, false}};
  CHECK(to_wire(zones, Value(List{Value("a"), unknown})).is_unknown());
  const auto read = [&](const char* text) {
    return from_wire(zones, Value(Map{{Value("Zones"), Value(text)}}), Protocol::json);
  };
  CHECK(*read("a, b,") == Value(List{Value("a"), Value("b")}));
  CHECK(*read("a") == Value(List{Value("a")}));
  CHECK(*read("") == Value(List{}));
}

TEST_CASE("what answers say shorter, in other letters or by being there", "[wire]") {
  const Written w(
      "  url: {type: string, wire: Url, read_transform: https}\n"
      "  end: {type: string, wire: End, read_transform: lower}\n"
      "  flag: {type: bool, wire: Flag, format: present}\n"
      "  service: {type: string, wire: Path, read_transform: last_path}\n"
      "  value: {type: string, wire: Value, where: \"${element.Kind != 'Secret'}\"}\n"
      "  more: {type: map<string>, computed: true, read: \"@header.x-meta-*\"}\n");
  CHECK(sent(w["url"], Value("https://a.b/c")) == R"({"Url":"https://a.b/c"})");
  CHECK(read(w["url"], R"({"Url":"a.b/c"})") == R"("https://a.b/c")");
  CHECK(read(w["url"], R"({"Url":"https://a.b/c"})") == R"("https://a.b/c")");
  CHECK(echoed(w["url"], Value("https://a.b")) == Value("https://a.b"));
  CHECK(read(w["end"], R"({"End":"Prefix"})") == R"("prefix")");
  CHECK(sent(w["flag"], Value(true)) == R"({"Flag":{}})");
  CHECK(sent(w["flag"], Value(false)) == "{}");
  CHECK(read(w["flag"], R"({"Flag":""})") == "true");
  CHECK(read(w["flag"], "{}") == "null");
  CHECK(read(w["service"], R"({"Path":"/aws-service-role/spot/"})") == R"("spot")");
  CHECK(read(w["service"], R"({"Path":"/"})") == R"("")");
  CHECK(read(w["value"], R"({"Kind":"Plain","Value":"a"})") == R"("a")");
  CHECK(read(w["value"], R"({"Kind":"Secret","Value":"a"})") == "null");
  CHECK(read(w["more"], R"({"@header":{"x-meta-a":"1","x-meta-b":"2","x-other":"3"}})") ==
        R"({"a":"1","b":"2"})");
  CHECK(read(w["more"], R"({"@header":{"x-meta-":"1"}})") == "null");
}

TEST_CASE("groups of fields, in lists and maps", "[wire]") {
  const Written w(
      "  rules:\n"
      "    type: list<object>\n"
      "    key: [port]\n"
      "    wire: Rules\n"
      "    fields:\n"
      "      port: {type: int, wire: Port}\n"
      "      v4: {type: cidr, wire: V4.0.Range, read: range4}\n"
      "      v6: {type: cidr, wire: V6.0.Range, read: range6}\n"
      "      note: {type: string, wire: V4.0.Note, read: note, wire_or: [V6.0.Note]}\n"
      "      id: {type: string, computed: true, read: RuleId}\n"
      "      wait: {type: duration, unit: min, wire: Wait, format: string}\n"
      "  one:\n"
      "    type: object\n"
      "    wire: One\n"
      "    fields: {a: {type: int, wire: X.A}, b: {type: string, wire: X.B}}\n"
      "  named:\n"
      "    type: map<object>\n"
      "    wire: Named\n"
      "    pairs: [Name, Body]\n"
      "    fields: {a: {type: int, wire: A}}\n"
      "  plain: {type: map<int>, wire: Plain}\n");
  const Value rules = Value(List{Value(Map{{Value("port"), Value(1)},
                                           {Value("v6"), Value(*parse_cidr("::/0"))},
                                           {Value("note"), Value("n")},
                                           {Value("wait"), Value(Duration{60, 0})}})});
  CHECK(sent(w["rules"], rules) ==
        R"({"Rules":[{"Port":1,"V6":[{"Range":"::/0","Note":"n"}],"Wait":"1"}]})");
  CHECK(
      read(w["rules"], R"({"Rules":{"Port":"1","range4":"10.0.0.0/8","RuleId":"r","extra":1}})") ==
      R"([{"port":1,"v4":"10.0.0.0/8","id":"r"}])");
  CHECK(read(w["rules"], R"({"Rules":["x"]})").starts_with("corrupt"));
  const auto asked = from_request(
      w["rules"], json(R"({"Rules":[{"Port":"1","V6":[{"Range":"::/0","Note":"n"}]}]})"),
      Protocol::json);
  REQUIRE(asked);
  CHECK(to_json(*asked) == R"([{"port":1,"v6":"::/0","note":"n"}])");
  CHECK(sent(w["one"], json(R"({"a":1,"b":"x"})")) == R"({"One":{"X":{"A":1,"B":"x"}}})");
  CHECK(read(w["one"], R"({"One":{"X":{"A":"1"}}})") == R"({"a":1})");
  CHECK(sent(w["named"], json(R"({"k":{"a":1}})")) == R"({"Named":[{"Name":"k","Body":{"A":1}}]})");
  CHECK(read(w["named"], R"({"Named":[{"Name":"k","Body":{"A":"1"}}]})") == R"({"k":{"a":1}})");
  CHECK(read(w["plain"], R"({"Plain":{"a":"1"}})") == R"({"a":1})");
  CHECK(read(w["plain"], R"({"Plain":["a"]})").starts_with("corrupt"));
}

TEST_CASE("of several places a property goes where most is there already", "[wire]") {
  const Written w(
      "  policy: {type: object, wire: Policy, fields: {n: {type: int, wire: Buy.N}}}\n"
      "  plan: {type: string, wire: Plan.Id, read: Plan.Id, wire_or: [Policy.Plan.Spec.Id], "
      "read_or: [Policy.Plan.Spec.Id]}\n"
      "  version: {type: string, wire: Plan.V, read: Plan.V, wire_or: [Policy.Plan.Spec.V], "
      "read_or: [Policy.Plan.Spec.V]}\n");
  const auto both = [&](bool policy) {
    Map sent, shown;
    if (policy) {
      put_on_wire(w["policy"], json(R"({"n":1})"), sent);
      put_in_item(w["policy"], json(R"({"n":1})"), Protocol::json, shown);
    }
    for (const char* name : {"plan", "version"}) {
      put_on_wire(w[name], Value("x"), sent);
      put_in_item(w[name], Value("x"), Protocol::json, shown);
    }
    CHECK(to_json(Value(sent)) == to_json(Value(shown)));
    const auto again = from_request(w["version"], Value(sent), Protocol::json);
    CHECK((again && again->string_or() == "x"));
    return to_json(Value(sent));
  };
  CHECK(both(false) == R"({"Plan":{"Id":"x","V":"x"}})");
  CHECK(both(true) == R"({"Policy":{"Buy":{"N":1},"Plan":{"Spec":{"Id":"x","V":"x"}}}})");
}

TEST_CASE("a facet's properties in its answer", "[wire]") {
  const Written w("  a: {type: int, wire: A}\n  b: {type: string, wire: B}\n");
  const auto all = read_properties(w.type, "", json(R"({"A":"1","C":2})"));
  REQUIRE(all);
  CHECK(to_json(Value(*all)) == R"({"a":1})");
  CHECK_FALSE(read_properties(w.type, "", json(R"({"A":"x"})")));
  CHECK(read_properties(w.type, "other", json(R"({"A":1})")).value().empty());
}

TEST_CASE("merging wire trees", "[wire]") {
  const auto merged = [](const char* under, const char* over) {
    return to_json(merge_wire(json(under), json(over)));
  };
  CHECK(merged(R"({"a":1,"b":{"c":2}})", R"({"b":{"d":3}})") == R"({"a":1,"b":{"c":2,"d":3}})");
  CHECK(merged(R"({"a":1,"b":2})", R"({"a":null})") == R"({"b":2})");
  CHECK(merged(R"({})", R"({"a":null,"b":{"c":null}})") == R"({"b":{}})");
  CHECK(merged(R"({"a":[1,2]})", R"({"a":[3]})") == R"({"a":[3]})");
  CHECK(merged(R"("x")", R"({"a":1})") == R"({"a":1})");
}

TEST_CASE("paths into answers", "[wire]") {
  const Value tree = json(R"({"a":[{"b":[1,2]},{"b":3},{}],"c":{"d":""},"e":[]})");
  const auto at = [&](const WirePath& path) { return to_json(at_path(tree, path)); };
  CHECK(at({}) == to_json(tree));
  CHECK(at({"a", "0", "b", "1"}) == "2");
  CHECK(at({"a", "9"}) == "null");
  CHECK(at({"a", "*", "b"}) == "[1,2,3]");
  CHECK(at({"none", "*", "b"}) == "[]");
  CHECK(at({"a", "1", "b", "[]"}) == "[3]");
  CHECK(at({"c", "d", "[]"}) == "[]");
  CHECK(at({"none", "[]"}) == "[]");
  CHECK(at({"c", "0", "d"}) == R"("")");
  CHECK(at({"a", "b"}) == "null");
}

TEST_CASE("maps of the query protocols and documents in texts have steps of their own", "[wire]") {
  Written type(
      "  label: {type: string, wire: 'Labels.#map.Label'}\n"
      "  who: {type: string, wire: Who, read: 'Policy.#json.Who.Service', read_or: "
      "['Policy.#json.Who']}\n",
      Protocol::query);
  CHECK(sent(type["label"], Value("a")) == R"({"Labels":{"#map":{"Label":"a"}}})");
  const char* entries =
      R"({"Labels":{"entry":[{"key":"X","value":"y"},{"key":"Label","value":"a"}]}})";
  CHECK(read(type["label"], entries) == R"("a")");
  CHECK(read(type["label"], R"({"Labels":{"entry":{"key":"Label","value":"b"}}})") == R"("b")");
  CHECK(read(type["label"], R"({"Labels":{"entry":{"key":"Other","value":"b"}}})") == "null");
  CHECK(read(type["label"], R"({"Labels":""})") == "null");
  CHECK(read(type["who"], R"({"Policy":"{\"Who\":{\"Service\":\"s\"}}"})") == R"("s")");
  CHECK(read(type["who"], R"({"Policy":"{\"Who\":\"*\"}"})") == R"("*")");
  CHECK(read(type["who"], R"({"Policy":"no document"})") == "null");
}

TEST_CASE("money is an amount and a currency", "[wire]") {
  Written type(
      "  limit: {type: money, wire: Limit, amount: [Amount, Unit]}\n"
      "  plan: {type: map<money>, wire: Plan, amount: [Amount, Unit]}\n");
  CHECK(sent(type["limit"], Value(*parse_money("200 USD"))) ==
        R"({"Limit":{"Amount":"200","Unit":"USD"}})");
  CHECK(sent(type["limit"], Value(*parse_money("0.505 EUR"))) ==
        R"({"Limit":{"Amount":"0.505","Unit":"EUR"}})");
  CHECK(sent(type["plan"], Value(Map{{Value("1"), Value(*parse_money("1.5 USD"))}})) ==
        R"({"Plan":{"1":{"Amount":"1.5","Unit":"USD"}}})");
  CHECK(read(type["limit"], R"({"Limit":{"Amount":"200.0","Unit":"USD"}})") == R"("200 USD")");
  CHECK(read(type["limit"], R"({"Limit":{"Amount":"20","Unit":"GB"}})") == "null");
  CHECK(read(type["limit"], R"({"Limit":{"Amount":"much","Unit":"USD"}})").starts_with("corrupt"));
}

TEST_CASE("bytes are sent as base64 and known by their digest", "[wire]") {
  Written type("  code: {type: bytes, wire: Code, read: Sha256, compare: digest}\n");
  const Value code(Bytes{std::string("PK\x05\x06", 4)});
  CHECK(sent(type["code"], code) == R"({"Code":"UEsFBg=="})");
  const auto back = from_request(type["code"], json(R"({"Code":"UEsFBg=="})"), Protocol::json);
  REQUIRE(back);
  CHECK(*back == code);
  Map item;
  put_in_item(type["code"], code, Protocol::json, item);
  const auto shown = from_wire(type["code"], Value(item), Protocol::json);
  REQUIRE(shown);
  CHECK(shown->is_string());
  CHECK(same_value(type["code"], code, *shown));
  CHECK_FALSE(same_value(type["code"], Value(Bytes{"other"}), *shown));
  CHECK_FALSE(from_request(type["code"], json(R"({"Code":"no base64!"})"), Protocol::json));
}

TEST_CASE("what counts: an object by itself, a scalar by the item around it", "[wire]") {
  Written type(
      "  net: {type: object, wire: Net, where: '${size(element.?Ids.orValue([])) > 0}', fields: "
      "{ids: {type: list<string>, wire: Ids}}}\n"
      "  key: {type: string, wire: Key, where: '${element.?State.orValue(\"\") == "
      "\"ENABLED\"}'}\n");
  CHECK(read(type["net"], R"({"Net":{"Ids":["a"]}})") == R"({"ids":["a"]})");
  CHECK(read(type["net"], R"({"Net":{"Ids":[]}})") == "null");
  CHECK(read(type["key"], R"({"Key":"k","State":"ENABLED"})") == R"("k")");
  CHECK(read(type["key"], R"({"Key":"k","State":"DISABLED"})") == "null");
}
