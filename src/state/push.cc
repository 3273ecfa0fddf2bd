// SPDX-License-Identifier: Apache-2.0
#include "state/push.h"

#include <fmt/format.h>

#include <algorithm>

#include "state/load.h"

namespace lf {

namespace {

Error refused(const Backend& backend, std::string message) {
  Error error(ErrorCode::refused, std::move(message));
  error.help.push_back("nothing was changed; what is here: llmforge state pull");
  error.help.push_back("if the file is the true one: move `" + backend.snapshot_name() + "` and `" +
                       backend.journal_name() + "` away first");
  return error;
}

std::optional<Error> objection(const Backend& backend, const Replay& replay,
                               const Snapshot& pushed) {
  const StateIdentity& here = replay.state().identity;
  const StateIdentity& there = pushed.state.identity;
  if (here.lineage != there.lineage)
    return refused(backend, fmt::format("the file is of another lineage: {}, and the state here is "
                                        "{}",
                                        there.lineage, here.lineage));
  if (there.serial < here.serial)
    return refused(backend,
                   fmt::format("the file is older: it has serial {}, and the state here {}",
                               there.serial, here.serial));
  if (there.serial == here.serial)
    return refused(backend, fmt::format("the file has serial {} as the state here, and knows "
                                        "something else",
                                        there.serial));
  if (replay.changed() || !replay.open_intents().empty())
    return refused(backend,
                   "the journal here has changes that the file cannot know: a run was cut "
                   "off, and `llmforge apply` would finish it");
  return std::nullopt;
}

Result<PushCheck> check(const BackendData& data, Backend& backend, const StateOptions& options,
                        const Snapshot& pushed) {
  PushCheck out;
  // Of this stack and environment?
  const BackendData alone{write_snapshot(pushed), std::nullopt, std::nullopt};
  const auto good = join_state(alone, backend, options);
  if (!good) return fail(good.error());
  auto pair = join_state(data, backend, options);
  if (!pair) return fail(pair.error());
  out.now.exists = pair->exists;
  out.now.notes = std::move(pair->notes);
  out.now.replay = std::move(pair->replay);
  if (!pair->exists) return out;
  out.same = content_of(out.now.replay.snapshot()) == content_of(pushed) &&
             out.now.replay.state().identity.lineage == pushed.state.identity.lineage;
  if (out.same) return out;
  if (const auto error = objection(backend, out.now.replay, pushed)) return fail(*error);
  return out;
}

}  // namespace

Task<Result<PushCheck>> check_push(Backend& backend, StateOptions options, Snapshot pushed) {
  auto loading = backend.load();
  auto data = co_await std::move(loading);
  if (!data) co_return fail(data.error());
  co_return check(*data, backend, options, pushed);
}

namespace {

// With the lock held.
Task<Result<uint64_t>> push_locked(Backend& backend, Clock& clock, StateOptions options,
                                   Snapshot pushed) {
  auto loading = backend.load();
  auto data = co_await std::move(loading);
  if (!data) co_return fail(data.error());
  const auto checked = check(*data, backend, options, pushed);
  if (!checked) co_return fail(checked.error());
  const uint64_t here = checked->now.replay.state().identity.serial;
  if (checked->same) co_return here;
  auto preparing = backend.prepare();
  const auto ready = co_await std::move(preparing);
  if (!ready) co_return fail(ready.error());
  const uint64_t serial = std::max(pushed.state.identity.serial, here + 1);
  if (data->journal) {
    auto keeping = backend.keep_journal(serial, *data->journal);
    const auto kept = co_await std::move(keeping);
    if (!kept) co_return fail(kept.error());
  }
  pushed.state.identity.serial = serial;
  pushed.next_intent = std::max(pushed.next_intent, checked->now.replay.next_intent());
  pushed.written_by = options.binary_version;
  pushed.written_at = clock.now();
  // A journal of the same lineage that lies here must not be taken for the one that follows.
  pushed.folded_base = here;
  pushed.folded_bytes = data->journal ? data->journal->size() : 0;
  auto putting = backend.put_snapshot(serial, write_snapshot(pushed));
  auto put = co_await std::move(putting);
  if (!put) co_return fail(put.error());
  const std::string header = write_journal_header({pushed.state.identity.lineage, serial});
  auto starting = backend.start_journal(header);
  const auto fresh = co_await std::move(starting);
  if (!fresh) co_return fail(fresh.error());
  co_return serial;
}

}  // namespace

Task<Result<uint64_t>> push_state(Backend& backend, Clock& clock, StateOptions options,
                                  LockOwner owner, Snapshot pushed) {
  auto locking = take_lock(backend, clock, write_lock_owner(owner), 0);
  auto lock = co_await std::move(locking);
  if (!lock) co_return fail(lock.error());
  auto pushing = push_locked(backend, clock, std::move(options), std::move(pushed));
  auto done = co_await std::move(pushing);
  auto releasing = backend.release();
  co_await std::move(releasing);
  co_return done;
}

}  // namespace lf
