// SPDX-License-Identifier: Apache-2.0
// The ways in which a state file can be unreadable, each with its way out.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace lf {

inline std::unexpected<Error> corrupt_file(const std::string& path, const std::string& what,
                                           uint64_t offset) {
  Error error(ErrorCode::corrupt,
              "`" + path + "` is damaged: " + what + " (at byte " + std::to_string(offset) + ")");
  error.help = {"`llmforge state history` lists the copies that are kept",
                "`llmforge state restore` puts one of them back"};
  return fail(std::move(error));
}

inline std::unexpected<Error> no_such_copy(uint64_t serial) {
  Error error(ErrorCode::not_found, "no copy of the state with serial " + std::to_string(serial));
  error.help = {"`llmforge state history` lists the copies that are kept"};
  return fail(std::move(error));
}

inline std::unexpected<Error> newer_format(const std::string& path, uint64_t version,
                                           uint64_t ours) {
  Error error(ErrorCode::invalid, "`" + path + "` has format version " + std::to_string(version) +
                                      ", this llmforge reads up to " + std::to_string(ours));
  error.help = {"use the llmforge that wrote it, or a newer one; nothing was changed"};
  return fail(std::move(error));
}

}  // namespace lf
