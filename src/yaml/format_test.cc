// SPDX-License-Identifier: Apache-2.0
#include "yaml/format.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace lf {

namespace {

std::string laid_out(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics;
  const auto out = format_yaml(sources, sources.add("spec.yaml", text), diagnostics);
  return out ? *out : "error: " + out.error().message;
}

// What is wanted, and that it stays when it is laid out again.
void check(const std::string& text, const std::string& wanted) {
  INFO(text);
  const std::string once = laid_out(text);
  CHECK(once == wanted);
  CHECK(laid_out(once) == once);
}

}  // namespace

TEST_CASE("spaces of blocks", "[format]") {
  check("a:   1\nb:\n    c:  2\n    d:\n        - 1\n        -   2\n",
        "a: 1\nb:\n  c: 2\n  d:\n    - 1\n    - 2\n");
  check("a:\n- 1\n-  b: 2\n   c: 3\n-\n  d: 4\n- - 5\n  - 6\n",
        "a:\n  - 1\n  - b: 2\n    c: 3\n  - d: 4\n  - - 5\n    - 6\n");
  check("a : 1   \nb:\nc: ~\n", "a: 1\nb:\nc: ~\n");
  check("a: 1", "a: 1\n");
  check("\n\n\na: 1\n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n");
  check("a: 1\r\nb:\r\n    c: 2\r\n", "a: 1\nb:\n  c: 2\n");
  check("---\na: 1\n", "---\na: 1\n");
  check("- 1\n-\n- a:\n", "- 1\n-\n- a:\n");
  check("", "");
}

TEST_CASE("comments stay where they belong", "[format]") {
  check("# top\n\na: 1 # one\n# of b\nb:\n    # of c\n    c: 2   #   two\n    # behind c\n# end\n",
        "# top\n\na: 1  # one\n# of b\nb:\n  # of c\n  c: 2  #   two\n  # behind c\n# end\n");
  check("a: # why\n    b: 1\n", "a:  # why\n  b: 1\n");
  check("a:\n- # first\n  b: 1\n# of the second\n- c\n",
        "a:\n  -  # first\n    b: 1\n  # of the second\n  - c\n");
  check("a:\n# of the list\n- 1\nb: 2\n", "a:\n  # of the list\n  - 1\nb: 2\n");
  check("a:\n  b:\n    c: 1\n    # c\n  # b\n\n  # b too\n# a\nd: 1\n",
        "a:\n  b:\n    c: 1\n    # c\n  # b\n\n  # b too\n# a\nd: 1\n");
  check("a: 1     # one\nlong: 2  # two\nc: 3 # three\n",
        "a: 1     # one\nlong: 2  # two\nc: 3  # three\n");
  check("# only\n", "# only\n");
  check("a:\n  # nothing in it\nb: 1\n", "a:\n  # nothing in it\nb: 1\n");
}

TEST_CASE("a comment in an empty item stays in it", "[format]") {
  check("-\n    e: f\n-\n  # of the second\n# end\n", "- e: f\n-\n  # of the second\n# end\n");
  check("- e: f\n  # of the first\n-\n  # of the second\n-\n",
        "- e: f\n  # of the first\n-\n  # of the second\n-\n");
}

