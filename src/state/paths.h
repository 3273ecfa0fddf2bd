// SPDX-License-Identifier: Apache-2.0
// Where a local state lives.
#pragma once

#include <string>

#include "base/error.h"
#include "base/world.h"

namespace lf {

struct StatePaths {
  std::string folder;      // holds the next four
  std::string snapshot;    // FOLDER/<stack>[.<env>].llmforge.json
  std::string journal;     // the same with .journal in place of .json
  std::string lock;        // … with .lock
  std::string mark;        // … with .moved: the state was moved from here (migrate.h)
  std::string own_folder;  // the `.llmforge` that gets a .gitignore and the history
  std::string history;     // OWN_FOLDER/history/<name>/, files <serial>.json
};

// In `.llmforge/` beside the spec. Environment "default" is left out of the name.
StatePaths default_state_paths(const std::string& spec_folder, const std::string& stack,
                               const std::string& environment);
// For --state FILE: journal and lock beside it, history in `.llmforge/` beside it (or in the
// `.llmforge` that it is in).
StatePaths state_paths_for(const std::string& snapshot);

// Puts a `.gitignore` into `folder` that hides all of it, where there is none.
Result<void> keep_out_of_git(FileSystem& files, const std::string& folder);

}  // namespace lf
