// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include "cli/progress_lines.h"

namespace lf {

namespace {

class Chosen : public Progress {
 public:
  Chosen(const Options& options, const Terminal& terminal)
      : lines_(ProgressOptions{terminal.color_err, options.verbose},
               [](std::string_view text) { print_error(text); }) {}
  EventSink* sink() override { return &lines_; }
  void close() override {}

 private:
  ProgressLines lines_;
};

}  // namespace

std::unique_ptr<Progress> make_progress(const Options& options, const Terminal& terminal, World&) {
  return std::make_unique<Chosen>(options, terminal);
}

}  // namespace lf
