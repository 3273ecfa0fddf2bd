// SPDX-License-Identifier: Apache-2.0
// One object of a remote journal (docs/state.md, "Remote state"): a line that says what it is, then
// bytes. Segments are never changed: whoever creates number N of an epoch first has the word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "state/backend.h"

namespace lf {

inline constexpr uint32_t kSegmentVersion = 1;

struct Segment {
  enum class Kind : uint8_t {
    head,      // number 0: who writes in this epoch
    journal,   // bytes of the journal, from `at` on; what was beyond `at` does not count
    fresh,     // a journal in place of all before
    snapshot,  // another snapshot counts
    mark,      // the state was moved, or not any more
    end,       // the epoch is over: by its owner (`next` 0) or by whoever took over (`next`)
  };
  Kind kind = Kind::journal;
  uint64_t epoch = 0, number = 0;
  std::string writer;    // random: tells a writer's own objects from others'
  uint64_t at = 0;       // journal
  std::string snapshot;  // fresh, snapshot: the object's name; "": there is none yet
  std::string mark;      // fresh, mark: write_move_mark(); "": none
  std::string owner;     // head: write_lock_owner()
  uint64_t lease_ms = 0, request_ms = 0;  // head
  uint64_t next = 0;                      // end: the epoch that follows
  std::string bytes;                      // journal, fresh
};

std::string write_segment(const Segment& segment);
// corrupt; invalid: a newer llmforge wrote it.
Result<Segment> read_segment(std::string_view text, const std::string& path);

// Where a segment lies: "journal/0000000003/0000000012".
struct SegmentName {
  uint64_t epoch = 0, number = 0;
  auto operator<=>(const SegmentName&) const = default;
  std::string text() const;
};
std::optional<SegmentName> segment_name(std::string_view name);  // nullopt: it is none
std::string lease_name(uint64_t epoch);

// "snapshots/0000000009-0000000003.json"; `turn` above 0: "…-0000000003.1.json".
struct SnapshotName {
  uint64_t serial = 0, epoch = 0, turn = 0;
  auto operator<=>(const SnapshotName&) const = default;
  std::string text() const;
};
std::optional<SnapshotName> snapshot_name(std::string_view name);
// "snapshots/0000000009.journal": what a restore set aside.
std::string kept_journal_name(uint64_t serial);

}  // namespace lf
