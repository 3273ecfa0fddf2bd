// SPDX-License-Identifier: Apache-2.0
// From syntax to checked specs and modules: keys, forms, names, references to types. Values are
// checked when they are evaluated; everything that needs no evaluation is reported here, all at
// once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/world.h"
#include "provider/package.h"
#include "spec/files.h"
#include "spec/module.h"
#include "spec/policy.h"

namespace lf {

// A module's file in a git repository: `use: {git: URL, ref: v1.2.0, path: modules/db.yaml}`.
struct GitUse {
  std::string url, ref;
  std::string key() const { return url + "#" + ref; }
};

// Modules of packages and of the user's own, read when first asked for.
class ModuleStore {
 public:
  ModuleStore(FileSystem& files, Sources& sources, Packages& packages, Diagnostics& diagnostics);
  ~ModuleStore();
  // nullptr: this package has no such block, or it does not load (reported).
  const Module* block(std::string_view package, std::string_view name);
  const Module* user(const std::string& path);
  // All block names of all packages, for messages.
  std::vector<std::string> block_names() const;
  std::vector<std::string> packages_with(std::string_view block) const;
  // Blocks of packages come from `shared`, which reads each once and reports to its own
  // diagnostics. It must outlive this and know the same packages and sources.
  void share_blocks(ModuleStore& shared);
  // `folder`/blocks/NAME.yaml beside the spec wins over the package's: what `eject` writes.
  void set_eject_folder(std::string folder);
  // The folders in which repositories lie, by GitUse::key(). What is used and not there is reported
  // as LF0217 and listed in missing().
  void set_fetched(std::map<std::string, std::string> folders);
  // The folder of a use; nullptr: it is not here yet, reported at `span`.
  const std::string* fetched(const GitUse& use, Span span);
  const std::vector<GitUse>& git_uses() const;
  bool misses_any() const;

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

struct LoadOptions {
  std::string path;  // file or folder
  std::string environment = "default";
  // Highest first: --var, --var-file (later files win), LLMFORGE_VAR_*; the spec's defaults last.
  std::vector<std::pair<std::string, std::string>> variables;  // text as typed
  std::vector<std::string> variable_files;
  Environment environment_variables;
};

struct StateStore;  // provider/state_store.h

struct LoadedSpec {
  Spec spec;
  std::map<std::string, Value> variables;
  std::map<std::string, bool> secret_variables;
  Demands demands;         // `policies` and `checks`
  std::string state_path;  // `backend: {path: …}`, evaluated; "": the usual place
  Map backend_settings;    // `backend: {WORD: {…}}`, evaluated; what is not set is left out
};

// Reads and checks. Usable where `diagnostics` has no errors.
LoadedSpec load_spec(FileSystem& files, Sources& sources, Packages& packages, ModuleStore& modules,
                     const LoadOptions& options, Diagnostics& diagnostics);

// state_path.cc: where the state lies, an expression over `vars`, `locals`, `stack`, `env` and
// `region`: what is known before anything else is. "" and LF0203, LF0401, LF0406 else.
std::string state_path(const LoadedSpec& spec, Diagnostics& diagnostics);
// The same for the settings of a store; `key` is filled in where the spec does not say it.
Map backend_settings(const LoadedSpec& spec, const StateStore& type, Diagnostics& diagnostics);

// Whether a file's text is a spec's, rather than some other YAML: it names a stack.
bool is_spec_text(std::string_view text);
// SPEC of the command line: a path as given, or llmforge.yaml, or the only *.yaml with a `stack:`.
Result<std::string> find_spec(FileSystem& files, const std::string& given);

// What other stacks and sets of stacks need to know of a spec, without checking it.
struct StackHead {
  std::string path, folder, stack;
  std::vector<std::string> environments, variables, outputs, secret_outputs;
  bool has_backend = false;  // its state may lie elsewhere than beside it
  struct Import {
    std::string name, path, environment;  // "": as the importing one
    Span span;
  };
  std::vector<Import> imports;
};
// imports.cc. nullopt: there is no spec, or it cannot be read (reported). `environment`: its
// overlay counts, if the spec has it.
std::optional<StackHead> read_stack_head(FileSystem& files, const std::string& path,
                                         const std::string& environment, Sources& sources,
                                         Diagnostics& diagnostics);
// The folder in which a spec's state lives: of a file the folder that it is in.
std::string folder_of_spec(FileSystem& files, const std::string& path);
// "a/b/../c" and "./a/c" as "a/c", without asking the disk.
std::string plain_path(const std::string& path);
// `imports:` of the root: fills `spec.root.imports`. `blocks`: names that imports may not have.
void parse_imports(const Node& root, Spec& spec, const std::vector<std::string>& blocks,
                   FileSystem& files, Sources& sources, Diagnostics& diagnostics);

// parse_tree.cc
Tree parse_tree(const Node& node, Diagnostics& diagnostics);
// parse_module.cc: the parts that every module has, from `root`'s keys. `taken`: all keys that are
// the language's own (words.h).
void parse_module_parts(const Node& root, Module& out, Packages& packages, ModuleStore& modules,
                        const std::string& package, const std::vector<std::string>& taken,
                        Diagnostics& diagnostics);
// One use of a block or module: its inputs and life-cycle words.
ModuleCall parse_call(const Node& key, const Node& body, const std::string& block,
                      const Module& module, Packages& packages, ModuleStore& modules,
                      Diagnostics& diagnostics);

}  // namespace lf
