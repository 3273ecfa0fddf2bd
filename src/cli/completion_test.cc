// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <catch2/catch.hpp>

namespace lf {

namespace {

Wanted wanted(std::vector<std::string> words, Said* said = nullptr) {
  static const CommandInfo kCommands = describe_commands();
  Said own;
  return what_is_wanted(kCommands, words, said == nullptr ? &own : said);
}

bool offers(const Wanted& found, const std::string& word) {
  for (const auto& [choice, doc] : found.choices) {
    if (choice == word) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("what stands under the cursor follows from the words before it", "[completion]") {
  CHECK(offers(wanted({""}), "plan"));
  CHECK(offers(wanted({"state", ""}), "mv"));
  CHECK_FALSE(offers(wanted({"state", ""}), "plan"));
  CHECK(wanted({"plan", ""}).value == "SPEC");
  CHECK(wanted({"plan", "--target", ""}).value == "GLOB");
  CHECK(wanted({"state", "mv", "a", ""}).value == "ADDRESS");
  CHECK(wanted({"state", "mv", ""}).value == "RECORD");
  CHECK(wanted({"state", "mv", "a", "b", ""}).value.empty());
  CHECK(offers(wanted({"plan", "--format", ""}), "markdown"));
  CHECK(offers(wanted({"plan", "--"}), "--target"));
  CHECK_FALSE(offers(wanted({"plan", "--env", "a", "--"}), "--env"));
  CHECK(offers(wanted({"plan", "--target", "a", "--"}), "--target"));
  CHECK(wanted({"plan", "--nothing", ""}).value == "SPEC");
  CHECK(wanted({"nothing", ""}).choices.size() == wanted({""}).choices.size());
}

TEST_CASE("a value behind `=` keeps its option as prefix", "[completion]") {
  const Wanted found = wanted({"plan", "--env=pr"});
  CHECK(found.value == "ENV");
  CHECK(found.prefix == "--env=");
  CHECK(found.typed == "pr");
  CHECK(wanted({"plan", "--json=x"}).value.empty());
}

TEST_CASE("what was said decides what there is", "[completion]") {
  Said said;
  wanted({"plan", "a.yaml", "--env", "prod", "--sandbox", "--var", "n=3", "--target", ""}, &said);
  CHECK(said.command == "plan");
  CHECK(said.spec == "a.yaml");
  CHECK(said.environment == "prod");
  CHECK(said.sandbox == "");
  REQUIRE(said.variables.size() == 1);
  CHECK(said.variables[0].second == "3");
}

TEST_CASE("a line of bash is split as bash splits it", "[completion]") {
  const ShellLine line = split_shell_line("llmforge plan --target buckets\\[\\\"a b");
  REQUIRE(line.words.size() == 5);
  CHECK(line.words[3] == "buckets[\"a");
  CHECK(line.words[4] == "b");
  const ShellLine quoted = split_shell_line("llmforge forget 'buckets[\"a b");
  REQUIRE(quoted.words.size() == 3);
  CHECK(quoted.words[2] == "buckets[\"a b");
  CHECK(quoted.open_quote == '\'');
  CHECK(split_shell_line("llmforge ").words.back().empty());
  CHECK(split_shell_line("a \"x\\\"y").words.back() == "x\"y");
}

TEST_CASE("a candidate is quoted for where it is put", "[completion]") {
  CHECK(quoted_for_shell("a[\"b\"].c", '\0') == "a\\[\\\"b\\\"\\].c");
  CHECK(quoted_for_shell("a[\"b\"].c", '\'') == "a[\"b\"].c");
  CHECK(quoted_for_shell("a[\"b\"].c", '"') == "a[\\\"b\\\"].c");
  CHECK(quoted_for_shell("it's", '\'') == "it'\\''s");
}

}  // namespace lf
