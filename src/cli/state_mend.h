// SPDX-License-Identifier: Apache-2.0
// `state push FILE` and `state repair`.
#pragma once

#include "cli/commands.h"

namespace lf {

Task<int> push_state_file(CommandContext* context, Session* session);
Task<int> repair_state(CommandContext* context, Session* session);

// What `then` would know that `now` does not, and the other way round: as rows and as data.
struct StateDifference {
  std::vector<std::vector<std::string>> rows;
  List json;
};
StateDifference state_difference(const State& now, const State& then);

}  // namespace lf
