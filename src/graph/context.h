// SPDX-License-Identifier: Apache-2.0
// The inside of a Graph: module instances, the scopes in which their expressions are evaluated, and
// what names mean there. Enumeration is lazy: a `for_each` that looks at other blocks expands them
// first; one that looks at itself is reported.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace lf {

// The message of error values whose cause was reported already. Never shown.
inline constexpr const char* kPoison = "\x01poisoned";
Value poison();
bool is_poison(const Value& value);

enum class Progress : uint8_t { untouched, running, done };

// The instances of one resource declaration in one module instance.
struct ResourceGroup {
  const ResourceDecl* decl = nullptr;
  const ResourceType* type = nullptr;  // nullptr: unknown type, reported
  Progress progress = Progress::untouched;
  bool repeated = false, broken = false;
  std::vector<std::pair<Value, GraphId>> nodes;  // by each.key (null where not repeated)
};
struct CallGroup {
  const ModuleCall* call = nullptr;
  const Module* module = nullptr;  // nullptr: no such module, reported
  Progress progress = Progress::untouched;
  bool repeated = false, broken = false;
  std::vector<std::pair<Value, std::unique_ptr<ModuleInstance>>> instances;
};
struct DataGroup {
  const DataDecl* decl = nullptr;
  const DataType* type = nullptr;
  Progress progress = Progress::untouched;
  Value value;  // object, or map of them
};

struct ModuleInstance {
  const Module* module = nullptr;
  const ModuleInstance* parent = nullptr;
  const ModuleCall* call = nullptr;
  std::optional<EachBinding> each;  // of the call
  std::string address;              // "", "network", `buckets["outputs"]`
  std::string key;                  // instance key, else the block's name
  std::string provider;
  mutable std::vector<ResourceGroup> resources;
  mutable std::vector<CallGroup> calls;
  mutable std::vector<DataGroup> data;
  mutable std::set<std::string> evaluating;  // inputs and locals under way, against loops
  mutable std::unordered_map<std::string_view, size_t> resource_index;  // by key, made when asked
  ResourceGroup* resource(std::string_view name) const;                 // nullptr: no such key
};

// Where an expression stands: a module instance and what `each` is there.
struct Scope {
  const ModuleInstance* module = nullptr;
  const EachBinding* each = nullptr;
};

struct Graph::Context {
  const Spec* spec = nullptr;
  ModuleLibrary* library = nullptr;
  Packages* packages = nullptr;
  Surroundings surroundings;
  Graph* graph = nullptr;
  std::unique_ptr<ModuleInstance> root;
  mutable Diagnostics* diagnostics = nullptr;       // during expansion
  mutable const AttributeSource* source = nullptr;  // of the evaluation under way
  std::unique_ptr<AttributeSource> spec_only;
  std::unordered_map<std::string, GraphId> by_address;
  // What expressions have looked at of what may be known only later.
  struct Asked {
    bool account = false, partition = false, dns_suffix = false;
  };
  mutable Asked asked;
  // The desired properties of nodes that have no expression: the same for every source.
  mutable std::unordered_map<GraphId, std::shared_ptr<const Map>> constant_desired;
  mutable std::optional<Value> constant_tags;  // the stack's, where they have no expression

  // enumerate.cc
  std::unique_ptr<ModuleInstance> instantiate(const Module& module, const ModuleInstance* parent,
                                              const ModuleCall* call, std::string address,
                                              std::string key);
  // The kind of a provider of the spec by its name: which package.
  std::string kind_of(const std::string& provider) const;
  void ensure(const ModuleInstance& module, ResourceGroup& group);
  void ensure(const ModuleInstance& module, CallGroup& group);
  void ensure(const ModuleInstance& module, DataGroup& group);
  void ensure_all(const ModuleInstance& module);
  // The keys and values of a for_each; nullopt: reported.
  std::optional<std::vector<EachBinding>> repetition(const Tree& tree, const Scope& scope,
                                                     std::string_view what);
  // Reports LF0403: `what` (a word of the spec) hangs on what only apply will know.
  void only_after_apply(const Tree& tree, std::string_view what, const Value& value);
  std::optional<bool> condition(const Tree& tree, const Scope& scope, std::string_view what);
  // Evaluates a life-cycle word that must be known now; reports and gives nullopt else.
  std::optional<Value> known(const Tree& tree, const Scope& scope, std::string_view what,
                             Code code);

  // scope.cc
  Value evaluate_in(const Tree& tree, const Scope& scope, Diagnostics* errors) const;
  std::optional<Value> lookup(const Scope& scope, std::string_view name) const;
  Value input_value(const ModuleInstance& module, const InputDecl& input) const;
  // account, partition or dns_suffix of a provider instance; noted in `asked`.
  Value surrounding(std::string_view name, const std::string& provider) const;
  Value region_of(const std::string& provider) const;
  Value unique_of(const std::string& provider) const;  // of its account: `unique`
  std::vector<std::string> root_names(const Scope& scope) const;

  // references.cc
  void dependencies_of(const Tree& tree, const Scope& scope, const ResourceDecl* user,
                       std::set<GraphId>& out);
  void resolve(const cel::Reference& reference, const cel::Expression* expression,
               const Scope& scope, const Tree* user_when, std::set<GraphId>& out);
  void dependencies_of_output(const ModuleInstance& module, const OutputDecl& output,
                              std::set<GraphId>& out);
  void dependencies_of_input(const ModuleInstance& module, const InputDecl& input,
                             std::set<GraphId>& out);
  std::unordered_map<std::string, std::set<GraphId>> reference_cache;
  std::set<std::string> resolving;
};

// An activation for one scope.
class ScopeActivation : public cel::Activation {
 public:
  ScopeActivation(const Graph::Context& context, Scope scope) : context_(context), scope_(scope) {}
  std::optional<Value> lookup(std::string_view name) const override;
  Value read_file(const std::string& path) const override;
  std::optional<std::string> read_zone(const std::string& name) const override;

 private:
  const Graph::Context& context_;
  Scope scope_;
};

// Restores what was there when the evaluation is over: evaluations nest.
class SourceScope {
 public:
  SourceScope(const Graph::Context& context, const AttributeSource& source)
      : context_(context), previous_(context.source) {
    context.source = &source;
  }
  ~SourceScope() { context_.source = previous_; }
  SourceScope(const SourceScope&) = delete;
  SourceScope& operator=(const SourceScope&) = delete;

 private:
  const Graph::Context& context_;
  const AttributeSource* previous_;
};

// Brackets for keys: `a["b"]`, `a[0]`.
std::string index_address(std::string_view base, const Value& key);

// order.cc: fills graph.order; reports cycles (LF0402).
bool order_nodes(Graph& graph, Diagnostics& diagnostics);
// desired.cc: names and defaults that a descriptor expression sees.
Value derive_value(const Graph::Context& context, const GraphNode& node,
                   const cel::Interpolation& text, const Map& self);

}  // namespace lf
