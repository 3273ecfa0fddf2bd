// SPDX-License-Identifier: Apache-2.0
#include "engine/apply.h"

#include <algorithm>

#include "base/strings.h"
#include "graph/attribute.h"

namespace lf {

namespace {

// What resources are now: recorded ones by their records, the rest not known yet.
class LiveSource : public AttributeSource {
 public:
  LiveSource(const Graph& graph, const Store& store, const std::vector<bool>& settled)
      : graph_(graph), store_(store), settled_(settled) {}

  std::optional<Value> attribute(GraphId node, std::string_view field) const override {
    const GraphNode& n = graph_.nodes[node];
    const Record* record = store_.state().find(n.address);
    if (record == nullptr || record->id.empty() || !settled_[node]) {
      Map self;
      return attribute_before_create(graph_, node, self, field);
    }
    if (field == "id") return Value(record->id);
    const Property* property = n.type->property(field);
    if (property == nullptr) return std::nullopt;
    if (const Value* computed = record->computed.find(field)) return *computed;
    if (!property->facet.empty() || !property->computed) {
      const Value* facet = record->applied.find(property->facet);
      if (facet != nullptr && facet->is_map()) {
        if (const Value* applied = facet->as_map().find(field)) return *applied;
      }
    }
    if (const Value* observed = record->observed.find(field)) return *observed;
    Map self = applied_properties(*record);
    if (property->derive || property->absent == Absent::server) {
      auto derived = attribute_before_create(graph_, node, self, field);
      // An unknown that the finished resource does not show is simply not set.
      if (derived && !derived->is_unknown()) return derived;
    }
    return Value();
  }

 private:
  const Graph& graph_;
  const Store& store_;
  const std::vector<bool>& settled_;
};

class Applier {
 public:
  Applier(EngineContext& context, Store& store, Graph& graph, Plan& plan, CloudOf clouds,
          Packages& packages, SecretDigest digest, std::string stack_mark, Diagnostics& diagnostics,
          Approve approve)
      : context_(context),
        store_(store),
        graph_(graph),
        plan_(plan),
        clouds_(std::move(clouds)),
        packages_(packages),
        digest_(digest),
        stack_mark_(std::move(stack_mark)),
        diagnostics_(diagnostics),
        approve_(std::move(approve)),
        operator_(context, store, digest),
        settled_(graph.nodes.size(), true),
        source_(graph, store, settled_),
        permits_(context.parallelism_max == 0 ? SIZE_MAX / 2 : context.parallelism_max) {}

  Task<Result<ApplyResult>> run() {
    const size_t count = plan_.operations.size();
    result_.operations.resize(count);
    waiting_.assign(count, 0);
    dependents_.assign(count, {});
    shrunk_.assign(plan_.items.size(), false);
    for (size_t i = 0; i < count; ++i) {
      waiting_[i] = plan_.operations[i].after.size();
      for (size_t before : plan_.operations[i].after) dependents_[before].push_back(i);
    }
    for (const auto& item : plan_.items) {
      const bool makes =
          item.node != kNoGraphId && item.action != Action::none && item.action != Action::move;
      if (makes && item.action != Action::update) settled_[item.node] = false;
    }
    rank();
    left_ = count;
    const MonotonicNs started_at = context_.world->clock.monotonic();
    if (context_.events != nullptr) {
      RunStarted started;
      started.command = context_.command;
      started.stack = context_.stack;
      started.environment = context_.environment;
      started.nodes = count;
      context_.events->emit(started);
    }
    if (count > 0) {
      for (size_t i = 0; i < count; ++i) {
        if (waiting_[i] == 0) ready_.push_back(i);
      }
      pump();
      auto all_done = finished_.wait();
      co_await all_done;
    }
    Task<void> outputs = record_outputs();
    co_await std::move(outputs);
    if (context_.events != nullptr) {
      RunEnded ended;
      ended.done = result_.done;
      ended.failed = result_.failed;
      ended.skipped = result_.skipped;
      ended.interrupted = context_.stopping && context_.stopping();
      ended.duration_ns = context_.world->clock.monotonic() - started_at;
      context_.events->emit(ended);
    }
    if (!fatal_.message.empty()) co_return fail(fatal_);
    co_return std::move(result_);
  }

