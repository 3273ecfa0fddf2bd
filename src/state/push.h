// SPDX-License-Identifier: Apache-2.0
// A state file from elsewhere in the place of the state that is here: only a later one of the same
// life, so that nothing that is known here is lost without a word.
#pragma once

#include <cstdint>
#include <string>

#include "state/store.h"

namespace lf {

// What a push finds. `now` is what is here; it does not exist where nothing was applied.
struct PushCheck {
  bool same = false;  // both know the same: nothing to do
  LoadedState now;
};
// Errors: refused (another lineage, an older serial, the same serial with other content, changes
// here that the file cannot know), and those of load_state.
Task<Result<PushCheck>> check_push(Backend& backend, StateOptions options, Snapshot pushed);

// Checks, and puts it in place, under the lock (one try). What was here stays in the history. Gives
// the serial that the state has then.
Task<Result<uint64_t>> push_state(Backend& backend, Clock& clock, StateOptions options,
                                  LockOwner owner, Snapshot pushed);

}  // namespace lf
