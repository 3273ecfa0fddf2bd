// SPDX-License-Identifier: Apache-2.0
// Where a state's bytes are kept. The Store knows formats and order, a backend only places: a
// local folder (local_backend.h) or objects in a store (remote_backend.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/world.h"

namespace lf {

// Says that the state of a place is not, or no longer, the one that counts (migrate.h).
struct MoveMark {
  bool done = false;  // false: the move to `place` was begun, this copy still counts for it
  std::string place;  // StatePlace::write(): where it is (going)
  std::string shown;  // the same for people: "s3://bucket/key"
  std::string host;   // on which it was moved: a file's path means something there alone
  std::string time;   // RFC 3339
};
std::string write_move_mark(const MoveMark& mark);
Result<MoveMark> read_move_mark(std::string_view text, const std::string& path);  // corrupt

struct BackendData {
  std::optional<std::string> snapshot;  // nullopt: there is none
  std::optional<std::string> journal;
  std::optional<MoveMark> moved;  // nullopt: what is here counts
};

// Holding a state for writing: let go by release(), or when the process ends.
using StateLock = FileSystem::Lock;

class Backend {
 public:
  virtual ~Backend() = default;
  // For messages.
  virtual std::string snapshot_name() const = 0;
  virtual std::string journal_name() const = 0;

  virtual Task<Result<BackendData>> load() = 0;
  // One try. locked: the message is what the holder wrote (write_lock_owner).
  virtual Task<Result<std::unique_ptr<StateLock>>> lock(std::string owner) = 0;
  // Who holds it now, in the words of write_lock_owner; nullopt: nobody. `asker` is the same of who
  // asks, and may be seen by whoever tries to take it at that instant.
  virtual Task<Result<std::optional<std::string>>> holder(std::string asker) = 0;
  // How long to wait before the next try.
  virtual int64_t lock_poll_ns() const { return 200'000'000; }
  // Gives the lock back, as the last call before it goes. What a crash leaves is taken over later.
  virtual Task<void> release() { co_return; }
  // Whether this process may still change what the state is about: asked right before each request
  // that does. locked: the lock was lost meanwhile, nothing may be sent any more.
  virtual Result<void> may_send() { return {}; }
  // After nothing was sent for long (a question to the user): the lock once more, if it is still
  // ours or free and nobody had it since. locked: somebody had.
  virtual Task<Result<void>> take_again() { co_return Result<void>(); }
  // How long a mutation may be under way at most, and how long before its send its intent may have
  // been written: others count on both before they take over.
  virtual int64_t request_ms() const { return 60'000; }
  virtual int64_t intent_lead_ms() const { return 0; }
  // By this process's clock: when the last request of whoever wrote before can have had its effect.
  // nullopt: as the intents themselves say, for they were written by this machine's clock.
  virtual std::optional<Timestamp> others_done_by() const { return std::nullopt; }
  // Makes the place where the rest goes. Before the first write, with the lock held.
  virtual Task<Result<void>> prepare() = 0;
  // Durable when it resumes; calls keep their order. The journal exists.
  virtual Task<Result<void>> append(std::string segment) = 0;
  // Drops what is beyond `size` bytes, durably at the latest with the next append.
  virtual Task<Result<void>> cut_journal(uint64_t size) = 0;
  // A fresh journal in place of the old one, all or nothing.
  virtual Task<Result<void>> start_journal(std::string header) = 0;
  // The new snapshot in place of the old one, all or nothing. It is kept among the last ten.
  virtual Task<Result<void>> put_snapshot(uint64_t serial, std::string text) = 0;
  // Whether an older snapshot can be put in its place again under its own serial.
  virtual bool puts_back() const { return true; }
  // Sets or takes away the mark, durably.
  virtual Task<Result<void>> set_mark(std::optional<MoveMark> mark) = 0;

  virtual Task<Result<std::vector<uint64_t>>> history() = 0;  // serials, rising
  virtual Task<Result<std::string>> history_text(uint64_t serial) = 0;
  // Keeps a journal that a restore sets aside, for whoever wants to look into it.
  virtual Task<Result<void>> keep_journal(uint64_t serial, std::string journal) = 0;
};

}  // namespace lf
