// SPDX-License-Identifier: Apache-2.0
#include "engine/observe.h"

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "engine/refresh.h"
#include "engine/subject.h"
#include "provider/scope.h"
#include "provider/wire.h"

namespace lf {

namespace {

constexpr const char* kBetweenStates = ", ";

bool holds(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::vector<std::string> states_of(const std::string& note) {
  std::vector<std::string> out;
  for (const std::string& one : split(note, ',')) {
    if (std::string state(trim(one)); !state.empty()) out.push_back(std::move(state));
  }
  return out;
}

// The state at a path: of a list there, each that occurs once, in the order of the alphabet.
std::string state_at(const Value& item, const WirePath& path) {
  if (path.empty()) return "";
  const Value found = at_path(item, path);
  if (!found.is_list()) return found.string_or();
  std::set<std::string> states;
  for (const Value& one : found.as_list()) {
    if (const std::string state = one.string_or(); !state.empty()) states.insert(state);
  }
  return join(std::vector<std::string>(states.begin(), states.end()), kBetweenStates);
}

// `read: "@id"`: the id that the thing is known by is the value, as a bucket's name is.
bool reads_id(const Property& property) {
  return property.read.size() == 1 && property.read.front() == "@id";
}
}  // namespace

CallOptions read_options(const ResourceType* type, const std::string& address) {
  CallOptions options;
  options.type = type;
  options.address = address;
  options.idempotent = true;
  return options;
}

Value tree_of(const Answer& answer) {
  if (answer.body.is_map()) {
    Map map = answer.body.as_map();
    map.set("@header", Value(answer.headers));
    return Value(std::move(map));
  }
  Map map;
  map.set("@body", answer.body);
  map.set("@header", Value(answer.headers));
  return Value(std::move(map));
}

Map record_names(Cloud* cloud, const ResourceType& type, const Record& record) {
  Map names = cloud->names();
  Map self = type.parts_of(record.id);
  for (const auto& [name, value] : applied_properties(record)) self.set(name, value);
  names.set("self", Value(self));
  names.set("prior", Value(std::move(self)));
  names.set("observed", Value(record.observed));
  names.set("id", Value(record.id));
  return names;
}

Value read_item(const ResourceType& type, const Value& answer, const Map& names) {
  const Refresh& refresh = type.refresh;
  Value item = refresh.read_item.empty() ? answer : at_path(answer, refresh.read_item);
  if (!item.is_list()) return item;
  for (const Value& one : item.as_list()) {
    if (!refresh.read_where) return one;
    Map with_element = names;
    with_element.set("element", one);
    const Value meant = evaluate(*refresh.read_where, MapActivation(std::move(with_element)));
    if (meant.is_bool() && meant.as_bool()) return one;
  }
  return {};
}

// What the tags say about us, split off from the user's.
void split_marks(const ResourceType& type, const std::string& stack_mark,
                 const PackageInfo& package, Observation& out) {
  if (type.carrier != MarkCarrier::tags) return;
  const Value* tags = out.properties.find(type.mark_property);
  Map own;
  std::string stack;
  if (tags != nullptr && tags->is_map()) {
    for (const auto& [key, value] : tags->as_map()) {
      if (key == Value(package.mark_stack))
        stack = value.string_or();
      else if (key == Value(package.mark_address) || key == Value(package.mark_intent))
        continue;  // advisory: rewritten with the next real update
      else
        own.set(key, value);
    }
  }
  const std::string wanted = stack_mark == kUnmarked ? "" : stack_mark;
  out.marks_ok = stack_mark.empty() || stack == wanted;
  out.properties.set(type.mark_property, Value(std::move(own)));
}

bool all_states_in(const std::string& note, const std::vector<std::string>& list) {
  const std::vector<std::string> states = states_of(note);
  return !states.empty() && std::all_of(states.begin(), states.end(),
                                        [&](const auto& state) { return holds(list, state); });
}

bool any_state_in(const std::string& note, const std::vector<std::string>& list) {
  const std::vector<std::string> states = states_of(note);
  return std::any_of(states.begin(), states.end(),
                     [&](const auto& state) { return holds(list, state); });
}

void read_states(const ResourceType& type, const Value& item, Observation& out) {
  auto text = [&](const WirePath& path) { return state_at(item, path); };
  auto state = [&](const Wait& wait) {
    if (!wait.state) return text(wait.path);
    MapActivation names;
    names.set("item", item);
    return evaluate(*wait.state, names).string_or();
  };
  out.note = state(type.wait_create);
  // Without states it is anything at that path, such as a date.
  const bool dated = type.del.gone_states.empty() && !type.del.gone_path.empty() &&
                     !at_path(item, type.del.gone_path).is_unset();
  if (dated || (!type.del.gone_path.empty() &&
                all_states_in(text(type.del.gone_path), type.del.gone_states))) {
    out.presence = Observation::Presence::gone;
  }
  if (type.ends && all_states_in(text(type.ends->path), type.ends->states)) {
    out.presence = Observation::Presence::ended;
    if (type.ends->interrupted) {
      MapActivation names;
      names.set("item", item);
      const Value interrupted = evaluate(*type.ends->interrupted, names);
      out.interrupted = interrupted.is_bool() && interrupted.as_bool();
    }
  }
  out.failed = all_states_in(out.note, type.wait_create.failed);
  out.update_note = state(type.wait_update);
  out.reason = text(type.wait_create.reason);
  out.update_reason = text(type.wait_update.reason);
  if (type.pending && any_state_in(text(type.pending->path), type.pending->states)) {
    out.pending = type.pending->doc;
  }
}

Observation observe_item(const ResourceType& type, const Record& record, const Value& item,
                         const std::string& stack_mark, const PackageInfo& package) {
  Observation out;
  out.presence = Observation::Presence::present;
  auto take = [&](std::string_view facet) {
    auto properties = read_properties(type, facet, item);
    if (!properties) return;
    for (const auto& [name, value] : *properties) out.properties.set(name, value);
  };
  take("");
  for (const auto& facet : type.facets) {
    if (!facet.read.call.valid()) take(facet.name);
  }
  for (const auto& property : type.properties) {
    if (reads_id(property)) out.properties.set(property.name, Value(record.id));
  }
  read_states(type, item, out);
  split_marks(type, stack_mark, package, out);
  return out;
}
std::string own_mark(const Record& record) {
  const Value* mark = record.private_.find("stack_mark");
  return mark == nullptr ? "" : mark->string_or();
}

}  // namespace lf