 private:
  // The longest chain of operations behind each: those go first where not all can.
  void rank() {
    rank_.assign(plan_.operations.size(), 0);
    std::vector<size_t> open_children(plan_.operations.size());
    std::vector<size_t> stack;
    for (size_t i = 0; i < dependents_.size(); ++i) {
      open_children[i] = dependents_[i].size();
      if (open_children[i] == 0) stack.push_back(i);
    }
    while (!stack.empty()) {
      const size_t i = stack.back();
      stack.pop_back();
      for (size_t before : plan_.operations[i].after) {
        rank_[before] = std::max(rank_[before], rank_[i] + 1);
        if (--open_children[before] == 0) stack.push_back(before);
      }
    }
  }

  void pump() {
    std::stable_sort(ready_.begin(), ready_.end(),
                     [&](size_t a, size_t b) { return rank_[a] > rank_[b]; });
    std::vector<size_t> batch;
    batch.swap(ready_);
    for (size_t i : batch) {
      Task<void> one = perform(i);
      std::move(one).detach();
    }
  }

  Task<void> perform(size_t index) {
    auto permit = permits_.acquire();
    co_await permit;
    const Operation& operation = plan_.operations[index];
    const PlanItem& item = plan_.items[operation.item];
    OperationResult& out = result_.operations[index];
    const std::string action = action_word(operation);
    if (out.kind == OperationResult::Kind::pending && context_.stopping && context_.stopping()) {
      out.kind = OperationResult::Kind::skipped;
      if (context_.events != nullptr) context_.events->emit(NodeSkipped{item.address, ""});
    }
    if (out.kind == OperationResult::Kind::pending && !fatal_.message.empty()) {
      out.kind = OperationResult::Kind::skipped;
    }
    if (out.kind == OperationResult::Kind::pending) {
      const MonotonicNs start = context_.world->clock.monotonic();
      if (context_.events != nullptr)
        context_.events->emit(NodeStarted{item.address, item.type, action});
      Task<Result<std::string>> doing = dispatch(index);
      Result<std::string> done = co_await std::move(doing);
      out.duration_ns = context_.world->clock.monotonic() - start;
      if (done) {
        out.kind = OperationResult::Kind::done;
        out.id = *done;
        if (context_.events != nullptr) {
          context_.events->emit(NodeDone{item.address, action, *done, out.duration_ns});
        }
      } else {
        out.kind = OperationResult::Kind::failed;
        out.error = done.error();
        result_.capacity = result_.capacity || out.error.code == ErrorCode::capacity;
        // The state cannot be written any more: nothing else may be sent.
        if (out.error.code == ErrorCode::io || out.error.code == ErrorCode::locked)
          fatal_ = out.error;
        if (context_.events != nullptr) {
          context_.events->emit(NodeFailed{item.address, action, out.error, out.duration_ns});
        }
      }
    }
    permits_.release();
    complete(index);
  }

  void complete(size_t index) {
    const OperationResult& done = result_.operations[index];
    if (done.kind == OperationResult::Kind::done) ++result_.done;
    if (done.kind == OperationResult::Kind::failed) ++result_.failed;
    if (done.kind == OperationResult::Kind::skipped) ++result_.skipped;
    const std::string& address = plan_.items[plan_.operations[index].item].address;
    for (size_t next : dependents_[index]) {
      OperationResult& waiting = result_.operations[next];
      if (done.kind != OperationResult::Kind::done &&
          waiting.kind == OperationResult::Kind::pending) {
        waiting.kind = OperationResult::Kind::skipped;
        waiting.culprit = done.kind == OperationResult::Kind::failed ? address : done.culprit;
        if (context_.events != nullptr) {
          const PlanItem& item = plan_.items[plan_.operations[next].item];
          context_.events->emit(NodeSkipped{item.address, waiting.culprit});
        }
      }
      if (--waiting_[next] == 0) ready_.push_back(next);
    }
    --left_;
    if (!ready_.empty()) pump();
    if (left_ == 0) finished_.set();
  }

