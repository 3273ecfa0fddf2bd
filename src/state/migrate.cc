// SPDX-License-Identifier: Apache-2.0
#include "state/migrate.h"

#include <algorithm>

#include "base/timestamp.h"
#include "base/units.h"
#include "state/load.h"

namespace lf {

namespace {

constexpr int64_t kSettlingMsMax = 120'000;

Task<void> wait_ms(Clock& clock, int64_t ms) {
  Callback<int>::Start start = [&clock, ms](std::function<void(int)> done) {
    clock.after(ms * 1'000'000, [done = std::move(done)] { done(0); });
  };
  Callback<int> waiting(std::move(start));
  co_await waiting;
}

// One move, with both places locked and looked at.
class Move {
 public:
  Move(MoveEnd here, MoveEnd there, Clock& clock, StateOptions options, LockOwner owner)
      : here_(std::move(here)),
        there_(std::move(there)),
        clock_(clock),
        options_(std::move(options)),
        owner_(std::move(owner)) {}

  Task<Result<Counts>> run() {
    auto looking_here = look_at_place(*here_.backend, options_);
    auto here = co_await std::move(looking_here);
    if (!here) co_return fail(here.error());
    auto looking_there = look_at_place(*there_.backend, options_);
    auto there = co_await std::move(looking_there);
    if (!there) co_return fail(there.error());
    const Counts counts = which_counts(*here, *there);
    Result<void> done;
    switch (counts) {
      case Counts::neither:
      case Counts::here: break;
      case Counts::unmark: {
        auto marking = here_.backend->set_mark(std::nullopt);
        done = co_await std::move(marking);
        break;
      }
      case Counts::finish: {
        auto marking = there_.backend->set_mark(mark(true));
        done = co_await std::move(marking);
        break;
      }
      case Counts::there: {
        auto copying = copy(&*here, &*there);
        done = co_await std::move(copying);
        break;
      }
      case Counts::lost: done = fail(lost_error(*here)); break;
      case Counts::both: done = fail(both_error(*here, *there)); break;
    }
    if (!done) co_return fail(done.error());
    co_return counts;
  }

 private:
  MoveMark mark(bool done) const {
    MoveMark out;
    out.done = done;
    out.place = here_.place;
    out.shown = here_.shown;
    out.host = owner_.host;
    out.time = format_timestamp({clock_.now().seconds, 0});
    return out;
  }

  Error lost_error(const PlaceContent& here) const {
    Error error = moved_error(*here.moved, here_.shown);
    error.message += ", but there is none";
    error.help = {"bring it back there, or see what there is: llmforge orphans"};
    return error;
  }

  Error both_error(const PlaceContent& here, const PlaceContent& there) const {
    Error error(ErrorCode::refused, "there are two states of stack `" + options_.stack +
                                        "`, environment " + options_.environment +
                                        ", and both count: `" + here_.shown + "` (serial " +
                                        std::to_string(here.serial()) + ") and `" + there_.shown +
                                        "` (serial " + std::to_string(there.serial()) + ")");
    error.help.push_back(
        "look at both: llmforge state list, with `--state FILE` for one in a file");
    error.help.push_back("then move the one away that is not the true one");
    return error;
  }

