// SPDX-License-Identifier: Apache-2.0
// `--sandbox`: the same command in a model cloud.
#pragma once

#include <memory>
#include <optional>

#include "cli/options.h"
#include "cli/session.h"
#include "sandbox/sandbox_world.h"

namespace lf {

// Holds what the model cloud needs: the spec is read once to know its stack and its provider.
class SandboxEntry {
 public:
  SandboxEntry(World& real, const Options& options);
  // The world to run in. The real one where the spec cannot be read: the command then says why.
  // corrupt, io: the kept model cloud cannot be read.
  Result<World> enter();

 private:
  World& real_;
  Options options_;  // of --all: of one of its stacks, which are all of one cloud
  Session session_;
  std::unique_ptr<sandbox::SandboxWorld> world_;
};

}  // namespace lf
