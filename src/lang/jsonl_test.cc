// SPDX-License-Identifier: Apache-2.0
#include "lang/jsonl.h"

#include <catch2/catch.hpp>

#include "lang/zones.h"

namespace lf::cel {
namespace {

TEST_CASE("one line in, one line out", "[jsonl]") {
  const char* rows[][2] = {
      {R"j({"expr":"1 + 1"})j", R"j({"value":{"type":"int","value":"2"}})j"},
      {R"j({"expr":"x + 1u","bindings":{"x":{"type":"uint","value":"2"}}})j",
       R"j({"value":{"type":"uint","value":"3"}})j"},
      {R"j({"expr":"[1.5, 1e300, 0.0/0.0, -1.0/0.0]"})j",
       R"j({"value":{"type":"list","value":[{"type":"double","value":"1.5"},)j"
       R"j({"type":"double","value":"1e+300"},{"type":"double","value":"nan"},)j"
       R"j({"type":"double","value":"-inf"}]}})j"},
      {R"j({"expr":"{'a': b'\\x00\\xff'}"})j",
       R"j({"value":{"type":"map","value":[[{"type":"string","value":"a"},)j"
       R"j({"type":"bytes","value":"00ff"}]]}})j"},
      {R"j({"expr":"duration('1.5s')"})j", R"j({"value":{"type":"duration","value":"1.5s"}})j"},
      {R"j({"expr":"timestamp(0)"})j",
       R"j({"value":{"type":"timestamp","value":"1970-01-01T00:00:00Z"}})j"},
      {R"j({"expr":"type(1)"})j", R"j({"value":{"type":"type","value":"int"}})j"},
      {R"j({"expr":"null"})j", R"j({"value":{"type":"null","value":null}})j"},
      {R"j({"expr":"y","container":"x","bindings":{"x.y":{"type":"bool","value":true}}})j",
       R"j({"value":{"type":"bool","value":true}})j"},
      {R"j({"expr":"a.b.c","bindings":{"a.b":{"type":"map","value":)j"
       R"j([[{"type":"string","value":"c"},{"type":"int","value":"7"}]]}}})j",
       R"j({"value":{"type":"int","value":"7"}})j"},
      {R"j({"expr":"[1].map(x, [x])","type":true,"check_only":true})j",
       R"j({"type":"list(list(int))"})j"},
      {R"j({"expr":"1 + 'a'"})j", R"j({"error":"LF0304: `+` does not take an int and a string"})j"},
      {R"j({"expr":"1 + 'a'","check":false})j", R"j({"error":"no such overload: int + string"})j"},
      {R"j({"expr":"1 +"})j",
       R"j({"error":"LF0301: the expression ends where a value is wanted"})j"},
      {R"j({"expr":"x","declares":[{"name":"x","type":"int"}]})j",
       R"j({"error":"nothing is named `x`"})j"},
      {R"j({"expr":"x + ''","declares":[{"name":"x","ident":{"type":{"primitive":"INT64"}}}]})j",
       R"j({"error":"LF0304: `+` does not take an int and a string"})j"},
      {R"j({"expr":"1","bindings":{"x":{"type":"int","value":"a"}}})j",
       R"j({"error":"the binding `x` is no {\"type\": …, \"value\": …}"})j"},
      {R"j({"nothing":1})j", R"j({"error":"`expr` is missing"})j"},
  };
  for (const auto& row : rows) {
    INFO(row[0]);
    CHECK(answer_jsonl(row[0]) == row[1]);
  }
  CHECK(answer_jsonl("{").starts_with("{\"error\":\"no JSON: "));
  CHECK(answer_jsonl("").starts_with("{\"error\":\"no JSON: "));
}

// A TZif file of version 2 with no transitions and a rule only.
std::string rule_only(const std::string& rule) {
  auto header = [](char times) {
    std::string out = "TZif2" + std::string(15, '\0');
    for (const char count : {'\0', '\0', '\0', times, '\1', '\4'}) {
      out += std::string(3, '\0') + count;
    }
    return out;
  };
  const std::string body = std::string(6, '\0') + std::string("UTC\0", 4);
  return header(0) + body + header(0) + body + "\n" + rule + "\n";
}

TEST_CASE("time zones by their rules", "[zones]") {
  const std::string berlin = rule_only("CET-1CEST,M3.5.0,M10.5.0/3");
  CHECK(tzif_offset(berlin, 1768435200) == 3600);  // 2026-01-15
  CHECK(tzif_offset(berlin, 1784073600) == 7200);  // 2026-07-15
  CHECK(tzif_offset(berlin, 1774745999) == 3600);  // 2026-03-29T00:59:59Z
  CHECK(tzif_offset(berlin, 1774746000) == 7200);  // 2026-03-29T01:00:00Z
  CHECK(tzif_offset(berlin, 1792889999) == 7200);  // 2026-10-25T00:59:59Z
  CHECK(tzif_offset(berlin, 1792890000) == 3600);
  const std::string sydney = rule_only("AEST-10AEDT,M10.1.0,M4.1.0/3");
  CHECK(tzif_offset(sydney, 1768435200) == 39600);
  CHECK(tzif_offset(sydney, 1784073600) == 36000);
  CHECK(tzif_offset(rule_only("<-0330>3:30"), 0) == -12600);
  CHECK(!tzif_offset("TZif", 0));
  CHECK(!tzif_offset("no zone at all, but long enough to hold a header of 44 bytes", 0));
  const std::string whole = berlin;
  for (size_t size = 0; size < whole.size(); ++size) {  // total on any prefix
    tzif_offset(std::string_view(whole).substr(0, size), 0);
  }
}

}  // namespace
}  // namespace lf::cel
