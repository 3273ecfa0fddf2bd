// SPDX-License-Identifier: Apache-2.0
// `state list|show|mv|rm|history|restore|pull` and `forget`: looking at the state and mending it
// (push and repair: state_mend.cc).
// What changes it holds the lock, is one journal frame, and can be undone with `state restore`.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "cli/command_tools.h"
#include "cli/state_mend.h"
#include "cli/version.h"
#include "cli/yaml_text.h"
#include "state/load.h"
#include "state/snapshot.h"

namespace lf {

namespace {

int list_records(CommandContext* context, const State& state) {
  const std::string glob =
      context->options.arguments.empty() ? "**" : context->options.arguments.front();
  List json;
  std::vector<std::vector<std::string>> rows;
  for (const Record* record : state.records()) {
    if (!glob_match(glob, record->address)) continue;
    if (context->options.json) json.push_back(record_summary(*record));
    const std::string generation =
        record->generation > 0 ? fmt::format("generation {}, to be deleted", record->generation)
                               : "";
    rows.push_back(
        context->options.verbose || record->generation > 0
            ? std::vector<std::string>{record->address, record->type, record->id, generation}
            : std::vector<std::string>{record->address});
  }
  print(context->options.json ? to_json(Value(std::move(json))) + "\n" : table(rows));
  if (rows.empty() && !context->options.json) {
    print_error(state.empty() ? "the state has no resources\n"
                              : "no address matches `" + printable(glob) +
                                    "`: llmforge state list shows all\n");
  }
  return kDone;
}

int show_record(CommandContext* context, const State& state) {
  const std::string& address = context->options.arguments.front();
  const Record* record = state.find(address);
  const std::vector<const Record*> deposed = state.deposed(address);
  if (record == nullptr && deposed.empty()) return tell(*context, no_such_address(state, address));
  List all;
  if (record != nullptr) all.push_back(record_value(*record));
  for (const Record* old : deposed) all.push_back(record_value(*old));
  if (context->options.json) {
    print(to_json(all.size() == 1 ? all.front() : Value(all)) + "\n");
    return kDone;
  }
  for (const auto& one : all) print(to_yaml(one));
  return kDone;
}

Task<int> show_lock(CommandContext* context, Session* session) {
  std::unique_ptr<Backend> backend = session->backend();
  Task<Result<std::optional<std::string>>> asking =
      backend->holder(write_lock_owner(session->lock_owner()));
  Result<std::optional<std::string>> text = co_await std::move(asking);
  if (!text) co_return tell(*context, text.error());
  const auto holder = *text ? read_lock_holder(**text) : std::nullopt;
  if (context->options.json) {
    Map out;
    out.set("state", Value(backend->snapshot_name()));
    out.set("locked", Value(text->has_value()));
    if (holder) {
      out.set("command", Value(holder->owner.command));
      out.set("pid", Value(holder->owner.pid));
      out.set("host", Value(holder->owner.host));
      out.set("since", Value(format_timestamp(holder->owner.start)));
      if (holder->lease_left_s > 0)
        out.set("lease_left_s", Value(static_cast<int64_t>(holder->lease_left_s)));
    }
    print(to_json(Value(std::move(out))) + "\n");
    co_return kDone;
  }
  if (!*text) {
    print("nobody writes the state `" + printable(backend->snapshot_name()) + "`\n");
    co_return kDone;
  }
  const Error said = locked_error(Error(ErrorCode::locked, **text), backend->snapshot_name());
  print(printable(said.message) + "\n");
  for (const auto& help : said.help) print("  " + help + "\n");
  co_return kDone;
}

Task<int> history(CommandContext* context, Session* session) {
  std::unique_ptr<Backend> backend = session->backend();
  Task<Result<std::vector<uint64_t>>> listing = backend->history();
  const Result<std::vector<uint64_t>> serials = co_await std::move(listing);
  if (!serials) co_return tell(*context, serials.error());
  List json;
  std::vector<std::vector<std::string>> rows;
  for (const uint64_t serial : *serials) {
    Task<Result<std::string>> copying = backend->history_text(serial);
    const Result<std::string> text = co_await std::move(copying);
    Result<Snapshot> snapshot = text ? read_snapshot(*text, "state " + std::to_string(serial))
                                     : Result<Snapshot>(std::unexpected(text.error()));
    Map one;
    one.set("serial", Value(serial));
    if (snapshot) {
      one.set("written_at", Value(snapshot->written_at));
      one.set("resources", Value(static_cast<int64_t>(snapshot->state.size())));
      one.set("written_by", Value(snapshot->written_by));
      rows.push_back({std::to_string(serial), format_timestamp({snapshot->written_at.seconds, 0}),
                      fmt::format("{} resource{}", snapshot->state.size(),
                                  snapshot->state.size() == 1 ? "" : "s"),
                      "llmforge " + snapshot->written_by});
    } else {
      one.set("error", Value(snapshot.error().message));
      rows.push_back({std::to_string(serial), "cannot be read: " + snapshot.error().message});
    }
    json.emplace_back(std::move(one));
  }
  print(context->options.json ? to_json(Value(std::move(json))) + "\n" : table(rows));
  if (rows.empty() && !context->options.json) print_error("no earlier states\n");
  co_return kDone;
}

// What a restored state would know that this one does not, and the other way round.
Task<int> show_restore(CommandContext* context, Session* session, Backend* backend,
                       uint64_t serial) {
  Task<Result<std::string>> copying = backend->history_text(serial);
  const Result<std::string> text = co_await std::move(copying);
  const Result<Snapshot> then = text ? read_snapshot(*text, "state " + std::to_string(serial))
                                     : Result<Snapshot>(std::unexpected(text.error()));
  if (!then) co_return tell(*context, then.error());
  Task<int> reading = read_state_or_tell(context, session);
  const int read = co_await std::move(reading);
  if (read >= 0) co_return read;
  StateDifference difference = state_difference(session->state(), then->state);
  List& json = difference.json;
  const auto& rows = difference.rows;
  if (context->options.json) {
    print(
        to_json(Value(Map{{"would_restore", Value(serial)}, {"changes", Value(std::move(json))}})) +
        "\n");
  } else {
    print(fmt::format("would restore state {}{}\n", serial,
                      rows.empty() ? ", which knows the same" : ":"));
    print(table(rows));
  }
  co_return kDone;
}

Task<int> restore(CommandContext* context, Session* session) {
  const std::string& text = context->options.arguments.front();
  uint64_t serial = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), serial);
  if (problem != std::errc() || end != text.data() + text.size()) {
    print_error("error: SERIAL is a number, see: llmforge state history\n");
    co_return kUsage;
  }
  std::unique_ptr<Backend> backend = session->backend();
  if (context->options.dry_run) {
    Task<int> showing = show_restore(context, session, backend.get(), serial);
    const int code = co_await std::move(showing);
    co_return code;
  }
  StateOptions options = session->state_options();
  const LockOwner owner = session->lock_owner();
  Task<Result<uint64_t>> restoring =
      restore_state(*backend, session->world().clock, std::move(options), owner, serial);
  Result<uint64_t> now = co_await std::move(restoring);
  if (!now) co_return tell(*context, now.error());
  if (context->options.json) {
    print(to_json(Value(Map{{"restored", Value(serial)}, {"serial", Value(*now)}})) + "\n");
  } else {
    print(fmt::format("restored state {}; it has serial {} now\n", serial, *now));
    print_error("the cloud was not touched: run plan to see how it differs\n");
  }
  co_return kDone;
}

