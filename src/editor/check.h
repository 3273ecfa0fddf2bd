// SPDX-License-Identifier: Apache-2.0
// One spec, read and checked as `validate` does, and kept with all that it was made from, so that
// questions about it (what is this name, which type has it) can be answered until the next change.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/world.h"
#include "editor/symbols.h"
#include "engine/resolve.h"
#include "graph/type_scope.h"
#include "provider/catalog.h"
#include "provider/package.h"
#include "spec/load.h"
#include "spec/package_set.h"

namespace lf::editor {

struct CheckOptions {
  std::string environment = "default";
  std::vector<std::pair<std::string, std::string>> variables;  // --var
  std::vector<std::string> variable_files;
  Environment environment_variables;
  std::shared_ptr<const PackageFiles> overlay;  // --provider-dir; may be null
  bool keep_graph = false;  // for graph(), of some account and with all conditions met
};

enum class RootKind : uint8_t {
  spec,    // a file with `stack:`, or a folder of files
  module,  // a module that no spec at hand uses, checked by itself
};

class Checked {
 public:
  // `path` is absolute. Reads what it needs from `files`, which must outlive this.
  Checked(FileSystem& files, std::shared_ptr<PackageSet> packages, RootKind kind, std::string path,
          const CheckOptions& options);
  ~Checked();
  Checked(const Checked&) = delete;
  Checked& operator=(const Checked&) = delete;

  RootKind kind() const { return kind_; }
  const std::string& path() const { return path_; }
  const Sources& sources() const { return set_->sources; }
  const std::vector<Diagnostic>& diagnostics() const { return found_; }
  // Takes over what is wrong in another environment and not in this one's.
  void add_environment(const Checked& other, const std::string& environment);
  // False: the text could not be read as YAML, so that nothing is known of its content.
  bool readable() const { return readable_; }
  const Spec& spec() const { return loaded_.spec; }
  Packages& packages() { return set_->packages; }
  Catalogs& catalogs() { return set_->packages.catalogs(); }
  ModuleStore& modules() { return *modules_; }
  // The kind of the stack's own provider; for a module by itself that of any package.
  const std::string& provider() const { return loaded_.spec.provider; }

  // Normal paths of the files that it was read from: spec, modules, ejected blocks, variables.
  const std::vector<std::string>& files() const { return paths_; }
  bool reads(const std::string& path) const;
  SourceId source_of(const std::string& path) const;  // kNoSource: it did not read that
  // The module that a file holds: the spec's own for its files. nullptr: none.
  const Module* module_at(const std::string& path) const;
  const std::map<std::string, const Module*>& user_modules() const { return user_modules_; }
  // What names mean in a module's expressions. Only for modules of this check.
  ModuleScope& scope(const Module& module);
  const Module* called(const ModuleCall& call, const Module& caller);
  const Index& index();  // made when first asked for
  // What it expands to; nullptr: not kept, or it does not come so far.
  const Graph* graph() const { return graph_ ? &*graph_ : nullptr; }

 private:
  void load(FileSystem& files, const CheckOptions& options);
  void load_module();
  void check(FileSystem& files, const CheckOptions& options);
  void open_variables();
  void collect_modules(const Module& module);
  void note_files();

  RootKind kind_;
  std::string path_;
  std::shared_ptr<PackageSet> set_;
  SourceId first_source_;
  Diagnostics diagnostics_;
  std::unique_ptr<ModuleStore> modules_;
  std::unique_ptr<StoreLibrary> library_;
  LoadedSpec loaded_;
  std::vector<Diagnostic> found_;
  std::vector<std::string> paths_;
  std::map<std::string, SourceId> source_ids_;
  std::map<std::string, const Module*> user_modules_;  // by normal path
  Diagnostics silent_;                                 // of `types_`
  std::unique_ptr<TypeWorld> types_;                   // made when first asked for
  std::unique_ptr<Index> index_;
  std::optional<Graph> graph_;
  bool readable_ = false;
};

}  // namespace lf::editor
