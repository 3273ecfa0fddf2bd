// SPDX-License-Identifier: Apache-2.0
// From graph, state and observations to a plan: one item a node, then what only state knows.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "plan/plan.h"
#include "plan/same_thing.h"
#include "provider/wire.h"

namespace lf {

const char* to_string(Action action) {
  switch (action) {
    case Action::none: return "no-op";
    case Action::create: return "create";
    case Action::update: return "update";
    case Action::replace: return "replace";
    case Action::remove: return "delete";
    case Action::adopt: return "adopt";
    case Action::move: return "move";
    case Action::forget: return "forget";
  }
  return "no-op";
}

char action_symbol(Action action) {
  switch (action) {
    case Action::none: return ' ';
    case Action::create: return '+';
    case Action::update: return '~';
    case Action::replace: return '!';
    case Action::remove: return '-';
    case Action::adopt: return '<';
    case Action::move: return '>';
    case Action::forget: return '.';
  }
  return ' ';
}

size_t Plan::count(Action action) const {
  return static_cast<size_t>(std::count_if(items.begin(), items.end(), [&](const PlanItem& item) {
    return item.action == action && item.address.find('#') == std::string::npos;
  }));
}

bool Plan::has_changes() const {
  return std::any_of(items.begin(), items.end(),
                     [](const PlanItem& item) { return item.action != Action::none; }) ||
         std::any_of(outputs.begin(), outputs.end(),
                     [](const PlanOutput& o) { return o.changed; }) ||
         std::any_of(files.begin(), files.end(),
                     [](const PlanFile& f) { return f.action != Action::none || f.unnoted; });
}

const PlanItem* Plan::find(std::string_view address, uint32_t generation) const {
  for (const auto& item : items) {
    if (item.address == address && item.generation == generation) return &item;
  }
  return nullptr;
}

size_t alternative_of(const Record& record, const List& choices) {
  const Value* passed = record.private_.find("passed_over");
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == Value(record.alternative)) return i;
    const bool known = passed != nullptr && passed->is_list() &&
                       std::find(passed->as_list().begin(), passed->as_list().end(), choices[i]) !=
                           passed->as_list().end();
    if (!known) return 0;  // it is preferred now and was not tried then
  }
  return 0;
}

bool run_was_used(const Record& record, std::string_view run) {
  const Value* used = record.private_.find("runs");
  if (used == nullptr || !used->is_list()) return false;
  return std::any_of(used->as_list().begin(), used->as_list().end(),
                     [&](const Value& name) { return name.string_or() == run; });
}

bool only_used(const Record& record) {
  return record.private_.find(kUsedWord) != nullptr;
}

void use_existing(Plan& plan, PlanItem& item, std::string id, bool owned) {
  item.action = Action::adopt;
  item.uses_existing = !owned;
  item.adopt_id = std::move(id);
  for (Operation& operation : plan.operations) {
    if (operation.kind == Operation::Kind::create && &plan.items[operation.item] == &item)
      operation.kind = Operation::Kind::adopt;
  }
}

namespace {

class Planner {
 public:
  Planner(const Graph& graph, const State& state, const Observations& observations,
          Packages& packages, const PlanOptions& options, const SecretDigest& digest,
          Diagnostics& diagnostics)
      : graph_(graph),
        state_(state),
        observations_(observations),
        packages_(packages),
        options_(options),
        digest_(digest),
        diagnostics_(diagnostics),
        unclaimed_(graph, state, packages) {}

  Plan run() {
    by_node_.assign(graph_.nodes.size(), nullptr);
    plan_.items.reserve(graph_.nodes.size() + state_.size());
    if (!options_.destroy) {
      for (GraphId id : graph_.order) add_node(id);
    }
    add_leftovers();
    select();
    spread_create_before_delete();
    for (auto& item : plan_.items) refuse_protected(item);
    plan_.operations = make_operations(graph_, plan_.items);
    if (!options_.destroy) add_outputs();
    return std::move(plan_);
  }

 private:
  const Observation& observation(const std::string& address, uint32_t generation) const {
    static const Observation kUnread;
    const auto found = observations_.find({address, generation});
    return found == observations_.end() ? kUnread : found->second;
  }

