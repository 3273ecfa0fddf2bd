// SPDX-License-Identifier: Apache-2.0
#include "cli/adopt_trial.h"

#include <algorithm>

#include "base/strings.h"
#include "plan/render.h"

namespace lf {

namespace {

// Each round answers at least one reason; a thing has only so many properties.
constexpr int kRoundsMax = 40;

}  // namespace

Subject adoption_subject(Session& session, const Graph& graph, const GraphNode& node) {
  Subject subject;
  subject.type = node.type;
  subject.stack_mark = session.stack_mark();
  Record& record = subject.record;
  record.address = node.address;
  record.private_.set("stack_mark", Value(subject.stack_mark));
  record.protect = node.protect;
  record.retain = node.retain;
  record.create_before_delete = node.create_before_delete;
  record.run = node.run;
  for (GraphId id : node.dependencies) {
    const std::string& address = graph.nodes[id].address;
    if (address.find('#') == std::string::npos) record.dependencies.push_back(address);
  }
  return subject;
}

Trial::Trial(CommandContext& context, Session& session, World& world, BulkInput& input)
    : context_(context),
      session_(session),
      world_(world),
      input_(input),
      options_(context.options),
      references_(input.things) {
  options_.spec = session.spec().spec.path;
}
Trial::~Trial() = default;

std::string Trial::entries(bool adopt, size_t first_line) {
  const size_t indent = resource_indent(input_.text);
  references_.clear_edges();
  std::string out;
  size_t line = first_line;
  for (size_t i = 0; i < input_.things.size(); ++i) {
    Thing& thing = input_.things[i];
    if (!thing.why.empty() || thing.in_spec) continue;
    const Rewrite rewrite = [this, i](const Property& top, const Type& leaf,
                                      const std::string& text) {
      return references_.rewrite(i, top, leaf, text);
    };
    const Map properties = spec_properties(thing.written, rewrite);
    thing.lines = {};
    if (!out.empty()) {
      out += "\n";
      ++line;
    }
    out += write_resource(thing.written, properties, adopt, indent, &thing.lines);
    thing.lines.first = line;
    line += thing.lines.last;
    thing.lines.last = line;
  }
  return out;
}

std::string Trial::text(bool adopt) {
  size_t at = 0;
  if (!add_resources(input_.text, "\n", &at)) return input_.text;
  const std::string added = entries(adopt, at);
  if (added.empty()) return input_.text;
  const Result<std::string> whole = add_resources(input_.text, added, nullptr);
  return whole ? *whole : input_.text;
}

Task<Result<bool>> Trial::load() {
  inner_.reset();
  files_ = std::make_unique<OverlayFiles>(world_.files, input_.path, text(false));
  overlaid_ = std::make_unique<World>(World{world_.transport, world_.clock, world_.random, *files_,
                                            world_.process, world_.environment, world_.self});
  inner_ = std::make_unique<Session>(*overlaid_, options_, nullptr);
  const Result<bool> loaded = inner_->load_spec();
  if (!loaded || !*loaded) co_return loaded;
  const Result<bool> sound = inner_->check_offline();
  if (!sound || !*sound) co_return sound;
  Task<Result<void>> identifying = inner_->identify();
  Result<void> identified = co_await std::move(identifying);
  if (!identified) co_return fail(identified.error());
  Task<Result<bool>> resolving = inner_->resolve_lookups();
  Result<bool> resolved = co_await std::move(resolving);
  co_return resolved;
}

void Trial::blame(Thing& thing, const std::string& property, const std::string& why) {
  const Property* of = thing.type->property(property);
  if (of == nullptr || of->required || thing.in_spec ||
      !thing.written.hidden.emplace(property, why).second) {
    thing.why = thing.in_spec
                    ? "the spec has " + thing.address + " already, with another `" + property + "`"
                    : (property.empty() ? "" : "`" + property + "`: ") + why;
    return;
  }
  input_.notes.push_back((thing.from.empty() ? thing.address : thing.from) + ": `" + property +
                         "` is not in the spec: " + why);
}

bool Trial::blame_diagnostics() {
  bool answered = true;
  for (const auto& d : inner_->diagnostics().all()) {
    if (d.severity() != Severity::error) continue;
    Thing* about = nullptr;
    std::string property;
    if (d.primary.span.valid() &&
        inner_->sources().get(d.primary.span.source).path() == input_.path) {
      const auto place = inner_->sources().get(d.primary.span.source);
      const size_t line = place.position(d.primary.span.begin).line - 1;
      for (auto& thing : input_.things) {
        if (!thing.why.empty() || thing.in_spec) continue;
        if (line < thing.lines.first || line >= thing.lines.last) continue;
        about = &thing;
        for (const auto& [name, lines] : thing.lines.properties) {
          if (line >= thing.lines.first + lines.first && line < thing.lines.first + lines.second)
            property = name;
        }
      }
    }
    if (about == nullptr)
      answered = false;
    else if (about->why.empty())
      blame(*about, property, d.message);
  }
  return answered;
}

Plan Trial::plan(const State& state) {
  return make_plan(inner_->graph(), state, observations_, inner_->packages(), PlanOptions{},
                   session_.digest(), inner_->diagnostics());
}

// Values that stand for a thing: its id, and what it computes by itself.
void Trial::learn_references() {
  references_.clear();
  const Graph& graph = inner_->graph();
  State state = session_.state();
  for (const auto& thing : input_.things) {
    if (!thing.why.empty()) continue;
    Record record =
        adoption_subject(session_, graph, graph.nodes[graph.find(thing.address)]).record;
    record.type = thing.type_name;
    record.id = thing.id;
    record.provider = thing.cloud->instance();
    record.observed = thing.seen.properties;
    record.computed = thing.seen.properties;
    record.status = RecordStatus::ready;
    state.put(std::move(record));
  }
  const RecordSource source(graph, state);
  for (size_t i = 0; i < input_.things.size(); ++i) {
    const Thing& thing = input_.things[i];
    if (!thing.why.empty() || thing.written.key.empty()) continue;
    const GraphId at = graph.find(thing.address);
    references_.add(i, "id", thing.id);
    for (const auto& property : thing.type->properties) {
      if (!property.computed || property.type.kind() != Type::Kind::string) continue;
      const std::optional<Value> value = source.attribute(at, property.name);
      if (value && value->is_string() && value->as_string() != thing.id &&
          std::count(value->as_string().begin(), value->as_string().end(), ':') >= 2)
        references_.add(i, property.name, value->as_string());
    }
  }
}

// The state with the things taken in as Operator::adopt would, each with what it has in `desired`.
State Trial::adopted_state() {
  State state = session_.state();
  const Graph& graph = inner_->graph();
  for (auto& thing : input_.things) {
    if (!thing.why.empty()) continue;
    Subject subject = adoption_subject(session_, graph, graph.nodes[graph.find(thing.address)]);
    subject.cloud = thing.cloud;
    subject.record.id = thing.id;
    subject.desired = thing.desired;
    observations_[{thing.address, 0}] = thing.seen;
    take_in(&subject, thing.seen);
    state.put(std::move(subject.record));
  }
  return state;
}

// What is wanted of each thing once all of them are known.
void Trial::learn_desired() {
  observations_.clear();
  for (auto& thing : input_.things) thing.desired = Map();
  const Plan wanted = plan(adopted_state());
  std::map<std::string, Thing*> by_address;
  for (auto& thing : input_.things) {
    if (thing.why.empty()) by_address[thing.address] = &thing;
  }
  for (const auto& item : wanted.items) {
    const auto found = by_address.find(item.address.substr(0, item.address.find('#')));
    if (found == by_address.end()) continue;
    for (const auto& [name, value] : item.desired) {
      if (!contains_unknown(value)) found->second->desired.set(name, value);
    }
  }
}

bool Trial::blame_plan(const Plan& made) {
  std::map<std::string, Thing*> by_address;
  for (auto& thing : input_.things) {
    if (thing.why.empty()) by_address[thing.address] = &thing;
  }
  bool again = false;
  for (const auto& item : made.items) {
    const auto found = by_address.find(item.address.substr(0, item.address.find('#')));
    if (found == by_address.end() || item.action == Action::none) continue;
    Thing& thing = *found->second;
    if (thing.in_spec && input_.spec_wins && item.action == Action::update) {
      for (const auto& change : item.changes) thing.will_change.insert(change.property);
      continue;
    }
    again = true;
    std::set<std::string> told;
    for (const auto& change : item.changes) {
      if (!thing.why.empty() || !told.insert(change.property).second) continue;
      blame(thing, change.property,
            change.before.is_unset()
                ? "not set in the cloud, where a spec means " + show_value(change.after, 60)
                : "a spec cannot say " + show_value(change.before, 60));
    }
    if (told.empty() && thing.why.empty())
      thing.why = "the next apply would " + std::string(to_string(item.action)) + " it";
  }
  return again;
}

Task<int> Trial::run() {
  bool with_references = false;
  for (int round = 0; round < kRoundsMax; ++round) {
    Task<Result<bool>> loading = load();
    Result<bool> loaded = co_await std::move(loading);
    if (!loaded) co_return tell(context_, loaded.error());
    if (!*loaded) {
      if (!blame_diagnostics()) co_return tell_invalid(context_, *inner_);
      continue;
    }
    if (!with_references) {
      with_references = true;
      learn_references();
      continue;
    }
    learn_desired();
    const Plan made = plan(adopted_state());
    if (inner_->diagnostics().has_errors()) {
      if (!blame_diagnostics()) co_return tell_invalid(context_, *inner_);
      continue;
    }
    if (!blame_plan(made)) co_return -1;
  }
  Error error(ErrorCode::internal, "no spec was found whose plan is empty");
  co_return tell(context_, error);
}

}  // namespace lf
