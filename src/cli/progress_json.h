// SPDX-License-Identifier: Apache-2.0
// Progress for programs: one JSON object a line on stderr, where messages go; docs/cli.md has the
// members.
#pragma once

#include "cli/progress_words.h"

namespace lf {

class ProgressJson final : public EventSink {
 public:
  // `requests`: calls too (-v).
  ProgressJson(bool requests, Write write) : requests_(requests), write_(std::move(write)) {}
  void on_event(const EngineEvent& event) override;

 private:
  bool requests_;
  Write write_;
};

}  // namespace lf
