// SPDX-License-Identifier: Apache-2.0
// What is killed at every point, and what must hold in the end: a few commands on the reference
// spec, each after the commands that lead there.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/lab.h"

namespace lf::sim {

struct Scenario {
  std::string name, doc;
  std::vector<Command> before;
  std::function<void(Lab&)> meanwhile;  // what others do before the tested command; may be empty
  Command tested;
  int code = 0;  // the tested command's exit code
  // Nothing in the cloud may change, even where the command is killed; with `silent`, nothing on
  // the disk either.
  bool only_reads = false, silent = false;
  std::string spec_from, spec_to;  // a text of the spec and what stands there instead
  bool remote = false;             // its state lies in a bucket
};

const std::vector<Scenario>& scenarios();
const Scenario* find_scenario(const std::string& name);

// The scenario's world up to the tested command. Ends the program if even that goes wrong.
void prepare(Lab& lab, const Scenario& scenario);

// How it ends if nothing disturbs it.
struct Reference {
  Picture picture;
  int plan_code = 0;  // of the plan after it
  uint64_t points = 0, hash = 0;
  int64_t virtual_s = 0;
};
// Ends the program if even that goes wrong.
Reference undisturbed(const Scenario& scenario, uint64_t seed);

// What does not hold after the tested command came to its end.
std::vector<std::string> wrong_after(Lab& lab, const Scenario& scenario,
                                     const Reference& reference);

}  // namespace lf::sim
