// SPDX-License-Identifier: Apache-2.0
// `--all`: a folder whose subfolders are stacks, as one. What a stack imports comes before it, and
// goes after it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "spec/load.h"

namespace lf {

struct StackSet {
  struct Member {
    StackHead head;
    std::vector<size_t> needs;  // members that it imports
  };
  std::string folder;
  std::vector<Member> members;  // what is imported first, otherwise by name
};

// invalid: no stacks there, two of one name, or a circle. `folder` "": the one that we are in.
Result<StackSet> find_stack_set(FileSystem& files, const std::string& folder,
                                const std::string& environment);

// What SPEC is, where it is such a folder and --all was not given: nothing, or the error to show.
Result<void> refuse_set_without_all(FileSystem& files, const Options& options);

// plan, apply, destroy or validate of all stacks. One stack's failure stops those that need it and
// no others; the exit code is the first failure's.
int run_all(CommandContext& context);

// The folder that all stacks of a set share as their sandbox.
std::string sandbox_of_set(const Options& options);

// Which actions a person has agreed to, by address: an apply may do less, never anything else.
class Approved {
 public:
  explicit Approved(const Plan& plan);
  // stale: what `now` would do beyond it.
  Result<void> covers(const Plan& now) const;

 private:
  std::map<std::string, Action> actions_;
};

}  // namespace lf