  void add_node(GraphId id) {
    const GraphNode& node = graph_.nodes[id];
    PlanItem item;
    item.address = node.address;
    item.type = node.type->name;
    item.provider = node.provider;
    item.node = id;
    const PlanSource source(graph_, by_node_);
    const std::string& home = node.facet.empty() ? node.address : graph_.nodes[node.main].address;
    const Record* record = find_record(node, home, item);
    if (record != nullptr) item.record = *record;
    item.desired = graph_.desired(id, source, diagnostics_, alternative_of(id, record));
    if (node.facet.empty())
      decide(node, item, record == nullptr ? home : record->address);
    else
      decide_late(node, item, record == nullptr ? home : record->address);
    if (node.facet.empty()) {
      for (const auto& facet : node.type->facets) {
        if (facet.late) item.late_facets.push_back(facet.name);
      }
    }
    plan_.items.push_back(std::move(item));
    by_node_[id] = &plan_.items.back();
  }

  const Record* find_record(const GraphNode& node, const std::string& home, PlanItem& item) {
    const Record* record = state_.find(home);
    const GraphNode& main = node.facet.empty() ? node : graph_.nodes[node.main];
    if (record != nullptr) {
      used_.insert(home);
      if (node.facet.empty()) refuse_two_records(node);
      return record;
    }
    for (const auto& from : main.moved_from) {
      record = state_.find(from);
      if (record == nullptr || graph_.find(from) != kNoGraphId) continue;
      used_.insert(from);
      if (node.facet.empty()) item.moved_from = from;
      return record;
    }
    return node.facet.empty() ? find_same(node, item) : moved_main(node);
  }

  // What leaves the spec and is, by what can exist only once, what this node describes.
  const Record* find_same(const GraphNode& node, PlanItem& item) {
    if (!node.adopt.empty() || !node.run.empty() || !unclaimed_.any(node)) return nullptr;
    Diagnostics ignored;  // the same come again where the desired properties are kept
    const PlanSource source(graph_, by_node_);
    const Record* record = unclaimed_.find(
        node, graph_.desired(item.node, source, ignored, alternative_of(item.node, nullptr)));
    if (record == nullptr || !used_.insert(record->address).second) return nullptr;
    item.moved_from = record->address;
    return record;
  }

  const Record* moved_main(const GraphNode& node) const {
    const PlanItem* main = by_node_[node.main];
    return main == nullptr || main->moved_from.empty() ? nullptr : state_.find(main->moved_from);
  }

  // Nothing would take over the record that `moved_from` names, so it would be deleted as if it
  // were no longer in the spec: not what a rename means.
  void refuse_two_records(const GraphNode& node) {
    for (const auto& from : node.moved_from) {
      const Record* other = state_.find(from);
      if (other == nullptr || graph_.find(from) != kNoGraphId) continue;
      auto& d = diagnostics_.add(
          Code::LF0504, node.span,
          fmt::format("`{}` is to be moved from `{}`, and state has both", node.address, from),
          fmt::format("state knows `{}` as {}", from, other->id));
      d.help.push_back(
          fmt::format("to keep the old one: `llmforge forget '{}'` first", node.address));
      d.help.push_back(fmt::format("to delete the old one: take `{}` out of `moved_from`", from));
    }
  }

  // What was taken stays as long as the spec still names it.
  size_t alternative_of(GraphId id, const Record* record) const {
    if (record == nullptr || record->alternative.empty()) return 0;
    return lf::alternative_of(*record, graph_.alternatives(id, PlanSource(graph_, by_node_)));
  }

  bool replace_requested(const std::string& address) const {
    return std::any_of(options_.replace.begin(), options_.replace.end(),
                       [&](const std::string& glob) { return glob_match(glob, address); });
  }

  // What is seen ended while its deletion is recorded was ended by an interrupted run of ours; what
  // never came up as it should has not begun its run.
  static bool ended_by_itself(const Record& record, const Observation& seen) {
    return record.status == RecordStatus::finished || record.status == RecordStatus::interrupted ||
           (seen.presence == Observation::Presence::ended &&
            record.status != RecordStatus::deleting && record.status != RecordStatus::failed);
  }

  void decide(const GraphNode& node, PlanItem& item, const std::string& record_address) {
    decide_by_cloud(node, item, record_address);
    if (node.run.empty()) return;
    const bool starts = item.action == Action::create || item.action == Action::replace;
    item.submitted = starts && options_.submit;
    if (!starts || replace_requested(node.address)) return;
    if (!node.run_result.empty())
      leave(item, "run " + node.run + ": ended with " + node.run_result);
    else if (const Record* record = state_.find(node.address))
      leave_other_run(node, *record, item);
  }