int pull(CommandContext* context, Session* session) {
  if (!session->state_exists() && session->open_intents().empty()) {
    Error error(ErrorCode::not_found, "there is no state yet: nothing was applied");
    return tell(*context, error);
  }
  Snapshot snapshot;
  snapshot.state = session->state();
  snapshot.written_by = kVersion;
  snapshot.written_at = session->world().clock.now();
  snapshot.open_intents = session->open_intents();
  for (const auto& open : snapshot.open_intents)
    snapshot.next_intent = std::max(snapshot.next_intent, open.intent.seq + 1);
  print(write_snapshot(snapshot));
  return kDone;
}

// `what`: "move", "forget".
void tell_change(CommandContext* context, const char* what, const Record& record,
                 const std::string& to) {
  const bool dry = context->options.dry_run;
  const std::string done = std::string_view(what) == "move" ? "moved" : "forgot";
  if (context->options.json) {
    Map out;
    out.set(dry ? "would_change" : "changed", Value(done));
    out.set("address", Value(record.address));
    out.set("id", Value(record.id));
    out.set("type", Value(record.type));
    if (!to.empty()) out.set("to", Value(to));
    print(to_json(Value(std::move(out))) + "\n");
  } else {
    print(fmt::format("{} {}{}{}\n", dry ? "would " + std::string(what) : done,
                      printable(record.address), to.empty() ? "" : " to " + printable(to),
                      record.id.empty() ? "" : " (" + printable(record.id) + ")"));
  }
}

Task<Result<void>> change_unless_dry(CommandContext* context, Session* session, Frame entries) {
  if (context->options.dry_run) co_return Result<void>();
  Task<Result<void>> changing = change_state(session, std::move(entries));
  Result<void> changed = co_await std::move(changing);
  co_return changed;
}

bool ends_wrongly(const std::string& address) {
  return address.empty() || address.find('#') != std::string::npos;
}

// What the spec has at an address; nullptr: nothing. `sound`: whether it could be said.
const ResourceType* type_in_spec(Session& session, const std::string& address, bool& sound) {
  const Result<bool> checked = session.check_offline();
  sound = checked && *checked;
  const Graph& graph = session.offline_graph();
  const GraphId at = sound ? graph.find(address) : kNoGraphId;
  return at == kNoGraphId ? nullptr : graph.nodes[at].type;
}

