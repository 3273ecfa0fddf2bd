// SPDX-License-Identifier: Apache-2.0
// What must hold after any history: nothing in the cloud that state does not know, nothing twice,
// nothing missing, nothing still open.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "provider/package.h"
#include "sim/sim_world.h"
#include "state/store.h"

namespace lf::sim {

// What is there, comparable between histories: ids are replaced by addresses, what is random or
// decided by the cloud is left out. Address to text.
using Picture = std::map<std::string, std::string>;

struct Finding {
  std::vector<std::string> problems;  // sentences; none: all holds
  Picture picture;
};

// Reads the state as a new process would, and compares it with all that lives in the model cloud.
// Notes damage and open intents too.
Finding compare_state_and_cloud(SimWorld& sim, Package& package, const std::string& stack);

// In words what differs; none: equal.
std::vector<std::string> difference(const Picture& expected, const Picture& found);

}  // namespace lf::sim