  static std::string action_word(const Operation& operation) {
    switch (operation.kind) {
      case Operation::Kind::create: return "create";
      case Operation::Kind::update:
      case Operation::Kind::facet: return "update";
      case Operation::Kind::empty: return "empty";
      case Operation::Kind::remove: return "delete";
      case Operation::Kind::depose: return "depose";
      case Operation::Kind::move: return "move";
      case Operation::Kind::forget: return "forget";
      case Operation::Kind::adopt: return "adopt";
    }
    return "";
  }

  // The record of the resource that an item is about, as the state has it now.
  const Record* record_of(const PlanItem& item, uint32_t generation) const {
    const std::string address = item.address.substr(0, item.address.find('#'));
    const Record* record = store_.state().find(address, generation);
    if (record == nullptr && item.record) {
      record = store_.state().find(item.record->address, generation);
    }
    return record;
  }

  Result<Subject> subject_of(const PlanItem& item, uint32_t generation) {
    Subject subject;
    subject.type = packages_.resource(item.type);
    LF_ASSERT(subject.type != nullptr);
    subject.stack_mark = stack_mark_;
    const Record* record = record_of(item, generation);
    ProviderInstance where;
    where.name = item.provider;
    if (record != nullptr) {
      subject.record = *record;
      where = record->provider;
    } else {
      subject.record.address = item.address;
    }
    subject.record.private_.set("stack_mark", Value(stack_mark_));
    subject.cloud = clouds_(where);
    if (subject.cloud == nullptr) {
      return fail(ErrorCode::refused,
                  "its provider `" + item.provider + "` is not in the spec any more");
    }
    if (item.node != kNoGraphId) {
      set_lifecycle(graph_.nodes[item.node], subject.record);
    }
    if (const Value* limits = subject.record.private_.find("timeouts")) {
      const auto limit = [&](const char* verb) {
        const Value& seconds = (*limits)[verb];
        return seconds.is_int() ? seconds.as_int() * 1000 : int64_t{0};
      };
      subject.timeout_create_ms = limit("create");
      subject.timeout_update_ms = limit("update");
      subject.timeout_delete_ms = limit("delete");
    }
    return subject;
  }

  void set_lifecycle(const GraphNode& node, Record& record) {
    const GraphNode& main = node.facet.empty() ? node : graph_.nodes[node.main];
    record.protect = main.protect;
    record.retain = main.retain;
    record.create_before_delete = main.create_before_delete;
    record.run = main.run;
    if (main.shared)
      record.private_.set(kSharedWord, Value(true));
    else
      record.private_.erase(kSharedWord);
    record.dependencies.clear();
    for (GraphId id : main.dependencies) {
      const std::string& address = graph_.nodes[id].address;
      if (address.find('#') == std::string::npos) record.dependencies.push_back(address);
    }
    // A deletion after the resource left the spec keeps to them too.
    record.private_.erase("timeouts");
    record.private_.erase("price");  // said anew once it is done
    Map limits;
    for (const auto& [verb, limit] : main.timeouts) limits.set(verb, Value(limit.seconds));
    if (!limits.empty()) record.private_.set("timeouts", Value(std::move(limits)));
    const GraphId id = node.facet.empty() ? graph_.find(node.address) : node.main;
    if (!main.has_replace_on) record.private_.erase("replace_on");
    const Value trigger = replace_trigger(graph_, id, source_, digest_);
    if (!trigger.is_null() && !trigger.is_error() && !contains_unknown(trigger))
      record.private_.set("replace_on", trigger);
  }

