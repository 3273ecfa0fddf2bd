// SPDX-License-Identifier: Apache-2.0
// Look-ups pinned: what a spec asks of the world is read once and kept in llmforge.lock beside it,
// so that the newest image does not replace a machine whenever one is published.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/cloud.h"
#include "engine/refresh.h"
#include "graph/graph.h"
#include "spec/load.h"

namespace lf {

class LockFile {
 public:
  // A missing file is an empty one. corrupt: names the file.
  static Result<LockFile> load(FileSystem& files, const std::string& path);
  Result<void> save(FileSystem& files, const std::string& path) const;
  const Value* find(const std::string& query) const;
  void set(const std::string& query, Value value);
  // Drops pins that no look-up of this run asked for; true if any went.
  bool keep_only(const std::vector<std::string>& queries);
  bool changed() const { return changed_; }
  // Modules out of git, by GitUse::key(): `{commit, sha256}` (engine/fetch_modules.h).
  const std::map<std::string, Value>& modules() const { return modules_; }
  void set_module(const std::string& key, Value pin) {
    auto& slot = modules_[key];
    changed_ = changed_ || !(slot == pin);
    slot = std::move(pin);
  }
  // Drops the pins of modules that are used no more.
  void keep_modules(const std::vector<std::string>& keys);
  // Another file's pins that count before these and are never written: a rehearsal goes by what the
  // real runs pinned, and keeps in its own file only what they have not.
  void go_by(const LockFile& other) {
    given_ = other.pins_;
    modules_.insert(other.modules_.begin(), other.modules_.end());
  }
  bool is_given(const std::string& query) const { return given_.contains(query); }
  // All that count, those of the other file too.
  std::map<std::string, Value> pins() const {
    std::map<std::string, Value> all = given_;
    all.insert(pins_.begin(), pins_.end());
    return all;
  }

 private:
  std::map<std::string, Value> pins_, given_, modules_;
  bool changed_ = false;
};

struct Resolved {
  Graph graph;
  std::vector<std::string> queries;  // all that were asked for, pinned or not
};

// Whether state has a resource at an address. A look-up that may find nothing is not asked of
// what is still to be made: it is unknown then.
using Exists = std::function<bool(const std::string& address)>;

// Expands, reads what is wanted and not pinned, expands again, until nothing is wanted. `fresh`
// (--update-lock): pins are read anew once, but for those given by another file. Offline, a missing
// pin is LF0703.
Task<Result<Resolved>> resolve(const LoadedSpec* spec, ModuleStore* modules, Packages* packages,
                               Surroundings surroundings, LockFile* lock, CloudOf clouds,
                               bool offline, bool fresh, Exists exists, Events* events,
                               Diagnostics* diagnostics);

// A ModuleLibrary over a ModuleStore.
class StoreLibrary : public ModuleLibrary {
 public:
  explicit StoreLibrary(ModuleStore& store) : store_(store) {}
  const Module* block(std::string_view provider, std::string_view name) override {
    return store_.block(provider, name);
  }
  const Module* user(const std::string& path) override { return store_.user(path); }

 private:
  ModuleStore& store_;
};

}  // namespace lf
