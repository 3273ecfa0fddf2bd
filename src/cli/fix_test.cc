// SPDX-License-Identifier: Apache-2.0
#include "cli/fix.h"

#include <catch2/catch.hpp>

#include "yaml/reader.h"

using namespace lf;

namespace {

// The text after the safe fixes of what the reader reports; "" if there are none.
std::string fixed(const std::string& text) {
  Sources sources;
  const SourceId source = sources.add("spec.yaml", text);
  SyntaxTree tree(sources);
  Diagnostics diagnostics;
  read_yaml(tree, source, diagnostics);
  const auto all = apply_safe_fixes(diagnostics, sources);
  return all.empty() ? "" : all.at(0).text;
}

}  // namespace

TEST_CASE("safe fixes change their spans and nothing else", "[fix]") {
  CHECK(fixed("# top\na: {b: ${x.y}}   # why\n\n\nc:   1\n") ==
        "# top\na: {b: \"${x.y}\"}   # why\n\n\nc:   1\n");
  CHECK(fixed("a: [${x}, ${y}, 3]\nb: @z # end\n") ==
        "a: [\"${x}\", \"${y}\", 3]\nb: \"@z\" # end\n");
  CHECK(fixed("a: 1\nb:2\nc: 3\n") == "a: 1\nb: 2\nc: 3\n");
}

TEST_CASE("what is only a guess is left alone", "[fix]") {
  CHECK(fixed("a: 0755\n").empty());
  CHECK(fixed("a: 1\na: 2\n").empty());
  CHECK(fixed("a:\n\tb: 1\n").empty());
  CHECK(fixed("a: [1\n").empty());
  CHECK(fixed("a: 1\n").empty());
}

TEST_CASE("fixes that overlap wait for the next round", "[fix]") {
  Sources sources;
  const SourceId source = sources.add("spec.yaml", "abcdef\n");
  Diagnostics diagnostics;
  const auto add = [&](uint32_t begin, uint32_t end, const char* text, bool safe) {
    diagnostics.add(Code::LF0101, {source, begin, end}, "wrong")
        .fixes.push_back({"fix", {source, begin, end}, text, safe});
  };
  add(3, 5, "DE", true);
  add(0, 2, "AB", true);
  add(1, 4, "x", true);
  add(5, 6, "F", false);
  const auto all = apply_safe_fixes(diagnostics, sources);
  REQUIRE(all.size() == 1);
  CHECK(all[0].text == "ABcDEf\n");
  CHECK(all[0].applied.size() == 2);
  CHECK(all[0].applied[0].line == 1);
}

TEST_CASE("a fix that would make a file unreadable is not applied", "[fix]") {
  Sources sources;
  const SourceId source = sources.add("spec.yaml", "a: 1\n");
  Diagnostics diagnostics;
  diagnostics.add(Code::LF0101, {source, 3, 4}, "wrong")
      .fixes.push_back({"fix", {source, 3, 4}, "[", true});
  CHECK(apply_safe_fixes(diagnostics, sources).empty());
}
