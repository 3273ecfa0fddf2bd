// SPDX-License-Identifier: Apache-2.0
#include "cli/state_mend.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "state/push.h"

namespace lf {

StateDifference state_difference(const State& now, const State& then) {
  StateDifference out;
  const auto row = [&out](char mark, const Record& record, const char* what) {
    out.rows.push_back({std::string("  ") + mark + " " + record.address, record.id, what});
    out.json.emplace_back(Map{
        {"address", Value(record.address)}, {"id", Value(record.id)}, {"becomes", Value(what)}});
  };
  for (const Record* record : now.records()) {
    if (then.find(record->address, record->generation) == nullptr)
      row('-', *record, "no longer known");
  }
  for (const Record* record : then.records()) {
    const Record* here = now.find(record->address, record->generation);
    if (here == nullptr)
      row('+', *record, "known");
    else if (!(record_value(*here) == record_value(*record)))
      row('~', *record, here->id == record->id ? "as the other knows it" : "another id");
  }
  return out;
}

// --- push ---

namespace {

Task<int> show_push(CommandContext* context, Session* session, Backend* backend, Snapshot pushed) {
  Task<Result<PushCheck>> checking = check_push(*backend, session->state_options(), pushed);
  Result<PushCheck> checked = co_await std::move(checking);
  if (!checked) co_return tell(*context, checked.error());
  StateDifference difference = state_difference(checked->now.replay.state(), pushed.state);
  const uint64_t serial = pushed.state.identity.serial;
  if (context->options.json) {
    print(to_json(Value(Map{{"would_push", Value(!checked->same)},
                            {"serial", Value(serial)},
                            {"changes", Value(std::move(difference.json))}})) +
          "\n");
    co_return kDone;
  }
  if (checked->same) {
    print("nothing to do: the state here is the same\n");
    co_return kDone;
  }
  print(fmt::format("would push the state with serial {}{}\n", serial,
                    difference.rows.empty() ? ", which knows the same things" : ":"));
  print(table(difference.rows));
  print_error("nothing was changed (--dry-run)\n");
  co_return kDone;
}

}  // namespace

Task<int> push_state_file(CommandContext* context, Session* session) {
  const std::string& path = context->options.arguments.front();
  const auto text = context->world.files.read(path);
  if (!text) co_return tell(*context, text.error());
  Result<Snapshot> pushed = read_snapshot(*text, path);
  if (!pushed) co_return tell(*context, pushed.error());
  std::unique_ptr<Backend> backend = session->backend();
  if (context->options.dry_run) {
    Task<int> showing = show_push(context, session, backend.get(), std::move(*pushed));
    const int code = co_await std::move(showing);
    co_return code;
  }
  Task<Result<PushCheck>> checking = check_push(*backend, session->state_options(), *pushed);
  Result<PushCheck> checked = co_await std::move(checking);
  if (!checked) co_return tell(*context, checked.error());
  const uint64_t before = checked->now.replay.state().identity.serial;
  const size_t resources = pushed->state.size();
  const LockOwner owner = session->lock_owner();
  Task<Result<uint64_t>> pushing = push_state(*backend, session->world().clock,
                                              session->state_options(), owner, std::move(*pushed));
  Result<uint64_t> now = co_await std::move(pushing);
  if (!now) co_return tell(*context, now.error());
  if (context->options.json) {
    Map out{{"pushed", Value(!checked->same)}, {"serial", Value(*now)}};
    out.set("before", checked->now.exists ? Value(before) : Value());
    print(to_json(Value(std::move(out))) + "\n");
    co_return kDone;
  }
  if (checked->same) {
    print("nothing to do: the state here is the same\n");
    co_return kDone;
  }
  print(fmt::format("pushed: {} resource{}, serial {}\n", resources, resources == 1 ? "" : "s",
                    *now));
  if (checked->now.exists)
    print_error(fmt::format("what was here is kept: llmforge state restore {}\n", before));
  co_return kDone;
}

// --- repair ---

namespace {

struct Finding {
  std::string address, id, what, repair;
  bool ours = false;  // `repair --fix` does it
};

class Repair {
 public:
  explicit Repair(Session& session) : session_(session) {}

  void look() {
    std::map<std::tuple<std::string, std::string, std::string>, std::vector<const Record*>> by_id;
    for (const Record* record : session_.state().records()) {
      if (!record->id.empty())
        by_id[{record->type, record->provider.name, record->id}].push_back(record);
      look_at_cloud(*record);
      look_at_dependencies(*record);
    }
    for (const auto& [key, records] : by_id) {
      for (size_t i = 1; i < records.size(); ++i) {
        findings_.push_back({records[i]->address, records[i]->id,
                             "is known as `" + records.front()->address + "` too",
                             "forget one of them: llmforge forget '" + records[i]->address + "'",
                             false});
      }
    }
  }

