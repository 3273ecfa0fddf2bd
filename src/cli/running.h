// SPDX-License-Identifier: Apache-2.0
// What of a stack costs money by the hour now: how old it is, since when it does nothing, and what
// it has cost so far. For `status`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "cli/session.h"

namespace lf {

struct Running {
  const Record* record = nullptr;
  std::optional<double> hourly;  // nullopt: nobody knows
  std::string currency;
  int64_t age_s = 0;
  // Seconds since it was last seen busy; nullopt: nobody measures it, or not yet.
  std::optional<int64_t> idle_s;
  bool idle_longer = false;  // at least so long: nobody looked further back
  double so_far() const { return hourly.value_or(0) * static_cast<double>(age_s) / 3600; }
};

// Needs a refreshed session. Looks that fail are no errors: `said` has what came of them.
Task<std::vector<Running>> find_running(Session* session, std::vector<std::string>* said);

Value running_value(const Running& one);
// A table with a sum below it; empty where nothing runs.
std::string running_text(const std::vector<Running>& all);

}  // namespace lf
