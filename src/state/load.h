// SPDX-License-Identifier: Apache-2.0
// How snapshot and journal fit together: the part of loading that reader, writer and restore share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "state/backend.h"
#include "state/journal.h"
#include "state/replay.h"
#include "state/store.h"

namespace lf {

struct StatePair {
  bool exists = false;
  Replay replay;
  std::vector<std::string> notes;
  std::optional<Journal> journal;  // without its frames; nullopt: there is none
  bool journal_goes_on = false;    // it follows this snapshot: appends may go there
};

Result<StatePair> join_state(const BackendData& data, const Backend& backend,
                             const StateOptions& options);

// What is known, apart from when, where and by whom it was written down. For comparing.
std::string content_of(Snapshot snapshot);

// refused: the state that counts is elsewhere.
Error moved_error(const MoveMark& mark, const std::string& state);

std::string write_lock_owner(const LockOwner& owner);
// The error for what lock() answered, with the holder's words made readable.
// What it wrote, with the seconds for which a lease lasts (0: none is known). nullopt: not
// readable.
struct LockHolder {
  LockOwner owner;
  uint64_t lease_left_s = 0;
};
std::optional<LockHolder> read_lock_holder(std::string_view text);
Error locked_error(const Error& refused, const std::string& state);

}  // namespace lf