  // Nothing is done with a machine whose run is over, or is another's.
  static void leave(PlanItem& item, std::string note) {
    item.run_note = std::move(note);
    item.action = Action::none;
    item.changes.clear();
    item.facets.clear();
    item.replace_because.clear();
    item.replace_if_changed = false;
  }

  // The spec's run ended before another one began here; or one was submitted by hand and goes on.
  void leave_other_run(const GraphNode& node, const Record& record, PlanItem& item) const {
    if (record.run == node.run || record.run.empty()) return;
    if (goes_on_submitted(record)) {
      item.record = record;
      leave(item, "run " + record.run + ": submitted, and has not ended");
      return;
    }
    if (!run_was_used(record, node.run)) return;
    item.record = record;
    leave(item, "run " + node.run + ": ended before run " + record.run);
  }

  // `train submit` started it; what the spec says meanwhile does not end it.
  bool goes_on_submitted(const Record& record) const {
    if (record.private_.find("submitted") == nullptr || record.id.empty()) return false;
    const Observation& seen = observation(record.address, record.generation);
    return !ended_by_itself(record, seen) && seen.presence != Observation::Presence::gone &&
           record.status != RecordStatus::deleting;
  }

  void decide_by_cloud(const GraphNode& node, PlanItem& item, const std::string& record_address) {
    if (!item.record || item.record->id.empty()) {
      const bool adopts = !node.adopt.empty() && !item.record;
      item.action = adopts ? Action::adopt : Action::create;
      item.adopt_id = node.adopt;
      item.record.reset();
      all_changes(*node.type, item);
      return;
    }
    const Observation& seen = observation(record_address, 0);
    const Record& record = *item.record;
    if (ended_by_itself(record, seen) && !node.run.empty()) {
      decide_run(node, item, seen);
      return;
    }
    if (seen.presence == Observation::Presence::gone ||
        seen.presence == Observation::Presence::ended || record.status == RecordStatus::deleting) {
      item.action = record.status == RecordStatus::deleting ? Action::replace : Action::create;
      if (item.action == Action::replace) {
        item.replace_because = {"an interrupted deletion"};
        if (!node.run.empty()) item.run_note = "restarts run " + node.run;
      }
      Change change;
      change.path = "(resource)";
      change.before = Value(record.id);
      change.cause = Cause::drift;
      item.drift.push_back(std::move(change));
      if (item.action == Action::create) item.record.reset();
      all_changes(*node.type, item);
      return;
    }
    Difference diff =
        difference(*node.type, item.desired, record, seen, node.ignore_changes, digest_);
    if (only_used(record)) return decide_used(item, diff);
    item.changes = std::move(diff.changes);
    item.drift = std::move(diff.drift);
    item.facets = std::move(diff.facets);
    item.replace_because = std::move(diff.replace_because);
    item.replace_if_changed = diff.replace_only_if_changed;
    if (record.status == RecordStatus::failed || seen.failed) {
      item.replace_because.emplace_back("it came up broken");
      item.replace_if_changed = false;
    }
    if (replace_requested(node.address)) {
      item.replace_because.emplace_back("asked for by --replace");
      item.replace_if_changed = false;
    }
    decide_trigger(node, item);
    if (seen.presence == Observation::Presence::present && !seen.marks_ok)
      restore_marks(*node.type, item);
    const bool unfinished =
        record.status == RecordStatus::creating || record.status == RecordStatus::dirty;
    if (!item.replace_because.empty()) {
      item.action = Action::replace;
      item.create_before_delete = node.create_before_delete || record.create_before_delete;
      if (!node.run.empty()) item.run_note = "restarts run " + node.run;
    } else if (!item.facets.empty() || !item.changes.empty() || unfinished) {
      item.action = Action::update;
    } else if (!item.moved_from.empty()) {
      item.action = Action::move;
    }
    item.pending = seen.pending;
  }

  // Somebody else's: what the spec says otherwise is told, and left as it is.
  static void decide_used(PlanItem& item, const Difference& diff) {
    std::vector<std::string> others;
    for (const Change& change : diff.changes) {
      if (std::find(others.begin(), others.end(), change.property) == others.end())
        others.push_back(change.property);
    }
    if (!item.moved_from.empty()) item.action = Action::move;
    if (!others.empty())
      item.run_note = "differs from the spec and is left so: " + join(others, ", ");
  }

