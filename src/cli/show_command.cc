// SPDX-License-Identifier: Apache-2.0
// `show`: what the state knows, without a request. `status`: the same with a look at the cloud.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "cli/command_tools.h"
#include "cli/running.h"
#include "plan/render.h"

namespace lf {

namespace {

std::string cloud_word(const Observation* seen) {
  if (seen == nullptr) return "not read";
  std::string out;
  switch (seen->presence) {
    case Observation::Presence::unread: out = "not read"; break;
    case Observation::Presence::present: out = seen->failed ? "failed" : "present"; break;
    case Observation::Presence::gone: out = "gone"; break;
    case Observation::Presence::ended: out = seen->interrupted ? "interrupted" : "finished"; break;
  }
  return seen->note.empty() ? out : out + ": " + seen->note;
}

const Observation* seen_of(Session* session, const Record& record) {
  const auto found = session->observations().find({record.address, record.generation});
  return found == session->observations().end() ? nullptr : &found->second;
}

// What is no more, in a sentence.
std::string gone_text(Session* session) {
  size_t gone = 0;
  for (const Record* record : session->state().records()) {
    const Observation* seen = seen_of(session, *record);
    if (seen != nullptr && seen->presence == Observation::Presence::gone) ++gone;
  }
  if (gone == 0) return "";
  return fmt::format("{} {} gone: the next apply would make {} again\n", gone,
                     gone == 1 ? "is" : "are", gone == 1 ? "it" : "them");
}

int print_json(Session* session, bool live, const std::vector<Running>& running) {
  const State& state = session->state();
  Map out;
  out.set("stack", Value(session->spec().spec.stack));
  out.set("environment", Value(session->options().environment));
  out.set("lineage", Value(state.identity.lineage));
  out.set("serial", Value(state.identity.serial));
  List resources;
  for (const Record* record : state.records()) {
    const Value summary = record_summary(*record);
    Map row = summary.as_map();
    if (live) {
      const Observation* seen = seen_of(session, *record);
      row.set("cloud", Value(cloud_word(seen)));
      if (seen != nullptr && seen->presence == Observation::Presence::present)
        row.set("marked", Value(seen->marks_ok));
      const auto costs = std::find_if(running.begin(), running.end(),
                                      [&](const Running& one) { return one.record == record; });
      if (costs != running.end()) row.set("running", running_value(*costs));
    }
    resources.emplace_back(std::move(row));
  }
  out.set("resources", Value(std::move(resources)));
  Map outputs;
  for (const auto& output : state.outputs)
    outputs.set(output.name, output.secret ? Value("(secret)") : output.value);
  out.set("outputs", Value(std::move(outputs)));
  print(to_json(Value(std::move(out))) + "\n");
  return kDone;
}

int print_text(Session* session, bool live, const std::vector<Running>& running) {
  const State& state = session->state();
  const Timestamp now = session->world().clock.now();
  std::vector<std::vector<std::string>> rows;
  for (const Record* record : state.records()) {
    std::string status = to_string(record->status);
    if (record->generation > 0) status += fmt::format(" (generation {})", record->generation);
    if (!record->run.empty()) status += " run " + record->run;
    rows.push_back({record->address, record->type, record->id.empty() ? "-" : record->id, status,
                    live ? cloud_word(seen_of(session, *record))
                    : record->updated_at == Timestamp{}
                        ? ""
                        : age_text(record->updated_at, now) + " ago"});
  }
  std::string text = "stack " + printable(session->spec().spec.stack);
  if (session->options().environment != "default")
    text += ", environment " + printable(session->options().environment);
  text += fmt::format(": {} resource{}, serial {}\n", rows.size(), rows.size() == 1 ? "" : "s",
                      state.identity.serial);
  print(text + table(rows));
  if (live) {
    const std::string gone = gone_text(session);
    if (!gone.empty()) print(gone);
    print(running_text(running));
  }
  if (!state.outputs.empty()) {
    std::vector<std::vector<std::string>> outputs;
    for (const auto& output : state.outputs) {
      outputs.push_back(
          {output.name, "= " + (output.secret ? "(secret)" : show_value(output.value, 120))});
    }
    print("\noutputs:\n" + table(outputs));
  }
  return kDone;
}

Task<int> show_task(CommandContext* context, Session* session) {
  const bool live = context->options.command == "status" && !context->options.offline;
  Task<int> reading = read_state_or_tell(context, session);
  const int read = co_await std::move(reading);
  if (read >= 0) co_return read;
  if (!session->state_exists() && !context->options.json) {
    print("no state yet: nothing was applied\n");
    co_return kDone;
  }
  if (live && !session->state().empty()) {
    const std::vector<Ready> steps{Ready::identified, Ready::settled, Ready::refreshed};
    Task<int> preparing = get_ready(context, session, steps);
    const int ready = co_await std::move(preparing);
    if (ready >= 0) co_return ready;
  }
  std::vector<Running> running;
  if (live) {
    std::vector<std::string> said;
    Task<std::vector<Running>> finding = find_running(session, &said);
    running = co_await std::move(finding);
    for (const auto& note : said) print_error("note: " + printable(note) + "\n");
  }
  co_return context->options.json ? print_json(session, live, running)
                                  : print_text(session, live, running);
}

}  // namespace

int run_show(CommandContext& context) {
  return with_spec(context, context.options, show_task);
}

}  // namespace lf
