// SPDX-License-Identifier: Apache-2.0
// Reading, and what a writer puts where. Who writes: remote_lease.cc.
#include "state/remote_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "state/file_errors.h"
#include "state/local_backend.h"

namespace lf {

namespace {

constexpr size_t kAtOnce = 16;
constexpr int kLooks = 5;

}  // namespace

RemoteBackend::RemoteBackend(std::unique_ptr<ObjectStore> store, Clock& clock, Random& random)
    : store_(std::move(store)), clock_(clock), random_(random), times_(store_->lease()) {}

Error RemoteBackend::unread(Error error) const {
  error.message = "cannot read the state `" + store_->shown("") + "`: " + error.message;
  return error;
}

Task<Result<std::set<SegmentName>>> RemoteBackend::list_segments() {
  auto listing = store_->list("journal/");
  auto listed = co_await std::move(listing);
  if (!listed) co_return fail(unread(listed.error()));
  std::set<SegmentName> out;
  for (const std::string& name : *listed) {
    if (const auto parsed = segment_name(name)) out.insert(*parsed);
  }
  co_return out;
}

Task<void> RemoteBackend::fetch(std::string name, Result<std::optional<StoredObject>>* out,
                                Semaphore* turn) {
  auto permit = turn->acquire();
  co_await permit;
  auto getting = store_->get(name);
  *out = co_await std::move(getting);
  turn->release();
}

// Segments in order: what they say together. What came before the last fresh journal is over.
Result<void> RemoteBackend::fold(const std::vector<std::pair<SegmentName, Segment>>& segments,
                                 Chain& out) const {
  size_t first = 0;
  for (size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].second.kind == Segment::Kind::fresh) first = i;
  }
  for (size_t i = first; i < segments.size(); ++i) {
    const auto& [name, segment] = segments[i];
    const std::string path = store_->shown(name.text());
    if (segment.epoch != name.epoch || segment.number != name.number)
      return corrupt_file(path, "it is another segment's", 0);
    if (i > first) {
      const SegmentName& before = segments[i - 1].first;
      const bool follows = name.epoch == before.epoch
                               ? name.number == before.number + 1
                               : name.epoch == before.epoch + 1 && name.number == 0;
      if (!follows) return corrupt_file(path, "a segment before it is missing", 0);
    }
    switch (segment.kind) {
      case Segment::Kind::head:
      case Segment::Kind::end: break;
      case Segment::Kind::snapshot: out.snapshot = segment.snapshot; break;
      case Segment::Kind::mark: out.mark = segment.mark; break;
      case Segment::Kind::fresh:
        out.journal = segment.bytes;
        out.snapshot = segment.snapshot;
        out.mark = segment.mark;
        break;
      case Segment::Kind::journal:
        if (!out.journal || segment.at > out.journal->size())
          return corrupt_file(path, "what it goes on from is missing", 0);
        out.journal->resize(segment.at);
        *out.journal += segment.bytes;
        break;
    }
  }
  return {};
}

Task<Result<RemoteBackend::Chain>> RemoteBackend::read_chain() {
  Chain out;
  auto listing = list_segments();
  auto listed = co_await std::move(listing);
  if (!listed) co_return fail(listed.error());
  out.names = std::move(*listed);
  std::vector<Result<std::optional<StoredObject>>> got(out.names.size());
  Semaphore turn(kAtOnce);
  std::vector<Task<void>> tasks;
  size_t at = 0;
  for (const SegmentName& name : out.names) {
    Task<void> one = fetch(name.text(), &got[at++], &turn);
    tasks.push_back(std::move(one));
  }
  auto fetching = all(std::move(tasks));
  co_await std::move(fetching);
  std::vector<std::pair<SegmentName, Segment>> segments;
  at = 0;
  for (const SegmentName& name : out.names) {
    const auto& one = got[at++];
    if (!one) co_return fail(unread(one.error()));
    if (!*one) {
      out.vanished = true;
      co_return out;
    }
    auto segment = read_segment((*one)->bytes, store_->shown(name.text()));
    if (!segment) co_return fail(segment.error());
    segments.emplace_back(name, std::move(*segment));
  }
  auto folded = fold(segments, out);
  if (!folded) co_return fail(folded.error());
  co_return out;
}

