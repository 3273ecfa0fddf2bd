// SPDX-License-Identifier: Apache-2.0
// The state file's text (docs/state.md, "The snapshot"): a header line, one line an output, an
// open intent and a record, and a last line with the SHA-256 of all lines before it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "state/entry.h"
#include "state/state.h"

namespace lf {

inline constexpr uint32_t kSnapshotVersion = 1;

// An intent of which nobody knows, or nobody recorded, what came of it.
struct OpenIntent {
  enum class Reason : uint8_t {
    no_outcome,  // the run died, or is under way, between send and answer
    unknown,     // sent, the answer was lost
    unrecorded,  // it was done, but no record of its address was written after it
  };
  Intent intent;
  Reason reason = Reason::no_outcome;
  Outcome outcome;  // where reason is not no_outcome
};

// Moves its window, as long as it is, to where it ends at `done_by`: where other clocks wrote it.
void end_by(OpenIntent& open, Timestamp done_by);

struct Snapshot {
  State state;
  std::vector<OpenIntent> open_intents;  // by seq
  uint64_t next_intent = 1;              // the next seq to give out
  std::string written_by;                // llmforge's version
  Timestamp written_at;
  // The first `folded_bytes` bytes of the journal that follows serial `folded_base` are in it:
  // of that journal only what comes after them is replayed.
  uint64_t folded_base = 0;
  uint64_t folded_bytes = 0;
};

std::string write_snapshot(const Snapshot& snapshot);
// Errors: corrupt, with file and place; invalid: a newer llmforge wrote it.
Result<Snapshot> read_snapshot(std::string_view text, const std::string& path);

}  // namespace lf
