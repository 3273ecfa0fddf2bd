// SPDX-License-Identifier: Apache-2.0
// What most commands do first, in this order: read the spec, open the state, know the account,
// resolve look-ups, refresh, plan. Each step once; a command stops where it has what it needs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/state_place.h"
#include "engine/apply.h"
#include "engine/resolve.h"
#include "engine/search.h"
#include "engine/settle.h"
#include "plan/plan.h"
#include "spec/load.h"
#include "spec/package_set.h"
#include "state/migrate.h"
#include "state/store.h"

namespace lf {

// design 11
enum ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kChanges = 2,
  kUsage = 3,
  kLocked = 4,
  kPartly = 5,
  kNoCapacity = 6,
  kStale = 7,
  kRefused = 8,
  kInterrupted = 130,
};
int exit_code_of(const Error& error);
// The packages of --provider-dir as one; null where there are none. not_found, io.
Result<std::shared_ptr<const PackageFiles>> read_overlay(FileSystem& files,
                                                         const std::vector<std::string>& folders);

class Session {
 public:
  Session(World& world, const Options& options, EventSink* sink);
  ~Session();

  const Options& options() const { return options_; }
  World& world() { return world_; }
  Sources& sources() { return set_->sources; }
  Packages& packages() { return set_->packages; }
  ModuleStore& modules() { return *modules_; }
  Diagnostics& diagnostics() { return diagnostics_; }
  EngineContext& engine() { return engine_; }
  Events& events() { return events_; }
  LoadedSpec& spec() { return spec_; }
  Graph& graph() { return resolved_.graph; }
  const Resolved& resolved() const { return resolved_; }
  LockFile& lock_file() { return lock_; }
  std::string lock_path() const;
  std::string stack_mark() const;  // with the lineage of the state at hand
  const State& state() const;
  Store* store() { return store_.get(); }  // nullptr until open_store()
  const RunBegin& run_begin() const { return begin_; }
  const std::vector<OpenIntent>& open_intents() const { return open_; }
  bool state_exists() const { return state_exists_; }
  const std::vector<std::string>& notes() const { return notes_; }
  // What `file()` and `template()` have read, and its SHA-256.
  const std::map<std::string, std::string>& files_used() const { return files_used_; }
  SecretDigest digest() const;
  CloudOf clouds();
  Cloud* cloud(const std::string& provider);  // by its name in the spec; nullptr: no such one
  std::vector<Cloud*> all_clouds();           // in the order of the spec's providers
  Observations& observations() { return observations_; }
  std::string path_in_work(
      const std::string& name) const;  // beside the spec, or in the sandbox's folder

  // Each gives false where diagnostics() has errors then, or the error of the environment.
  Result<bool> load_spec();
  // The same, and modules out of git are fetched, and pinned in the lock file at once.
  Task<Result<bool>> load_spec_fetching();
  Task<Result<void>> read_state();  // no lock, no writes
  Task<Result<void>> open_store();  // with the lock
  Task<void> close();               // gives the lock back, where there is one
  Task<Result<void>> identify();    // account known, guard against another one
  // Expands with what is pinned and checks all that needs no cloud. Look-ups without a pin and the
  // account count as known later.
  Result<bool> check_offline();
  // What check_offline() expanded. resolve_lookups() may take it.
  const Graph& offline_graph() const { return offline_; }
  std::unique_ptr<Backend> backend();
  StatePlace place() const;  // where the spec says that the state lies
  // Where that is on this machine, or in a service that a package describes. refused: no package
  // here describes it.
  Result<std::unique_ptr<Backend>> backend_at(const StatePlace& place);
  StateOptions state_options() const;
  LockOwner lock_owner() const;
  // Validates too. Keeps what check_offline() made where the account changes nothing about it.
  Task<Result<bool>> resolve_lookups();
  Task<Result<void>> settle();  // without a store: in memory
  Task<Result<void>> refresh_state();
  Task<Result<void>> guard_empty_state();
  // What carries the mark under the name that this node of the graph gives: for types that no list
  // shows with their marks.
  Task<Result<std::vector<Marked>>> find_named_marks(const Graph* graph, GraphId at,
                                                     std::string mark);
  Result<bool> make_plan(Plan& out, bool destroy);
  Result<void> save_lock_file();
  // Outputs of other stacks that count instead of those in their states, by ImportDecl::key(): what
  // a plan of them all knows by now. Before load_spec().
  void give_imports(std::map<std::string, Map> outputs) { given_imports_ = std::move(outputs); }
  const std::map<std::string, Map>& imports() const { return imports_; }

 private:
  std::string sandbox_folder(const std::string& beside, const std::string& stack,
                             const std::string& environment) const;
  // --- session_state.cc
  struct Before {
    StatePlace place;
    std::unique_ptr<Backend> backend;
    PlaceContent content;
  };
  ProviderDecl state_provider(const StatePlace& at) const;
  StatePlace absolute(StatePlace at) const;
  bool same_place(const StatePlace& a, const StatePlace& b);
  StatePlace usual_place() const;
  std::string place_note() const;
  std::vector<StatePlace> earlier_places();
  Task<Result<std::optional<Before>>> follow_marks(StatePlace at);
  Task<Result<std::optional<Before>>> find_before(const MoveMark* mark);
  Task<Result<LoadedState>> load_that_counts();
  Task<Result<void>> bring_here(LockOwner owner, int64_t lock_timeout_ns);
  Result<void> note_place();
  Task<Result<void>> read_imports();
  Result<std::unique_ptr<Backend>> backend_of_import(const ImportDecl& import);
  Result<void> load_lock_file();
  void collect_secrets();
  bool sound();
  Surroundings surroundings();
  Surroundings::Place place_of(const ProviderDecl& provider) const;
  CredentialChoice choose_credentials(const ProviderDecl& provider, const PackageInfo& info) const;

  World& world_;
  const Options& options_;
  Diagnostics diagnostics_;
  std::shared_ptr<PackageSet> set_;
  std::unique_ptr<ModuleStore> modules_;
  Events events_;
  EngineContext engine_;
  LoadedSpec spec_;
  LockFile lock_;
  Resolved resolved_;
  Graph offline_;
  std::vector<std::unique_ptr<Cloud>> clouds_;
  LoadedState loaded_;
  State memory_;  // what a plan works on where there is no store
  std::vector<OpenIntent> open_;
  std::unique_ptr<Store> store_;
  bool state_exists_ = false;
  bool expanded_ = false;  // nothing in offline_ waits for a look-up
  Observations observations_;
  std::map<std::string, std::string> files_used_;
  std::vector<std::string> notes_;
  std::map<std::string, Map> given_imports_, imports_;
  std::map<std::string, std::string> fetched_;  // modules out of git: where they lie
  RunBegin begin_;
};

}  // namespace lf
