// SPDX-License-Identifier: Apache-2.0
// What is wrong with the user's text, where, why and what to do: one type for every stage.
// Codes live in diagnostics.def; each has a golden test and a page under docs/errors/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"

namespace lf {

enum class Severity : uint8_t { error, warning, note };

enum class Code : uint16_t {
#define LF_DIAGNOSTIC(number, severity, title) LF##number = 1##number - 10000,
#include "base/diagnostics.def"
#undef LF_DIAGNOSTIC
};

struct CodeInfo {
  Code code;
  const char* name;  // "LF0231"
  Severity severity;
  const char* title;  // the general form, for `explain` and the index
};
const CodeInfo& info(Code code);
const CodeInfo* find_code(std::string_view name);  // nullptr: no such code; accepts "lf0231"
const std::vector<CodeInfo>& all_codes();

struct Label {
  Span span;         // may be invalid: a label without a place (a variable from the command line)
  std::string text;  // adds to the sentence, never repeats it; may be empty
};

// A replacement that a tool may apply. Shown as a line to copy.
struct Fix {
  std::string title;  // "quote it", "did you mean `g5.xlarge`?"
  Span span;          // what is replaced
  std::string replacement;
  bool safe = false;  // `--fix` may apply it without asking
};

struct Diagnostic {
  Code code;
  std::string message;  // one sentence naming the thing, lower case, no full stop, `backticks`
  Label primary;
  std::vector<Label> others;  // the other places concerned, maybe in other files
  std::vector<Fix> fixes;
  std::vector<std::string> help;  // further advice, one line each

  Severity severity() const { return info(code).severity; }
};

// Collects. Every stage goes on after an error where that makes sense; what is derived from a
// broken thing is poisoned and silent.
class Diagnostics {
 public:
  // Returns the new diagnostic for adding labels, fixes and help. The reference is valid until the
  // next add.
  Diagnostic& add(Code code, Span span, std::string message, std::string label = "");
  bool has_errors() const { return errors_ > 0; }
  size_t error_count() const { return errors_; }
  const std::vector<Diagnostic>& all() const { return all_; }
  bool empty() const { return all_.empty(); }
  void append(const Diagnostics& other);
  // In file order (source, offset, code), exact doubles dropped.
  std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> all_;
  size_t errors_ = 0;
};

struct RenderOptions {
  bool color = false;
  int width = 100;
};
// The text form of design 3.4. Control characters in the user's text come out as visible escapes.
std::string render(const Diagnostic& diagnostic, const Sources& sources,
                   const RenderOptions& options);
// {"code","severity","message","file","line","column","end_line","end_column","label",
//  "notes":[…],"fixes":[…],"help":[…]} as one line of JSON.
std::string render_json(const Diagnostic& diagnostic, const Sources& sources);

// The nearest of `candidates` within a small edit distance of `word` (transpositions count one),
// or "" where nothing is near enough to be worth offering.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace lf
