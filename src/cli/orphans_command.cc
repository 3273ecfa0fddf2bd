// SPDX-License-Identifier: Apache-2.0
// `orphans`: what carries this stack's marks in the cloud and is not in state. Looks at every type
// of the packages in use that can carry marks, not only at those of the spec; types that no list
// shows are looked for by the names that the spec gives.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "engine/observe.h"

namespace lf {

namespace {

struct Look {
  Cloud* cloud = nullptr;
  const ResourceType* type = nullptr;
  GraphId node = kNoGraphId;  // looked for by this node's name
  std::vector<Marked> found;
  std::optional<Error> error;
};

Task<void> look(Session* session, Look* one, std::string mark) {
  Task<Result<std::vector<Marked>>> finding =
      one->node == kNoGraphId
          ? find_marked(one->cloud, one->type, std::move(mark))
          : session->find_named_marks(&session->offline_graph(), one->node, std::move(mark));
  Result<std::vector<Marked>> found = co_await std::move(finding);
  if (found)
    one->found = std::move(*found);
  else
    one->error = found.error();
}

// When it was made, where its type reads such a time.
std::optional<Timestamp> made_at(const Look& from, const Marked& marked) {
  Record probe;
  probe.id = marked.id;
  probe.type = from.type->name;
  const Observation seen =
      observe_item(*from.type, probe, marked.item, marked.stack_mark, from.cloud->package().info());
  for (const auto& property : from.type->properties) {
    if (property.type.kind() != Type::Kind::timestamp) continue;
    const Value* value = seen.properties.find(property.name);
    if (value != nullptr && value->is_timestamp()) return value->as_timestamp();
  }
  return std::nullopt;
}

// The address that a mark's path stands for, where the spec still has it.
std::string address_of(Session& session, const std::string& path) {
  for (const auto& node : session.offline_graph().nodes) {
    if (node.facet.empty() && mark_path(node.address) == path) return node.address;
  }
  return "";
}

// One look a type that lists show, one a node of the others.
std::vector<Look> all_looks(Session& session) {
  std::vector<Look> looks;
  for (const auto& provider : session.spec().spec.providers) {
    ProviderInstance where;
    where.name = provider.name;
    Cloud* cloud = session.clouds()(where);
    if (cloud == nullptr) continue;
    for (const auto& name : cloud->package().resource_names()) {
      const ResourceType* type = cloud->package().resource(name);
      if (type != nullptr && type->carrier == MarkCarrier::tags && type->refresh.list)
        looks.push_back({cloud, type, kNoGraphId, {}, {}});
    }
    const Graph& graph = session.offline_graph();
    for (GraphId at = 0; at < graph.nodes.size(); ++at) {
      const GraphNode& node = graph.nodes[at];
      const bool named = node.facet.empty() && node.provider == provider.name &&
                         node.type->carrier == MarkCarrier::tags && !node.type->refresh.list;
      if (named && session.state().find(node.address) == nullptr)
        looks.push_back({cloud, node.type, at, {}, {}});
    }
  }
  return looks;
}

struct Screen {
  List json;
  std::vector<std::vector<std::string>> rows;
  std::string adopt_lines;
};

void put(Session& session, const Look& from, const Marked& marked, Screen& out) {
  const std::string address = address_of(session, marked.address_mark);
  const auto made = made_at(from, marked);
  const std::string& lineage = session.state().identity.lineage;
  const bool ours = !lineage.empty() && marked.stack_mark.ends_with("/" + lineage);
  Map row;
  row.set("type", Value(from.type->name));
  row.set("id", Value(marked.id));
  row.set("provider", Value(from.cloud->instance().name));
  row.set("made_as", Value(marked.address_mark));
  row.set("address", address.empty() ? Value() : Value(address));
  row.set("this_lineage", Value(ours));
  row.set("stack_mark", Value(marked.stack_mark));
  row.set("made_at", made ? Value(*made) : Value());
  out.json.emplace_back(std::move(row));
  const Timestamp now = session.world().clock.now();
  out.rows.push_back({from.type->name, marked.id, address.empty() ? marked.address_mark : address,
                      made ? age_text(*made, now) + " old" : "", ours ? "" : "of another state"});
  const Record* there = address.empty() ? nullptr : session.state().find(address);
  if (there != nullptr) out.rows.back().push_back("the state has " + there->id + " there");
  if (!address.empty() && there == nullptr)
    out.adopt_lines +=
        "  llmforge adopt '" + printable(address) + "' " + printable(marked.id) + "\n";
}

Task<int> orphans(CommandContext* context, Session* session) {
  Task<int> reading = read_state_or_tell(context, session);
  const int read = co_await std::move(reading);
  if (read >= 0) co_return read;
  Result<bool> sound = session->check_offline();
  if (!sound) co_return tell(*context, sound.error());
  if (!*sound) co_return tell_invalid(*context, *session);
  Task<Result<void>> identifying = session->identify();
  Result<void> identified = co_await std::move(identifying);
  if (!identified) co_return tell(*context, identified.error());
  sound = session->check_offline();  // names that hold the account are known now
  if (!sound) co_return tell(*context, sound.error());

  std::vector<Look> looks = all_looks(*session);
  // Another lineage's things of this stack and environment are orphans as well: a lost state.
  const std::string mark = session->spec().spec.stack + "/" + context->options.environment + "/*";
  std::vector<Task<void>> tasks;
  for (auto& one : looks) tasks.push_back(look(session, &one, mark));
  Task<void> looking = all(std::move(tasks));
  co_await std::move(looking);

  std::set<std::pair<std::string, std::string>> known;
  for (const Record* record : session->state().records()) known.emplace(record->type, record->id);
  Screen screen;
  std::set<std::string> types;
  bool failed = false;
  for (const auto& one : looks) {
    if (one.error) {
      failed = true;
      Error error = *one.error;
      error.message = "could not look for " + one.type->name + ": " + error.message;
      show_error(error, context->options.json, context->terminal);
      continue;
    }
    types.insert(one.type->name);
    for (const auto& marked : one.found) {
      if (!known.contains({one.type->name, marked.id})) put(*session, one, marked, screen);
    }
  }
  const std::vector<std::vector<std::string>>& rows = screen.rows;
  if (context->options.json) {
    print(to_json(Value(Map{{"orphans", Value(std::move(screen.json))},
                            {"types_looked_at", Value(static_cast<int64_t>(types.size()))}})) +
          "\n");
  } else if (rows.empty()) {
    print(fmt::format("no orphans among {} types ({} requests)\n", types.size(),
                      session->engine().request_count));
  } else {
    print(table(rows));
    if (!screen.adopt_lines.empty()) print_error("to take them in:\n" + screen.adopt_lines);
  }
  co_return failed ? kFailed : kDone;
}

}  // namespace

int run_orphans(CommandContext& context) {
  return with_spec(context, context.options, orphans);
}

}  // namespace lf