  // `replace_on`: another value than when it was made. One that only apply will know may be the
  // same.
  void decide_trigger(const GraphNode& node, PlanItem& item) {
    const Value* before = item.record->private_.find("replace_on");
    if (!node.has_replace_on || before == nullptr) return;
    const Value now = replace_trigger(graph_, item.node, PlanSource(graph_, by_node_), digest_);
    if (now.is_error() || *before == now) return;
    const bool maybe = contains_unknown(now);
    if (item.replace_because.empty())
      item.replace_if_changed = maybe;
    else
      item.replace_if_changed = item.replace_if_changed && maybe;
    item.replace_because.emplace_back("replace_on");
  }

  // A job that ended is done: nothing brings it back but a new name.
  void decide_run(const GraphNode& node, PlanItem& item, const Observation& seen) {
    const Record& record = *item.record;
    const bool interrupted = record.status == RecordStatus::interrupted ||
                             (seen.presence == Observation::Presence::ended && seen.interrupted);
    const std::string how = interrupted ? "interrupted" : "finished";
    const bool again = node.run != record.run || replace_requested(node.address) ||
                       (interrupted && node.restart_on_interruption);
    if (!again) {
      item.run_note = "run " + record.run + ": " + how;
      return;
    }
    item.run_note = node.run != record.run
                        ? "starts run " + node.run + " (run " + record.run + " " + how + ")"
                        : "restarts run " + node.run + " (" + how + ")";
    item.action = Action::create;
    item.record.reset();
    all_changes(*node.type, item);
  }

  void restore_marks(const ResourceType& type, PlanItem& item) {
    const Property* carrier = type.property(type.mark_property);
    if (carrier == nullptr) return;
    item.restores_marks = true;
    Change change;
    change.path = "(marks of this stack)";
    change.property = carrier->name;
    change.after = Value("restored");
    change.cause = Cause::drift;
    item.changes.push_back(change);
    item.drift.push_back(change);
    if (std::find(item.facets.begin(), item.facets.end(), carrier->facet) == item.facets.end()) {
      item.facets.push_back(carrier->facet);
    }
  }

  void decide_late(const GraphNode& node, PlanItem& item, const std::string& record_address) {
    const PlanItem* main = by_node_[node.main];
    if (item.record && only_used(*item.record)) return;
    const bool fresh = main == nullptr || main->action == Action::create ||
                       main->action == Action::replace || !item.record;
    if (fresh) {
      item.action = Action::update;
      item.facets = {node.facet};
      item.record.reset();
      return;  // its rows are shown with the resource's own
    }
    Difference diff =
        difference(*node.type, item.desired, *item.record, observation(record_address, 0),
                   node.ignore_changes, digest_, node.facet);
    item.changes = std::move(diff.changes);
    item.drift = std::move(diff.drift);
    item.facets = std::move(diff.facets);
    if (!item.facets.empty()) item.action = Action::update;
  }

  // Everything that a create sets, as rows.
  static void all_changes(const ResourceType& type, PlanItem& item) {
    for (const auto& property : type.properties) {
      const Value* wanted = item.desired.find(property.name);
      if (wanted == nullptr || wanted->is_unset()) continue;
      Change change;
      change.path = change.property = property.name;
      change.type = property.type;
      change.secret = contains_secret(*wanted);
      change.after = change.secret ? Value::secret(Value()) : *wanted;
      item.changes.push_back(std::move(change));
    }
  }

  // Submitted runs that go on, and all that they hang on.
  std::set<std::string> kept_for_runs() const {
    std::set<std::string> out;
    std::vector<std::string> open;
    for (const Record* record : state_.records()) {
      if (record->generation == 0 && goes_on_submitted(*record)) open.push_back(record->address);
    }
    while (!open.empty()) {
      const std::string address = open.back();
      open.pop_back();
      if (!out.insert(address).second) continue;
      if (const Record* record = state_.find(address))
        open.insert(open.end(), record->dependencies.begin(), record->dependencies.end());
    }
    return out;
  }

  void add_leftovers() {
    const std::set<std::string> kept = options_.destroy ? std::set<std::string>() : kept_for_runs();
    for (const Record* record : state_.records()) {
      const bool current = record->generation == 0;
      if (current && used_.contains(record->address)) continue;
      PlanItem item;
      item.address = record->address;
      item.generation = record->generation;
      item.type = record->type;
      item.provider = record->provider.name;
      item.record = *record;
      const Observation& seen = observation(record->address, record->generation);
      const bool over = ended_by_itself(*record, seen);
      if (current && kept.contains(record->address)) {
        item.run_note = record->run.empty()
                            ? "kept for a run that was submitted"
                            : "run " + record->run + ": submitted, and has not ended";
      } else if (current && over && !record->run.empty() && !options_.destroy) {
        item.run_note =
            "run " + record->run + ": " +
            (record->status == RecordStatus::interrupted || seen.interrupted ? "interrupted"
                                                                             : "finished");
      } else {
        item.action = record->retain || only_used(*record) ? Action::forget : Action::remove;
        if (const ResourceType* type = packages_.resource(record->type)) {
          for (const auto& facet : type->facets) {
            if (facet.late) item.late_facets.push_back(facet.name);
          }
        }
      }
      plan_.items.push_back(std::move(item));
    }
  }

