// SPDX-License-Identifier: Apache-2.0
#include "editor/text_position.h"

#include <catch2/catch.hpp>
#include <string>

namespace lf::editor {

TEST_CASE("places count in the units that were agreed on", "[editor]") {
  const std::string text = "a\xc3\xa4\xf0\x9f\x98\x80z\nnext";  // a ä 😀 z
  const struct {
    Units units;
    uint32_t of_z;
  } cases[] = {{Units::utf8, 7}, {Units::utf16, 4}, {Units::utf32, 3}};
  for (const auto& [units, of_z] : cases) {
    const Lines lines(text, units);
    CHECK(lines.position(7) == TextPosition{0, of_z});
    CHECK(lines.offset({0, of_z}) == 7);
    CHECK(lines.offset({1, 2}) == 11);
    CHECK(lines.position(11) == TextPosition{1, 2});
  }
}

TEST_CASE("places outside of the text become its edges", "[editor]") {
  const Lines lines("ab\ncd", Units::utf16);
  CHECK(lines.offset({0, 99}) == 2);
  CHECK(lines.offset({9, 0}) == 5);
  CHECK(lines.position(99) == TextPosition{1, 2});
  const Lines inside("\xf0\x9f\x98\x80", Units::utf16);
  CHECK(inside.offset({0, 1}) == 0);  // between the halves of a pair
  CHECK(inside.position(2) == TextPosition{0, 0});
}

TEST_CASE("lines end with any of the three line ends", "[editor]") {
  const Lines lines("a\r\nb\rc\n", Units::utf8);
  CHECK(lines.count() == 4);
  CHECK(lines.line(0) == "a");
  CHECK(lines.line(1) == "b");
  CHECK(lines.line(2) == "c");
  CHECK(lines.line(3).empty());
  CHECK(lines.offset({0, 5}) == 1);
  CHECK(lines.position(2) == TextPosition{0, 1});
}

TEST_CASE("bytes that are no UTF-8 count one each", "[editor]") {
  const Lines lines("\xff\xc3(", Units::utf16);
  CHECK(lines.position(3) == TextPosition{0, 3});
  CHECK(lines.offset({0, 2}) == 2);
}

}  // namespace lf::editor
