// SPDX-License-Identifier: Apache-2.0
// Completion of command lines: which kind of word stands at the cursor, and the shells' sides of
// it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_table.h"

namespace lf {

// What is to be completed. `value` is the name of what is wanted ("ENV", "ADDRESS"); "" where
// `choices` are all there is.
struct Wanted {
  std::string value;
  std::vector<std::pair<std::string, std::string>> choices;  // word, doc
  std::string prefix;  // stands before each candidate: "--env=" of `--env=pr`
  std::string typed;   // of the candidate, behind the prefix
};

// What was said before the cursor, as far as candidates depend on it.
struct Said {
  std::string command;  // "state show"
  std::string spec, environment = "default", state;
  std::vector<std::pair<std::string, std::string>> variables;
  std::vector<std::string> variable_files, provider_dirs;
  std::optional<std::string> sandbox;
  std::vector<std::string> arguments;
};

// `words`: behind the program's name, the last one under the cursor, maybe empty.
Wanted what_is_wanted(const CommandInfo& commands, const std::vector<std::string>& words,
                      Said* said);

// A line of bash up to the cursor as words without their quotes. The last one is under the cursor.
struct ShellLine {
  std::vector<std::string> words;
  char open_quote = '\0';  // of the last word: ' or "
  std::string raw;         // the last word as it was typed
};
ShellLine split_shell_line(std::string_view line);
// `word` so that bash reads it as it is, when `line`'s quote is open.
std::string quoted_for_shell(const std::string& word, char open_quote);

// "" for a shell that is not known.
std::string_view completion_script(std::string_view shell);

}  // namespace lf
