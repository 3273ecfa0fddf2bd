// SPDX-License-Identifier: Apache-2.0
// The intermediate representation: every resource instance of a spec as a node with its address,
// its type, its expressions and what it depends on. Made by expansion before anything is compared
// with state or cloud; repetition (`for_each`, blocks, modules) is gone from here on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/value.h"
#include "base/world.h"
#include "provider/package.h"
#include "spec/module.h"

namespace lf {

using GraphId = uint32_t;
inline constexpr GraphId kNoGraphId = UINT32_MAX;

struct ModuleInstance;
struct EachBinding {
  Value key, value;
};

struct GraphNode {
  std::string address;  // "network.vpc", "sg.main#ingress"
  const ResourceType* type = nullptr;
  std::string facet;          // a late facet's own node; else empty
  GraphId main = kNoGraphId;  // of a late facet: its resource's node
  std::vector<GraphId> late;  // of a resource: its late facets' nodes
  const ResourceDecl* decl = nullptr;
  const ModuleInstance* module = nullptr;
  std::optional<EachBinding> each;
  std::string key;                    // the name part for physical names: decl or instance key
  std::string provider;               // provider instance
  std::vector<GraphId> dependencies;  // done before this one; sorted, no doubles
  Span span;
  // Life-cycle words, evaluated.
  bool protect = false, retain = false, create_before_delete = false;
  bool restart_on_interruption = false, shared = false;
  std::string run, adopt;
  std::string run_result;  // "": it has not ended, as far as is known
  std::vector<std::string> ignore_changes, moved_from;
  bool has_replace_on = false;   // of its own, or of a block around it
  size_t alternative_count = 0;  // how many places there are to try; 0: no `alternatives`
  std::map<std::string, Duration> timeouts;
};

// Where attributes of resources come from, by phase: expansion knows what the spec says, plan what
// it planned, apply what the cloud answered.
class AttributeSource {
 public:
  virtual ~AttributeSource() = default;
  // `field` is a property, "id" or "arn"…; nullopt: the type has no such field.
  virtual std::optional<Value> attribute(GraphId node, std::string_view field) const = 0;
};

// What the world around the spec says; unknown parts are Unknown values (offline).
struct Surroundings {
  struct Place {
    Value account, partition, dns_suffix;
    bool operator==(const Place&) const = default;
  };
  Value account, partition, dns_suffix;    // of the stack's own provider
  std::map<std::string, Place> elsewhere;  // of the others, by name, where theirs differ
  std::map<std::string, Value> variables;  // by name, converted to their types
  Environment environment;                 // for secret.env.NAME
  std::function<Result<std::string>(const std::string&)> read_file;  // path below the folder
  // The system's data of a time zone by its name, e.g. "Europe/Berlin"; nullopt: no such zone.
  std::function<std::optional<std::string>(const std::string&)> read_zone;
  // What the stacks that the root imports gave: by the import's name, then the output's. What is
  // not there is not known yet.
  std::map<std::string, Map> imports;
  // Addresses to names that are unique in the world, as state has them: they stay.
  std::map<std::string, std::string> names;
  // Pinned or freshly read look-ups: by query key. nullptr: not known yet.
  std::function<const Value*(const std::string& query)> pinned;
};

// A look-up that the expansion wants and that no pin answers.
struct WantedLookup {
  const DataType* type = nullptr;
  Map inputs;         // by property name, known values
  std::string query;  // key for the lock file
  std::string provider;
  Span span;
  std::string address;
  Value unknown;  // what it is until somebody looks
  const DataDecl* decl = nullptr;
  const ModuleInstance* module = nullptr;
};

class Graph {
 public:
  Graph();
  ~Graph();
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;

  std::vector<GraphNode> nodes;
  std::vector<GraphId> order;        // dependencies first, otherwise the spec's order
  std::vector<WantedLookup> wanted;  // non-empty: read them, pin them, expand again
  struct Output {
    const OutputDecl* decl;
    std::vector<GraphId> dependencies;
  };
  std::vector<Output> outputs;
  struct File {
    const FileDecl* decl;
    const ModuleInstance* module;
    std::string address;
    std::vector<GraphId> dependencies;
  };
  std::vector<File> files;

  GraphId find(std::string_view address) const;  // kNoGraphId: none
  // The resources that the inputs of a wanted look-up come from.
  std::set<GraphId> asked_of(const WantedLookup& lookup) const;

  // The desired properties of a node as far as `source` knows them: converted to their types, with
  // the descriptor's defaults, stack tags merged, not-set ones left out. Errors are reported at
  // their place and the property is left out. `alternative`: which of alternatives() is laid over.
  Map desired(GraphId node, const AttributeSource& source, Diagnostics& diagnostics,
              size_t alternative = 0) const;
  // `alternatives`: maps of properties, tried in order, as far as `source` knows them.
  List alternatives(GraphId node, const AttributeSource& source) const;
  Value output(size_t index, const AttributeSource& source, Diagnostics& diagnostics) const;
  // Path, content and mode (null: not given) of a generated file.
  struct FileValues {
    Value path, content, mode;
  };
  FileValues file(size_t index, const AttributeSource& source, Diagnostics& diagnostics) const;
  // What `replace_on` of the node, and of blocks around it, comes to: null, one value, or a list.
  Value replace_on(GraphId node, const AttributeSource& source) const;
  // The source that knows only what the spec says.
  const AttributeSource& spec_only() const;

  struct Context;  // scopes and module instances; expand.cc
  std::unique_ptr<Context> context;
};

// Modules that specs call. `block(name)` gives nullptr where the stack's provider has none.
class ModuleLibrary {
 public:
  virtual ~ModuleLibrary() = default;
  virtual const Module* block(std::string_view provider, std::string_view name) = 0;
  virtual const Module* user(const std::string& path) = 0;
};

// Expands `spec`. Errors: LF04xx. The graph is usable where the diagnostics have no errors.
Graph expand(const Spec& spec, ModuleLibrary& modules, Packages& packages,
             const Surroundings& surroundings, Diagnostics& diagnostics);

// "machines["trainer"].instance[0]" -> "machines/trainer/instance/0"; bytes that tags do not allow
// as ":XX".
std::string mark_path(std::string_view address);

}  // namespace lf
