// SPDX-License-Identifier: Apache-2.0
// The one place that reads the environment, makes the world and exits.
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/sandbox_command.h"
#include "cli/stack_set.h"
#include "cli/version.h"
#include "engine/file_calls.h"
#include "engine/real_world.h"

extern char** environ;

namespace {

lf::Environment read_environment() {
  lf::Environment out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

int dispatch(lf::CommandContext& context) {
  const std::string& command = context.options.command;
  if (context.options.all) return lf::run_all(context);
  for (const char* of_stacks : {"plan", "apply", "destroy", "validate"}) {
    if (command != of_stacks) continue;
    const auto one = lf::refuse_set_without_all(context.world.files, context.options);
    if (one) continue;
    lf::show_error(one.error(), context.options.json, context.terminal);
    return lf::kUsage;
  }
  if (command == "plan") return lf::run_plan(context);
  if (command == "apply" || command == "destroy") return lf::run_apply(context);
  if (command == "validate") return lf::run_validate(context);
  if (command == "output") return lf::run_output(context);
  if (command == "show" || command == "status") return lf::run_show(context);
  if (command.starts_with("state ")) return lf::run_state(context);
  if (command == "forget") return lf::run_forget(context);
  if (command == "adopt") return lf::run_adopt(context);
  if (command == "orphans") return lf::run_orphans(context);
  if (command == "drift") return lf::run_drift(context);
  if (command == "fmt") return lf::run_fmt(context);
  if (command == "graph") return lf::run_graph(context);
  if (command == "cost") return lf::run_cost(context);
  if (command == "gpu") return lf::run_gpu(context);
  if (command == "console") return lf::run_console(context);
  if (command == "init") return lf::run_init(context);
  if (command == "expand") return lf::run_expand(context);
  if (command == "eject") return lf::run_eject(context);
  if (command == "render") return lf::run_render(context);
  if (command == "explain") return lf::run_explain(context);
  if (command == "schema") return lf::run_schema(context);
  if (command == "completion") return lf::run_completion(context);
  if (command == "__complete") return lf::run_complete(context);
  if (command == "__reference") return lf::run_reference(context);
  if (command == "test") return lf::run_test(context);
  if (command == "sandbox") return lf::run_sandbox(context);
  if (command.starts_with("train ")) return lf::run_train(context);
  if (command == "ssh") return lf::run_ssh(context);
  if (command == "doctor") return lf::run_doctor(context);
  if (command == "outdated") return lf::run_outdated(context);
  if (command == "lsp") return lf::run_lsp(context);
  return lf::kUsage;
}

// How long what is under way may take after SIGTERM and SIGHUP. CI systems and service managers
// send SIGKILL 10 s (docker stop, GitLab) to 90 s (systemd) after SIGTERM.
constexpr int64_t kGraceNs = 9'000'000'000;

// A closed terminal's SIGHUP stops like the others; under nohup it stays ignored.
std::vector<int> stop_signals() {
  std::vector<int> out{SIGINT, SIGTERM};
  struct sigaction current {};
  if (sigaction(SIGHUP, nullptr, &current) == 0 && current.sa_handler != SIG_IGN)
    out.push_back(SIGHUP);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const lf::Parsed parsed = lf::parse_options(argc, argv);
  if (parsed.shown) return parsed.exit_code;
  lf::Options options = parsed.options;
  if (options.command == "version") {
    std::printf(options.json ? "{\"version\":\"%s\"}\n" : "llmforge %s\n", lf::kVersion);
    return 0;
  }
  lf::Environment environment = read_environment();
  auto variable = [&](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  };
  const lf::Terminal terminal =
      lf::find_terminal(options.no_color, variable("NO_COLOR"), variable("TERM"));
  lf::Loop loop;
  lf::RealWorld real(loop, environment, lf::transport_options(environment));
  lf::World outside = real.world();
  std::unique_ptr<lf::SandboxEntry> entry;
  std::unique_ptr<lf::World> inside;
  if (options.sandbox) {
    // Stacks that import each other live in one cloud.
    if (options.all && options.sandbox->empty()) options.sandbox = lf::sandbox_of_set(options);
    entry = std::make_unique<lf::SandboxEntry>(outside, options);
    lf::Result<lf::World> entered = entry->enter();
    if (!entered) {
      lf::show_error(entered.error(), options.json, terminal);
      return lf::kFailed;
    }
    inside = std::make_unique<lf::World>(*entered);
  }
  lf::World& world = inside != nullptr ? *inside : outside;

  int interrupts = 0, last_signal = 0;
  bool changing = false;
  auto progress = lf::make_progress(options, terminal, world);
  // The server needs no farewell: it is killed as it stands.
  const bool serves = options.command == "sandbox";
  // A terminal shows ^C where the cursor is: the live view clears it away with its own lines.
  const char* const fresh = terminal.live ? "" : "\n";
  const auto stop_at_once = [&](int signal) {
    // What was acknowledged is on the disk; the rest is for the next run's settling.
    real.files().writer().wait_until_idle();
    progress->close();
    const bool changes = options.command == "apply" || options.command == "destroy";
    lf::print_error(std::string(fresh) +
                    (changing  ? "stopped at once; the next run finds out what was done\n"
                     : changes ? "stopped; nothing was changed\n"
                               : "stopped\n"));
    std::fflush(stderr);
    _exit(128 + signal);
  };
  if (!serves)
    loop.handle_signals(stop_signals(), [&](int signal, int) {
      ++interrupts;
      last_signal = signal;
      if (interrupts > 1 || !changing) return stop_at_once(signal);
      lf::print_error(std::string(fresh) +
                      "stopping: what is under way is finished and recorded; once more to stop "
                      "at once\n");
      // Nobody presses a key a second time for these: whoever sent them kills soon.
      if (signal != SIGINT) loop.after(kGraceNs, [&, signal] { stop_at_once(signal); });
    });
  lf::CommandContext context{loop,        world,        options,  terminal, progress->sink(),
                             &interrupts, &last_signal, &changing};
  int code = dispatch(context);
  progress->close();
  if (!lf::flush_output()) {
    // A reader that has seen enough (`| head`) is no fault; what had to be done is done.
    if (const int error = lf::output_error(); error != EPIPE)
      lf::print_error("error: the output cannot be written: " + lf::errno_text(error) + "\n");
    if (code == 0) code = lf::kFailed;
  }
  return code;
}