  // The properties, all known by now.
  Result<Map> desired_now(const PlanItem& item, size_t alternative) {
    Diagnostics problems;
    Map desired = graph_.desired(item.node, source_, problems, alternative);
    if (problems.has_errors()) {
      diagnostics_.append(problems);
      return fail(ErrorCode::invalid, problems.all().front().message);
    }
    const GraphNode& node = graph_.nodes[item.node];
    for (const auto& [name, value] : Map(desired)) {
      if (!contains_unknown(value)) continue;
      // A late facet's turn comes when what it refers to is there.
      const Property* property = node.type->property(name.string_or());
      const Facet* facet = property == nullptr ? nullptr : node.type->facet(property->facet);
      if (node.facet.empty() && facet != nullptr && facet->late) {
        desired.erase(name.as_string());
        continue;
      }
      return fail(ErrorCode::internal, "`" + name.as_string() + "` is still not known: " +
                                           join(unknown_origins(value), ", "));
    }
    if (approve_) {
      if (Result<void> fine = approve_(item, desired); !fine) return fail(fine.error());
    }
    return desired;
  }

  Task<Result<std::string>> dispatch(size_t index) {
    const Operation operation = plan_.operations[index];
    const PlanItem& item = plan_.items[operation.item];
    switch (operation.kind) {
      case Operation::Kind::create: {
        if (shrunk_[operation.item]) {
          Task<Result<std::string>> updating = update(operation);
          Result<std::string> updated = co_await std::move(updating);
          co_return updated;
        }
        Task<Result<std::string>> creating = create(operation);
        Result<std::string> created = co_await std::move(creating);
        co_return created;
      }
      case Operation::Kind::update:
      case Operation::Kind::facet: {
        Task<Result<std::string>> updating = update(operation);
        Result<std::string> updated = co_await std::move(updating);
        co_return updated;
      }
      case Operation::Kind::empty:
      case Operation::Kind::remove: {
        Task<Result<std::string>> removing = remove(operation);
        Result<std::string> removed = co_await std::move(removing);
        co_return removed;
      }
      case Operation::Kind::adopt: {
        Result<Subject> subject = subject_of(item, 0);
        if (!subject) co_return fail(subject.error());
        Result<Map> desired = desired_now(item, 0);
        if (!desired) co_return fail(desired.error());
        subject->desired = std::move(*desired);
        Task<Result<Subject>> adopting = item.uses_existing
                                             ? operator_.use(std::move(*subject), item.adopt_id)
                                             : operator_.adopt(std::move(*subject), item.adopt_id);
        Result<Subject> adopted = co_await std::move(adopting);
        if (!adopted) co_return fail(adopted.error());
        settled_[item.node] = true;
        co_return adopted->record.id;
      }
      case Operation::Kind::depose: {
        RecordMove move;
        move.address = move.to_address = item.address;
        move.to_generation = store_.state().next_generation(item.address);
        deposed_[operation.item] = move.to_generation;
        Task<Result<void>> append = store_.append(Entry(move));
        Result<void> durable = co_await std::move(append);
        if (!durable) co_return fail(durable.error());
        co_return std::string();
      }
      case Operation::Kind::move: {
        Task<Result<void>> moving = move_record(&item);
        Result<void> moved = co_await std::move(moving);
        if (!moved) co_return fail(moved.error());
        co_return std::string();
      }
      case Operation::Kind::forget: {
        Task<Result<void>> append =
            store_.append(Entry(RecordRemove{item.address, operation.generation}));
        Result<void> durable = co_await std::move(append);
        if (!durable) co_return fail(durable.error());
        co_return std::string();
      }
    }
    co_return std::string();
  }

