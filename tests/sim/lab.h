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

#include "sim/checks.h"
#include "sim/sim_world.h"
#include "spec/package_set.h"

namespace lf::sim {

// One call of llmforge on the spec.
struct Command {
  std::string name;
  bool create_instance = true;
  std::string instance_type = "";  // "": the spec's default
  int variant = 0;                 // of a spec from the menu: 1, 2; 0: it is the platform
  std::string refresh = "true";    // --refresh
  std::string lock_timeout = "";   // --lock-timeout
};

class Lab {
 public:
  // With `spec` on its disk.
  Lab(uint64_t seed, const std::string& spec);
  // Puts `to` where the spec has `from`. False: it has it nowhere.
  bool edit_spec(const std::string& from, const std::string& to);

  // Gives the exit code; a plan's is that of --detailed-exitcode.
  int run(const Command& command);
  // Until it ends with `code`, at most three times. Gives how many it took; 0: it never did.
  int run_to_the_end(const Command& command, int code = 0);

  // State against cloud.
  Finding finding();
  // All files by path, but for the lock file of look-ups, which a plan may write.
  std::map<std::string, std::string> files();
  // Of all that lives in the cloud and, where wanted, of files().
  std::string fingerprint(bool with_files);
  // Prints what is wrong and how it came to that. The exit status: 1 if anything is wrong.
  int judge(const std::vector<std::string>& wrong);

  SimWorld& world() { return *sim_; }
  int interrupts = 0;  // Ctrl-C so far; each command starts with none

 private:
  std::shared_ptr<PackageSet> set_;
  Package* package_;
  std::unique_ptr<SimWorld> sim_;
};

// tests/sim/platform.yaml.
std::string platform_spec();
// A spec of one to three parts of tests/sim/menu.yaml, as `seed` chooses; its variable `variant` is
// what a later apply changes.
std::string spec_from_menu(uint64_t seed);

// In both: the state lies beside the spec; `in_bucket()` in its place: in the bucket.
inline constexpr const char* kHere = "\nprovider: aws\n";
std::string in_bucket();

// Reads the packages, so that processes forked from now on need not. Every Lab has the same.
void warm_up();

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
// Sends what commands print into nothing; in a child their errors and what is reported into `fd`.
void silence(int fd = -1);
// Real seconds since the first call.
double seconds();

}  // namespace lf::sim
