// SPDX-License-Identifier: Apache-2.0
#include "cli/report.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"

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

void print_json(const Plan& plan, const ApplyResult& result) {
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
  root.set("outputs", Value(std::move(outputs)));
  print(to_json(Value(std::move(root))) + "\n");
}

}  // namespace

void print_report(const Plan& plan, const ApplyResult& result, Session& session,
                  const CommandContext& context) {
  if (context.options.json) {
    print_json(plan, result);
    return;
  }
  const bool color = context.terminal.color_err;
  const char* red = color ? "\x1b[31m" : "";
  const char* dim = color ? "\x1b[2m" : "";
  const char* green = color ? "\x1b[32m" : "";
  const char* reset = color ? "\x1b[0m" : "";
  std::string text;
  for (size_t i = 0; i < result.operations.size(); ++i) {
    const OperationResult& one = result.operations[i];
    const PlanItem& item = plan.items[plan.operations[i].item];
    if (one.kind == OperationResult::Kind::failed) {
      text +=
          fmt::format("\n{}failed{}  {} {}: {}\n", red, reset, action_word(plan.operations[i].kind),
                      item.address, printable(one.error.message));
      if (!one.error.request_id.empty())
        text += fmt::format("        request id {}\n", one.error.request_id);
      for (const auto& line : one.error.help) text += fmt::format("        {}\n", printable(line));
    } else if (one.kind == OperationResult::Kind::skipped) {
      text += fmt::format(
          "{}skipped{} {} {}{}\n", dim, reset, action_word(plan.operations[i].kind), item.address,
          one.culprit.empty() ? ": asked to stop" : ": needs `" + one.culprit + "`, which failed");
    }
  }
  text += fmt::format("\n{}{}{}: {} done", result.failed == 0 && result.skipped == 0 ? green : red,
                      result.failed == 0 && result.skipped == 0 ? "applied" : "not all was done",
                      reset, result.done);
  if (result.failed > 0) text += fmt::format(", {} failed", result.failed);
  if (result.skipped > 0) text += fmt::format(", {} skipped", result.skipped);
  text += fmt::format(" ({} requests)\n", session.engine().request_count);
  if (result.failed + result.skipped > 0) {
    text += "everything that exists is recorded; run apply again to go on\n";
  }
  print_error(text);
  if (!result.outputs.empty() && context.options.command != "destroy") {
    std::string data = "\noutputs:\n";
    size_t widest = 0;
    for (const auto& output : result.outputs) widest = std::max(widest, output.name.size());
    for (const auto& output : result.outputs) {
      data += fmt::format("  {:<{}} = {}\n", output.name, widest,
                          output.secret ? "(secret)" : printable(to_text(output.value)));
    }
    print(data);
  }
}

}  // namespace lf
