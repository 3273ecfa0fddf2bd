// SPDX-License-Identifier: Apache-2.0
#include "cli/line_editor.h"

#include <editline/readline.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace lf {

namespace {

constexpr int kHistoryMax = 1000;

LineEditor::Complete complete_word;
std::vector<std::string> candidates;

char* next_candidate(const char* word, int state) {
  if (state == 0) candidates = complete_word(word);
  const auto i = static_cast<size_t>(state);
  return i < candidates.size() ? ::strdup(candidates[i].c_str()) : nullptr;
}

char** complete(const char* word, int, int) {
  rl_attempted_completion_over = 1;  // never file names
  return rl_completion_matches(word, next_candidate);
}

}  // namespace

LineEditor::LineEditor(std::string history_file, Complete complete_with)
    : history_file_(std::move(history_file)) {
  complete_word = std::move(complete_with);
  rl_readline_name = const_cast<char*>("llmforge");
  rl_attempted_completion_function = complete;
  // A word may hold dots and brackets: `machines["a"].instance.`
  rl_completer_word_break_characters = const_cast<char*>(" \t\n(){},+-*/%<>=!&|?:");
  rl_completion_append_character = '\0';
  using_history();
  stifle_history(kHistoryMax);
  if (!history_file_.empty()) read_history(history_file_.c_str());
}

LineEditor::~LineEditor() {
  if (!history_file_.empty()) write_history(history_file_.c_str());
  complete_word = nullptr;
}

std::optional<std::string> LineEditor::read(const std::string& prompt) {
  char* line = readline(prompt.c_str());
  if (line == nullptr) return std::nullopt;
  std::string out = line;
  std::free(line);
  if (!out.empty()) add_history(out.c_str());
  return out;
}

}  // namespace lf
