// SPDX-License-Identifier: Apache-2.0
// What a stack demands of its own plan: `policies:` (rules over each resource that changes and over
// the plan as a whole) and `checks:` (assertions over its values, before and after apply). Rules
// may come from files and from the packs that provider packages carry as data.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/world.h"
#include "provider/package.h"
#include "spec/module.h"
#include "yaml/syntax.h"

namespace lf {

struct PolicyRule {
  std::string name, doc;
  Span span;           // of its name, where it is written
  Span use_span;       // where the stack asks for it: its name, the pack's, the file's
  std::string origin;  // "": the stack's own; else "pack no-open-ssh", "./policies/company.yaml"
  bool built_in = false;
  bool standing = false;  // of the package, for every stack
  bool deny = false;      // else it warns
  Tree condition;         // true: refused
  std::optional<Tree> message;
  // Globs. Empty: any type, any address, any environment; actions: what will be there afterwards.
  std::vector<std::string> types, actions, addresses, environments;
  std::string at;                // the property whose line is shown; "": told by the condition
  std::vector<Tree::Entry> set;  // what would make it right, constants
  bool per_resource = false;     // its condition or message looks at `resource`
};

struct CheckDecl {
  std::string name, doc;
  Span span;
  Tree condition;  // true: holds
  std::optional<Tree> message;
  bool before = true, after = true;
};

// `cost: {usage: {ADDRESS: {KEY: VALUE}}}`: how much is used in a month.
struct UsageDecl {
  std::string address, key, text;
  Span span;
};

struct Demands {
  std::vector<PolicyRule> policies;
  std::vector<PolicyRule> standing;  // what packages say of every stack; nothing that it asked for
  std::vector<CheckDecl> checks;
  std::vector<UsageDecl> usage;
};

// From `policies` and `checks` of the root. Their types are checked with the whole spec at hand
// (graph/check_demands.h). Files that were read are
// added to spec.files_read. Errors: LF0109, LF02xx, LF03xx, LF0405, LF0406, LF0519.
Demands parse_demands(const Node& root, Spec& spec, FileSystem& files, Sources& sources,
                      SyntaxTree& tree, Packages& packages, Diagnostics& diagnostics);

// From `cost` of the root (cost.cc). Errors: LF0201, LF0203.
std::vector<UsageDecl> parse_usage(const Node& root, Diagnostics& diagnostics);

// The action words that `where: {actions: …}` takes.
const std::vector<std::string>& policy_actions();

}  // namespace lf