  const std::vector<Finding>& findings() const { return findings_; }
  Frame take_frame() { return std::move(frame_); }
  size_t repairs() const {
    return static_cast<size_t>(
        std::count_if(findings_.begin(), findings_.end(), [](const auto& f) { return f.ours; }));
  }

 private:
  void look_at_cloud(const Record& record) {
    const auto found = session_.observations().find({record.address, record.generation});
    if (found == session_.observations().end()) return;
    const Observation& seen = found->second;
    if (seen.presence == Observation::Presence::gone) {
      findings_.push_back({record.address, record.id, "does not exist any more",
                           "forget it; the next apply makes what the spec wants", true});
      frame_.emplace_back(RecordRemove{record.address, record.generation});
      gone_.insert(record.address);
    } else if (seen.presence == Observation::Presence::present && !seen.marks_ok) {
      findings_.push_back({record.address, record.id, "does not carry this stack's marks",
                           "apply puts them back; if it is not this stack's: llmforge forget '" +
                               record.address + "'",
                           false});
    } else if (seen.failed) {
      findings_.push_back({record.address, record.id,
                           "has failed" + (seen.note.empty() ? "" : ": " + seen.note),
                           "apply replaces it", false});
    }
  }

  void look_at_dependencies(const Record& record) {
    if (gone_.contains(record.address)) return;
    Record mended = record;
    std::vector<std::string> lost;
    std::erase_if(mended.dependencies, [&](const std::string& address) {
      const bool known =
          session_.state().find(address) != nullptr || !session_.state().deposed(address).empty();
      if (!known) lost.push_back(address);
      return !known;
    });
    if (lost.empty()) return;
    findings_.push_back({record.address, record.id,
                         "depends on what the state does not know: " + join(lost, ", "),
                         "drop that dependency", true});
    frame_.emplace_back(RecordPut{std::move(mended)});
  }

  Session& session_;
  std::vector<Finding> findings_;
  Frame frame_;
  std::set<std::string> gone_;
};

int tell_repair(const CommandContext& context, const Repair& repair, size_t interrupted,
                bool written) {
  const auto& findings = repair.findings();
  const size_t repairs = repair.repairs() + interrupted;
  const int code = written || (findings.empty() && interrupted == 0) ? kDone : kChanges;
  if (context.options.json) {
    List rows;
    for (const auto& one : findings)
      rows.emplace_back(Map{{"address", Value(one.address)},
                            {"id", Value(one.id)},
                            {"problem", Value(one.what)},
                            {"repair", Value(one.repair)},
                            {"by_repair", Value(one.ours)}});
    print(to_json(Value(Map{{"written", Value(written)},
                            {"interrupted_steps", Value(static_cast<int64_t>(interrupted))},
                            {"findings", Value(std::move(rows))}})) +
          "\n");
    return code;
  }
  if (findings.empty() && interrupted == 0) {
    print("the state is as the cloud is: nothing to repair\n");
    return code;
  }
  std::string text;
  if (interrupted > 0)
    text += fmt::format("{} step{} of a run that was cut off: {}\n", interrupted,
                        interrupted == 1 ? "" : "s",
                        written ? "found out what came of them" : "find out what came of them");
  for (const auto& one : findings)
    text += fmt::format("{} ({}) {}\n    {}{}\n", printable(one.address), printable(one.id),
                        printable(one.what), one.ours && written ? "done: " : "",
                        printable(one.repair));
  print(text);
  if (!written && repairs > 0)
    print_error("nothing was changed; to do it: llmforge state repair --fix\n");
  if (written && repairs > 0) print_error("to undo it: llmforge state history, then restore\n");
  return code;
}

}  // namespace

Task<int> repair_state(CommandContext* context, Session* session) {
  const bool write = context->options.fix;
  if (write && context->options.dry_run) {
    print_error("error: of --fix and --dry-run only one may be given\n");
    co_return kUsage;
  }
  Task<int> opening =
      write ? open_store_or_tell(context, session) : read_state_or_tell(context, session);
  const int opened = co_await std::move(opening);
  if (opened >= 0) co_return opened;
  if (session->state().empty() && session->open_intents().empty()) {
    const Repair nothing(*session);
    co_return tell_repair(*context, nothing, 0, write);
  }
  const size_t interrupted = session->open_intents().size();
  const std::vector<Ready> steps{Ready::identified, Ready::settled, Ready::refreshed};
  Task<int> preparing = get_ready(context, session, steps);
  const int ready = co_await std::move(preparing);
  if (ready >= 0) co_return ready;
  Repair repair(*session);
  repair.look();
  Frame frame = repair.take_frame();
  if (write && (!frame.empty() || interrupted > 0)) {
    Task<Result<void>> changing = change_state(session, std::move(frame));
    Result<void> changed = co_await std::move(changing);
    if (!changed) co_return tell(*context, changed.error());
  }
  co_return tell_repair(*context, repair, interrupted, write);
}

}  // namespace lf
