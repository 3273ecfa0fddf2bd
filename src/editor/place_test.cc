// SPDX-License-Identifier: Apache-2.0
#include "editor/place.h"

#include <catch2/catch.hpp>

#include "base/strings.h"

namespace lf::editor {

namespace {

// `text` with `|` where the cursor is.
Place at(std::string text) {
  const size_t cursor = text.find('|');
  REQUIRE(cursor != std::string::npos);
  text.erase(cursor, 1);
  return find_place(text, static_cast<uint32_t>(cursor));
}
std::string shown(const std::string& text) {
  const Place place = at(text);
  const char* const kinds[] = {"nowhere", "key", "value", "expression"};
  return std::string(kinds[static_cast<size_t>(place.kind)]) + " " + join(place.path, "/") + " " +
         (place.kind == Place::Kind::expression ? place.expression : place.typed);
}

}  // namespace

TEST_CASE("a place in whole text", "[editor]") {
  CHECK(shown("a: 1\nb: {c: x|y}\n") == "value b/c x");
  CHECK(shown("a: 1\nb: {c|d: xy}\n") == "key b c");
  CHECK(shown("a:\n  - x\n  - |y\n") == "value a/[] ");
  CHECK(shown("a:\n  - {k|: 1}\n") == "key a/[] k");
  CHECK(shown("'quo|ted': 1\n") == "key  quo");
}

TEST_CASE("a place in text that is being typed", "[editor]") {
  CHECK(shown("a:\n  b|\n") == "key a b");
  CHECK(shown("a:\n  |\nz: 1\n") == "key a ");
  CHECK(shown("a:\n  b: 1\n  c|\n  d: 2\n") == "key a c");
  CHECK(shown("a: {b: 1, c|\nz: 1\n") == "key a c");
  CHECK(shown("a: {b: |\nz: 1\n") == "value a/b ");
  CHECK(shown("a: [x, \"y|\nz: 1\n") == "value a/[] y");
  CHECK(shown("bad: [\na:\n  b: 1\n  c|\n") == "key a c");
  CHECK(shown("a: {b: |}\nbad: 'x\n") == "value a/b ");
  CHECK(shown("|") == "key  ");
  CHECK(at("a: 1\nb: 2\n|").siblings() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a place inside an expression", "[editor]") {
  CHECK(shown("a: ${x.|y}\n") == "expression a x.y");
  CHECK(shown("a: \"${x['k|']}\"\n") == "expression a x['k']");
  CHECK(shown("a: {b: \"${x.|\nz: 1\n") == "expression a/b x.");
  CHECK(shown("a: ${x.|\nb: ${y}\n") == "expression a x.");
  CHECK(shown("a: one ${x} two ${y|} three\n") == "expression a y");
  CHECK(shown("a: ${x}|\n").starts_with("nowhere"));
  CHECK(shown("a: $${x|}\n").starts_with("nowhere"));
  CHECK(shown("a: >\n  text ${f(|1)}\n") == "expression a f(1)");
  const Place place = at("a: ${x.ab|c}\n");
  CHECK(place.expression_begin == 5);
  CHECK(place.cursor == 4);
}

TEST_CASE("places in which nothing is written", "[editor]") {
  CHECK(shown("a: 1  # some |\n").starts_with("nowhere"));
  CHECK(shown("# a: |\n").starts_with("nowhere"));
  CHECK(shown("a: \"some words |here\"\n").starts_with("nowhere"));
  CHECK(shown("a: >\n  some |\n").starts_with("nowhere"));
}

}  // namespace lf::editor
