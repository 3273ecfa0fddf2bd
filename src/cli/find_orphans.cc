// SPDX-License-Identifier: Apache-2.0
#include "cli/find_orphans.h"

#include <algorithm>
#include <map>
#include <set>

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

Observation seen_of(const Look& from, const Marked& marked) {
  Record probe;
  probe.id = marked.id;
  probe.type = from.type->name;
  return observe_item(*from.type, probe, marked.item, marked.stack_mark,
                      from.cloud->package().info());
}

// When it was made, where its type reads such a time.
std::optional<Timestamp> made_at(const Look& from, const Marked& marked) {
  const Observation seen = seen_of(from, marked);
  for (const auto& property : from.type->properties) {
    if (property.type.kind() != Type::Kind::timestamp) continue;
    const Value* value = seen.properties.find(property.name);
    if (value != nullptr && value->is_timestamp()) return value->as_timestamp();
  }
  return std::nullopt;
}

// The nodes that the paths of marks stand for, as far as the spec still has them.
using NodesByMark = std::map<std::string, const GraphNode*>;

NodesByMark nodes_by_mark(Session& session) {
  NodesByMark out;
  for (const auto& node : session.offline_graph().nodes) {
    if (node.facet.empty()) out.emplace(mark_path(node.address), &node);
  }
  return out;
}

// One look a type that lists show, one a node of the others.
std::vector<Look> all_looks(Session& session) {
  std::vector<Look> looks;
  for (Cloud* cloud : session.all_clouds()) {
    for (const auto& name : cloud->package().resource_names()) {
      const ResourceType* type = cloud->package().resource(name);
      if (type != nullptr && type->carrier == MarkCarrier::tags && type->refresh.list)
        looks.push_back({cloud, type, kNoGraphId, {}, {}});
    }
    const Graph& graph = session.offline_graph();
    for (GraphId at = 0; at < graph.nodes.size(); ++at) {
      const GraphNode& node = graph.nodes[at];
      const bool named = node.facet.empty() && node.provider == cloud->instance().name &&
                         node.type->carrier == MarkCarrier::tags && !node.type->refresh.list;
      if (named && session.state().find(node.address) == nullptr)
        looks.push_back({cloud, node.type, at, {}, {}});
    }
  }
  return looks;
}

using Known = std::set<std::pair<std::string, std::string>>;  // type, id

// Adds the parts of things that are made of several: they come and go with the whole. What has one
// part is no more than that part, and one of whose parts is known by itself is none of its own.
void know_parts(std::vector<Look>& looks, const Session& session, Known* known) {
  const Known alone = *known;
  for (Look& one : looks) {
    if (!one.type->parts) continue;
    const std::string& part = one.type->parts->type;
    for (const Record* record : session.state().records()) {
      if (record->type != one.type->name) continue;
      for (const auto& id : one.type->part_ids(record->observed)) known->emplace(part, id);
    }
    std::erase_if(one.found, [&](const Marked& marked) {
      const Observation seen = seen_of(one, marked);
      const auto parts = one.type->part_ids(seen.properties);
      const bool own = parts.size() > 1 && std::none_of(parts.begin(), parts.end(), [&](auto& id) {
                         return alone.contains({part, id});
                       });
      if (own) {
        for (const auto& id : parts) known->emplace(part, id);
      }
      return !own;
    });
  }
}

Orphan orphan(Session& session, const NodesByMark& nodes, const Look& from, Marked marked) {
  Orphan out;
  out.cloud = from.cloud;
  out.type = from.type;
  const auto node = nodes.find(marked.address_mark);
  if (node != nodes.end()) out.address = node->second->address;
  const std::string& lineage = session.state().identity.lineage;
  out.this_lineage = !lineage.empty() && marked.stack_mark.ends_with("/" + lineage);
  out.made_at = made_at(from, marked);
  out.marked = std::move(marked);
  return out;
}

}  // namespace

Task<OrphanSearch> find_orphans(Session* session) {
  std::vector<Look> looks = all_looks(*session);
  // Another lineage's things of this stack and environment are orphans as well: a lost state.
  const std::string mark = session->spec().spec.stack + "/" + session->options().environment + "/*";
  std::vector<Task<void>> tasks;
  for (auto& one : looks) tasks.push_back(look(session, &one, mark));
  Task<void> looking = all(std::move(tasks));
  co_await std::move(looking);

  Known known;
  // What was made along with a thing carries its marks, too: a machine's volumes.
  std::map<std::string, std::string> creates;
  for (const Record* record : session->state().records()) {
    known.emplace(record->type, record->id);
    if (!record->nonce.empty()) creates.emplace(record->nonce, record->type);
  }
  know_parts(looks, *session, &known);
  const NodesByMark nodes = nodes_by_mark(*session);
  for (const Look& one : looks) {
    for (const Marked& marked : one.found) {
      const auto node = nodes.find(marked.address_mark);
      if (node != nodes.end() && node->second->type == one.type && !marked.intent_mark.empty())
        creates.emplace(marked.intent_mark, one.type->name);
    }
  }
  OrphanSearch out;
  for (auto& one : looks) {
    if (one.error) {
      out.failed.emplace_back(one.type, *one.error);
      continue;
    }
    out.types.insert(one.type->name);
    for (auto& marked : one.found) {
      const auto made_with = creates.find(marked.intent_mark);
      if (made_with != creates.end() && made_with->second != one.type->name) continue;
      if (!known.contains({one.type->name, marked.id}))
        out.orphans.push_back(orphan(*session, nodes, one, std::move(marked)));
    }
  }
  co_return out;
}

}  // namespace lf
