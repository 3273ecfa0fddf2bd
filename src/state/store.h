// SPDX-License-Identifier: Apache-2.0
// The durable state of one stack and environment: opened, appended to, compacted.
//
// What a crash may do is decided by three orders:
//  1. A frame is durable before append() resumes, and an intent is appended before its mutation
//     is sent. So what was acknowledged is in snapshot + journal at every moment.
//  2. A new state: first an empty journal, then the first snapshot. A crash in between leaves a
//     journal without entries, which counts as nothing.
//  3. Compaction: the new snapshot is put in place (it says how many bytes of which journal are
//     folded into it), then a fresh journal. A crash before the first step leaves the old pair;
//     between them, the new snapshot with the old journal, whose folded bytes are passed over;
//     after them, the new pair. A writer that could not put the fresh journal in place may go on
//     with the old one for the same reason.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/world.h"
#include "state/backend.h"
#include "state/replay.h"

namespace lf {

struct StateOptions {
  std::string stack;  // "" accepts any
  std::string environment = "default";
  std::string binary_version;  // goes into snapshots
};

// What a reader gets; nothing was written or locked for it.
struct LoadedState {
  bool exists = false;  // false: no state yet, everything else is empty
  Replay replay;
  std::vector<std::string> notes;  // for the user: "the last 12 bytes of … were cut short …"
};
// Errors: corrupt, io, invalid (newer format), refused (another stack's or environment's state).
Task<Result<LoadedState>> load_state(Backend& backend, StateOptions options);

struct LockOwner {
  std::string host;
  int64_t pid = 0;
  Timestamp start;
  std::string command;  // "llmforge apply"
};

// The command that asks who holds the lock. Where nobody does, it has it for an instant.
inline constexpr const char* kAsksForHolder = "llmforge state lock";

class Store {
 public:
  // Takes the lock, then loads. `lock_timeout_ns`: how long to wait for another writer; 0: one
  // try. Errors: locked (names the owner's host, pid, start and command) and those of load_state.
  // Writes nothing but the lock file: a new state comes to the disk with its first append.
  static Task<Result<std::unique_ptr<Store>>> open(std::unique_ptr<Backend> backend, Clock& clock,
                                                   Random& random, StateOptions options,
                                                   LockOwner owner, int64_t lock_timeout_ns);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // What is durable. A new state has its lineage and secret key already.
  const State& state() const { return replay_.state(); }
  std::vector<OpenIntent> open_intents() const;
  const Replay& replay() const { return replay_; }
  const std::vector<std::string>& notes() const { return notes_; }
  uint64_t next_intent() { return next_intent_++; }

  // Durable, all of `entries` or none, before it resumes; state() has them then. Many calls may be
  // under way. On an error (io) nothing of it counts, though it may still be found after a crash;
  // calls that were under way behind it fail as well; a later call mends the journal first. A
  // move must be possible in state() at the time of the call.
  Task<Result<void>> append(Frame entries);
  Task<Result<void>> append(Entry entry);

  // The end of a run, with no append under way: a new snapshot with the next serial and a fresh
  // journal; without changes since the last, only the runs' marks are dropped. On an error the
  // state is as it was.
  Task<Result<void>> compact();

  // Gives the lock back. Nothing may be written after it.
  Task<void> close();
  // Backend::may_send() and what goes with it.
  Result<void> may_send() { return backend_->may_send(); }
  Task<Result<void>> take_again() { return backend_->take_again(); }
  int64_t request_ms() const { return backend_->request_ms(); }
  int64_t intent_lead_ms() const { return backend_->intent_lead_ms(); }

 private:
  Store(std::unique_ptr<Backend> backend, Clock& clock, StateOptions options)
      : backend_(std::move(backend)), clock_(clock), options_(std::move(options)) {}
  Task<Result<void>> start_writing();
  Task<Result<void>> read(Random& random);
  Task<Result<void>> fresh_journal();
  Task<Result<void>> mend();
  std::unexpected<Error> append_behind() const;
  Snapshot snapshot_now(uint64_t serial) const;

  // How the journal on the disk stands to what is in memory.
  enum class Phase : uint8_t {
    untouched,  // nothing was written yet; `start_` says what to do first
    ready,      // append away
    broken,     // an append failed: cut to journal_bytes_ first
    unknown,    // a fresh journal may or may not be in place: all of the old one is folded
  };
  enum class Start : uint8_t { create, fresh, cut, go_on };

  std::unique_ptr<Backend> backend_;
  Clock& clock_;
  StateOptions options_;
  std::unique_ptr<StateLock> lock_;
  Replay replay_;
  std::vector<std::string> notes_;
  uint64_t next_intent_ = 1;
  uint64_t first_own_intent_ = 1;  // those before it are of earlier runs
  Phase phase_ = Phase::untouched;
  std::optional<Error> cause_;  // broken: what the first append that failed said
  Start start_ = Start::create;
  Semaphore starting_{1};
  uint64_t serial_ = 0;         // of the snapshot on the disk
  uint64_t journal_base_ = 0;   // of the journal on the disk
  uint64_t journal_bytes_ = 0;  // of it that are acknowledged
  uint32_t submitted_ = 0;      // frames sent
  uint32_t durable_ = 0;        // frames acknowledged
  uint32_t in_flight_ = 0;
};

// Tries until it has the lock or `timeout_ns` are over. locked: names who has it.
Task<Result<std::unique_ptr<StateLock>>> take_lock(Backend& backend, Clock& clock,
                                                   std::string owner, int64_t timeout_ns);

// Puts the copy with `serial` back. Takes the lock (one try). Where the journal goes on from that
// serial it stays and nothing is lost; else it is kept in the history, and the copy gets a serial
// above all others. Gives the serial that the state has then.
Task<Result<uint64_t>> restore_state(Backend& backend, Clock& clock, StateOptions options,
                                     LockOwner owner, uint64_t serial);

}  // namespace lf
