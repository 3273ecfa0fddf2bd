// SPDX-License-Identifier: Apache-2.0
// The deterministic simulator (docs/architecture.md, "The simulator").
#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include "sim/crash_points.h"
#include "sim/histories.h"
#include "sim/lab.h"
#include "sim/planted.h"

namespace {

int points(const std::string& name, uint64_t only, uint64_t seed) {
  if (only == 0) lf::sim::silence();
  int worst = 0;
  bool any = false;
  for (const auto& scenario : lf::sim::scenarios()) {
    if (name == "local"    ? scenario.remote
        : name == "remote" ? !scenario.remote
                           : !name.empty() && scenario.name != name)
      continue;
    any = true;
    const int code = lf::sim::try_crash_points(scenario, only, seed);
    if (code != 0) worst = code;
  }
  if (!any) lf::sim::report("there is no scenario `" + name + "`\n");
  return any ? worst : 3;
}

int usage() {
  lf::sim::report(
      "sim_test points [SCENARIO [POINT [SEED]]]  every crash point of every scenario; one "
      "scenario;"
      " one point with its trace\n"
      "sim_test writers [SCENARIO [POINT [SEED]]] a second writer at every 23rd point; at one\n"
      "sim_test pauses [POINT [SEED]]             a pause beyond the lease at every 23rd point\n"
      "sim_test faults COUNT [FIRST]              histories by seed\n"
      "sim_test fault SEED                        one of them with its trace\n"
      "sim_test planted                           bugs on purpose, which must be noticed\n"
      "scenarios:\n");
  for (const auto& scenario : lf::sim::scenarios()) {
    lf::sim::report(fmt::format("  {:<16}{}\n", scenario.name, scenario.doc));
  }
  return 3;
}

}  // namespace

int main(int argc, char** argv) {
  const auto text = [&](int i) { return i < argc ? std::string(argv[i]) : std::string(); };
  const auto number = [&](int i, uint64_t otherwise) {
    return i < argc ? std::strtoull(argv[i], nullptr, 10) : otherwise;
  };
  lf::sim::seconds();
  const std::string what = text(1);
  if (what == "points") return points(text(2), number(3, 0), number(4, 1));
  if (what == "writers") {
    const std::string scenario = text(2).empty() ? "apply" : text(2);
    if (lf::sim::find_scenario(scenario) == nullptr) return usage();
    if (number(3, 0) == 0) lf::sim::silence();
    return lf::sim::try_second_writers(scenario, number(3, 0), 23, number(4, 1));
  }
  if (what == "pauses") {
    if (number(2, 0) == 0) lf::sim::silence();
    return lf::sim::try_pauses(number(2, 0), 23, number(3, 1));
  }
  if (what == "faults") {
    lf::sim::silence();
    return lf::sim::try_histories(number(3, 1), number(2, 200));
  }
  if (what == "fault") return lf::sim::replay_history(number(2, 1));
  if (what == "planted") {
    lf::sim::silence();
    return lf::sim::try_planted_bugs();
  }
  return usage();
}
