// SPDX-License-Identifier: Apache-2.0
#include "sandbox/action_index.h"

#include <algorithm>

#include "base/strings.h"

namespace lf::sandbox {

namespace {

// "aws.ec2.vpc" -> "ec2": files stand in a folder that is named after their service.
std::string middle(const std::string& name) {
  const std::vector<std::string> parts = split(name, '.');
  return parts.size() < 3 ? "" : parts[1];
}

}  // namespace

const std::vector<std::string>& ActionIndex::service_names() {
  if (!names_.empty()) return names_;
  std::set<std::string> names;
  for (const std::string& name : package_.resource_names()) names.insert(middle(name));
  for (const std::string& name : package_.data_names()) names.insert(middle(name));
  names.insert(package_.info().identity_service);
  names.erase("");
  names_.assign(names.begin(), names.end());
  return names_;
}

const Service* ActionIndex::service_by_signing_name(const std::string& name) {
  for (const std::string& one : service_names()) {
    const Service* service = package_.service(one);
    if (service != nullptr && service->signing_name == name) return service;
  }
  return nullptr;
}

const std::vector<Role>& ActionIndex::roles(const Service& service, const std::string& action) {
  static const std::vector<Role> kNone;
  Entry& here = entry(service);
  const auto found = here.roles.find(action);
  return found == here.roles.end() ? kNone : found->second;
}

const std::vector<Route>& ActionIndex::routes(const Service& service) {
  return entry(service).routes;
}

const std::vector<const ResourceType*>& ActionIndex::types(const Service& service) {
  return entry(service).types;
}

const ResourceType* ActionIndex::whole_of(const ResourceType& part) {
  for (const ResourceType* type : types(*part.service)) {
    if (type->parts && type->parts->type == part.name) return type;
  }
  return nullptr;
}

ActionIndex::Entry& ActionIndex::entry(const Service& service) {
  const auto found = entries_.find(service.name);
  if (found != entries_.end()) return found->second;
  Entry out;
  for (const std::string& name : package_.resource_names()) {
    if (middle(name) != service.name) continue;
    const ResourceType* type = package_.resource(name);
    if (type != nullptr) add_type(*type, out);
  }
  // What only look-ups ask for is answered by the package's seeds; its paths must be known.
  for (const std::string& name : package_.data_names()) {
    const DataType* data = middle(name) == service.name ? package_.data(name) : nullptr;
    if (data != nullptr) add_route(out, data->call);
  }
  return entries_.emplace(service.name, std::move(out)).first->second;
}

void ActionIndex::add_route(Entry& out, const Call& call) {
  if (call.http_method.empty()) return;
  const Route route{call.action, call.http_method, call.http_path, call.http_query};
  const bool known = std::any_of(out.routes.begin(), out.routes.end(), [&](const Route& r) {
    return r.action == route.action && r.method == route.method && r.path == route.path;
  });
  if (!known) out.routes.push_back(route);
}

void ActionIndex::add(Entry& out, Role role) {
  const Call& call = *role.call;
  if (!call.valid()) return;
  add_route(out, call);
  out.roles[call.action].push_back(role);
}

void ActionIndex::add_verb(Entry& out, const ResourceType& type, const Facet* facet,
                           Role::Kind kind, const Verb& verb) {
  for (size_t i = 0; i < verb.size(); ++i) {
    if (verb[i].read) continue;  // answered by the facet's or the type's own reads
    Role role{kind, &type, facet, &verb[i].call, &verb[i], verb.size() == 1, nullptr};
    if (kind == Role::Kind::create) {
      role.sends_properties = i == 0;
      if (i > 0) continue;
    }
    if (kind == Role::Kind::del && i + 1 < verb.size()) role.kind = Role::Kind::del_step;
    if (kind == Role::Kind::restore && i > 0) continue;
    add(out, role);
  }
}

void ActionIndex::add_facet(Entry& out, const ResourceType& type, const Facet& facet) {
  add_verb(out, type, &facet, Role::Kind::apply, facet.apply);
  add_verb(out, type, &facet, Role::Kind::reset, facet.reset);
  add_verb(out, type, &facet, Role::Kind::add, facet.add);
  add_verb(out, type, &facet, Role::Kind::change, facet.change);
  add_verb(out, type, &facet, Role::Kind::remove, facet.remove);
  const FacetRead& read = facet.read;
  if (!read.call.valid()) return;
  const bool names = !read.ids.empty();
  add(out, {names ? Role::Kind::facet_names : Role::Kind::facet_read, &type, &facet, &read.call,
            nullptr, false, nullptr});
  if (names) {
    add(out, {Role::Kind::facet_detail, &type, &facet, &read.detail, nullptr, false, nullptr});
  }
}

void ActionIndex::add_type(const ResourceType& type, Entry& out) {
  out.types.push_back(&type);
  using Kind = Role::Kind;
  add_verb(out, type, nullptr, Kind::create, type.create.steps);
  // What is made of parts has no other life than theirs.
  if (type.parts) return;
  add_verb(out, type, nullptr, Kind::update, type.update);
  if (type.refresh.list) {
    add(out, {Kind::list, &type, nullptr, &type.refresh.list->call, nullptr, false, nullptr});
    add(out,
        {Kind::by_name, &type, nullptr, &type.refresh.list->name_call, nullptr, false, nullptr});
  }
  add(out, {Kind::read, &type, nullptr, &type.refresh.read, nullptr, false, nullptr});
  for (const Facet& facet : type.facets) add_facet(out, type, facet);
  add_verb(out, type, nullptr, Kind::del, type.del.steps);
  add_verb(out, type, nullptr, Kind::restore, type.del.restore);
  if (type.del.contents) {
    add(out, {Kind::contents, &type, nullptr, &type.del.contents->read, nullptr, false, nullptr});
    add_verb(out, type, nullptr, Kind::del_step, type.del.contents->purge);
  }
  for (const Blocker& blocker : type.blockers) {
    add(out, {Kind::blocker, &type, nullptr, &blocker.call, nullptr, false, &blocker});
  }
}

}  // namespace lf::sandbox