  // --target and --exclude: what is left out, and what is pulled in by dependencies.
  void select() {
    if (options_.targets.empty() && options_.excludes.empty()) return;
    auto matches = [](const std::vector<std::string>& globs, const std::string& address) {
      const std::string main = address.substr(0, address.find('#'));
      return std::any_of(globs.begin(), globs.end(),
                         [&](const std::string& g) { return glob_match(g, main); });
    };
    for (const auto* globs : {&options_.targets, &options_.excludes}) {
      for (const auto& glob : *globs) {
        const bool any =
            std::any_of(plan_.items.begin(), plan_.items.end(),
                        [&](const PlanItem& i) { return glob_match(glob, i.address); });
        if (!any) {
          std::vector<std::string> addresses;
          for (const auto& item : plan_.items) addresses.push_back(item.address);
          auto& d = diagnostics_.add(Code::LF0502, Span{},
                                     "`" + glob + "` matches no address of this stack");
          const std::string near = nearest(glob, addresses);
          if (!near.empty())
            d.help.push_back("did you mean `" + near + "`?");
          else if (addresses.empty())
            d.help.push_back("the stack is empty");
          else {
            constexpr size_t kShown = 6;
            const bool more = addresses.size() > kShown;
            addresses.resize(std::min(addresses.size(), kShown));
            d.help.push_back("it has: " + join(addresses, ", ") + (more ? ", …" : ""));
          }
        }
      }
    }
    std::vector<bool> in(plan_.items.size(), options_.targets.empty());
    std::map<std::string, size_t> index;
    for (size_t i = 0; i < plan_.items.size(); ++i) {
      if (plan_.items[i].generation == 0) index[plan_.items[i].address] = i;
    }
    auto dependencies = [&](size_t i) {
      std::vector<size_t> out;
      const PlanItem& item = plan_.items[i];
      if (item.node != kNoGraphId) {
        for (GraphId id : graph_.nodes[item.node].dependencies) {
          auto found = index.find(graph_.nodes[id].address);
          if (found != index.end()) out.push_back(found->second);
        }
      } else if (item.record) {
        for (const auto& address : item.record->dependencies) {
          auto found = index.find(address);
          if (found != index.end()) out.push_back(found->second);
        }
      }
      return out;
    };
    auto spread = [&](auto&& wanted, bool value, bool to_dependencies) {
      // Dependents of an item, or its dependencies, until nothing changes.
      bool moved = true;
      while (moved) {
        moved = false;
        for (size_t i = 0; i < plan_.items.size(); ++i) {
          for (size_t d : dependencies(i)) {
            const bool removal = plan_.items[i].action == Action::remove;
            const size_t from = to_dependencies != removal ? i : d;
            const size_t to = to_dependencies != removal ? d : i;
            if (wanted[from] == value && wanted[to] != value) {
              wanted[to] = value;
              moved = true;
              plan_.left_out.emplace_back(plan_.items[to].address,
                                          (value ? "pulled in: `" : "left out: `") +
                                              plan_.items[from].address +
                                              (removal ? "` goes with it"
                                               : value ? "` needs it"
                                                       : "` is excluded"));
            }
          }
        }
      }
    };
    for (size_t i = 0; i < plan_.items.size(); ++i) {
      if (matches(options_.targets, plan_.items[i].address)) in[i] = true;
    }
    if (!options_.targets.empty()) spread(in, true, true);
    if (!options_.excludes.empty()) {
      std::vector<bool> out(plan_.items.size(), true);
      for (size_t i = 0; i < plan_.items.size(); ++i) {
        if (matches(options_.excludes, plan_.items[i].address)) out[i] = false;
      }
      spread(out, false, false);
      for (size_t i = 0; i < in.size(); ++i) in[i] = in[i] && out[i];
    }
    for (size_t i = 0; i < plan_.items.size(); ++i) {
      if (in[i]) continue;
      plan_.items[i].excluded = plan_.items[i].action != Action::none;
      plan_.items[i].action = Action::none;
    }
  }

