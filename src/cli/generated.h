// SPDX-License-Identifier: Apache-2.0
// Generated files on the disk: where they go, what a plan does with them, writing them.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

namespace lf {

// Where a stack's generated files go: `files_root` from the spec's folder, else the top of the git
// work tree, else the spec's folder; a rehearsal's go into the sandbox's folder.
std::string generated_root(Session& session);

// Puts what becomes of generated files into `plan`. What is wrong with them goes to the session's
// diagnostics. Errors: io.
Result<void> plan_generated(Session& session, Plan& plan, bool destroy);

// What was done with one file; `error` set: it was not.
struct GeneratedResult {
  std::string path;
  Action action = Action::none;
  std::optional<Error> error;
};

// After an apply: each file whose content is known now. What is being written is durable in state
// before the first write. Errors: io of the state; a file's own stands in its result.
Task<Result<std::vector<GeneratedResult>>> write_generated(Session* session, Plan* plan);

}  // namespace lf
