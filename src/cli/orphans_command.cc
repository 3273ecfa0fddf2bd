// SPDX-License-Identifier: Apache-2.0
// `orphans`: what carries this stack's marks in the cloud and is not in state (find_orphans.h).
#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "cli/find_orphans.h"

namespace lf {

namespace {

struct Screen {
  List json;
  std::vector<std::vector<std::string>> rows;
  std::string adopt_lines;
  size_t adoptable = 0;
};

void put(Session& session, const Orphan& orphan, Screen& out) {
  const Marked& marked = orphan.marked;
  const std::string& address = orphan.address;
  Map row;
  row.set("type", Value(orphan.type->name));
  row.set("id", Value(marked.id));
  row.set("provider", Value(orphan.cloud->instance().name));
  row.set("made_as", Value(marked.address_mark));
  row.set("address", address.empty() ? Value() : Value(address));
  row.set("this_lineage", Value(orphan.this_lineage));
  row.set("stack_mark", Value(marked.stack_mark));
  row.set("made_at", orphan.made_at ? Value(*orphan.made_at) : Value());
  out.json.emplace_back(std::move(row));
  const Timestamp now = session.world().clock.now();
  out.rows.push_back({orphan.type->name, marked.id, address.empty() ? marked.address_mark : address,
                      orphan.made_at ? age_text(*orphan.made_at, now) + " old" : "",
                      orphan.this_lineage ? "" : "of another state"});
  const Record* there = address.empty() ? nullptr : session.state().find(address);
  if (there != nullptr) out.rows.back().push_back("the state has " + there->id + " there");
  if (there != nullptr) return;
  ++out.adoptable;
  if (!address.empty())
    out.adopt_lines +=
        "  llmforge adopt '" + printable(address) + "' " + printable(marked.id) + "\n";
}

Task<int> orphans(CommandContext* context, Session* session) {
  // Twice: names that hold the account are known after the first time.
  const std::vector<Ready> steps{Ready::state, Ready::checked, Ready::identified, Ready::checked};
  Task<int> preparing = get_ready(context, session, steps);
  const int ready = co_await std::move(preparing);
  if (ready >= 0) co_return ready;

  Task<OrphanSearch> finding = find_orphans(session);
  OrphanSearch found = co_await std::move(finding);
  Screen screen;
  for (auto& [type, error] : found.failed) {
    error.message = "could not look for " + type->name + ": " + error.message;
    show_error(error, context->options.json, context->terminal);
  }
  for (const auto& one : found.orphans) put(*session, one, screen);
  const std::vector<std::vector<std::string>>& rows = screen.rows;
  if (context->options.json) {
    print(
        to_json(Value(Map{{"orphans", Value(std::move(screen.json))},
                          {"types_looked_at", Value(static_cast<int64_t>(found.types.size()))}})) +
        "\n");
  } else if (rows.empty()) {
    print(fmt::format("no orphans among {} types ({} requests)\n", found.types.size(),
                      session->engine().request_count));
  } else {
    print(table(rows));
    if (!screen.adopt_lines.empty()) print_error("to take them in:\n" + screen.adopt_lines);
    if (screen.adoptable > 1) print_error("all at once: llmforge adopt --orphans\n");
  }
  co_return found.failed.empty() ? kDone : kFailed;
}

}  // namespace

int run_orphans(CommandContext& context) {
  return with_spec(context, context.options, orphans);
}

}  // namespace lf
