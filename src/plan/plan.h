// SPDX-License-Identifier: Apache-2.0
// What would be done and why: the difference between what the spec wants, what was applied and what
// the cloud shows, and the operations that close it with all their order in one place.
// Deciding is pure: no file and no cloud is touched here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "state/state.h"

namespace lf {

enum class Action : uint8_t {
  none,
  create,
  update,
  replace,
  remove,  // delete
  adopt,   // take in what exists, by `adopt:`
  move,    // only the address changes
  forget,  // out of state, stays in the cloud (`retain`)
};
const char* to_string(Action action);  // "create", "update", "delete", …
char action_symbol(Action action);     // + ~ ± - etc. as one ASCII character

// Why a property differs.
enum class Cause : uint8_t {
  spec,     // the spec changed
  drift,    // somebody changed the cloud
  unset,    // it left the spec: reset
  unknown,  // known only after apply: may or may not change
  unsure,   // an update was interrupted: sent again
};

struct Change {
  std::string path;     // "tags.Team", "routes[0.0.0.0/0].gateway"
  Value before, after;  // null: not set. Secrets are Secret values without content: never shown
  Cause cause = Cause::spec;
  bool forces_replace = false;
  bool secret = false;
  std::string property;  // the top-level property
  Type type;             // of before and after, for showing them; any: not known
};

// What a read of the cloud said about one record.
struct Observation {
  enum class Presence : uint8_t {
    unread,  // not refreshed: state's own `observed` counts
    present,
    gone,   // proven by its own read
    ended,  // a run that is over; `interrupted` says how
  } presence = Presence::unread;
  bool interrupted = false;
  bool failed = false;      // it exists in a failed state
  Map properties;           // property -> value, computed ones too
  bool marks_ok = true;     // it carries our marks
  std::string note;         // the cloud's own words about its state
  std::string update_note;  // the same of its last update, where that has a state of its own
  std::string reason, update_reason;  // why it is in a failed one; not yet scrubbed of secrets
  std::string pending;                // what it waits for a person to do; empty: nothing
};
using ObservationKey = std::pair<std::string, uint32_t>;  // address, generation
using Observations = std::map<ObservationKey, Observation>;

struct PlanItem {
  std::string address;
  uint32_t generation = 0;
  std::string type;
  std::string provider;  // instance name
  Action action = Action::none;
  GraphId node = kNoGraphId;        // kNoGraphId: only in state
  std::optional<Record> record;     // as before this run
  Map desired;                      // properties wanted, unknowns inside
  std::vector<Change> changes;      // what apply would change
  std::vector<Change> drift;        // what others changed, shown apart; in `changes` too if mended
  std::vector<std::string> facets;  // facets with work, in file order; "" is the create group
  std::vector<std::string>
      replace_because;  // properties that force it, or a word: "failed", "requested"
  std::vector<std::string> late_facets;  // of the type; emptied before a deletion
  bool replace_if_changed = false;       // only if an unknown turns out different
  bool create_before_delete = false;
  bool submitted = false;  // its run was asked for by name, not by the spec
  bool restores_marks = false;
  bool uses_existing = false;  // `shared`: adopt_id is there and stays somebody else's
  std::string run_note;        // "run first: finished", "restarts run first"
  std::string pending;         // what it waits for a person to do
  std::string moved_from, adopt_id;
  bool excluded = false;  // left out by --target/--exclude
};

// One thing that apply does. Deletes of replaced things are operations of their own.
struct Operation {
  // empty: late facets are emptied before anything that they may refer to is deleted.
  enum class Kind : uint8_t {
    create,
    update,
    facet,
    empty,
    remove,
    depose,
    move,
    forget,
    adopt
  } kind;
  size_t item = 0;
  uint32_t generation = 0;    // of the record it works on
  std::string facet;          // facet: a late facet's name
  std::vector<size_t> after;  // operations that must be done first
};

struct PlanOptions {
  std::vector<std::string> targets, excludes, replace;  // globs over addresses
  bool destroy = false;
  bool refresh_only = false;
  bool submit = false;  // runs that start are started by hand: see PlanItem::submitted
};

// Whether a run of this name has ended at this address before the one that is recorded.
bool run_was_used(const Record& record, std::string_view run);

struct PlanOutput {
  std::string name;
  Value before, after;
  bool secret = false;
  bool changed = false;
};

// A generated file: what is wanted at its path and what stands there.
struct PlanFile {
  std::string path, address;     // below the stack's files_root; "" for one that only state knows
  Action action = Action::none;  // create, update, remove, forget (edited since, so it stays)
  Value content;                 // string, or unknown; null where it goes
  std::string before;            // what stands there now
  uint32_t mode = 0644;
  bool edited = false;   // somebody changed it after llmforge wrote it
  bool unnoted = false;  // it stands there as wanted, and state does not know it yet
};

struct Plan {
  std::vector<PlanItem> items;  // graph order, then what only state knows
  std::vector<Operation> operations;
  std::vector<PlanOutput> outputs;
  std::vector<PlanFile> files;  // in the graph's order, then what only state knows
  std::vector<std::pair<std::string, std::string>> left_out;  // address, why
  size_t count(Action action) const;
  bool has_changes() const;  // resources, outputs or files
  const PlanItem* find(std::string_view address, uint32_t generation = 0) const;
};

// The attribute source of a plan under way: what each planned node will be.
class PlanSource : public AttributeSource {
 public:
  PlanSource(const Graph& graph, const std::vector<const PlanItem*>& by_node)
      : graph_(graph), by_node_(by_node) {}
  std::optional<Value> attribute(GraphId node, std::string_view field) const override;

