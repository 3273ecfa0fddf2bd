// SPDX-License-Identifier: Apache-2.0
// The deterministic simulator:
//   sim_test points                        every crash point of apply and destroy
//   sim_test points apply|destroy [K [SEED]]  one command; one point with its trace
//   sim_test faults COUNT [FIRST]          seeded faults
//   sim_test fault SEED                    one of them with its trace
#include <cstdlib>
#include <string>

#include "sim/crash_points.h"
#include "sim/histories.h"
#include "sim/lab.h"

int main(int argc, char** argv) {
  const auto text = [&](int i) { return i < argc ? std::string(argv[i]) : std::string(); };
  const auto number = [&](int i, uint64_t otherwise) {
    return i < argc ? std::strtoull(argv[i], nullptr, 10) : otherwise;
  };
  lf::sim::seconds();
  const std::string what = text(1);
  if (what == "points") {
    const uint64_t only = number(3, 0), seed = number(4, 1);
    if (only == 0) lf::sim::silence();
    if (!text(2).empty()) return lf::sim::try_crash_points(text(2), only, seed);
    const int applied = lf::sim::try_crash_points("apply", 0, seed);
    const int destroyed = lf::sim::try_crash_points("destroy", 0, seed);
    return applied != 0 ? applied : destroyed;
  }
  if (what == "faults") {
    lf::sim::silence();
    return lf::sim::try_histories(number(3, 1), number(2, 200));
  }
  if (what == "fault") return lf::sim::replay_history(number(2, 1));
  lf::sim::report(
      "usage: sim_test points [apply|destroy [POINT [SEED]]] | faults COUNT [FIRST] | fault "
      "SEED\n");
  return 3;
}