TEST_CASE("scalars keep what they say", "[format]") {
  check("a: |\n     x\n       y\n\n     z\nb: >-\n  1\n  2\n",
        "a: |\n  x\n    y\n\n  z\nb: >-\n  1\n  2\n");
  check("a:\n    b: |  # code\n        x\n    c: 1\n", "a:\n  b: |  # code\n    x\n  c: 1\n");
  check("a: |4\n      x\n    y\nb: 1\n", "a: |2\n    x\n  y\nb: 1\n");
  check("a:\n    b: |+\n        x\n\n    c: 1\n", "a:\n  b: |+\n    x\n\n  c: 1\n");
  check("a: one\n      two\n\n      three\n", "a: one\n  two\n\n  three\n");
  check("a: \"one\n      two \\\n      three\"\n", "a: \"one\n  two \\\n  three\"\n");
  check("a: 'x'\nb: \"${c}\"\nc: ${d.e + 1}\n", "a: 'x'\nb: \"${c}\"\nc: ${d.e + 1}\n");
  check("a: |\n  x", "a: |-\n  x\n");
  check("a: >+ # c\n  x\n\n  y", "a: >-  # c\n  x\n\n  y\n");
  check("a: |+2\n   x", "a: |2-\n   x\n");
  check("a: |\n   x\n     \n", "a: |\n  x\n    \n");
  check("a: |+\n   x\n\n  ", "a: |+\n  x\n\n");
  check("a: |+\nlit: x\n", "a: |+\nlit: x\n");
  check("a: >+  # none\n\n\nb: |+\n    ", "a: >+  # none\n\n\nb: |+\n");
  check("a: |+\n   x\n\n\n", "a: |+\n  x\n\n\n");
  check("a: |-\n  x", "a: |-\n  x\n");
  check(" ...\nio\n", "  ...\n    io\n");
  check(" a: 1\n --- b: 2\n", "  a: 1\n  --- b: 2\n");
  check("- |\n  x\n- a: |\n    y\n", "- |\n  x\n- a: |\n    y\n");
}

TEST_CASE("flow collections", "[format]") {
  check("a: { b: 1,c: [ 2,3 ] , d }\n", "a: {b: 1, c: [2, 3], d}\n");
  check("a: {}\nb: [ ]\n", "a: {}\nb: []\n");
  check("a: {b: 1,\n    c: 2}\n", "a: {b: 1, c: 2}\n");
  check("a: [\n1,\n2 # two\n]\n", "a: [\n  1,\n  2  # two\n]\n");
  check("a: {\n  # of b\n  b: {c:   1},\n  d: 2\n}\n", "a: {\n  # of b\n  b: {c: 1},\n  d: 2\n}\n");
  check("a: {\"b\":1}\n", "a: {\"b\": 1}\n");
  check("a: {b: \"c\n\n d\"}\n", "a: {b: \"c\n\n  d\"}\n");
  check("a: {b: \"c\n\n\n d\n e\"}\n", "a: {b: \"c\n\n\n  d e\"}\n");
  check("a: {\nb}\n", "a: {\n  b:\n}\n");
  const std::string item(30, 'x');
  check("a: [" + item + ", " + item + ",\n " + item + ", " + item + "]\n",
        "a: [" + item + ", " + item + ", " + item + ",\n    " + item + "]\n");
}

TEST_CASE("anchors, aliases and merges", "[format]") {
  check("a: &x\n    b: 1\nc:   *x\nd:\n    <<:  *x\n    e: &y   2\n",
        "a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n  e: &y 2\n");
  check("- &x\n  a: 1\n- *x\n", "- &x\n  a: 1\n- *x\n");
  check("a: &x {b:  1}\nc: &y [ 1 ]\nd: *x\n", "a: &x {b: 1}\nc: &y [1]\nd: *x\n");
}

TEST_CASE("a file that cannot be read is left alone", "[format]") {
  CHECK(laid_out("a: [1\n").starts_with("error: "));
  CHECK(laid_out("a: 1\na: 2\n").starts_with("error: "));
}

TEST_CASE("every file of this project is read back the same", "[format]") {
  namespace fs = std::filesystem;
  size_t files = 0;
  for (const char* folder : {"specs", "examples", "providers"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(LLMFORGE_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".yaml") continue;
      std::ifstream in(entry.path());
      std::stringstream text;
      text << in.rdbuf();
      INFO(entry.path());
      const std::string once = laid_out(text.str());
      CHECK_FALSE(once.starts_with("error: "));
      CHECK(laid_out(once) == once);
      ++files;
    }
  }
  CHECK(files > 20);
}

}  // namespace lf
