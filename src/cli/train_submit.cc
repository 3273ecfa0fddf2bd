// SPDX-License-Identifier: Apache-2.0
// `train submit [NAME]`: an apply with the run's name given by hand. The spec says by its own
// variables what a run is called and whether there is a machine: those are set for this one apply.
// What it starts is marked as submitted, so that no later apply ends it (plan/make.cc).
#include <algorithm>

#include "base/strings.h"
#include "base/units.h"
#include "cli/command_tools.h"

namespace lf {

namespace {

// The variable that `tree` is, as in `${vars.run}`; "": it is something else.
std::string variable_of(const Tree& tree) {
  if (tree.kind != Tree::Kind::scalar || !tree.text->is_single()) return "";
  const cel::Expression& expression = *tree.text->parts().front().expression;
  const auto& references = expression.references();
  if (references.size() != 1 || references[0].root != "vars" || references[0].path.size() != 1)
    return "";
  const std::string& name = references[0].path[0];
  return trim(expression.text()) == "vars." + name ? name : "";
}

// Whether an expression of `tree` looks at the run: `training.…`, or the variable that names it.
bool looks_at_run(const Tree& tree, const std::string& variable) {
  bool looks = false;
  for_each_expression(tree, [&](const cel::Expression& expression) {
    for (const auto& reference : expression.references()) {
      looks = looks || reference.root == "training" ||
              (reference.root == "vars" && !reference.path.empty() &&
               reference.path.front() == variable);
    }
  });
  return looks;
}

const Tree* input_of(const ModuleCall& call, std::string_view name) {
  for (const auto& entry : call.inputs) {
    if (entry.key == name) return &entry.value;
  }
  return nullptr;
}

struct Switches {
  std::string name;                // the variable that names the run
  std::vector<std::string> flags;  // those that say whether there is a machine
};

Result<Switches> switches_of(const Spec& spec) {
  const ModuleCall* training = nullptr;
  for (const auto& call : spec.root.calls) {
    if (call.block == "training") training = &call;
  }
  if (training == nullptr) {
    Error error(ErrorCode::invalid, "this stack has no `training`");
    error.help.emplace_back("`training` describes a run: llmforge explain training");
    return fail(std::move(error));
  }
  Switches out;
  if (const Tree* run = input_of(*training, "run")) out.name = variable_of(*run);
  if (out.name.empty()) {
    Error error(ErrorCode::invalid, "the name of the run is written out in the spec");
    error.help.emplace_back("change it there and apply, or make it a variable: `run: ${vars.run}`");
    return fail(std::move(error));
  }
  const auto add = [&](const std::optional<Tree>& when) {
    const std::string flag = when ? variable_of(*when) : "";
    if (!flag.empty() && std::find(out.flags.begin(), out.flags.end(), flag) == out.flags.end())
      out.flags.push_back(flag);
  };
  add(training->lifecycle.when);
  for (const auto& call : spec.root.calls) {
    const Tree* run = input_of(call, "run");
    if (run != nullptr && looks_at_run(*run, out.name)) add(call.lifecycle.when);
  }
  for (const auto& resource : spec.root.resources) {
    if (resource.lifecycle.run && looks_at_run(*resource.lifecycle.run, out.name))
      add(resource.lifecycle.when);
  }
  return out;
}

// Errors: a run of this name has ended, or one goes on.
Result<void> free_name(const State& state, const std::string& name) {
  for (const Record* record : state.records()) {
    if (record->run.empty() || record->generation > 0) continue;
    const bool ended =
        record->status == RecordStatus::finished || record->status == RecordStatus::interrupted;
    if (run_was_used(*record, name) || record->run == name) {
      Error error(ErrorCode::invalid,
                  ended || record->run != name
                      ? "run `" + name + "` of `" + record->address + "` has ended already"
                      : "run `" + name + "` is the one that `" + record->address + "` works on");
      error.help.emplace_back("give this run a name of its own");
      error.help.push_back("to run it again under this name: llmforge apply --replace '" +
                           record->address + "'");
      return fail(std::move(error));
    }
  }
  return {};
}

struct Submission {
  std::string name;
  Switches switches;
};

Task<int> prepare(CommandContext* context, Session* session, Submission* out) {
  Result<Switches> found = switches_of(session->spec().spec);
  if (!found) {
    tell(*context, found.error());
    co_return kUsage;
  }
  out->switches = std::move(*found);
  Task<int> reading = read_state_or_tell(context, session);
  const int read = co_await std::move(reading);
  if (read >= 0) co_return read;
  const auto& names = context->options.arguments;
  if (names.empty()) {
    // "2026-11-23T04:41:04Z" -> "20261123-044104"
    for (const char c : format_timestamp({session->world().clock.now().seconds, 0})) {
      if (c >= '0' && c <= '9') out->name += c;
      if (c == 'T') out->name += '-';
    }
  } else {
    out->name = names.front();
  }
  Result<void> free = free_name(session->state(), out->name);
  if (!free) {
    tell(*context, free.error());
    co_return kUsage;
  }
  co_return -1;
}

}  // namespace

int submit_training(CommandContext& context) {
  Submission submission;
  const Body body = [&](CommandContext* own, Session* session) {
    return prepare(own, session, &submission);
  };
  if (const int code = with_spec(context, context.options, body); code >= 0) return code;
  Options options = context.options;
  options.command = "apply";
  options.arguments.clear();
  options.submit = true;
  options.variables.emplace_back(submission.switches.name, submission.name);
  for (const auto& flag : submission.switches.flags) options.variables.emplace_back(flag, "true");
  print_error("submitting run " + printable(submission.name) + "\n");
  CommandContext own = context.with(options);
  return run_apply(own);
}

}  // namespace lf