// A writer that compacts takes old segments away: then we look again.
Task<Result<BackendData>> RemoteBackend::load() {
  BackendData data;
  for (int look = 1;; ++look) {
    auto reading = read_chain();
    auto chain = co_await std::move(reading);
    if (!chain) co_return fail(chain.error());
    if (chain->vanished && look < kLooks) continue;
    if (chain->vanished)
      co_return fail(ErrorCode::unavailable,
                     "the state `" + store_->shown("") + "` changes faster than it can be read");
    if (!chain->snapshot.empty()) {
      auto getting = store_->get(chain->snapshot);
      auto snapshot = co_await std::move(getting);
      if (!snapshot) co_return fail(unread(snapshot.error()));
      if (!*snapshot && look < kLooks) continue;
      if (*snapshot) data.snapshot = std::move((*snapshot)->bytes);
    }
    if (!chain->mark.empty()) {
      auto mark = read_move_mark(chain->mark, store_->shown("journal"));
      if (!mark) co_return fail(mark.error());
      data.moved = std::move(*mark);
    }
    if (epoch_ > 0) {
      names_ = chain->names;
      snapshot_ = chain->snapshot;
      mark_ = chain->mark;
      journal_ = chain->journal.value_or("");
    }
    data.journal = std::move(chain->journal);
    co_return data;
  }
}

// --- writing

// What makes a command end: the state cannot be written.
Error RemoteBackend::unwritten(Error error) const {
  if (error.code == ErrorCode::locked) return error;
  error.code = ErrorCode::io;
  error.message = "cannot write the state to `" + store_->shown("") + "`: " + error.message;
  error.help.emplace_back(
      "nothing is sent that was not noted there before; run again once it can be "
      "written: what was begun is found and finished");
  return error;
}

// Creates the next segment. A number that is taken has what an earlier try of ours wrote there,
// though its answer said otherwise, or another's end of this epoch.
Task<Result<void>> RemoteBackend::write(Segment segment) {
  if (epoch_ == 0) co_return fail(ErrorCode::internal, "the state is not locked");
  segment.epoch = epoch_;
  segment.writer = writer_;
  while (true) {
    const SegmentName name{epoch_, next_number_};
    segment.number = name.number;
    const std::string bytes = write_segment(segment);
    auto creating = store_->create(name.text(), bytes);
    auto created = co_await std::move(creating);
    if (!created) co_return fail(unwritten(created.error()));
    if (*created) break;
    auto getting = store_->get(name.text());
    auto there = co_await std::move(getting);
    if (!there) co_return fail(unwritten(there.error()));
    if (*there && (*there)->bytes == bytes) break;
    const std::string found = *there ? (*there)->bytes : "";
    const auto other = read_segment(found, name.text());
    if (!other || other->writer != writer_) {
      auto losing = lost_to(name, found);
      auto lost = co_await std::move(losing);
      co_return lost;
    }
    names_.insert(name);
    ++next_number_;
  }
  names_.insert({epoch_, next_number_});
  ++next_number_;
  co_return Result<void>();
}

Task<Result<void>> RemoteBackend::append(std::string segment) {
  auto mine = std::make_shared<Waiting>();
  mine->bytes = std::move(segment);
  waiting_.push_back(mine);
  if (!flushing_) {
    flushing_ = true;
    Task<void> flushing = flush();
    std::move(flushing).detach();
  }
  auto done = mine->done.wait();
  co_await done;
  co_return mine->result;
}

// One segment at a time; what has come meanwhile goes into the next one together.
Task<void> RemoteBackend::flush() {
  while (!waiting_.empty()) {
    std::deque<std::shared_ptr<Waiting>> batch;
    batch.swap(waiting_);
    Segment segment;
    segment.at = journal_.size();
    for (const auto& one : batch) segment.bytes += one->bytes;
    const std::string bytes = segment.bytes;
    auto writing = write(std::move(segment));
    Result<void> written = co_await std::move(writing);
    if (written) {
      journal_ += bytes;
    } else {
      // What waits behind it would stand in the wrong place.
      for (auto& one : waiting_) batch.push_back(std::move(one));
      waiting_.clear();
    }
    for (const auto& one : batch) {
      one->result = written;
      one->done.set();
    }
  }
  flushing_ = false;
}

// The next segment says where it goes on.
Task<Result<void>> RemoteBackend::cut_journal(uint64_t size) {
  if (size < journal_.size()) journal_.resize(size);
  co_return Result<void>();
}

Task<Result<void>> RemoteBackend::start_journal(std::string header) {
  Segment segment;
  segment.kind = Segment::Kind::fresh;
  segment.snapshot = snapshot_;
  segment.mark = mark_;
  segment.bytes = header;
  auto writing = write(std::move(segment));
  auto written = co_await std::move(writing);
  if (!written) co_return written;
  journal_ = std::move(header);
  auto clearing = clear_before(next_number_ - 1);
  co_await std::move(clearing);
  co_return Result<void>();
}

Task<void> RemoteBackend::discard(std::string name, Semaphore* turn) {
  auto permit = turn->acquire();
  co_await permit;
  auto removing = store_->remove(name);
  (void)co_await std::move(removing);
  turn->release();
}

// Best effort, in the order given: what is left over is taken away the next time.
Task<void> RemoteBackend::discard_all(std::vector<std::string> names) {
  Semaphore turn(kAtOnce);
  std::vector<Task<void>> tasks;
  for (const std::string& name : names) {
    Task<void> one = discard(name, &turn);
    tasks.push_back(std::move(one));
  }
  auto discarding = all(std::move(tasks));
  co_await std::move(discarding);
}

