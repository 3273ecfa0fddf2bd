// SPDX-License-Identifier: Apache-2.0
#include "base/diagnostic.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/json.h"
#include "base/text_map.h"

using namespace lf;

namespace {
Span find(const Sources& sources, SourceId id, std::string_view part) {
  const auto at = static_cast<uint32_t>(sources.get(id).text().find(part));
  return {id, at, at + static_cast<uint32_t>(part.size())};
}
}  // namespace

TEST_CASE("lines and columns", "[source]") {
  Sources s;
  const Source& a = s.get(s.add("a", "one\r\nzwé😀x\n"));
  CHECK(a.line_count() == 2);
  CHECK(a.line(1) == "one");
  CHECK(a.line(2) == "zwé😀x");
  CHECK(a.position(a.line_start(2) + 8).column == 5);
  CHECK(a.position(9999).line == 3);
  CHECK(s.get(s.add("b", "")).line_count() == 1);
  CHECK(s.get(s.add("c", "\xef\xbb\xbfx")).position(3).column == 1);
}

TEST_CASE("text maps", "[source]") {
  TextMap map(0);
  map.add_run(0, 10, true);   // "ab" as it stands
  map.add_run(2, 12, false);  // one character from an escape of two
  map.add_run(3, 14, true);
  CHECK(map.span(0, 2) == Span{0, 10, 12});
  CHECK(map.span(2, 3) == Span{0, 12, 14});
  CHECK(map.span(1, 4) == Span{0, 11, 15});
  CHECK(map.span(3, 3) == Span{0, 14, 14});
  CHECK_FALSE(TextMap().span(0, 1).valid());
}

TEST_CASE("the form of the design", "[diagnostic]") {
  Sources s;
  std::string text(20, '\n');
  const SourceId id = s.add("specs/finetune.yaml", text + "      type: [g5.xlrge, g5.2xlarge]\n");
  Diagnostics d;
  d.add(Code::LF0101, find(s, id, "g5.xlrge"), "`g5.xlrge` is no machine type of aws in us-west-2",
        "did you mean `g5.xlarge`?");
  CHECK(render(d.all()[0], s, {}) ==
        "error[LF0101]: `g5.xlrge` is no machine type of aws in us-west-2\n"
        "  --> specs/finetune.yaml:21:14\n"
        "   |\n"
        "21 |       type: [g5.xlrge, g5.2xlarge]\n"
        "   |              ^^^^^^^^ did you mean `g5.xlarge`?\n");
  CHECK(render(d.all()[0], s, {.color = true}).find("\x1b[1;31m") != std::string::npos);
}

TEST_CASE("labels, notes, fixes and help", "[diagnostic]") {
  Sources s;
  const SourceId a = s.add("a.yaml", "x: one two\n\n\n\ny: three\n");
  const SourceId b = s.add("b.yaml", "z: four\n");
  Diagnostics d;
  Diagnostic& e = d.add(Code::LF0103, find(s, a, "three"), "a message", "primary");
  e.others.push_back({find(s, a, "one"), "first"});
  e.others.push_back({find(s, a, "two"), "second"});
  e.others.push_back({find(s, b, "four"), "elsewhere"});
  e.others.push_back({{}, "from the command line"});
  e.fixes.push_back({"write this", find(s, a, "three"), "3", true});
  e.help.push_back("read the manual");
  CHECK(render(e, s, {}) ==
        "error[LF0103]: a message\n"
        " --> a.yaml:5:4\n"
        "  |\n"
        "1 | x: one two\n"
        "  |    --- --- second\n"
        "  |    first\n"
        "...\n"
        "5 | y: three\n"
        "  |    ^^^^^ primary\n"
        " ::: b.yaml:1:4\n"
        "  |\n"
        "1 | z: four\n"
        "  |    ---- elsewhere\n"
        "  = note: from the command line\n"
        "  = help: write this\n"
        "  |\n"
        "5 | y: 3\n"
        "  |    +\n"
        "  = help: read the manual\n");
  const auto json = parse_json(render_json(e, s));
  REQUIRE(json);
  CHECK((*json)["code"].as_string() == "LF0103");
  CHECK((*json)["line"].as_int() == 5);
  CHECK((*json)["end_column"].as_int() == 9);
  CHECK((*json)["notes"].as_list().size() == 4);
  CHECK((*json)["fixes"].as_list()[0]["replacement"].as_string() == "3");
}

TEST_CASE("hostile lines", "[diagnostic]") {
  Sources s;
  Diagnostics d;
  const SourceId a = s.add("a", "\tk: é\x1b\u202e bad x\n");
  CHECK(render(d.add(Code::LF0101, find(s, a, "bad"), "m\nn"), s, {}) ==
        "error[LF0101]: m\\nn\n --> a:1:9\n  |\n"
        "1 |     k: é\\x1b\\u202e bad x\n"
        "  |                    ^^^\n");
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "word ";
  const SourceId b = s.add("b", text + "HERE" + text);
  const std::string shown = render(d.add(Code::LF0101, find(s, b, "HERE"), "m"), s, {});
  CHECK(shown.size() < 500);
  CHECK(shown.find("HERE") != std::string::npos);
  CHECK(shown.find("^^^^") != std::string::npos);
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "line " + std::to_string(i) + "\n";
  const SourceId c = s.add("c", lines);
  const std::string many =
      render(d.add(Code::LF0101, {c, 0, static_cast<uint32_t>(lines.size())}, "m", "all"), s, {});
  CHECK(std::count(many.begin(), many.end(), '\n') < 20);
  CHECK(many.find("line 999") != std::string::npos);
  // Spans that lie beyond the text, in no file, at the end, in an empty file.
  render(d.add(Code::LF0101, {a, 500, 900}, "m", "x"), s, {});
  render(d.add(Code::LF0101, {77, 0, 1}, "m", "x"), s, {});
  const SourceId e = s.add("e", "");
  CHECK(render(d.add(Code::LF0101, {e, 0, 0}, "m", "x"), s, {}) ==
        "error[LF0101]: m\n --> e:1:1\n  |\n1 |\n  | ^ x\n");
}

TEST_CASE("collection and order", "[diagnostic]") {
  Diagnostics d;
  d.add(Code::LF0103, {0, 9, 10}, "b");
  d.add(Code::LF0101, {0, 5, 6}, "a");
  d.add(Code::LF0103, {0, 9, 10}, "b");
  CHECK(d.error_count() == 3);
  const auto sorted = d.sorted();
  REQUIRE(sorted.size() == 2);
  CHECK(sorted[0].message == "a");
  CHECK(find_code("lf0103")->code == Code::LF0103);
  CHECK(find_code("LF9999") == nullptr);
  CHECK(std::string(info(Code::LF0101).name) == "LF0101");
}

TEST_CASE("the nearest name", "[diagnostic]") {
  const std::vector<std::string> names = {"versioning", "network", "node_pools", "registries"};
  CHECK(nearest("verisoning", names) == "versioning");
  CHECK(nearest("Network", names) == "network");
  CHECK(nearest("node-pools", names) == "node_pools");
  CHECK(nearest("kubernetes", names) == "");
  CHECK(nearest("", names) == "");
  CHECK(nearest("a", {"b"}) == "");
}
