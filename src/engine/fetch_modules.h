// SPDX-License-Identifier: Apache-2.0
// Modules out of git repositories: fetched once, kept beside the spec, pinned in llmforge.lock by
// commit and checksum. What a tag or branch names later changes nothing until --update-lock.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/task.h"
#include "base/world.h"
#include "engine/resolve.h"
#include "spec/load.h"

namespace lf {

// Where modules are kept for the spec in `folder`.
std::string modules_folder(const std::string& folder);

struct FetchPlan {
  std::vector<GitUse> uses;
  std::string cache;     // the folder that keeps them: modules_folder()
  bool offline = false;  // nothing is fetched: what is here counts
  bool renew = false;    // what refs name now, whatever is pinned
};

// By GitUse::key(), the folders in which they lie; pins new ones in `lock`. A kept one whose
// content is not what the lock says is not used. Errors: unavailable (the repository, or git is
// missing), not_found (no such ref), corrupt (another content than pinned).
Task<Result<std::map<std::string, std::string>>> fetch_modules(World* world, FetchPlan plan,
                                                               LockFile* lock);

// Those that are pinned and here already; looks at the disk only.
std::map<std::string, std::string> kept_modules(FileSystem& files, const LockFile& lock,
                                                const std::string& cache);

// The checksum of a folder: sha256 over the names and contents of all files in it. io.
Result<std::string> digest_of_folder(FileSystem& files, const std::string& folder);

}  // namespace lf
