// SPDX-License-Identifier: Apache-2.0
// The commands. Each takes what main.cc made and gives the exit code.
#pragma once

#include <atomic>

#include "base/runner.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/session.h"

namespace lf {

// Who looks over a command's shoulder: tests of specs.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void planned(Session& session, const Plan& plan) = 0;
  virtual void applied(Session& session, const Plan& plan, const ApplyResult& result) = 0;
  // The command is over; the session is still there.
  virtual void ended(Session& session) = 0;
};

struct CommandContext {
  Runner& loop;  // drives the world
  World& world;
  const Options& options;
  Terminal terminal;
  EventSink* sink = nullptr;        // progress and trace views
  const int* interrupts = nullptr;  // Ctrl-C, SIGTERM and SIGHUP so far
  const int* last_signal = nullptr;
  bool* changing = nullptr;  // set while calls that change something may be under way
  RunObserver* observer = nullptr;

  // The same with other options, and in another world.
  CommandContext with(const Options& other) const { return with(other, world); }
  CommandContext with(const Options& other, World& outside) const {
    return {loop, outside, other, terminal, sink, interrupts, last_signal, changing, observer};
  }
  // Whether a signal has asked to stop, and the exit code of a command that did.
  bool stopped() const { return interrupts != nullptr && *interrupts > 0; }
  int stopped_code() const { return last_signal != nullptr ? 128 + *last_signal : kInterrupted; }
  // Runs what a command does in its session, which is closed after it.
  int run(Task<int> task, Session& session) const {
    const int code = loop.run(std::move(task));
    loop.run(session.close());
    return code;
  }
};

// Runs a task to its end in whatever drives this world.
int run_validate(CommandContext& context);
int run_plan(CommandContext& context);
// And destroy. `approved`: somebody has agreed to these actions, in another plan; no other is done.
class Approved;
int run_apply(CommandContext& context, const Approved* approved = nullptr);
int run_drift(CommandContext& context);
int run_output(CommandContext& context);
int run_show(CommandContext& context);   // and status
int run_state(CommandContext& context);  // state list|show|mv|rm|history|restore|pull|push
int run_adopt(CommandContext& context);
int run_forget(CommandContext& context);
int run_orphans(CommandContext& context);
int run_console(CommandContext& context);
int run_init(CommandContext& context);
int run_fmt(CommandContext& context);
int run_graph(CommandContext& context);
int run_cost(CommandContext& context);
int run_gpu(CommandContext& context);
int run_expand(CommandContext& context);
int run_eject(CommandContext& context);
int run_render(CommandContext& context);
int run_explain(CommandContext& context);
int run_schema(CommandContext& context);
int run_completion(CommandContext& context);
int run_reference(CommandContext& context);  // the data of docs/reference
int run_complete(CommandContext& context);   // what completion scripts call
int run_sandbox(CommandContext& context);
int run_test(CommandContext& context);
int run_lsp(CommandContext& context);
int run_train(CommandContext& context);        // train submit|status|logs|stop
int submit_training(CommandContext& context);  // train_submit.cc
int run_ssh(CommandContext& context);
int run_doctor(CommandContext& context);
int run_outdated(CommandContext& context);

}  // namespace lf
