// SPDX-License-Identifier: Apache-2.0
// Histories with seeded faults of every kind and up to three kills, then the faults stop: from then
// on three runs must be enough, and everything must be where the spec wants it. Then the same for
// destroy.
#pragma once

#include <cstdint>

namespace lf::sim {

// `count` seeds from `first` on; 0 if all end well.
int try_histories(uint64_t first, uint64_t count);
// One, with a readable trace.
int replay_history(uint64_t seed);

}  // namespace lf::sim
