// SPDX-License-Identifier: Apache-2.0
// Long lives under faults: by one seed the commands, what the cloud refuses, loses and hides, and
// when processes are killed or interrupted. After each command the faults end, and it must come to
// its end and everything must hold.
#pragma once

#include <cstdint>

#include "sim/crash_points.h"

namespace lf::sim {

// Prints how many end well; 0 if all.
int try_histories(uint64_t first, uint64_t count);
// One of them, with a readable trace. Its exit status.
int replay_history(uint64_t seed);
// As crash_points.h's: seeds instead of points; `stride` is how many at most.
std::string hunt_by_seeds(const Hunt& hunted, uint64_t& tried);

}  // namespace lf::sim
