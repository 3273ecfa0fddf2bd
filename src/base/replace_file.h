// SPDX-License-Identifier: Apache-2.0
// Replaces a file so that a crash leaves the old content or the new, never a mixture: a new file
// beside it is written and synced, renamed over it, and the folder synced.
//
// What a crash may still leave: `<path>.new` (harmless, overwritten by the next try); and until
// the folder is synced the rename itself may be undone, so the new content counts only once this
// has returned.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/world.h"

namespace lf {

std::string folder_of(const std::string& path);  // "." where it names none, "/" of "/a"

// io where the disk is full, read-only or broken: the old content is then still there.
Result<void> replace_file(FileSystem& files, const std::string& path, std::string_view data,
                          uint32_t mode);

// Makes `folder` and what leads to it, and their names durable. Does nothing where it exists.
Result<void> ensure_folder(FileSystem& files, const std::string& folder);

}  // namespace lf
