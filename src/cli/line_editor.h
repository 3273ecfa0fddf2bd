// SPDX-License-Identifier: Apache-2.0
// Lines from a person at a terminal: editing, history over runs, completion. Process-wide, as
// libedit's own state is: one at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lf {

class LineEditor {
 public:
  // What the word that ends at the cursor may become, whole words; asked at each Tab.
  using Complete = std::function<std::vector<std::string>(const std::string& word)>;

  // `history_file` is read now and written at the end; empty: no history is kept.
  LineEditor(std::string history_file, Complete complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  std::optional<std::string> read(const std::string& prompt);  // nullopt: end of input

 private:
  std::string history_file_;
};

}  // namespace lf
