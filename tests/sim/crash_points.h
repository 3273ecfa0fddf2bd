// SPDX-License-Identifier: Apache-2.0
// The process is killed at every point of a command, and every time the next run must bring the
// cloud to where an undisturbed one does.
//
// One process lives through the whole command. At each point it forks: the child dies there,
// recovers and is checked, the parent goes on. So a point costs its recovery alone, and the
// replay of a point, which lives through the command again up to it, is the same history.
#pragma once

#include <cstdint>
#include <string>

namespace lf::sim {

// `command`: apply or destroy. `only`: one point with a readable trace; 0: all of them. Prints how
// many were recovered; 0 if all.
int try_crash_points(const std::string& command, uint64_t only, uint64_t seed);

}  // namespace lf::sim
