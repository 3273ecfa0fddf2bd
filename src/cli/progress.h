// SPDX-License-Identifier: Apache-2.0
// Chooses how a run is shown: a live tree on a terminal, plain lines elsewhere, JSON events with
// --json; and a trace beside it with --trace.
#pragma once

#include <memory>

#include "cli/options.h"
#include "cli/output.h"
#include "engine/events.h"

namespace lf {

class Progress {
 public:
  virtual ~Progress() = default;
  virtual EventSink* sink() = 0;
  virtual void close() = 0;  // leaves the terminal clean, writes the trace; may be called twice
};
std::unique_ptr<Progress> make_progress(const Options& options, const Terminal& terminal,
                                        World& world);

}  // namespace lf