// This epoch's head stays, it says who writes.
Task<void> RemoteBackend::clear_before(uint64_t number) {
  std::vector<std::string> old;
  std::set<uint64_t> epochs;
  for (auto it = names_.begin(); it != names_.end();) {
    const bool over = it->epoch < epoch_ || (it->number > 0 && it->number < number);
    if (it->epoch < epoch_) epochs.insert(it->epoch);
    if (over) old.push_back(it->text());
    it = over ? names_.erase(it) : std::next(it);
  }
  for (const uint64_t epoch : epochs) old.push_back(lease_name(epoch));
  // The newest go last: whoever reads meanwhile finds the beginning missing, and looks again.
  auto discarding = discard_all(std::move(old));
  co_await std::move(discarding);
}

// Uploaded first, then it counts.
Task<Result<void>> RemoteBackend::put_snapshot(uint64_t serial, std::string text) {
  SnapshotName name{serial, epoch_, 0};
  while (true) {
    auto creating = store_->create(name.text(), text);
    auto created = co_await std::move(creating);
    if (!created) co_return fail(unwritten(created.error()));
    if (*created) break;
    auto getting = store_->get(name.text());
    auto there = co_await std::move(getting);
    if (!there) co_return fail(unwritten(there.error()));
    if (*there && (*there)->bytes == text) break;
    ++name.turn;
  }
  Segment segment;
  segment.kind = Segment::Kind::snapshot;
  segment.snapshot = name.text();
  auto writing = write(std::move(segment));
  auto written = co_await std::move(writing);
  if (!written) co_return written;
  snapshot_ = name.text();
  auto forgetting = forget_old_snapshots();
  co_await std::move(forgetting);
  co_return Result<void>();
}

Task<Result<void>> RemoteBackend::set_mark(std::optional<MoveMark> mark) {
  Segment segment;
  segment.kind = Segment::Kind::mark;
  if (mark) segment.mark = write_move_mark(*mark);
  const std::string text = segment.mark;
  auto writing = write(std::move(segment));
  auto written = co_await std::move(writing);
  if (written) mark_ = text;
  co_return written;
}

// --- history

Task<Result<std::vector<SnapshotName>>> RemoteBackend::list_snapshots() {
  auto listing = store_->list("snapshots/");
  auto listed = co_await std::move(listing);
  if (!listed) co_return fail(unread(listed.error()));
  std::vector<SnapshotName> out;
  for (const std::string& name : *listed) {
    if (const auto parsed = lf::snapshot_name(name)) out.push_back(*parsed);
  }
  co_return out;
}

Task<Result<std::vector<uint64_t>>> RemoteBackend::history() {
  auto listing = list_snapshots();
  auto listed = co_await std::move(listing);
  if (!listed) co_return fail(listed.error());
  std::set<uint64_t> serials;
  for (const SnapshotName& name : *listed) serials.insert(name.serial);
  co_return std::vector<uint64_t>(serials.begin(), serials.end());
}

// Of two uploads of one serial the later one: who wrote the earlier was stopped before it counted.
Task<Result<std::string>> RemoteBackend::history_text(uint64_t serial) {
  auto listing = list_snapshots();
  auto listed = co_await std::move(listing);
  if (!listed) co_return fail(listed.error());
  std::optional<SnapshotName> best;
  for (const SnapshotName& name : *listed) {
    if (name.serial == serial && (!best || *best < name)) best = name;
  }
  if (!best) co_return no_such_copy(serial);
  auto getting = store_->get(best->text());
  auto text = co_await std::move(getting);
  if (!text) co_return fail(unread(text.error()));
  if (!*text) co_return no_such_copy(serial);
  co_return std::move((*text)->bytes);
}

// Best effort, like a local one's.
Task<void> RemoteBackend::forget_old_snapshots() {
  auto listing = list_snapshots();
  auto listed = co_await std::move(listing);
  if (!listed) co_return;
  std::map<uint64_t, std::vector<std::string>> by_serial;
  for (const SnapshotName& name : *listed) by_serial[name.serial].push_back(name.text());
  std::vector<std::string> old;
  while (by_serial.size() > kHistoryKept) {
    for (const std::string& name : by_serial.begin()->second) {
      if (name != snapshot_) old.push_back(name);
    }
    old.push_back(kept_journal_name(by_serial.begin()->first));
    by_serial.erase(by_serial.begin());
  }
  auto discarding = discard_all(std::move(old));
  co_await std::move(discarding);
}

Task<Result<void>> RemoteBackend::keep_journal(uint64_t serial, std::string journal) {
  auto putting = store_->put(kept_journal_name(serial), std::move(journal));
  auto put = co_await std::move(putting);
  if (!put) co_return fail(unwritten(put.error()));
  co_return Result<void>();
}

}  // namespace lf