  Task<Result<void>> move_record(const PlanItem* item) {
    RecordMove move;
    move.address = item->moved_from;
    move.to_address = item->address;
    Task<Result<void>> append = store_.append(Entry(move));
    Result<void> durable = co_await std::move(append);
    co_return durable;
  }

  Task<Result<std::string>> create(Operation operation) {
    const PlanItem& item = plan_.items[operation.item];
    const List places = graph_.alternatives(item.node, source_);
    const size_t choices = std::max<size_t>(1, places.size());
    std::vector<std::string> tried;
    Error last;
    const bool several = !places.empty();
    for (size_t choice = 0; choice < choices; ++choice) {
      Result<Map> desired = desired_now(item, choice);
      if (!desired) co_return fail(desired.error());
      Result<Subject> subject = subject_of(item, 0);
      if (!subject) co_return fail(subject.error());
      subject->desired = std::move(*desired);
      if (several) {
        subject->record.private_.set(
            "passed_over",
            Value(List(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(choice))));
      }
      Task<Result<std::string>> work =
          create_one(&item, std::move(*subject), several ? places[choice] : Value());
      Result<std::string> made = co_await std::move(work);
      const std::string label = several ? choice_text(places[choice]) : "";
      if (made) {
        if (several && context_.events != nullptr) {
          context_.events->emit(CapacityAttempt{item.address, label, true, ""});
        }
        settled_[item.node] = true;
        co_return made;
      }
      last = made.error();
      if (last.code != ErrorCode::capacity) co_return fail(std::move(last));
      const std::string reason = last.service_code.empty() ? last.message : last.service_code;
      tried.push_back(label + ": " + reason);
      if (several && context_.events != nullptr) {
        context_.events->emit(CapacityAttempt{item.address, label, false, reason});
      }
      if (context_.stopping && context_.stopping()) break;
    }
    if (tried.size() > 1) {
      last.message = "no capacity in any of " + std::to_string(tried.size()) + " places";
      last.help.insert(last.help.begin(), tried.begin(), tried.end());
    }
    co_return fail(std::move(last));
  }

  static std::string choice_text(const Value& alternative) {
    std::vector<std::string> parts;
    if (alternative.is_map()) {
      for (const auto& [key, value] : alternative.as_map()) {
        if (!value.is_map() && !value.is_list() && !value.is_unset())
          parts.push_back(to_text(value));
      }
    }
    return join(parts, " ");
  }

  // The names of runs that ended here: none is given twice.
  static void note_runs(const Record& before, const std::string& now, Record& fresh) {
    const bool ended =
        before.status == RecordStatus::finished || before.status == RecordStatus::interrupted;
    List runs;
    if (const Value* known = before.private_.find("runs"); known != nullptr && known->is_list()) {
      for (const auto& run : known->as_list()) {
        if (run.string_or() != now) runs.push_back(run);
      }
    }
    if (ended && !before.run.empty() && before.run != now) runs.emplace_back(before.run);
    if (!runs.empty()) fresh.private_.set("runs", Value(std::move(runs)));
  }

  Task<Result<std::string>> create_one(const PlanItem* item, Subject subject, Value place) {
    const GraphNode& node = graph_.nodes[item->node];
    if (place.is_map()) subject.record.alternative = place.as_map();
    // A create that an earlier run began: the thing is there.
    const bool begun =
        !subject.record.id.empty() && subject.record.status == RecordStatus::creating;
    if (!begun && !subject.record.address.empty() &&
        store_.state().find(item->address) != nullptr) {
      // A finished run's record, or what was found to be gone, makes place.
      Record fresh;
      fresh.address = item->address;
      fresh.private_ = subject.record.private_;
      note_runs(*store_.state().find(item->address), node.run, fresh);
      fresh.private_.erase("submitted");
      set_lifecycle(node, fresh);
      fresh.alternative = subject.record.alternative;
      subject.record = std::move(fresh);
    }
    if (item->submitted) subject.record.private_.set("submitted", Value(true));
    Task<Result<Subject>> working =
        begun ? operator_.finish_create(std::move(subject)) : operator_.create(std::move(subject));
    Result<Subject> made = co_await std::move(working);
    if (!made) co_return fail(made.error());
    co_return made->record.id;
  }

