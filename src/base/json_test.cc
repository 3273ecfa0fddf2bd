// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <catch2/catch.hpp>
#include <limits>

#include "base/units.h"

using namespace lf;

TEST_CASE("JSON there and back", "[json]") {
  const std::string text =
      R"({"b":[1,-2,18446744073709551615,1.5,1.0,true,null],"a":{"x":"\u00e9\n\"\\"}})";
  const auto value = parse_json(text);
  REQUIRE(value);
  CHECK((*value)["b"].as_list()[2].is_uint());
  CHECK((*value)["b"].as_list()[4].is_double());
  CHECK(to_json(*value) ==
        R"({"b":[1,-2,18446744073709551615,1.5,1.0,true,null],"a":{"x":"é\n\"\\"}})");
  CHECK(to_json(*value, {.indent = -1, .sort_keys = true}).starts_with(R"({"a":{)"));
  CHECK(to_json(*parse_json(R"({"a":[1],"b":{}})"), {.indent = 2}) ==
        "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
  CHECK(to_json(*parse_json(R"({"a":1,"a":2})")) == R"({"a":2})");
}

TEST_CASE("JSON that is none", "[json]") {
  for (const char* text : {"", "{", "[1,]", "{\"a\":}", "nul", "1 2", "\"\\ud800\"", "'a'"}) {
    const auto value = parse_json(text);
    REQUIRE_FALSE(value);
    CHECK(value.error().code == ErrorCode::corrupt);
  }
  CHECK(parse_json("[1,x]").error().message.find("byte") != std::string::npos);
  CHECK_FALSE(parse_json(std::string(100'000, '[')));
  CHECK(parse_json(std::string(200, '[') + std::string(200, ']')));
  CHECK_FALSE(parse_json(std::string(201, '[') + std::string(201, ']')));
}

TEST_CASE("what a terminal would obey or hide comes out as an escape", "[json]") {
  const std::string odd = "a\x1b[2J\x7f\u009b\u061c\u200b\u202e\u2028\u2066\ufeff";
  CHECK(to_json(Value(odd)) == R"("a\u001b[2J\u007f\u009b\u061c\u200b\u202e\u2028\u2066\ufeff")");
  CHECK(*parse_json(to_json(Value(odd))) == Value(odd));
  const std::string plain = "äöü 日本 – … \u2019 \xf0\x9f\x9a\x80";
  CHECK(to_json(Value(plain)) == "\"" + plain + "\"");
  // Canonical texts, which digests are made of, and literals stay as they were.
  CHECK(to_json(Value("x\u202e"), {.sort_keys = true}) == "\"x\u202e\"");
  CHECK(json_quote("x\u202e") == "\"x\u202e\"");
}

TEST_CASE("kinds that JSON does not have", "[json]") {
  CHECK(to_json(Value(*parse_duration("12h"))) == "\"12h\"");
  CHECK(to_json(Value(*parse_money("200 USD"))) == "\"200 USD\"");
  CHECK(to_json(Value(*parse_cidr("10.0.0.0/16"))) == "\"10.0.0.0/16\"");
  CHECK(to_json(Value(*parse_timestamp("2026-11-23T04:41:04Z"))) == "\"2026-11-23T04:41:04Z\"");
  CHECK(to_json(Value(Bytes{"foob"})) == "\"Zm9vYg==\"");
  CHECK(to_json(Value::none()) == "null");
  CHECK(to_json(Value(Unknown{})) == "null");
  CHECK(to_json(Value::secret(Value("x"))) == "\"(secret)\"");
  CHECK(to_json(Value(std::numeric_limits<double>::quiet_NaN())) == "null");
  CHECK(to_json(Value(0.1)) == "0.1");
  CHECK(json_quote(std::string("a\x01\xff\x7f", 4)) == "\"a\\u0001\xef\xbf\xbd\x7f\"");
}