Task<int> move_records(CommandContext* context, Session* session) {
  const std::string from = context->options.arguments[0], to = context->options.arguments[1];
  const State& state = session->state();
  const Record* record = state.find(from);
  if (record == nullptr && state.deposed(from).empty())
    co_return tell(*context, no_such_address(state, from));
  if (ends_wrongly(to) || state.find(to) != nullptr || !state.deposed(to).empty()) {
    Error error(ErrorCode::refused, ends_wrongly(to) ? "`" + to + "` is no resource's address"
                                                     : "`" + to + "` is taken");
    if (!ends_wrongly(to)) error.help.emplace_back("move or forget that one first");
    co_return tell(*context, error);
  }
  bool sound = false;
  const ResourceType* other = type_in_spec(*session, to, sound);
  if (record != nullptr && other != nullptr && other->name != record->type) {
    const Error error(ErrorCode::refused, "`" + from + "` is of type " + record->type +
                                              ", but the spec has one of type " + other->name +
                                              " at `" + to + "`");
    co_return tell(*context, error);
  }
  Frame frame;
  const Record shown = record != nullptr ? *record : *state.deposed(from).front();
  if (record != nullptr) frame.emplace_back(RecordMove{from, 0, to, 0});
  for (const Record* old : state.deposed(from))
    frame.emplace_back(RecordMove{from, old->generation, to, old->generation});
  Task<Result<void>> changing = change_unless_dry(context, session, std::move(frame));
  Result<void> changed = co_await std::move(changing);
  if (!changed) co_return tell(*context, changed.error());
  tell_change(context, "move", shown, to);
  if (context->options.dry_run && !context->options.json)
    print_error("nothing was changed (--dry-run)\n");
  if (sound && other == nullptr && !context->options.json)
    print_error("the spec has no `" + printable(to) +
                "`: until it is named so there, the next apply would delete it\n");
  co_return kDone;
}

Task<int> forget(CommandContext* context, Session* session) {
  const std::string address = context->options.arguments.front();
  const State& state = session->state();
  const Record* record = state.find(address);
  const std::vector<const Record*> deposed = state.deposed(address);
  if (record == nullptr && deposed.empty())
    co_return tell(*context, no_such_address(state, address));
  // The current one; where there is none, what is left of replaced ones.
  std::vector<Record> gone;
  Frame frame;
  if (record != nullptr) {
    gone.push_back(*record);
  } else {
    for (const Record* old : deposed) gone.push_back(*old);
  }
  for (const auto& one : gone) frame.emplace_back(RecordRemove{one.address, one.generation});
  std::vector<std::string> users;
  for (const Record* other : state.records()) {
    if (std::find(other->dependencies.begin(), other->dependencies.end(), address) !=
        other->dependencies.end())
      users.push_back(other->address);
  }
  Task<Result<void>> changing = change_unless_dry(context, session, std::move(frame));
  Result<void> changed = co_await std::move(changing);
  if (!changed) co_return tell(*context, changed.error());
  for (const auto& one : gone) tell_change(context, "forget", one, "");
  if (context->options.json) co_return kDone;
  const bool dry = context->options.dry_run;
  print_error(dry ? "nothing was changed (--dry-run)\n"
                  : "it stays in the cloud, and nothing here deletes it from now on\n");
  if (!dry && !gone.front().id.empty())
    print_error("to take it back: llmforge adopt '" + printable(address) + "' " +
                printable(gone.front().id) + "\n");
  if (record != nullptr && !deposed.empty())
    print_error(
        fmt::format("{} replaced earlier at this address still to be deleted\n", deposed.size()));
  if (!users.empty()) print_error("these used it: " + printable(join(users, ", ")) + "\n");
  co_return kDone;
}

Task<int> state_task(CommandContext* context, Session* session) {
  const std::string& command = context->options.command;
  if (command == "state lock") {
    Task<int> task = show_lock(context, session);
    const int code = co_await std::move(task);
    co_return code;
  }
  if (command == "state history") {
    Task<int> task = history(context, session);
    const int code = co_await std::move(task);
    co_return code;
  }
  if (command == "state restore") {
    Task<int> task = restore(context, session);
    const int code = co_await std::move(task);
    co_return code;
  }
  if (command == "state push" || command == "state repair") {
    Task<int> task = command == "state push" ? push_state_file(context, session)
                                             : repair_state(context, session);
    const int code = co_await std::move(task);
    co_return code;
  }
  const bool changes = !context->options.dry_run &&
                       (command == "state mv" || command == "state rm" || command == "forget");
  Task<int> opening =
      changes ? open_store_or_tell(context, session) : read_state_or_tell(context, session);
  const int opened = co_await std::move(opening);
  if (opened >= 0) co_return opened;
  if (command == "state list") co_return list_records(context, session->state());
  if (command == "state show") co_return show_record(context, session->state());
  if (command == "state pull") co_return pull(context, session);
  Task<int> task =
      command == "state mv" ? move_records(context, session) : forget(context, session);
  const int code = co_await std::move(task);
  co_return code;
}

}  // namespace

int run_state(CommandContext& context) {
  return with_spec(context, context.options, state_task);
}
int run_forget(CommandContext& context) {
  return with_spec(context, context.options, state_task);
}

}  // namespace lf
