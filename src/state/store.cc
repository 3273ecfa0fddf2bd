// SPDX-License-Identifier: Apache-2.0
#include "state/store.h"

#include <algorithm>

#include "base/assert.h"
#include "base/digest.h"
#include "state/load.h"

namespace lf {

namespace {

std::string random_bytes(Random& random, size_t n) {
  std::string bytes(n, '\0');
  random.fill(reinterpret_cast<uint8_t*>(bytes.data()), n);
  return bytes;
}

Task<void> sleep_for(Clock& clock, int64_t ns) {
  Callback<int>::Start start = [&clock, ns](std::function<void(int)> done) {
    clock.after(ns, [done = std::move(done)] { done(0); });
  };
  Callback<int> waiting(std::move(start));
  co_await waiting;
}

constexpr int64_t kAskingNsMax = 2'000'000'000;  // an instant, on a machine that is very busy

}  // namespace

Task<Result<std::unique_ptr<StateLock>>> take_lock(Backend& backend, Clock& clock,
                                                   std::string owner, int64_t timeout_ns) {
  const MonotonicNs begun = clock.monotonic();
  while (true) {
    auto locking = backend.lock(owner);
    auto held = co_await std::move(locking);
    if (held || held.error().code != ErrorCode::locked) co_return held;
    const auto holder = read_lock_holder(held.error().message);
    const bool asks = holder && holder->owner.command == kAsksForHolder;
    const int64_t patience = asks ? std::max(timeout_ns, kAskingNsMax) : timeout_ns;
    const int64_t left = begun + patience - clock.monotonic();
    if (left <= 0) co_return fail(locked_error(held.error(), backend.snapshot_name()));
    Task<void> pause = sleep_for(clock, std::min(left, backend.lock_poll_ns()));
    co_await std::move(pause);
  }
}

Task<Result<std::unique_ptr<Store>>> Store::open(std::unique_ptr<Backend> backend, Clock& clock,
                                                 Random& random, StateOptions options,
                                                 LockOwner owner, int64_t lock_timeout_ns) {
  std::unique_ptr<Store> store(new Store(std::move(backend), clock, options));
  auto locking = take_lock(*store->backend_, clock, write_lock_owner(owner), lock_timeout_ns);
  auto lock = co_await std::move(locking);
  if (!lock) co_return std::unexpected(std::move(lock.error()));
  store->lock_ = std::move(*lock);
  auto reading = store->read(random);
  auto read = co_await std::move(reading);
  if (read) co_return store;
  auto closing = store->close();
  co_await std::move(closing);
  co_return std::unexpected(std::move(read.error()));
}

Task<Result<void>> Store::read(Random& random) {
  auto loading = backend_->load();
  auto data = co_await std::move(loading);
  if (!data) co_return std::unexpected(std::move(data.error()));
  auto pair = join_state(*data, *backend_, options_);
  if (!pair) co_return std::unexpected(std::move(pair.error()));
  Store* const store = this;
  store->notes_ = std::move(pair->notes);
  if (!pair->exists) {
    Snapshot first;
    StateIdentity& id = first.state.identity;
    id.stack = options_.stack;
    id.environment = options_.environment;
    id.lineage = hex(random_bytes(random, 16));
    id.secret_key = random_bytes(random, 32);
    store->replay_ = Replay(std::move(first));
    co_return Result<void>();
  }
  store->replay_ = std::move(pair->replay);
  store->next_intent_ = store->first_own_intent_ = store->replay_.next_intent();
  store->serial_ = store->state().identity.serial;
  if (!pair->journal_goes_on) {
    store->start_ = Start::fresh;
    co_return Result<void>();
  }
  const Journal& journal = *pair->journal;
  store->start_ = journal.torn_bytes > 0 ? Start::cut : Start::go_on;
  store->journal_base_ = journal.header.base_serial;
  store->journal_bytes_ = journal.valid_bytes;
  store->durable_ = store->submitted_ = static_cast<uint32_t>(journal.frame_ends.size());
  co_return Result<void>();
}

std::vector<OpenIntent> Store::open_intents() const {
  std::vector<OpenIntent> out = replay_.open_intents();
  const auto done_by = backend_->others_done_by();
  if (!done_by) return out;
  // Another machine's clock may differ from ours: what it left open counts by ours.
  for (OpenIntent& open : out) {
    if (open.intent.seq < first_own_intent_) end_by(open, *done_by);
  }
  return out;
}

Task<void> Store::close() {
  if (lock_ == nullptr) co_return;
  auto releasing = backend_->release();
  co_await std::move(releasing);
  lock_.reset();
}

Snapshot Store::snapshot_now(uint64_t serial) const {
  Snapshot snapshot = replay_.snapshot();
  snapshot.state.identity.serial = serial;
  snapshot.next_intent = std::max(snapshot.next_intent, next_intent_);
  snapshot.written_by = options_.binary_version;
  snapshot.written_at = clock_.now();
  snapshot.folded_base = journal_base_;
  snapshot.folded_bytes = journal_bytes_;
  return snapshot;
}

// Only when the snapshot on the disk has all that the old journal had.
Task<Result<void>> Store::fresh_journal() {
  const std::string header = write_journal_header({state().identity.lineage, serial_});
  phase_ = Phase::unknown;
  auto starting = backend_->start_journal(header);
  auto done = co_await std::move(starting);
  if (!done) co_return done;
  journal_base_ = serial_;
  journal_bytes_ = header.size();
  durable_ = submitted_ = 0;
  phase_ = Phase::ready;
  cause_.reset();
  co_return Result<void>();
}

// The first write of this process.
Task<Result<void>> Store::start_writing() {
  auto preparing = backend_->prepare();
  auto done = co_await std::move(preparing);
  if (!done) co_return done;
  if (start_ == Start::create) {
    serial_ = 1;
    auto beginning = fresh_journal();
    done = co_await std::move(beginning);
    phase_ = Phase::untouched;  // until the snapshot is there too; a second try starts over
    if (!done) co_return done;
    auto putting = backend_->put_snapshot(1, write_snapshot(snapshot_now(1)));
    auto put = co_await std::move(putting);
    if (!put) co_return put;
    Snapshot first = replay_.snapshot();
    first.state.identity.serial = 1;
    replay_ = Replay(std::move(first));
    phase_ = Phase::ready;
    co_return Result<void>();
  }
  if (start_ == Start::fresh) {
    auto beginning = fresh_journal();
    done = co_await std::move(beginning);
    co_return done;
  }
  if (start_ == Start::cut) {
    auto cutting = backend_->cut_journal(journal_bytes_);
    done = co_await std::move(cutting);
  }
  if (done) phase_ = Phase::ready;
  co_return done;
}

// What comes behind an append that failed fails for the same reason, and says that one.
std::unexpected<Error> Store::append_behind() const {
  if (cause_) return fail(*cause_);
  return fail(ErrorCode::io,
              "an append to `" + backend_->journal_name() + "` before this one failed");
}

// After an error: brings journal and memory together again.
Task<Result<void>> Store::mend() {
  if (phase_ == Phase::unknown) {
    auto beginning = fresh_journal();
    auto begun = co_await std::move(beginning);
    co_return begun;
  }
  if (phase_ == Phase::ready) co_return Result<void>();
  LF_ASSERT(phase_ == Phase::broken);
  if (in_flight_ > 0) co_return append_behind();
  auto cutting = backend_->cut_journal(journal_bytes_);
  auto done = co_await std::move(cutting);
  if (!done) co_return done;
  submitted_ = durable_;
  phase_ = Phase::ready;
  cause_.reset();
  co_return Result<void>();
}

Task<Result<void>> Store::append(Entry entry) {
  Frame frame;
  frame.push_back(std::move(entry));
  return append(std::move(frame));
}

Task<Result<void>> Store::append(Frame entries) {
  for (const Entry& entry : entries) {
    const auto* move = std::get_if<RecordMove>(&entry);
    if (move == nullptr) continue;
    LF_ASSERT(state().find(move->address, move->generation) != nullptr);
    LF_ASSERT(state().find(move->to_address, move->to_generation) == nullptr);
  }
  if (phase_ == Phase::untouched) {
    auto turn = starting_.acquire();
    co_await turn;
    Result<void> started;
    if (phase_ == Phase::untouched) {
      auto starting = start_writing();
      started = co_await std::move(starting);
    }
    starting_.release();
    if (!started) co_return started;
  }
  while (phase_ != Phase::ready) {
    auto turn = starting_.acquire();
    co_await turn;
    auto mending = mend();
    auto mended = co_await std::move(mending);
    starting_.release();
    if (!mended) co_return mended;
  }
  const uint32_t number = ++submitted_;
  std::string bytes = write_frame(entries, number, durable_);
  const uint64_t size = bytes.size();
  ++in_flight_;
  auto appending = backend_->append(std::move(bytes));
  auto done = co_await std::move(appending);
  --in_flight_;
  if (done && phase_ == Phase::broken) {
    // What stands behind a hole in the journal does not count, whatever the disk says.
    done = append_behind();
  }
  if (!done) {
    if (!cause_) cause_ = done.error();
    phase_ = Phase::broken;
    co_return done;
  }
  LF_ASSERT(number == durable_ + 1);
  durable_ = number;
  journal_bytes_ += size;
  const auto applied = replay_.apply(entries);
  LF_ASSERT(applied.has_value());
  co_return Result<void>();
}

Task<Result<void>> Store::compact() {
  LF_ASSERT(in_flight_ == 0);
  if (phase_ == Phase::untouched) {
    if (start_ == Start::create || !replay_.changed()) co_return Result<void>();
    auto starting = start_writing();
    auto started = co_await std::move(starting);
    if (!started) co_return started;
  }
  auto mending = mend();
  auto mended = co_await std::move(mending);
  if (!mended) co_return mended;
  if (durable_ == 0) co_return Result<void>();
  if (replay_.changed()) {
    const Snapshot snapshot = snapshot_now(serial_ + 1);
    auto putting = backend_->put_snapshot(serial_ + 1, write_snapshot(snapshot));
    auto put = co_await std::move(putting);
    if (!put) co_return put;  // old or new: both go with the journal as it stands
    ++serial_;
    replay_ = Replay(snapshot);
  } else if (journal_base_ != serial_) {
    co_return Result<void>();
  }
  auto beginning = fresh_journal();
  auto begun = co_await std::move(beginning);
  co_return begun;
}

namespace {

// What a restore has to know of the files as they are, however broken.
struct Present {
  std::optional<Journal> journal;
  uint64_t serial_max = 0;
  uint64_t next_intent = 1;
};

Task<Present> look(const BackendData* data, Backend* backend) {
  Present present;
  if (data->journal) {
    if (auto journal = read_journal(*data->journal, backend->journal_name())) {
      present.serial_max = journal->header.base_serial;
      for (const Frame& frame : journal->frames) {
        for (const Entry& entry : frame) {
          const auto* intent = std::get_if<Intent>(&entry);
          if (intent) present.next_intent = std::max(present.next_intent, intent->seq + 1);
        }
      }
      present.journal = std::move(*journal);
    }
  }
  if (data->snapshot) {
    if (const auto snapshot = read_snapshot(*data->snapshot, backend->snapshot_name())) {
      present.serial_max = std::max(present.serial_max, snapshot->state.identity.serial);
      present.next_intent = std::max(present.next_intent, snapshot->next_intent);
    }
  }
  auto listing = backend->history();
  const auto kept = co_await std::move(listing);
  if (kept && !kept->empty()) present.serial_max = std::max(present.serial_max, kept->back());
  co_return present;
}

// With the lock held.
Task<Result<uint64_t>> restore_locked(Backend& backend, Clock& clock, StateOptions options,
                                      uint64_t serial) {
  auto copying = backend.history_text(serial);
  auto text = co_await std::move(copying);
  if (!text) co_return std::unexpected(std::move(text.error()));
  auto loading = backend.load();
  auto data = co_await std::move(loading);
  if (!data) co_return std::unexpected(std::move(data.error()));
  if (data->moved) co_return fail(moved_error(*data->moved, backend.snapshot_name()));
  const BackendData with_copy{*text, data->journal, std::nullopt};
  const auto pair = join_state(with_copy, backend, options);
  const bool goes_on = pair && pair->journal_goes_on;
  if (goes_on && backend.puts_back()) {
    auto putting = backend.put_snapshot(serial, std::move(*text));
    auto put = co_await std::move(putting);
    if (!put) co_return std::unexpected(std::move(put.error()));
    co_return serial;
  }
  // The copy must be good by itself, and of this stack.
  const BackendData copy_only{*text, std::nullopt, std::nullopt};
  const auto alone = join_state(copy_only, backend, options);
  if (!alone) co_return std::unexpected(alone.error());
  auto looking = look(&*data, &backend);
  const Present present = co_await std::move(looking);
  const uint64_t next = std::max(present.serial_max, serial) + 1;
  // Where the journal goes on from the copy, it is folded into what is written.
  Snapshot snapshot = goes_on ? pair->replay.snapshot() : alone->replay.snapshot();
  snapshot.state.identity.serial = next;
  snapshot.next_intent = std::max(snapshot.next_intent, present.next_intent);
  snapshot.written_by = options.binary_version;
  snapshot.written_at = clock.now();
  if (present.journal) {
    snapshot.folded_base = present.journal->header.base_serial;
    snapshot.folded_bytes = present.journal->valid_bytes;
  }
  if (data->journal) {
    auto keeping = backend.keep_journal(next, *data->journal);
    auto kept = co_await std::move(keeping);
    if (!kept) co_return std::unexpected(std::move(kept.error()));
  }
  auto putting = backend.put_snapshot(next, write_snapshot(snapshot));
  auto put = co_await std::move(putting);
  if (!put) co_return std::unexpected(std::move(put.error()));
  const std::string header = write_journal_header({snapshot.state.identity.lineage, next});
  auto starting = backend.start_journal(header);
  auto fresh = co_await std::move(starting);
  if (!fresh) co_return std::unexpected(std::move(fresh.error()));
  co_return next;
}

}  // namespace

Task<Result<uint64_t>> restore_state(Backend& backend, Clock& clock, StateOptions options,
                                     LockOwner owner, uint64_t serial) {
  auto locking = take_lock(backend, clock, write_lock_owner(owner), 0);
  auto lock = co_await std::move(locking);
  if (!lock) co_return std::unexpected(std::move(lock.error()));
  auto restoring = restore_locked(backend, clock, std::move(options), serial);
  auto restored = co_await std::move(restoring);
  auto releasing = backend.release();
  co_await std::move(releasing);
  co_return restored;
}

}  // namespace lf
