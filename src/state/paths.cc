// SPDX-License-Identifier: Apache-2.0
#include "state/paths.h"

#include "base/replace_file.h"

namespace lf {

StatePaths state_paths_for(const std::string& snapshot) {
  StatePaths paths;
  paths.snapshot = snapshot;
  paths.folder = folder_of(snapshot);
  const size_t slash = snapshot.rfind('/');
  std::string name = slash == std::string::npos ? snapshot : snapshot.substr(slash + 1);
  std::string stem = snapshot;
  if (stem.ends_with(".json")) {
    stem.resize(stem.size() - 5);
    name.resize(name.size() - 5);
  }
  paths.journal = stem + ".journal";
  paths.lock = stem + ".lock";
  paths.mark = stem + ".moved";
  const bool inside = paths.folder == ".llmforge" || paths.folder.ends_with("/.llmforge");
  if (inside) {
    paths.own_folder = paths.folder;
  } else {
    paths.own_folder = (paths.folder == "/" ? "" : paths.folder) + "/.llmforge";
  }
  paths.history = paths.own_folder + "/history/" + name;
  return paths;
}

StatePaths default_state_paths(const std::string& spec_folder, const std::string& stack,
                               const std::string& environment) {
  std::string file = spec_folder.empty() ? "." : spec_folder;
  file += "/.llmforge/" + stack;
  if (!environment.empty() && environment != "default") file += "." + environment;
  return state_paths_for(file + ".llmforge.json");
}

Result<void> keep_out_of_git(FileSystem& files, const std::string& folder) {
  const std::string path = folder + "/.gitignore";
  const auto is = files.stat(path);
  if (!is) return fail(is.error());
  if (is->exists) return {};
  auto put = replace_file(files, path, "*\n", 0644);
  if (put) return put;
  // No lock is held: of several runs that do this at once, one has renamed what all wrote.
  const auto now = files.stat(path);
  if (now && now->exists) return {};
  return put;
}

}  // namespace lf
