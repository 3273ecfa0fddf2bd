// SPDX-License-Identifier: Apache-2.0
#include "editor/edit_yaml.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "yaml/reader.h"

namespace lf::editor {

namespace {

// `text` after adding `old` to the list `moved_from` of what is under the key `k`.
std::string moved(const std::string& text) {
  Sources sources;
  SyntaxTree tree(sources);
  Diagnostics diagnostics;
  const Node root = read_yaml(tree, sources.add("", text), diagnostics);
  REQUIRE_FALSE(diagnostics.has_errors());
  const auto entry = entry_at(root, root.find_key("k").span());
  REQUIRE(entry);
  auto edits = add_to_lists(text, *entry, {{"moved_from", {"old"}}});
  if (!edits) return "none";
  std::sort(edits->begin(), edits->end(),
            [](const SpanEdit& a, const SpanEdit& b) { return a.span.begin > b.span.begin; });
  std::string out = text;
  for (const SpanEdit& edit : *edits) {
    out.replace(edit.span.begin, edit.span.end - edit.span.begin, edit.text);
  }
  return out;
}

}  // namespace

TEST_CASE("a word is added where a map's writer would", "[editor]") {
  CHECK(moved("k: {type: a}\n") == "k: {type: a, moved_from: [old]}\n");
  CHECK(moved("k: {}\n") == "k: {moved_from: [old]}\n");
  CHECK(moved("k:\nz: 1\n") == "k: {moved_from: [old]}\nz: 1\n");
  CHECK(moved("k:\n  type: a  # why\n  b: 1\n") ==
        "k:\n  type: a  # why\n  moved_from: [old]\n  b: 1\n");
  CHECK(moved("k:\n  type: a") == "k:\n  moved_from: [old]\n  type: a");
  CHECK(moved("k:\n  script: |\n    x\n  b: 1\n") ==
        "k:\n  moved_from: [old]\n  script: |\n    x\n  b: 1\n");
  CHECK(moved("k: {a: 1,\n    b: 2}\n") == "k: {a: 1,\n    b: 2, moved_from: [old]}\n");
}

TEST_CASE("a list that is there grows", "[editor]") {
  CHECK(moved("k: {moved_from: [x]}\n") == "k: {moved_from: [old, x]}\n");
  CHECK(moved("k: {moved_from: []}\n") == "k: {moved_from: [old]}\n");
  CHECK(moved("k: {moved_from: x}\n") == "k: {moved_from: [old, x]}\n");
  CHECK(moved("k: {moved_from: [old]}\n") == "k: {moved_from: [old]}\n");
  CHECK(moved("k:\n  moved_from:\n    - x\n") == "k:\n  moved_from:\n    - old\n    - x\n");
}

TEST_CASE("what is written elsewhere is left alone", "[editor]") {
  CHECK(moved("a: &a {b: 1}\nk: *a\n") == "none");
  CHECK(moved("k: text\n") == "none");
}

TEST_CASE("names as YAML writes them", "[editor]") {
  CHECK(yaml_scalar("a-b.c/d") == "a-b.c/d");
  CHECK(yaml_scalar("true") == "\"true\"");
  CHECK(yaml_scalar("12") == "\"12\"");
  CHECK(yaml_scalar("a: b") == "\"a: b\"");
  CHECK(requoted("'x'", "y") == "'y'");
  CHECK(requoted("x", "1") == "\"1\"");
}

}  // namespace lf::editor
