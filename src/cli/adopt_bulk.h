// SPDX-License-Identifier: Apache-2.0
// Many existing things at once: read, written as a spec that is tried in memory until its plan of
// them is empty, and then taken in under one lock.
//
// Killed at any moment, the same command goes on: the spec is written first, each entry with
// `adopt: ID`, so that any apply takes the rest in and none makes it anew; those words leave the
// spec when all is recorded.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/command_tools.h"
#include "cli/overlay_files.h"
#include "cli/spec_writer.h"

namespace lf {

struct Thing {
  std::string from;                // what the source calls it; "" for none
  std::vector<std::string> names;  // what its key is made of
  std::string type_name, id;
  std::string account, region;       // where the source says that it is; "": it does not say
  std::vector<std::string> parts;    // what else of the source is in it
  std::vector<std::string> secrets;  // texts that must not be written
  std::string address;               // set: where it is taken in
  std::string provider;              // the instance that it is of; "": any that has its type
  bool named = false;                // somebody says that it is this one, whatever marks it has

  // Found out on the way.
  Cloud* cloud = nullptr;
  const ResourceType* type = nullptr;
  Observation seen;
  WrittenResource written;
  WrittenLines lines;
  bool in_spec = false;               // the spec has it at `address`
  std::string why;                    // why it stays where it is
  std::set<std::string> will_change;  // in_spec: properties that the spec wants otherwise
  Map desired;                        // with everything known, by the last trial
};

struct BulkInput {
  std::string source;  // "terraform.tfstate"; "": the stack's own orphans
  // What the spec has is taken in although it wants it otherwise: the next apply changes it.
  bool spec_wins = false;
  std::vector<Thing> things;
  std::vector<std::pair<std::string, std::string>> skipped;  // what stays where it is, and why
  std::vector<std::string> notes;
  std::string path;    // the file that entries are added to
  std::string text;    // what it says now, or the head of a new spec
  bool fresh = false;  // it does not exist yet
};

// Where entries go and what is there now go into `input`; gives what sessions load. `given`: SPEC
// as the user has it. Errors: invalid, io.
Result<std::string> find_target(FileSystem& files, const std::string& given, BulkInput& input);

// Fills `input` when the state is open, the account known and the spec expanded. -1: go on.
using Gathering = Task<int> (*)(CommandContext* context, Session* session, BulkInput* input);
// Loads the spec (`options.spec`), opens the state, and takes in. Gives the exit code.
int adopt_into(CommandContext& context, const Options& options, BulkInput& input, Gathering gather);

// `session`: with the spec loaded from `input` over `world`'s files.
Task<int> adopt_bulk(CommandContext* context, Session* session, World* world, BulkInput* input);

// The rewriting of texts into references between things, without closing a circle.
class References {
 public:
  explicit References(const std::vector<Thing>& things) : things_(things) {}
  // `value` is what `attribute` of the thing is.
  void add(size_t thing, const std::string& attribute, const std::string& value);
  std::string rewrite(size_t of, const Property& top, const Type& leaf, const std::string& text);
  // What each thing refers to so far.
  void clear_edges() { edges_.clear(); }
  void clear();

 private:
  struct Target {
    size_t thing;
    std::string attribute;
  };
  bool may_use(size_t of, const Property& top, const Target& target);
  bool reaches(size_t from, size_t to) const;
  std::string expression(const Target& target) const;

  const std::vector<Thing>& things_;
  std::map<std::string, std::vector<Target>> by_value_;
  std::vector<std::string> inside_;  // values that are also looked for inside longer texts
  std::map<size_t, std::set<size_t>> edges_;
};

}  // namespace lf
