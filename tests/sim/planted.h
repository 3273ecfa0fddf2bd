// SPDX-License-Identifier: Apache-2.0
// Bugs on purpose. A check that never fails proves nothing: each planted bug is one that an engine
// like ours could have, and the checks of the crash points or of the histories must notice it, by
// the sentence that belongs to it. Planted in the world around the engine (sim_world.h: a disk
// that does not sync, a lock that is given twice, a transport that repeats) or in the journal that
// a killed process leaves, which then says what the wrong engine would have written.
#pragma once

namespace lf::sim {

// Prints each and how it was noticed; 0 if all were.
int try_planted_bugs();

}  // namespace lf::sim
