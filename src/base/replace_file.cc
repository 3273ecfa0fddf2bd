// SPDX-License-Identifier: Apache-2.0
#include "base/replace_file.h"

#include <vector>

namespace lf {

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> replace_file(FileSystem& files, const std::string& path, std::string_view data,
                          uint32_t mode) {
  const std::string fresh = path + ".new";
  auto done = files.write(fresh, data, mode);
  if (done) done = files.sync_file(fresh);
  if (done) done = files.rename(fresh, path);
  if (!done) {
    // Best effort: on a full disk the half-written file would take what space there is.
    (void)files.remove(fresh);
    return done;
  }
  return files.sync_folder(folder_of(path));
}

Result<void> ensure_folder(FileSystem& files, const std::string& folder) {
  std::vector<std::string> missing;
  for (std::string at = folder;; at = folder_of(at)) {
    const auto info = files.stat(at);
    if (!info) return std::unexpected(info.error());
    if (info->exists && !info->is_directory) {
      return fail(ErrorCode::io, "`" + at + "` is no folder");
    }
    if (info->exists || at == "." || at == "/") break;
    missing.push_back(at);
  }
  if (missing.empty()) return {};
  auto done = files.make_folders(folder);
  // From the outermost: a name is durable once the folder that holds it is synced.
  for (auto it = missing.rbegin(); done && it != missing.rend(); ++it) {
    done = files.sync_folder(folder_of(*it));
  }
  return done;
}

}  // namespace lf
