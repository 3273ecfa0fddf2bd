// SPDX-License-Identifier: Apache-2.0
// What the command line says. Parsed in options.cc, the one place that knows CLI11.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lf {

struct PackageSet;  // spec/package_set.h

struct Options {
  std::string command;                 // "plan", "state list"
  std::vector<std::string> arguments;  // positionals besides SPEC, by command
  std::string spec;                    // "" where none was given
  std::string environment = "default";
  std::vector<std::pair<std::string, std::string>> variables;
  std::vector<std::string> variable_files;
  std::string state;
  std::vector<std::string> targets, excludes, replace;
  std::string refresh = "true";  // true | false | only
  bool update_lock = false;
  std::string out;
  std::string format = "text";  // text | markdown | json
  int64_t max_bytes = 0;
  bool auto_approve = false, detailed_exitcode = false, offline = false, no_color = false,
       json = false, raw = false, verbose = false, check = false, diff = false, recursive = false,
       jsonl = false, module = false, part = false, all = false;
  int64_t parallelism = 0;
  std::string lock_timeout = "0s";
  std::optional<std::string> sandbox;  // "" is the default folder
  std::string trace;
  std::vector<std::string> provider_dirs;
  std::vector<std::string> providers;  // schema --provider NAME
  std::string listen = "127.0.0.1:0";  // sandbox server
  std::string from;                    // init --from EXAMPLE
  std::string to_environment;          // expand --diff ENV
  std::string from_tfstate;            // adopt --from-tfstate FILE
  std::string adopt_file;              // adopt --file LIST
  bool adopt_orphans = false;          // adopt --orphans
  bool dry_run = false;
  bool submit = false;             // train submit: runs that start are started by hand
  bool follow = false;             // train logs --follow
  bool fix = false;                // validate --fix
  std::string filter, junit;       // test
  std::string max_hourly;          // "5", "5 USD"; "": no limit
  std::vector<std::string> usage;  // cost: ADDRESS.KEY=VALUE
  std::vector<double> run_hours = {2, 6};
  std::string min_memory, region, sort = "price", gpu_model;  // gpu
  // Read before, for several sessions of one process; null: each reads its own. With provider_dirs
  // each reads its own, too.
  std::shared_ptr<PackageSet> shared;
};

// Exit code 0 with `shown` set: help or version was printed, nothing to do. 3: wrong usage, told on
// stderr.
struct Parsed {
  int exit_code = 0;
  bool shown = false;
  Options options;
};
Parsed parse_options(int argc, char** argv);

}  // namespace lf
