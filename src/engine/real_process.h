// SPDX-License-Identifier: Apache-2.0
// Programs (helm, ssh, credential_process, …) started without a shell and watched by the loop.
//
// A child gets its own process group, so that the terminal's Ctrl-C reaches llmforge alone, which
// decides what becomes of it; at its time-out the whole group is killed. It starts with default
// signal handling and no descriptors of ours but its three pipes.
#pragma once

#include <map>
#include <memory>

#include "base/world.h"
#include "engine/loop.h"

namespace lf {

class RealProcess final : public Process {
 public:
  // `environment`: what children inherit, as cli/ has read it.
  RealProcess(Loop& loop, Environment environment);
  // Kills what still runs; callbacks come no more.
  ~RealProcess() override;
  // Errors: not_found (no such program on PATH), io (it cannot be started), unavailable (did not
  // end in time, killed), invalid (more than 64 MiB of output). Ended by a signal: 128 + signal,
  // as shells have it.
  void run(ProcessRequest request, std::function<void(Result<ProcessResult>)> done) override;

 private:
  struct Child;
  Result<std::shared_ptr<Child>> start(const ProcessRequest& request);
  void watch(const std::shared_ptr<Child>& child);
  void read_from(const std::shared_ptr<Child>& child, int which);
  void feed(const std::shared_ptr<Child>& child);
  void exited(const std::shared_ptr<Child>& child);
  void close_pipe(Child& child, int which);
  void finish_if_over(const std::shared_ptr<Child>& child);
  void end(const std::shared_ptr<Child>& child, Result<ProcessResult> result);
  void stop(const std::shared_ptr<Child>& child, Error error);

  Loop& loop_;
  Environment environment_;
  std::map<int, std::shared_ptr<Child>> children_;  // by pid
};

}  // namespace lf
