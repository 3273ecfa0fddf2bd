// SPDX-License-Identifier: Apache-2.0
// `output [SPEC] [NAME]`: what the last apply wrote down. An argument that is a file or a folder is
// SPEC, any other one NAME.
#include "base/json.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "plan/render.h"

namespace lf {

namespace {

int print_one(CommandContext* context, const State& state, const std::string& name) {
  const Output* output = state.output(name);
  if (output == nullptr) {
    Error error(ErrorCode::not_found, "there is no output `" + name + "`");
    std::vector<std::string> names;
    for (const auto& other : state.outputs) names.push_back(other.name);
    const std::string near = nearest(name, names);
    if (!near.empty())
      error.help.push_back("did you mean `" + near + "`?");
    else if (names.empty())
      error.help.push_back("nothing was applied yet, or the spec has no outputs");
    else
      error.help.push_back("there are: " + join(names, ", "));
    return tell(*context, error);
  }
  if (output->secret) {
    Error error(ErrorCode::refused,
                "output `" + name + "` is a secret: the state keeps only its digest");
    error.help.push_back("read it where it is kept");
    show_error(error, context->options.json, context->terminal);
    return kFailed;
  }
  if (context->options.json)
    print(to_json(output->value) + "\n");
  else if (context->options.raw)
    print(output->value.is_null() ? "" : to_text(output->value));
  else
    print(show_value(output->value, SIZE_MAX) + "\n");
  return kDone;
}

int print_all(CommandContext* context, const State& state) {
  if (context->options.raw) {
    print_error("error: --raw wants the name of one output\n");
    return kUsage;
  }
  if (context->options.json) {
    Map out;
    for (const auto& output : state.outputs) {
      Map one;
      one.set("value", output.secret ? Value() : output.value);
      one.set("secret", Value(output.secret));
      out.set(output.name, Value(std::move(one)));
    }
    print(to_json(Value(std::move(out))) + "\n");
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& output : state.outputs) {
    rows.push_back(
        {output.name, "= " + (output.secret ? "(secret)" : show_value(output.value, SIZE_MAX))});
  }
  print(table(rows));
  if (rows.empty()) print_error("no outputs: nothing was applied yet, or the spec has none\n");
  return kDone;
}

Task<int> output_task(CommandContext* context, Session* session) {
  Task<int> reading = read_state_or_tell(context, session);
  const int read = co_await std::move(reading);
  if (read >= 0) co_return read;
  if (context->options.arguments.empty()) co_return print_all(context, session->state());
  co_return print_one(context, session->state(), context->options.arguments.front());
}

}  // namespace

int run_output(CommandContext& context) {
  Options options = context.options;
  if (!options.arguments.empty()) {
    const auto info = context.world.files.stat(options.arguments.front());
    if (options.arguments.size() == 2 || (info && info->exists)) {
      options.spec = options.arguments.front();
      options.arguments.erase(options.arguments.begin());
    }
  }
  return with_spec(context, options, output_task);
}

}  // namespace lf
