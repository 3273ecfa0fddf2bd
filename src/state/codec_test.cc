// SPDX-License-Identifier: Apache-2.0
#include "state/codec.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace lf {

namespace {

std::string text_of(const Value& value) {
  std::string out;
  write_value(out, value);
  return out;
}

Value back(const std::string& text) {
  StringPool pool;
  JsonReader reader(text, pool);
  Value value;
  if (!reader.value(value) || !reader.at_end()) FAIL(text << ": " << reader.problem());
  return value;
}

bool refused(const std::string& text) {
  StringPool pool;
  JsonReader reader(text, pool);
  Value value;
  return !(reader.value(value) && reader.at_end()) && !reader.problem().empty();
}

}  // namespace

TEST_CASE("every kind of value comes back with its type", "[state]") {
  const Value values[] = {
      Value(),
      Value(true),
      Value(INT64_MIN),
      Value(INT64_MAX),
      Value(UINT64_MAX),
      Value(0.1),
      Value(1.0),
      Value(-0.0),
      Value(1e300),
      Value(HUGE_VAL),
      Value(-HUGE_VAL),
      Value("käse \" \\ \n \x01 \u2028"),
      Value(std::string("\xFF\xFE no text", 10)),
      Value(Bytes{std::string("\0\xFF", 2)}),
      Value(Duration{7'776'000, 0}),
      Value(Duration{-1, -500'000'000}),
      Value(Duration{315'576'000'000, 999'999'999}),
      Value(Timestamp{1'795'000'000, 123'456'789}),
      Value(Timestamp{-62'135'596'800, 0}),
      Value(TypeName{"int"}),
      Value::none(),
      Value::some(Value::some(Value(1))),
      Value(Ip{{10, 0, 0, 1}, false}),
      Value(Ip{{0x20, 1, 0xd, 0xb8}, true}),
      Value(Cidr{Ip{{10, 1, 2, 3}, false}, 16}),
      Value(Money{526'001, "USD"}),
      Value(Money{INT64_MIN, "EUR"}),
      Value(List{Value(1), Value(List{}), Value(Map{})}),
      Value(Map{{"a", Map{{"b", 1}}}, {"", Value()}}),
      Value(Map{{"$", "duration"}, {"v", "1h"}}),
      Value(Map{{1, "one"}, {true, Duration{5, 0}}}),
  };
  for (const Value& value : values) {
    const std::string text = text_of(value);
    const Value read = back(text);
    INFO(text);
    CHECK(read == value);
    CHECK(read.kind() == value.kind());
    CHECK(text_of(read) == text);
  }
  CHECK(std::isnan(back(text_of(Value(std::nan("")))).as_double()));
  CHECK(text_of(Value(Duration{7'776'000, 0})) == R"({"$":"duration","v":"90d"})");
  CHECK(text_of(Value(2.0)) == "2.0");
}

TEST_CASE("canonical text ignores the order of keys", "[state]") {
  CHECK(canonical_text(Value(Map{{"b", 1}, {"a", 2}})) ==
        canonical_text(Value(Map{{"a", 2}, {"b", 1}})));
}

TEST_CASE("secrets and unknowns are not storable", "[state]") {
  CHECK(storable(Value(Map{{"a", List{Value(1)}}})));
  CHECK_FALSE(storable(Value(Map{{"a", List{Value::secret("x")}}})));
  CHECK_FALSE(storable(Value(Unknown{})));
  CHECK_FALSE(storable(Value::some(Value::secret("x"))));
  CHECK_FALSE(storable(Value::error("x")));
}

TEST_CASE("what is no value is refused, whatever it is", "[state]") {
  for (const char* text : {"",
                           "{",
                           "[1,",
                           "tru",
                           "nul",
                           "01x",
                           "1 2",
                           "\"a",
                           "\"\\x\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\n\"",
                           "{\"a\":}",
                           "{a:1}",
                           "-",
                           "1e",
                           "99999999999999999999",
                           "{\"$\":\"odd\"}",
                           "{\"$\":\"duration\",\"v\":\"1 week\"}",
                           "{\"$\":\"duration\",\"v\":\"1:\"}",
                           "{\"$\":\"uint\",\"v\":\"-1\"}",
                           "{\"$\":\"money\",\"micros\":1}",
                           "{\"$\":1,\"v\":2}",
                           "{\"$\":\"map\",\"v\":[[1]]}",
                           "{\"$\":\"bytes\",\"v\":\"!\"}"}) {
    INFO(text);
    CHECK(refused(text));
  }
  CHECK(refused(std::string(100'000, '[')));
  CHECK(back("\"\\u00e9\\ud83d\\ude00\\/\"").as_string() == "é😀/");
  CHECK(back(" { \"a\" : [ 1 , 2 ] } ")["a"].as_list().size() == 2);
}

}  // namespace lf