  Task<Result<std::string>> update(Operation operation) {
    const PlanItem& item = plan_.items[operation.item];
    if (!item.moved_from.empty() && store_.state().find(item.address) == nullptr) {
      Task<Result<void>> moving = move_record(&item);
      Result<void> moved = co_await std::move(moving);
      if (!moved) co_return fail(moved.error());
    }
    Result<Subject> subject = subject_of(item, 0);
    if (!subject) co_return fail(subject.error());
    const GraphNode& node = graph_.nodes[item.node];
    size_t alternative = 0;
    const List places = graph_.alternatives(item.node, source_);
    if (!subject->record.alternative.empty()) alternative = alternative_of(subject->record, places);
    Result<Map> desired = desired_now(item, alternative);
    if (!desired) co_return fail(desired.error());
    subject->desired = std::move(*desired);
    if (subject->record.id.empty()) co_return fail(ErrorCode::internal, "it has no id");
    const bool begun = subject->record.status == RecordStatus::creating;
    Task<Result<Subject>> working = begin_update(std::move(*subject), &item, &node, begun);
    Result<Subject> updated = co_await std::move(working);
    if (!updated) co_return fail(updated.error());
    settled_[item.node] = true;
    co_return updated->record.id;
  }

  Task<Result<Subject>> begin_update(Subject subject, const PlanItem* item, const GraphNode* node,
                                     bool begun) {
    if (begun && node->facet.empty()) {
      Task<Result<Subject>> finishing = operator_.finish_create(std::move(subject));
      Result<Subject> finished = co_await std::move(finishing);
      co_return finished;
    }
    std::vector<std::string> facets;
    if (!node->facet.empty()) {
      facets = {node->facet};
    } else {
      Observation seen;
      const Difference diff = difference(*node->type, subject.desired, subject.record, seen,
                                         node->ignore_changes, digest_);
      for (const auto& property : diff.replace_because) {
        const bool approved = std::find(item->replace_because.begin(), item->replace_because.end(),
                                        property) != item->replace_because.end();
        if (!approved) {
          Error error(ErrorCode::stale, "the plan changed: `" + property +
                                            "` now needs a replacement, which was not planned");
          error.help.push_back("plan again and look at it");
          co_return fail(std::move(error));
        }
      }
      facets = item->facets;
    }
    // Drift in marks: the observed tags lack them, so that the facet puts them back.
    subject.observed = Observation();
    Task<Result<Subject>> updating = operator_.update(std::move(subject), std::move(facets));
    Result<Subject> updated = co_await std::move(updating);
    co_return updated;
  }

  // What is not known even now is made only when this is gone (the new network of a subnet whose
  // old one is deleted first): it will be another one.
  bool waits_for_itself(const PlanItem& item) {
    Diagnostics problems;
    const Map desired = graph_.desired(item.node, source_, problems);
    const ResourceType& type = *graph_.nodes[item.node].type;
    return std::any_of(desired.begin(), desired.end(), [&](const auto& entry) {
      const Property* property = type.property(entry.first.string_or());
      const Facet* facet = property == nullptr ? nullptr : type.facet(property->facet);
      return contains_unknown(entry.second) && !(facet != nullptr && facet->late);
    });
  }