  // What is made before its predecessor goes needs its own dependencies there as well.
  void spread_create_before_delete() {
    for (size_t i = plan_.items.size(); i-- > 0;) {
      PlanItem& item = plan_.items[i];
      if (item.action != Action::replace || !item.create_before_delete) continue;
      if (item.node == kNoGraphId) continue;
      const GraphNode& node = graph_.nodes[item.node];
      if (const Property* name = node.type->unique_name()) {
        const Value* wanted = item.desired.find(name->name);
        const Map applied = applied_properties(*item.record);
        const Value* was = applied.find(name->name);
        if (wanted != nullptr && was != nullptr && *wanted == *was) {
          diagnostics_
              .add(Code::LF0503, node.span,
                   "`" + node.address +
                       "` cannot be created before its predecessor is deleted: "
                       "both would be named `" +
                       to_text(*wanted) + "`")
              .help.emplace_back(
                  "leave `create_before_delete` out, or give it another name in the same change");
        }
      }
      for (auto& other : plan_.items) {
        if (other.node == kNoGraphId || other.action != Action::replace) continue;
        const auto& deps = node.dependencies;
        if (std::find(deps.begin(), deps.end(), other.node) != deps.end()) {
          other.create_before_delete = true;
        }
      }
    }
  }

  void refuse_protected(const PlanItem& item) {
    const bool deletes = item.action == Action::remove || item.action == Action::replace;
    const bool maybe = item.action == Action::replace && item.replace_if_changed;
    const bool now = item.node != kNoGraphId && graph_.nodes[item.node].protect;
    const bool before = item.node == kNoGraphId && item.record && item.record->protect;
    if (!deletes || !(now || before)) return;
    const Span span = item.node != kNoGraphId ? graph_.nodes[item.node].span : Span{};
    auto& d = diagnostics_.add(Code::LF0501, span,
                               "`" + item.address + "` is protected and " +
                                   (maybe ? "may have to be " : "would be ") +
                                   (item.action == Action::replace ? "replaced" : "deleted"));
    if (!item.replace_because.empty()) {
      d.help.push_back("what forces it: " + join(item.replace_because, ", "));
    }
    d.help.push_back(before ? "put it back into the spec with `protect: false`, apply, and take it "
                              "out again"
                            : "set `protect: false` on it and apply, then try again");
    if (before) {
      d.help.push_back("to leave it where it is, and unknown here: llmforge forget '" +
                       item.address + "'");
    }
  }

  void add_outputs() {
    const PlanSource source(graph_, by_node_);
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      PlanOutput output;
      output.name = graph_.outputs[i].decl->name;
      output.after = graph_.output(i, source, diagnostics_);
      if (output.after.is_unset() || output.after.is_error()) output.after = Value();
      output.secret = contains_secret(output.after) || graph_.outputs[i].decl->secret;
      const Output* before = state_.output(output.name);
      if (before != nullptr)
        output.before = before->secret ? Value::secret(Value()) : before->value;
      if (output.secret) {
        const Value& raw = output.after.is_secret() ? output.after.secret_value() : output.after;
        output.changed =
            before == nullptr || contains_unknown(raw) || before->digest != digest_(raw);
      } else {
        output.changed =
            before == nullptr ? !output.after.is_null() : !(before->value == output.after);
      }
      plan_.outputs.push_back(std::move(output));
    }
    for (const auto& before : state_.outputs) {
      const bool kept = std::any_of(plan_.outputs.begin(), plan_.outputs.end(),
                                    [&](const PlanOutput& o) { return o.name == before.name; });
      if (kept) continue;
      plan_.outputs.push_back({before.name, before.secret ? Value::secret(Value()) : before.value,
                               Value(), before.secret, true});
    }
  }

  const Graph& graph_;
  const State& state_;
  const Observations& observations_;
  Packages& packages_;
  const PlanOptions& options_;
  const SecretDigest& digest_;
  Diagnostics& diagnostics_;
  const Unclaimed unclaimed_;
  Plan plan_;
  std::vector<const PlanItem*> by_node_;
  std::set<std::string> used_;
};

}  // namespace

Plan make_plan(const Graph& graph, const State& state, const Observations& observations,
               Packages& packages, const PlanOptions& options, const SecretDigest& digest,
               Diagnostics& diagnostics) {
  return Planner(graph, state, observations, packages, options, digest, diagnostics).run();
}

}  // namespace lf
