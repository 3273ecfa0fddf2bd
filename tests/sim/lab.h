// SPDX-License-Identifier: Apache-2.0
// One spec, one world: runs llmforge's commands on it and says what does not hold afterwards. And
// processes to try what may end badly.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "provider/package.h"
#include "sim/checks.h"
#include "sim/sim_world.h"

namespace lf::sim {

class Lab {
 public:
  // With `specs/aws-finetune.yaml` on its disk.
  explicit Lab(uint64_t seed);

  int apply() { return command("apply"); }
  int destroy() { return command("destroy"); }
  int plan() { return command("plan"); }  // --detailed-exitcode
  // Until it succeeds, at most three times. Gives how many it took; 0: it never did.
  int apply_to_the_end() { return to_the_end("apply"); }
  int destroy_to_the_end() { return to_the_end("destroy"); }

  // After a successful apply. `expected`: what an undisturbed history gives; null: only that all
  // is there and known.
  std::vector<std::string> wrong_after_apply(const Picture* expected);
  std::vector<std::string> wrong_after_destroy();
  Picture picture();

  SimWorld& world() { return *sim_; }

 private:
  int command(const std::string& name);
  int to_the_end(const std::string& name);

  Sources sources_;
  Diagnostics diagnostics_;
  Packages packages_;
  Package* package_;
  std::unique_ptr<SimWorld> sim_;
};

// Runs functions in processes of their own, a few at a time. What they print is kept.
class Forks {
 public:
  struct End {
    uint64_t number = 0;
    int status = 0;       // exit status; 128 + signal
    std::string printed;  // only of those that did not end with status 0
  };
  explicit Forks(std::function<void(const End&)> on_end);
  // Forks. `body` gives the exit status; it may also end the process itself.
  void run(uint64_t number, const std::function<int()>& body);
  void wait_for_all();

 private:
  void wait_for_one();
  struct Child {
    uint64_t number;
    int output;
  };
  std::function<void(const End&)> on_end_;
  size_t jobs_;
  std::map<pid_t, Child> children_;
};

// Standard output as it was before commands were silenced.
void report(const std::string& text);
// Sends what commands print into nothing (or, in a child, into `fd`).
void silence(int fd = -1);
// Real seconds since the first call.
double seconds();

}  // namespace lf::sim
