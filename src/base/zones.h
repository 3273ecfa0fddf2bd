// SPDX-License-Identifier: Apache-2.0
// Time zones for expressions, as the system has them: the compiled files (TZif) of the tz database.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/world.h"

namespace lf {

// The TZif data of a zone such as "Europe/Berlin"; nullopt where the system has none. `files` must
// outlive the reader.
inline std::function<std::optional<std::string>(const std::string&)> zone_reader(
    FileSystem& files) {
  return [&files](const std::string& name) -> std::optional<std::string> {
    auto data = files.read("/usr/share/zoneinfo/" + name);
    return data ? std::optional<std::string>(std::move(*data)) : std::nullopt;
  };
}

}  // namespace lf
