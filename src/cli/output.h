// SPDX-License-Identifier: Apache-2.0
// Where commands write: data on stdout, messages on stderr. The only printing there is.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/error.h"

namespace lf {

struct Terminal {
  bool color_out = false, color_err = false;
  bool interactive = false;  // stdin and stderr are terminals: questions may be asked
  bool live = false;         // stderr is a terminal that can be redrawn
  int width = 100;
};
// Looks at NO_COLOR, TERM and the descriptors.
Terminal find_terminal(bool no_color, const char* no_color_variable, const char* term);

void print(std::string_view text);        // stdout
void print_error(std::string_view text);  // stderr
bool flush_output();                      // false: stdout went away, now or before
int output_error();                       // why, as errno; 0: it did not
// Called before anything is printed: a live view clears its lines there. Empty: nobody.
void before_printing(std::function<void()> clear);
// stderr without that call: for the live view itself.
void print_live(std::string_view text);

// While one is set nothing is printed: what a command says is kept, for tests of specs.
struct Capture {
  std::string out, err;
  Diagnostics diagnostics;
  std::vector<Error> errors;
};
void capture_output(Capture* capture);  // nullptr: print again

// Errors and diagnostics as every command shows them: text, or one JSON object a line.
void show_error(const Error& error, bool json, const Terminal& terminal);
void show_diagnostics(const Diagnostics& diagnostics, const Sources& sources, bool json,
                      const Terminal& terminal);
// Asks on stderr, reads a line from stdin. False: stdin ended. SIGINT, SIGTERM and SIGHUP end the
// program there and then, with 128 + signal: nothing is under way at a question.
bool ask(std::string_view question, std::string& answer);

}  // namespace lf
