// SPDX-License-Identifier: Apache-2.0
#include "provider/xml.h"

#include <catch2/catch.hpp>

namespace lf {
namespace {

Value content(std::string_view text) {
  auto document = parse_xml(text);
  REQUIRE(document.has_value());
  return Value(document->content);
}

std::string written(const Value& value) {
  auto text = write_xml("R", "", value);
  REQUIRE(text.has_value());
  return *text;
}

TEST_CASE("elements become text, maps and lists", "[xml]") {
  Value v = content(
      "<?xml version=\"1.0\"?><R xmlns='http://x/'><a>1</a><b><c> x </c><d/></b>"
      "<e>1</e><f/><e>2</e></R>");
  CHECK(v["a"] == Value("1"));
  CHECK(v["b"]["c"] == Value(" x "));
  CHECK(v["b"]["d"] == Value(""));
  CHECK(v["e"] == Value(List{Value("1"), Value("2")}));
  CHECK(v["f"] == Value(""));
  CHECK(v.as_map().size() == 4);
}

TEST_CASE("item, member and entry are wrappers", "[xml]") {
  Value v = content(
      "<R><set><item><k>1</k></item></set><names><member>a</member><member>b</member></names>"
      "<map><entry><key>x</key><value>1</value></entry></map><item>own</item></R>");
  CHECK(v["set"].as_list().size() == 1);
  CHECK(v["set"].as_list()[0]["k"] == Value("1"));
  CHECK(v["names"] == Value(List{Value("a"), Value("b")}));
  CHECK(v["map"]["x"] == Value("1"));
  CHECK(v["item"] == Value("own"));
}

TEST_CASE("attributes, entities, CDATA and comments", "[xml]") {
  Value v = content(
      "<R><g xmlns:xsi=\"http://i\" xsi:type=\"Group\"><u>a &amp; &#98;</u></g><t a='1'>x</t>"
      "<c><![CDATA[<raw>]]></c><!-- no --><w> </w></R>");
  CHECK(v["g"]["@xsi:type"] == Value("Group"));
  CHECK(v["g"]["u"] == Value("a & b"));
  CHECK(v["t"]["#text"] == Value("x"));
  CHECK(v["c"] == Value("<raw>"));
  CHECK(v["w"] == Value(" "));
}

TEST_CASE("a root of text only keeps it", "[xml]") {
  CHECK(content("<L>eu-central-1</L>")["#text"] == Value("eu-central-1"));
  CHECK(content("<L/>").as_map().empty());
}

TEST_CASE("what is no XML is corrupt", "[xml]") {
  for (const char* text : {"", "  ", "no xml", "<a>", "<a><b></a>", "<a></a><b></b>", "<a",
                           "<a><![CDATA[x</a>", "{\"a\":1}", "<a><b>1</b><c>"}) {
    INFO(text);
    auto document = parse_xml(text);
    REQUIRE_FALSE(document.has_value());
    CHECK(document.error().code == ErrorCode::corrupt);
  }
}

TEST_CASE("nesting is bounded", "[xml]") {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  for (int i = 0; i < 100'000; ++i) deep += "</a>";
  auto document = parse_xml(deep);
  REQUIRE_FALSE(document.has_value());
  CHECK(document.error().code == ErrorCode::corrupt);
}

TEST_CASE("entities of a DTD are not expanded", "[xml]") {
  auto document = parse_xml("<!DOCTYPE a [<!ENTITY b \"bbb\">]><a><c>&b;</c></a>");
  if (document) {
    CHECK(document->content.find("c")->string_or() == "&b;");
  }
}

TEST_CASE("maps become elements in their order", "[xml]") {
  Map rule{{"Status", "Enabled"}, {"Days", 30}, {"On", true}};
  Map root{{"Rule", Value(List{Value(rule), Value(Map{{"Status", Value()}})})}, {"Z", "a<b>&\"\r"}};
  CHECK(written(Value(root)) ==
        "<R><Rule><Status>Enabled</Status><Days>30</Days><On>true</On></Rule><Rule></Rule>"
        "<Z>a&lt;b&gt;&amp;\"&#xD;</Z></R>");
  CHECK(write_xml("R", "http://x/", Value()).value() == "<R xmlns=\"http://x/\"></R>");
}

TEST_CASE("attributes and text are written", "[xml]") {
  Map grantee{{"@xmlns:xsi", "http://i"}, {"@xsi:type", "G\"<"}, {"#text", "x"}};
  CHECK(written(Value(Map{{"Grantee", Value(grantee)}})) ==
        "<R><Grantee xmlns:xsi=\"http://i\" xsi:type=\"G&quot;&lt;\">x</Grantee></R>");
}

TEST_CASE("maps marked as such become entries", "[xml]") {
  Value tags(Map{{"#map", Value(Map{{"a", "1"}})}});
  CHECK(written(Value(Map{{"Tags", tags}})) ==
        "<R><Tags><entry><key>a</key><value>1</value></entry></Tags></R>");
}

TEST_CASE("what XML cannot hold is refused", "[xml]") {
  CHECK_FALSE(write_xml("R", "", Value(Map{{"a", std::string("\x01", 1)}})).has_value());
  CHECK_FALSE(write_xml("R", "", Value(Map{{"a", "\xff"}})).has_value());
  CHECK_FALSE(write_xml("R", "", Value(Map{{"a b", "x"}})).has_value());
  CHECK_FALSE(write_xml("R", "", Value(Map{{"a", Value(List{Value(List{})})}})).has_value());
  CHECK_FALSE(write_xml("R", "", Value(Map{{"a", Value(Unknown{})}})).has_value());
}

}  // namespace
}  // namespace lf
