// SPDX-License-Identifier: Apache-2.0
// The process is killed at every point of a command, and every time the next run must bring the
// cloud to where an undisturbed one does.
//
// One process lives through the whole command. At each point it forks: the child dies there,
// recovers and is checked, the parent goes on. So a point costs its recovery alone, and the
// replay of a point, which lives through the command again up to it, is the same history.
#pragma once

#include <cstdint>

#include "sim/scenarios.h"

namespace lf::sim {

// `only`: one point with a readable trace; 0: all of them. Prints how many were recovered; 0 if
// all.
int try_crash_points(const Scenario& scenario, uint64_t only, uint64_t seed);

// A second llmforge starts on the same state at every `stride`-th point at which one can: one of
// both is refused, nothing else happens. Prints how many ended well; 0 if all.
int try_second_writers(const std::string& scenario, uint64_t only, uint64_t stride, uint64_t seed);

// The process stands still at every `stride`-th point until another has taken the state over and
// done the work; then it goes on: it must send nothing more, and say so.
int try_pauses(uint64_t only, uint64_t stride, uint64_t seed);

// The same with a planted bug: tries every `stride`-th point from `first` on until a check notices
// something that has `expected` in it. Gives what was noticed; "": nothing.
struct Hunt {
  std::string scenario;  // "second writer", "pause": a second llmforge instead of a kill
  Plant plant;
  uint64_t stride = 7;
  std::string expected;
};
// The first sentence of a child's finding that has `expected` in it; "": none.
std::string noticed_in(const Forks::End& end, const std::string& expected);
std::string hunt(const Hunt& hunted, uint64_t& tried);

}  // namespace lf::sim
