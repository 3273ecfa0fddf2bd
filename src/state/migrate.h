// SPDX-License-Identifier: Apache-2.0
// A state that moves from one place to another, with never two copies that count:
//
//  1. the old place is marked "being moved": it still counts, but for this move alone;
//  2. the new place gets all of it as one snapshot, which is read back and compared;
//  3. from here on the new copy counts: a mark that it had from an earlier move is taken away;
//  4. the old place is marked "moved".
//
// Both places are locked meanwhile. A crash anywhere leaves one place that counts, or an old one
// "being moved" beside a new one that is complete or not there: which_counts() tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "state/backend.h"
#include "state/replay.h"
#include "state/store.h"

namespace lf {

struct PlaceContent {
  bool exists = false;  // there is a state, marked or not
  std::optional<MoveMark> moved;
  Replay replay;
  std::vector<std::string> notes;  // LoadedState's
  const std::string& lineage() const { return replay.state().identity.lineage; }
  uint64_t serial() const { return replay.state().identity.serial; }
};
// What lies there, whatever marks say. Errors as load_state's.
Task<Result<PlaceContent>> look_at_place(Backend& backend, StateOptions options);

enum class Counts : uint8_t {
  neither,  // no state yet
  here,     // nothing to do
  unmark,   // here: a move away from here was begun and got nowhere
  finish,   // here: the move from there got here, only its end was not noted there
  there,    // to be moved here
  lost,     // moved there, says the mark, but there is none
  both,     // two states that both count
};
// `here`: where the spec says that it is; `there`: where it was before.
Counts which_counts(const PlaceContent& here, const PlaceContent& there);

struct MoveEnd {
  Backend* backend = nullptr;
  std::string place, shown;  // for the marks
};
// Does what which_counts() says, under both locks. Gives what it was.
// Errors: locked, refused (both, lost), and those of reading and writing.
Task<Result<Counts>> bring_state(MoveEnd here, MoveEnd there, Clock& clock, StateOptions options,
                                 LockOwner owner, int64_t lock_timeout_ns);

}  // namespace lf