  Task<Result<std::string>> remove(Operation operation) {
    const PlanItem& item = plan_.items[operation.item];
    uint32_t generation = operation.generation;
    const auto deposed = deposed_.find(operation.item);
    if (deposed != deposed_.end()) generation = deposed->second;
    Result<Subject> subject = subject_of(item, generation);
    if (!subject) co_return fail(subject.error());
    if (subject->record.id.empty()) co_return std::string();
    if (item.replace_if_changed && operation.kind == Operation::Kind::remove &&
        !waits_for_itself(item)) {
      // The unknown is known now: does it force anything?
      Result<Map> desired = desired_now(item, 0);
      if (!desired) co_return fail(desired.error());
      Observation seen;
      const Difference diff = difference(*subject->type, *desired, subject->record, seen,
                                         graph_.nodes[item.node].ignore_changes, digest_);
      const Value* before = item.record->private_.find("replace_on");
      const bool triggered = before != nullptr && graph_.nodes[item.node].has_replace_on &&
                             !(*before == replace_trigger(graph_, item.node, source_, digest_));
      if (diff.replace_because.empty() && !triggered) {
        shrunk_[operation.item] = true;
        co_return subject->record.id;
      }
    }
    if (approve_ && item.action == Action::replace && operation.kind == Operation::Kind::remove &&
        generation == 0) {
      // As far as it is known now: what may not be made again is not deleted.
      Diagnostics problems;
      const Map desired = graph_.desired(item.node, source_, problems);
      if (Result<void> fine = approve_(item, desired); !fine) co_return fail(fine.error());
    }
    subject->desired = applied_properties(subject->record);
    const std::string id = subject->record.id;
    Task<Result<Subject>> working = operation.kind == Operation::Kind::empty
                                        ? operator_.empty(std::move(*subject))
                                        : operator_.remove(std::move(*subject));
    Result<Subject> removed = co_await std::move(working);
    if (!removed) co_return fail(removed.error());
    co_return id;
  }

  Task<void> record_outputs() {
    std::vector<Output> outputs;
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      Diagnostics problems;
      const Value value = graph_.output(i, source_, problems);
      Output output;
      output.name = graph_.outputs[i].decl->name;
      output.secret = contains_secret(value) || graph_.outputs[i].decl->secret;
      const bool known = !value.is_error() && !contains_unknown(value);
      if (output.secret && known) {
        output.digest = digest_(value.is_secret() ? value.secret_value() : value);
      } else if (known) {
        output.value = value;
      }
      if (known && !value.is_unset()) outputs.push_back(std::move(output));
    }
    result_.outputs = outputs;
    Task<Result<void>> append = store_.append(Entry(OutputsPut{std::move(outputs)}));
    Result<void> durable = co_await std::move(append);
    if (!durable && fatal_.message.empty()) fatal_ = durable.error();
  }

  EngineContext& context_;
  Store& store_;
  Graph& graph_;
  Plan& plan_;
  CloudOf clouds_;
  Packages& packages_;
  SecretDigest digest_;
  std::string stack_mark_;
  Diagnostics& diagnostics_;
  Approve approve_;
  Operator operator_;
  std::vector<bool> settled_;
  LiveSource source_;
  Semaphore permits_;
  ApplyResult result_;
  std::vector<size_t> waiting_, ready_, rank_;
  std::vector<std::vector<size_t>> dependents_;
  std::vector<bool> shrunk_;
  std::map<size_t, uint32_t> deposed_;
  size_t left_ = 0;
  Event finished_;
  Error fatal_;
};

}  // namespace

Task<Result<ApplyResult>> apply_plan(EngineContext* context, Store* store, Graph* graph, Plan* plan,
                                     CloudOf clouds, Packages* packages, SecretDigest digest,
                                     std::string stack_mark, Diagnostics* diagnostics,
                                     Approve approve) {
  auto applier = std::make_unique<Applier>(*context, *store, *graph, *plan, std::move(clouds),
                                           *packages, std::move(digest), std::move(stack_mark),
                                           *diagnostics, std::move(approve));
  Task<Result<ApplyResult>> running = applier->run();
  Result<ApplyResult> result = co_await std::move(running);
  co_return result;
}

}  // namespace lf
