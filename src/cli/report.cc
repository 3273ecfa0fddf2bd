// SPDX-License-Identifier: Apache-2.0
#include "cli/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json.h"
#include "base/strings.h"
#include "cli/progress_words.h"

namespace lf {

namespace {

const char* kind_word(OperationResult::Kind kind) {
  switch (kind) {
    case OperationResult::Kind::done: return "done";
    case OperationResult::Kind::failed: return "failed";
    case OperationResult::Kind::skipped: return "skipped";
    case OperationResult::Kind::pending: return "pending";
  }
  return "";
}

const char* action_word(Operation::Kind kind) {
  switch (kind) {
    case Operation::Kind::create: return "create";
    case Operation::Kind::update:
    case Operation::Kind::facet: return "update";
    case Operation::Kind::empty: return "empty";
    case Operation::Kind::remove: return "delete";
    case Operation::Kind::depose: return "depose";
    case Operation::Kind::move: return "move";
    case Operation::Kind::forget: return "forget";
    case Operation::Kind::adopt: return "adopt";
  }
  return "";
}

// What became of one resource: of its operations the worst tells.
struct Row {
  std::string address, id;
  std::vector<std::string> actions;
  const OperationResult* worst = nullptr;
  std::string worst_action;
};

int badness(OperationResult::Kind kind) {
  switch (kind) {
    case OperationResult::Kind::failed: return 2;
    case OperationResult::Kind::skipped: return 1;
    default: return 0;
  }
}

// One row a resource, in the order of their operations; late facets belong to their resource.
std::vector<Row> rows_of(const Plan& plan, const ApplyResult& result) {
  std::vector<Row> rows;
  std::map<std::string, size_t> index;
  for (size_t i = 0; i < result.operations.size(); ++i) {
    const OperationResult& one = result.operations[i];
    const std::string& full = plan.items[plan.operations[i].item].address;
    const std::string address = full.substr(0, full.find('#'));
    const auto [it, fresh] = index.try_emplace(address, rows.size());
    if (fresh) rows.push_back({address, "", {}, nullptr, ""});
    Row& row = rows[it->second];
    const std::string action = action_word(plan.operations[i].kind);
    if (one.kind == OperationResult::Kind::done) {
      const std::string word = done_word(action);
      if (std::find(row.actions.begin(), row.actions.end(), word) == row.actions.end())
        row.actions.push_back(word);
      if (!one.id.empty()) row.id = one.id;
    }
    if (row.worst == nullptr || badness(one.kind) > badness(row.worst->kind)) {
      row.worst = &one;
      row.worst_action = action;
    }
  }
  return rows;
}

std::string because(const OperationResult& one) {
  return one.culprit.empty() ? "asked to stop"
                             : "needs " + printable(one.culprit) + ", which failed";
}

void print_json(const Plan& plan, const ApplyResult& result,
                const std::vector<GeneratedResult>& generated) {
  List rows;
  for (size_t i = 0; i < result.operations.size(); ++i) {
    const OperationResult& one = result.operations[i];
    const PlanItem& item = plan.items[plan.operations[i].item];
    Map row;
    row.set("address", Value(item.address));
    row.set("action", Value(action_word(plan.operations[i].kind)));
    row.set("result", Value(kind_word(one.kind)));
    if (!one.id.empty()) row.set("id", Value(one.id));
    if (one.kind == OperationResult::Kind::failed) {
      Map error;
      error.set("class", Value(to_string(one.error.code)));
      error.set("message", Value(one.error.message));
      error.set("service_code", Value(one.error.service_code));
      error.set("request_id", Value(one.error.request_id));
      List help;
      for (const auto& line : one.error.help) help.emplace_back(line);
      error.set("help", Value(std::move(help)));
      row.set("error", Value(std::move(error)));
    }
    if (one.kind == OperationResult::Kind::skipped) row.set("because", Value(one.culprit));
    row.set("seconds", Value(static_cast<double>(one.duration_ns) / 1e9));
    rows.emplace_back(std::move(row));
  }
  Map outputs;
  for (const auto& output : result.outputs) {
    outputs.set(output.name, output.secret ? Value("(secret)") : output.value);
  }
  Map root;
  root.set("event", Value("report"));
  root.set("done", Value(static_cast<int64_t>(result.done)));
  root.set("failed", Value(static_cast<int64_t>(result.failed)));
  root.set("skipped", Value(static_cast<int64_t>(result.skipped)));
  root.set("operations", Value(std::move(rows)));
  List resources;
  for (const Row& one : rows_of(plan, result)) {
    Map row;
    row.set("address", Value(one.address));
    row.set("result", Value(kind_word(one.worst->kind)));
    row.set("action", Value(one.worst_action));
    if (!one.id.empty()) row.set("id", Value(one.id));
    if (one.worst->kind == OperationResult::Kind::skipped)
      row.set("because", Value(because(*one.worst)));
    if (one.worst->kind == OperationResult::Kind::failed)
      row.set("because", Value(one.worst->error.message));
    resources.emplace_back(std::move(row));
  }
  root.set("resources", Value(std::move(resources)));
  root.set("outputs", Value(std::move(outputs)));
  List files;
  for (const auto& one : generated) {
    Map file;
    file.set("path", Value(one.path));
    file.set("action", Value(to_string(one.action)));
    file.set("result", Value(one.error ? "failed" : "done"));
    if (one.error) file.set("because", Value(one.error->message));
    files.emplace_back(std::move(file));
  }
  root.set("files", Value(std::move(files)));
  print(to_json(Value(std::move(root))) + "\n");
}

// How long requests were held back because a service takes no more: side by side, so their sum may
// be longer than the run.
std::string waits_text(const EngineContext& engine) {
  std::vector<std::string> services;
  for (const auto& [service, ns] : engine.waited_ns) {
    if (ns >= 100'000'000)
      services.push_back(fmt::format("{} {:.1f} s", service, static_cast<double>(ns) / 1e9));
  }
  return services.empty() ? "" : "held back, all requests together: " + join(services, ", ") + "\n";
}

}  // namespace

void print_report(const Plan& plan, const ApplyResult& result,
                  const std::vector<GeneratedResult>& files, Session& session,
                  const CommandContext& context) {
  if (context.options.json) {
    print_json(plan, result, files);
    return;
  }
  const bool color = context.terminal.color_err;
  const char* red = color ? "\x1b[31m" : "";
  const char* dim = color ? "\x1b[2m" : "";
  const char* green = color ? "\x1b[32m" : "";
  const char* reset = color ? "\x1b[0m" : "";
  std::string text = "\n";
  for (const auto& file : files) {
    const char* word = file.action == Action::remove ? "removed" : "wrote";
    text += file.error ? fmt::format("{}failed{}   {}: {}\n", red, reset, printable(file.path),
                                     printable(file.error->message))
                       : fmt::format("{} {}\n", word, printable(file.path));
  }
  if (!files.empty()) text += "\n";
  const bool all = result.failed == 0 && result.skipped == 0;
  // Where all went well, the lines above were the report.
  const std::vector<Row> rows = all ? std::vector<Row>{} : rows_of(plan, result);
  size_t widest = 0;
  for (const Row& row : rows) widest = std::max(widest, printable(row.address).size());
  widest = std::min<size_t>(widest, 48);
  for (const Row& row : rows) {
    const OperationResult& worst = *row.worst;
    const std::string address = fmt::format("{:<{}}", printable(row.address), widest);
    if (worst.kind == OperationResult::Kind::done) {
      // Ids are in the state and above; in a narrow window they go first.
      const std::string words = join(row.actions, ", ");
      const size_t used = 11 + utf8_length(address + words) + 1 + utf8_length(row.id);
      const bool fits =
          !context.terminal.live || used <= static_cast<size_t>(context.terminal.width);
      text += fmt::format("{}done{}     {}  {}{}{}\n", green, reset, address, words,
                          row.id.empty() || !fits ? "" : " ", fits ? printable(row.id) : "");
    } else if (worst.kind == OperationResult::Kind::failed) {
      text += fmt::format("{}failed{}   {}  {}: {}\n", red, reset, address, row.worst_action,
                          printable(worst.error.message));
      if (!worst.error.request_id.empty())
        text += fmt::format("           request id {}\n", printable(worst.error.request_id));
      for (const auto& line : worst.error.help)
        text += fmt::format("           help: {}\n", printable(line));
    } else {
      text += fmt::format("{}skipped{}  {}  {}: {}\n", dim, reset, address, row.worst_action,
                          because(worst));
    }
  }
  if (!all) text += "\n";
  text += fmt::format("{}{}{}: {} done", all ? green : red,
                      !all                                   ? "not all was done"
                      : context.options.command == "destroy" ? "destroyed"
                                                             : "applied",
                      reset, result.done);
  if (result.failed > 0) text += fmt::format(", {} failed", result.failed);
  if (result.skipped > 0) text += fmt::format(", {} skipped", result.skipped);
  text += fmt::format(" ({} requests)\n", session.engine().request_count);
  if (context.options.verbose) text += waits_text(session.engine());
  if (!all) {
    text += fmt::format("everything that exists is recorded; run {} again to go on\n",
                        context.options.command);
  }
  print_error(text);
  if (!result.outputs.empty() && context.options.command != "destroy") {
    std::string data = "\noutputs:\n";
    size_t longest = 0;
    for (const auto& output : result.outputs) longest = std::max(longest, output.name.size());
    for (const auto& output : result.outputs) {
      data += fmt::format("  {:<{}} = {}\n", output.name, longest,
                          output.secret ? "(secret)" : printable(to_text(output.value)));
    }
    print(data);
  }
}

}  // namespace lf
