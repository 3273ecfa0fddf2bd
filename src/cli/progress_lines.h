// SPDX-License-Identifier: Apache-2.0
// Progress as plain lines: for logs, CI and terminals that cannot be redrawn. A line for each thing
// that is done, and in small runs one when it starts; a wait is told when its state changes.
#pragma once

#include <string>

#include "cli/progress_words.h"

namespace lf {

struct ProgressOptions {
  bool color = false;
  bool verbose = false;  // requests too
};

class ProgressLines final : public EventSink {
 public:
  ProgressLines(ProgressOptions options, Write write)
      : options_(options), write_(std::move(write)), text_(options.verbose) {}
  void on_event(const EngineEvent& event) override;

 private:
  void put(const ProgressLine& line);
  void stage(const StageProgress& stage, MonotonicNs at);
  std::string counter() const;

  ProgressOptions options_;
  Write write_;
  ProgressText text_;
  std::string stage_;
  MonotonicNs stage_told_ = 0;
};

}  // namespace lf