  Task<Result<void>> copy(const PlaceContent* here, const PlaceContent* there) {
    Snapshot snapshot = there->replay.snapshot();
    auto waiting = let_requests_end(&snapshot);
    co_await std::move(waiting);
    auto marking = there_.backend->set_mark(mark(false));
    auto done = co_await std::move(marking);
    if (!done) co_return done;
    auto preparing = here_.backend->prepare();
    done = co_await std::move(preparing);
    if (!done) co_return done;
    const uint64_t serial = std::max(here->serial(), there->serial()) + 1;
    auto loading = here_.backend->load();
    auto data = co_await std::move(loading);
    if (!data) co_return fail(data.error());
    if (data->journal && here->exists) {
      auto keeping = here_.backend->keep_journal(serial, *data->journal);
      done = co_await std::move(keeping);
      if (!done) co_return done;
    }
    snapshot.state.identity.serial = serial;
    snapshot.written_by = options_.binary_version;
    snapshot.written_at = clock_.now();
    // A journal that lies here is of an earlier time: all of it is in there.
    snapshot.folded_base = here->serial();
    snapshot.folded_bytes = data->journal ? data->journal->size() : 0;
    auto putting = here_.backend->put_snapshot(serial, write_snapshot(snapshot));
    done = co_await std::move(putting);
    if (!done) co_return done;
    const std::string header = write_journal_header({snapshot.state.identity.lineage, serial});
    auto starting = here_.backend->start_journal(header);
    done = co_await std::move(starting);
    if (!done) co_return done;
    auto looking = look_at_place(*here_.backend, options_);
    const auto back = co_await std::move(looking);
    if (!back) co_return fail(back.error());
    if (!back->exists || content_of(back->replay.snapshot()) != content_of(snapshot))
      co_return fail(ErrorCode::corrupt,
                     "the state was moved to `" + here_.shown + "`, but is read back differently");
    if (here->moved) {
      auto unmarking = here_.backend->set_mark(std::nullopt);
      done = co_await std::move(unmarking);
      if (!done) co_return done;
    }
    auto closing = there_.backend->set_mark(mark(true));
    done = co_await std::move(closing);
    co_return done;
  }

  // Deadlines of open intents are by the clock of whoever wrote them there: they are over before
  // the state goes where others count otherwise.
  Task<void> let_requests_end(Snapshot* snapshot) {
    if (snapshot->open_intents.empty()) co_return;
    const auto done_by = there_.backend->others_done_by();
    int64_t last_ms = 0;
    for (OpenIntent& open : snapshot->open_intents) {
      if (done_by) end_by(open, *done_by);
      last_ms = std::max(last_ms, millis(open.intent.deadline));
    }
    const int64_t left_ms = last_ms - millis(clock_.now());
    if (left_ms <= 0) co_return;
    auto waiting = wait_ms(clock_, std::min(left_ms, kSettlingMsMax));
    co_await std::move(waiting);
  }

  MoveEnd here_, there_;
  Clock& clock_;
  StateOptions options_;
  LockOwner owner_;
};

}  // namespace

Task<Result<PlaceContent>> look_at_place(Backend& backend, StateOptions options) {
  auto loading = backend.load();
  auto data = co_await std::move(loading);
  if (!data) co_return fail(data.error());
  PlaceContent out;
  out.moved = std::move(data->moved);
  data->moved.reset();
  auto pair = join_state(*data, backend, options);
  if (!pair) co_return fail(pair.error());
  out.exists = pair->exists;
  out.replay = std::move(pair->replay);
  out.notes = std::move(pair->notes);
  co_return out;
}

Counts which_counts(const PlaceContent& here, const PlaceContent& there) {
  const bool there_holds = there.exists && (!there.moved || !there.moved->done);
  if (here.exists && !here.moved) {
    if (!there_holds) return Counts::here;
    const bool same = here.lineage() == there.lineage();
    return there.moved && same && here.serial() > there.serial() ? Counts::finish : Counts::both;
  }
  if (there_holds) return Counts::there;
  if (here.exists && here.moved && !here.moved->done) return Counts::unmark;
  return here.moved ? Counts::lost : Counts::neither;
}

Task<Result<Counts>> bring_state(MoveEnd here, MoveEnd there, Clock& clock, StateOptions options,
                                 LockOwner owner, int64_t lock_timeout_ns) {
  auto locking_here = take_lock(*here.backend, clock, write_lock_owner(owner), lock_timeout_ns);
  auto held_here = co_await std::move(locking_here);
  if (!held_here) co_return fail(held_here.error());
  auto locking_there = take_lock(*there.backend, clock, write_lock_owner(owner), lock_timeout_ns);
  auto held_there = co_await std::move(locking_there);
  Result<Counts> out = Counts::neither;
  if (held_there) {
    Move move(here, there, clock, std::move(options), std::move(owner));
    auto running = move.run();
    out = co_await std::move(running);
    auto releasing = there.backend->release();
    co_await std::move(releasing);
  } else {
    out = fail(held_there.error());
  }
  auto releasing = here.backend->release();
  co_await std::move(releasing);
  co_return out;
}

}  // namespace lf
