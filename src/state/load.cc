// SPDX-License-Identifier: Apache-2.0
#include "state/load.h"

#include "base/strings.h"
#include "state/file_errors.h"
#include "state/json_writer.h"

namespace lf {

namespace {

Result<void> check_owner(const StateIdentity& id, const StateOptions& options,
                         const std::string& path) {
  if (options.stack.empty()) return {};
  if (id.stack == options.stack && id.environment == options.environment) return {};
  Error error(ErrorCode::refused, "`" + path + "` is the state of stack `" + id.stack +
                                      "` in environment `" + id.environment + "`, not of `" +
                                      options.stack + "` in `" + options.environment + "`");
  error.help = {
      "each stack and environment has a place of its own: by `backend` (its `key` or `path`) or "
      "`--state`; or choose the environment with `--env`"};
  return fail(std::move(error));
}

// From which frame on the journal adds to the snapshot; nullopt: it does not belong to it.
std::optional<size_t> first_new_frame(const Journal& journal, const Snapshot& snapshot) {
  const StateIdentity& id = snapshot.state.identity;
  if (journal.header.lineage != id.lineage) return std::nullopt;
  if (journal.header.base_serial == id.serial) return 0;
  if (journal.header.base_serial != snapshot.folded_base) return std::nullopt;
  size_t first = 0;
  while (first < journal.frames.size() && journal.frame_ends[first] <= snapshot.folded_bytes) {
    ++first;
  }
  return first;
}

}  // namespace

Result<StatePair> join_state(const BackendData& data, const Backend& backend,
                             const StateOptions& options) {
  if (data.moved) return fail(moved_error(*data.moved, backend.snapshot_name()));
  StatePair pair;
  std::vector<Frame> frames;
  if (data.journal) {
    auto journal = read_journal(*data.journal, backend.journal_name());
    if (!journal) return std::unexpected(std::move(journal.error()));
    frames = std::move(journal->frames);
    pair.journal = std::move(*journal);
    pair.journal->frames.clear();
  }
  if (!data.snapshot) {
    if (frames.empty()) return pair;  // a new state whose making was cut short, or none at all
    Error error(ErrorCode::corrupt,
                "`" + backend.snapshot_name() + "` is missing, though its journal has entries");
    error.help = {"`llmforge state history` lists the copies that are kept",
                  "`llmforge state restore` puts one of them back"};
    return fail(std::move(error));
  }
  auto snapshot = read_snapshot(*data.snapshot, backend.snapshot_name());
  if (!snapshot) return std::unexpected(std::move(snapshot.error()));
  const auto owner = check_owner(snapshot->state.identity, options, backend.snapshot_name());
  if (!owner) return std::unexpected(owner.error());
  pair.exists = true;
  std::optional<size_t> first;
  if (pair.journal) {
    pair.journal->frames = std::move(frames);
    first = first_new_frame(*pair.journal, *snapshot);
    frames = std::move(pair.journal->frames);
    pair.journal->frames.clear();
    if (!first && !frames.empty()) {
      return corrupt_file(backend.journal_name(),
                          "it follows serial " + std::to_string(pair.journal->header.base_serial) +
                              " of lineage " + pair.journal->header.lineage + ", but `" +
                              backend.snapshot_name() + "` is serial " +
                              std::to_string(snapshot->state.identity.serial) + " of lineage " +
                              snapshot->state.identity.lineage,
                          0);
    }
    if (pair.journal->torn_bytes > 0) {
      pair.notes.push_back("the last " + std::to_string(pair.journal->torn_bytes) + " bytes of `" +
                           backend.journal_name() +
                           "` are a write that was cut short; they never counted");
    }
  } else {
    pair.notes.push_back("`" + backend.journal_name() +
                         "` is missing; without it the state is that of its last snapshot");
  }
  pair.replay = Replay(std::move(*snapshot));
  pair.journal_goes_on = first.has_value();
  for (size_t i = first.value_or(0); i < frames.size(); ++i) {
    const auto applied = pair.replay.apply(frames[i]);
    if (!applied) {
      return corrupt_file(backend.journal_name(), applied.error().message,
                          i == 0 ? 0 : pair.journal->frame_ends[i - 1]);
    }
  }
  return pair;
}

Task<Result<LoadedState>> load_state(Backend& backend, StateOptions options) {
  auto loading = backend.load();
  auto data = co_await std::move(loading);
  if (!data) co_return std::unexpected(std::move(data.error()));
  auto pair = join_state(*data, backend, options);
  if (!pair) co_return std::unexpected(std::move(pair.error()));
  co_return LoadedState{pair->exists, std::move(pair->replay), std::move(pair->notes)};
}

std::string content_of(Snapshot snapshot) {
  snapshot.state.identity.serial = 0;
  snapshot.written_by.clear();
  snapshot.written_at = {};
  snapshot.folded_base = snapshot.folded_bytes = 0;
  snapshot.next_intent = 0;
  return write_snapshot(snapshot);
}

Error moved_error(const MoveMark& mark, const std::string& state) {
  Error error(ErrorCode::refused, mark.done ? "the state was moved from `" + printable(state) +
                                                  "` to `" + printable(mark.shown) + "`"
                                            : "the state is being moved from `" + printable(state) +
                                                  "` to `" + printable(mark.shown) + "`");
  error.message += " (on " + printable(mark.host) + ", " + printable(mark.time) + ")";
  error.help = {"let the spec's `backend` name that place, as the spec of whoever moved it does"};
  return error;
}

std::string write_move_mark(const MoveMark& mark) {
  std::string line;
  ObjectWriter w(line);
  w.number("llmforge_moved", 1);
  w.flag("done", mark.done);
  w.text("place", mark.place);
  w.text("shown", mark.shown);
  w.text("host", mark.host);
  w.text("time", mark.time);
  w.end();
  return line + "\n";
}

Result<MoveMark> read_move_mark(std::string_view text, const std::string& path) {
  MoveMark mark;
  uint64_t version = 0;
  StringPool pool;
  JsonReader in(text, pool);
  const bool read = in.object([&](std::string_view key) {
    if (key == "llmforge_moved") return in.natural(version);
    if (key == "done") return in.boolean(mark.done);
    if (key == "place") return in.string(mark.place);
    if (key == "shown") return in.string(mark.shown);
    if (key == "host") return in.string(mark.host);
    if (key == "time") return in.string(mark.time);
    return in.fail("unknown key");
  });
  if (!read || !in.at_end()) return corrupt_file(path, in.problem(), in.offset());
  if (version != 1) return newer_format(path, version, 1);
  return mark;
}

std::string write_lock_owner(const LockOwner& owner) {
  std::string line;
  ObjectWriter w(line);
  w.text("host", owner.host);
  w.number("pid", static_cast<uint64_t>(owner.pid));
  w.time("start", owner.start);
  w.text("command", owner.command);
  w.end();
  return line + "\n";
}

std::optional<LockHolder> read_lock_holder(std::string_view text) {
  LockHolder out;
  StringPool pool;
  JsonReader in(text, pool);
  const bool readable = in.object([&](std::string_view key) {
    if (key == "host") return in.string(out.owner.host);
    if (key == "pid") return in.integer(out.owner.pid);
    if (key == "start") return in.timestamp(out.owner.start);
    if (key == "command") return in.string(out.owner.command);
    if (key == "lease_left_s") return in.natural(out.lease_left_s);
    Value ignored;
    return in.value(ignored);
  });
  if (!readable) return std::nullopt;
  return out;
}

Error locked_error(const Error& refused, const std::string& state) {
  const std::optional<LockHolder> holder = read_lock_holder(refused.message);
  const uint64_t lease_left_s = holder ? holder->lease_left_s : 0;
  std::string who = "another process";
  if (holder) {
    const LockOwner& owner = holder->owner;
    who = "`" + printable(owner.command) + "` (pid " + std::to_string(owner.pid) + " on " +
          printable(owner.host) + ", since " + format_timestamp(owner.start) + ")";
  }
  Error error(ErrorCode::locked, "the state `" + state + "` is locked by " + who);
  error.help = {"wait for it to end, or let `--lock-timeout 10m` wait"};
  if (lease_left_s == 0)
    error.help.emplace_back("a lock ends with its process; there is nothing to unlock by hand");
  else
    error.help.push_back("should that process be dead: what it holds ends by itself in " +
                         std::to_string(lease_left_s) + " s; there is nothing to unlock by hand");
  return error;
}

}  // namespace lf
