// SPDX-License-Identifier: Apache-2.0
// Who writes a remote state: epochs, their heads and ends, and the lease in between.
#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/strings.h"
#include "base/timestamp.h"
#include "state/codec.h"
#include "state/remote_backend.h"

namespace lf {

namespace {

constexpr int64_t kMs = 1'000'000;
// Ages are whole seconds, and two of a store's machines may differ by a little.
constexpr int64_t kClockMarginMs = 3'000;
constexpr int kTries = 5;
// Segments that a reader may have to fetch; beyond, a run that ends puts them together.
constexpr size_t kSegmentsMax = 32;

// The owner's line with how long its lease still lasts.
std::string with_left(std::string owner, int64_t left_ms) {
  while (owner.ends_with('\n')) owner.pop_back();
  if (!owner.ends_with('}')) return owner;
  owner.pop_back();
  return owner + fmt::format(",\"lease_left_s\":{}}}", (left_ms + 999) / 1000);
}

}  // namespace

struct RemoteBackend::Held final : StateLock {};

RemoteBackend::~RemoteBackend() {
  stopping_ = true;
  if (timer_ != 0) clock_.cancel(timer_);
}

std::string RemoteBackend::random_id() {
  std::string bytes(12, '\0');
  random_.fill(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  return hex(bytes);
}

// The owner of the epoch whose last segment is `last`: how it stands with its lease.
Task<Result<RemoteBackend::Holder>> RemoteBackend::look_at(SegmentName last) {
  Holder out;
  auto getting_last = store_->get(last.text());
  auto newest = co_await std::move(getting_last);
  if (!newest) co_return fail(unread(newest.error()));
  out.vanished = !*newest;
  if (out.vanished) co_return out;
  const auto segment = read_segment((*newest)->bytes, store_->shown(last.text()));
  if (!segment) co_return fail(segment.error());
  out.age_ms = (*newest)->age_s * 1000;
  out.ended = segment->kind == Segment::Kind::end;
  if (out.ended) co_return out;
  const std::string head_name = SegmentName{last.epoch, 0}.text();
  auto getting_head = store_->get(head_name);
  auto head_object = co_await std::move(getting_head);
  if (!head_object) co_return fail(unread(head_object.error()));
  out.vanished = !*head_object;
  if (out.vanished) co_return out;
  const auto head = read_segment((*head_object)->bytes, store_->shown(head_name));
  if (!head) co_return fail(head.error());
  out.owner = head->owner;
  out.lease_ms = head->lease_ms;
  out.request_ms = head->request_ms;
  out.age_ms = (*head_object)->age_s * 1000;
  auto getting_lease = store_->get(lease_name(last.epoch));
  auto lease = co_await std::move(getting_lease);
  if (!lease) co_return fail(unread(lease.error()));
  if (*lease) out.age_ms = std::min(out.age_ms, (*lease)->age_s * 1000);
  const auto held_ms = static_cast<int64_t>(out.lease_ms + out.request_ms) + kClockMarginMs;
  out.left_ms = held_ms - out.age_ms;
  co_return out;
}

Task<Result<std::optional<std::string>>> RemoteBackend::holder(std::string) {
  auto listing = list_segments();
  const auto names = co_await std::move(listing);
  if (!names) co_return fail(names.error());
  if (names->empty()) co_return std::nullopt;
  auto looking = look_at(*names->rbegin());
  const auto holder = co_await std::move(looking);
  if (!holder) co_return fail(holder.error());
  if (holder->vanished || holder->ended || holder->left_ms <= 0) co_return std::nullopt;
  co_return with_left(holder->owner, holder->left_ms);
}

// `again`: the epoch at the end of the chain must be ours.
Task<Result<void>> RemoteBackend::take_epoch(std::string owner, bool again) {
  for (int tries = 0; tries < kTries; ++tries) {
    auto listing = list_segments();
    auto names = co_await std::move(listing);
    if (!names) co_return fail(names.error());
    const uint64_t top = names->empty() ? 0 : names->rbegin()->epoch;
    if (again && top != epoch_) {
      lost_ = true;
      lost_why_ = "another run has written there since";
      co_return fail(may_send().error());
    }
    if (top > 0 && !again) {
      auto looking = look_at(*names->rbegin());
      auto holder = co_await std::move(looking);
      if (!holder) co_return fail(holder.error());
      if (holder->vanished) continue;
      if (!holder->ended && holder->left_ms > 0)
        co_return fail(ErrorCode::locked, with_left(holder->owner, holder->left_ms));
      // By then everything that it ever sent has had its effect, or never will.
      const auto grace_ms =
          static_cast<int64_t>(holder->ended ? 0 : holder->lease_ms + holder->request_ms);
      const int64_t since_ms = std::max<int64_t>(0, holder->age_ms - grace_ms - kClockMarginMs);
      others_done_by_ = later(clock_.now(), -since_ms);
    }
    Segment head;
    head.kind = Segment::Kind::head;
    head.epoch = top + 1;
    head.writer = random_id();
    head.owner = owner;
    head.lease_ms = static_cast<uint64_t>(times_.length_ms);
    head.request_ms = static_cast<uint64_t>(times_.request_ms);
    const std::string bytes = write_segment(head);
    const std::string name = SegmentName{top + 1, 0}.text();
    const MonotonicNs begun = clock_.monotonic();
    auto creating = store_->create(name, bytes);
    auto created = co_await std::move(creating);
    if (!created) co_return fail(unwritten(created.error()));
    if (!*created) {
      auto getting = store_->get(name);
      auto there = co_await std::move(getting);
      if (!there) co_return fail(unread(there.error()));
      if (!*there || (*there)->bytes != bytes) continue;  // another was first
    }
    epoch_ = top + 1;
    writer_ = head.writer;
    owner_ = std::move(owner);
    next_number_ = 1;
    valid_until_ = begun + times_.length_ms * kMs;
    lost_ = stopping_ = false;
    std::set<SegmentName> before = *names;
    names_ = std::move(*names);
    names_.insert({epoch_, 0});
    auto closing = close_epochs(std::move(before));
    auto closed = co_await std::move(closing);
    if (closed) renew_after(times_.renew_ms);
    co_return closed;
  }
  co_return fail(ErrorCode::unavailable,
                 "the state `" + store_->shown("") + "` changes hands faster than it can be read");
}

// Nobody before us may write any more: each epoch gets its end.
Task<Result<void>> RemoteBackend::close_epochs(std::set<SegmentName> names) {
  std::vector<SegmentName> last;  // of each epoch
  for (const SegmentName& name : names) {
    if (last.empty() || last.back().epoch != name.epoch)
      last.push_back(name);
    else
      last.back() = name;
  }
  for (const SegmentName& name : last) {
    auto closing = close_epoch(name);
    auto closed = co_await std::move(closing);
    if (!closed) co_return closed;
  }
  co_return Result<void>();
}

Task<Result<void>> RemoteBackend::close_epoch(SegmentName last) {
  while (true) {
    auto getting = store_->get(last.text());
    auto object = co_await std::move(getting);
    if (!object) co_return fail(unread(object.error()));
    if (*object) {
      const auto segment = read_segment((*object)->bytes, store_->shown(last.text()));
      if (!segment) co_return fail(segment.error());
      if (segment->kind == Segment::Kind::end) co_return Result<void>();
    }
    ++last.number;
    Segment end;
    end.kind = Segment::Kind::end;
    end.epoch = last.epoch;
    end.number = last.number;
    end.writer = writer_;
    end.next = epoch_;
    auto creating = store_->create(last.text(), write_segment(end));
    auto created = co_await std::move(creating);
    if (!created) co_return fail(unwritten(created.error()));
    names_.insert(last);
    if (*created) co_return Result<void>();
  }
}

Task<Result<std::unique_ptr<StateLock>>> RemoteBackend::lock(std::string owner) {
  auto taking = take_epoch(std::move(owner), false);
  auto taken = co_await std::move(taking);
  if (!taken) {
    if (taken.error().code != ErrorCode::locked) {
      auto releasing = release();
      co_await std::move(releasing);
    }
    co_return fail(taken.error());
  }
  co_return std::make_unique<Held>();
}

Task<Result<void>> RemoteBackend::take_again() {
  if (epoch_ == 0) co_return Result<void>();
  if (may_send()) co_return Result<void>();
  std::string owner = owner_;
  auto taking = take_epoch(std::move(owner), true);
  auto taken = co_await std::move(taking);
  co_return taken;
}

Task<void> RemoteBackend::release() {
  stopping_ = true;
  if (timer_ != 0) clock_.cancel(timer_);
  timer_ = 0;
  if (renewing_) {
    const std::shared_ptr<Event> renewed = renewed_;
    auto over = renewed->wait();
    co_await over;
  }
  if (epoch_ == 0) co_return;
  const bool sealed = lost_ && !lost_why_.empty();
  if (!sealed && names_.size() > kSegmentsMax && !journal_.empty()) {
    const std::string whole = journal_;
    auto starting = start_journal(whole);
    (void)co_await std::move(starting);
  }
  if (!sealed) {
    Segment end;
    end.kind = Segment::Kind::end;
    auto ending = write(std::move(end));
    (void)co_await std::move(ending);
  }
  epoch_ = 0;
}

Result<void> RemoteBackend::may_send() {
  const int64_t over_ms = (clock_.monotonic() - valid_until_) / kMs;
  if (over_ms >= 0) lost_ = true;
  if (!lost_) return {};
  Error error(ErrorCode::locked, "this run has lost its hold on the state `" + store_->shown("") +
                                     "`; nothing more is sent");
  if (!lost_why_.empty())
    error.message += ": " + lost_why_;
  else
    error.message +=
        fmt::format(": its lease ran out {} s ago, because {}", over_ms / 1000,
                    renew_problem_.empty() ? "the process was paused"
                                           : "it could not be renewed: " + renew_problem_);
  error.help.emplace_back("run it again: what was sent is found out then, and the rest is done");
  return fail(std::move(error));
}

// The number of our next segment is taken: by the end of this epoch, or it was even cleared away.
Task<Result<void>> RemoteBackend::lost_to(SegmentName taken, std::string found) {
  lost_ = true;
  lost_why_ = "another run has taken it over";
  const auto end = read_segment(found, taken.text());
  const uint64_t next = end ? end->next : 0;
  if (next > 0) {
    auto getting = store_->get(SegmentName{next, 0}.text());
    auto object = co_await std::move(getting);
    if (object && *object) {
      const auto head = read_segment((*object)->bytes, taken.text());
      StringPool pool;
      std::string host, since, command;
      uint64_t pid = 0;
      if (head) {
        JsonReader in(head->owner, pool);
        (void)in.object([&](std::string_view key) {
          if (key == "host") return in.string(host);
          if (key == "pid") return in.natural(pid);
          if (key == "start") return in.string(since);
          if (key == "command") return in.string(command);
          Value ignored;
          return in.value(ignored);
        });
      }
      if (!host.empty())
        lost_why_ = fmt::format("`{}` (pid {} on {}, since {}) has taken it over",
                                printable(command), pid, printable(host), printable(since));
    }
  }
  co_return fail(may_send().error());
}

// --- the lease

void RemoteBackend::renew_after(int64_t delay_ms) {
  if (timer_ != 0) clock_.cancel(timer_);
  timer_ = clock_.after(delay_ms * kMs, [this] {
    timer_ = 0;
    if (stopping_ || renewing_) return;
    Task<void> renewing = renew();
    std::move(renewing).detach();
  });
}

// A lease that has run out is never made longer: another may be counting on it.
Task<void> RemoteBackend::renew() {
  const MonotonicNs begun = clock_.monotonic();
  if (begun >= valid_until_) {
    lost_ = true;
    co_return;
  }
  renewing_ = true;
  renewed_ = std::make_shared<Event>();
  const std::shared_ptr<Event> renewed = renewed_;
  const uint64_t epoch = epoch_;
  std::string text = owner_;
  auto putting = store_->put(lease_name(epoch), std::move(text));
  auto put = co_await std::move(putting);
  renewing_ = false;
  const bool in_time = clock_.monotonic() < valid_until_;
  if (put && in_time && epoch == epoch_) {
    valid_until_ = std::max(valid_until_, begun + times_.length_ms * kMs);
    renew_problem_.clear();
  } else if (!put) {
    renew_problem_ = put.error().message;
  }
  if (!stopping_) renew_after(put ? times_.renew_ms : std::min<int64_t>(1'000, times_.renew_ms));
  renewed->set();
}

}  // namespace lf
