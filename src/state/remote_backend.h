// SPDX-License-Identifier: Apache-2.0
// A state in a store of objects (docs/state.md, "Remote state"). Three things make one writer:
//
//  1. Epochs. Who wants to write makes the next epoch's head, create-only: one of several wins. It
//     then closes the epochs before it, by creating the next segment of each. A former owner finds
//     the number of its next segment taken and can write nothing more: the fence.
//  2. A lease, by the store's clock. An epoch is taken from a living owner only when its lease has
//     run out and the longest request that it may have sent has, too. By its own clock the owner
//     asks right before each such request whether the lease still holds; it never makes one longer
//     that has run out.
//  3. The state is what the chain of segments says, read in order: which snapshot counts, and the
//     journal's bytes. So what a former owner still uploads elsewhere counts for nothing.
#pragma once

#include <deque>
#include <set>

#include "state/backend.h"
#include "state/object_store.h"
#include "state/segment.h"

namespace lf {

class RemoteBackend final : public Backend {
 public:
  RemoteBackend(std::unique_ptr<ObjectStore> store, Clock& clock, Random& random);
  ~RemoteBackend() override;
  std::string snapshot_name() const override { return store_->shown(""); }
  std::string journal_name() const override { return store_->shown("journal"); }
  Task<Result<BackendData>> load() override;
  Task<Result<std::unique_ptr<StateLock>>> lock(std::string owner) override;
  int64_t lock_poll_ns() const override { return 2'000'000'000; }
  Task<Result<std::optional<std::string>>> holder(std::string asker) override;
  Task<void> release() override;
  Result<void> may_send() override;
  Task<Result<void>> take_again() override;
  int64_t request_ms() const override { return times_.request_ms; }
  int64_t intent_lead_ms() const override { return 30'000; }
  std::optional<Timestamp> others_done_by() const override { return others_done_by_; }
  Task<Result<void>> prepare() override { co_return Result<void>(); }
  Task<Result<void>> append(std::string segment) override;
  Task<Result<void>> cut_journal(uint64_t size) override;
  Task<Result<void>> start_journal(std::string header) override;
  Task<Result<void>> put_snapshot(uint64_t serial, std::string text) override;
  bool puts_back() const override { return false; }
  Task<Result<void>> set_mark(std::optional<MoveMark> mark) override;
  Task<Result<std::vector<uint64_t>>> history() override;
  Task<Result<std::string>> history_text(uint64_t serial) override;
  Task<Result<void>> keep_journal(uint64_t serial, std::string journal) override;

 private:
  // What the segments say, read in order.
  struct Chain {
    std::set<SegmentName> names;
    std::optional<std::string> journal;
    std::string snapshot, mark;
    bool vanished = false;  // a segment was taken away while we read: look again
  };
  // Who wrote last.
  struct Holder {
    bool ended = false, vanished = false;
    int64_t left_ms = 0;  // until it may be taken over
    int64_t age_ms = 0;   // of its last sign of life
    uint64_t lease_ms = 0, request_ms = 0;
    std::string owner;
  };
  struct Waiting {
    std::string bytes;
    Result<void> result;
    Event done;
  };
  struct Held;  // the lock object

  Task<Result<std::set<SegmentName>>> list_segments();
  Task<Result<Chain>> read_chain();
  Task<void> fetch(std::string name, Result<std::optional<StoredObject>>* out, Semaphore* turn);
  Task<void> discard(std::string name, Semaphore* turn);
  Task<void> discard_all(std::vector<std::string> names);
  Task<Result<std::vector<SnapshotName>>> list_snapshots();
  Result<void> fold(const std::vector<std::pair<SegmentName, Segment>>& segments, Chain& out) const;
  Task<Result<Holder>> look_at(SegmentName last);
  Task<Result<void>> take_epoch(std::string owner, bool again);
  Task<Result<void>> close_epochs(std::set<SegmentName> names);
  Task<Result<void>> close_epoch(SegmentName last);
  Task<Result<void>> write(Segment segment);
  Task<Result<void>> lost_to(SegmentName taken, std::string found);
  Task<void> flush();
  Task<void> renew();
  void renew_after(int64_t delay_ms);
  Task<void> clear_before(uint64_t number);
  Task<void> forget_old_snapshots();
  std::string random_id();
  Error unwritten(Error error) const;
  Error unread(Error error) const;

  std::unique_ptr<ObjectStore> store_;
  Clock& clock_;
  Random& random_;
  LeaseTimes times_;

  // --- of a writer
  uint64_t epoch_ = 0;  // 0: it is none
  std::string writer_, owner_;
  uint64_t next_number_ = 0;
  MonotonicNs valid_until_ = 0;
  bool lost_ = false;  // another has the state, or the lease ran out
  std::string lost_why_;
  std::optional<Timestamp> others_done_by_;
  uint64_t timer_ = 0;
  bool renewing_ = false, stopping_ = false;
  std::shared_ptr<Event> renewed_;
  std::string renew_problem_;

  // --- of the chain as this writer knows it
  std::set<SegmentName> names_;
  std::string journal_;  // its bytes that count
  std::string snapshot_, mark_;
  std::deque<std::shared_ptr<Waiting>> waiting_;
  bool flushing_ = false;
};

}  // namespace lf
