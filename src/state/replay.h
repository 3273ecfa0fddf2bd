// SPDX-License-Identifier: Apache-2.0
// Snapshot + journal = state. The same steps keep the state in memory up to date while a run
// appends, so that what a run sees is what the next one would recover.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "state/journal.h"
#include "state/snapshot.h"
#include "state/state.h"

namespace lf {

class Replay {
 public:
  Replay() = default;
  explicit Replay(Snapshot base);

  // One frame's entries, together. corrupt: a move that is impossible (nothing is changed by it).
  Result<void> apply(const Frame& frame);

  const State& state() const { return state_; }
  // What settling has to look for, by seq. An intent is closed by an outcome `error`, or by an
  // outcome `ok` with a record entry (put, remove, move) of its address in the same frame or
  // later.
  std::vector<OpenIntent> open_intents() const;
  uint64_t next_intent() const { return next_intent_; }
  // Anything but the begin and end of runs was applied since the snapshot.
  bool changed() const { return changed_; }
  // The run that began last has not ended: it died, or is under way.
  bool run_open() const { return run_open_; }
  const RunBegin& last_run() const { return last_run_; }  // of the journal's; command "": none
  // All of it, for a new snapshot.
  Snapshot snapshot() const;

 private:
  struct Apply;
  State state_;
  std::map<uint64_t, OpenIntent> open_;
  uint64_t next_intent_ = 1;
  bool changed_ = false;
  bool run_open_ = false;
  RunBegin last_run_;
};

}  // namespace lf