 private:
  const Graph& graph_;
  const std::vector<const PlanItem*>& by_node_;
};

// The attribute source of what is there: each resource as state knows it, the rest as the spec
// says.
class RecordSource : public AttributeSource {
 public:
  RecordSource(const Graph& graph, const State& state) : graph_(graph), state_(state) {}
  std::optional<Value> attribute(GraphId node, std::string_view field) const override;

 private:
  const Graph& graph_;
  const State& state_;
};

// Digest of a secret under the state's key, as hex.
using SecretDigest = std::function<std::string(const Value&)>;

Plan make_plan(const Graph& graph, const State& state, const Observations& observations,
               Packages& packages, const PlanOptions& options, const SecretDigest& digest,
               Diagnostics& diagnostics);

// diff.cc: the difference of one resource. `record` is what was applied; `seen` what was read.
// `late_facet` "": all but late facets; else that one alone.
struct Difference {
  std::vector<Change> changes, drift;
  std::vector<std::string> facets;
  std::vector<std::string> replace_because;
  bool replace_only_if_changed = true;  // every forcing change is an unknown
};
Difference difference(const ResourceType& type, const Map& desired, const Record& record,
                      const Observation& seen, const std::vector<std::string>& ignore_changes,
                      const SecretDigest& digest, const std::string& late_facet = "");
// Which of the spec's alternatives a record stands for: the one that was taken, as long as the spec
// names it and prefers none to it that was not passed over then. Else 0: the first is wanted.
size_t alternative_of(const Record& record, const List& choices);
// Properties of the facets in a record, in one map.
Map applied_properties(const Record& record);

// source.cc: what `replace_on` comes to, as state keeps it: secrets as digests. Null: no such word.
Value replace_trigger(const Graph& graph, GraphId node, const AttributeSource& source,
                      const SecretDigest& digest);

// Whether a record is of a `shared` thing that was there before this stack: used, not owned. It is
// neither changed nor deleted.
bool only_used(const Record& record);
inline constexpr const char* kUsedWord = "used";  // in Record::private_
// Makes the creation of an item the use of what exists under its name; `owned`: its adoption, for
// it carries this stack's marks.
void use_existing(Plan& plan, PlanItem& item, std::string id, bool owned);

// operations.cc: every edge there is.
std::vector<Operation> make_operations(const Graph& graph, const std::vector<PlanItem>& items);

}  // namespace lf
