// SPDX-License-Identifier: Apache-2.0
// Which descriptors speak of an action, and as what: the descriptors' calls turned round.
// A service is read when its first request comes.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "provider/package.h"

namespace lf::sandbox {

struct Role {
  enum class Kind : uint8_t {
    create,
    update,
    restore,
    del,
    del_step,
    apply,
    reset,
    add,
    change,
    remove,  // mutations
    list,
    read,
    by_name,
    facet_read,
    facet_names,
    facet_detail,
    contents,
    blocker,  // reads
  };
  Kind kind = Kind::read;
  const ResourceType* type = nullptr;
  const Facet* facet = nullptr;
  const Call* call = nullptr;
  const Step* step = nullptr;     // of the verb; null for calls that are no steps
  bool sends_properties = false;  // the step sends properties besides its `send`
  const Blocker* blocker = nullptr;
};

// One REST template of a service.
struct Route {
  std::string action, method, path, query;
};

class ActionIndex {
 public:
  explicit ActionIndex(Package& package) : package_(package) {}
  // By the name in a signature's scope; null: the package has no such service.
  const Service* service_by_signing_name(const std::string& name);
  const std::vector<std::string>& service_names();
  const std::vector<Role>& roles(const Service& service, const std::string& action);
  const std::vector<Route>& routes(const Service& service);
  // Every type of the service.
  const std::vector<const ResourceType*>& types(const Service& service);
  // The type that is made of several of this one; null: none is.
  const ResourceType* whole_of(const ResourceType& part);

 private:
  struct Entry {
    std::map<std::string, std::vector<Role>> roles;
    std::vector<Route> routes;
    std::vector<const ResourceType*> types;
  };
  Entry& entry(const Service& service);
  void add_type(const ResourceType& type, Entry& out);
  void add(Entry& out, Role role);
  void add_route(Entry& out, const Call& call);
  void add_verb(Entry& out, const ResourceType& type, const Facet* facet, Role::Kind kind,
                const Verb& verb);
  void add_facet(Entry& out, const ResourceType& type, const Facet& facet);

  Package& package_;
  std::vector<std::string> names_;
  std::map<std::string, Entry> entries_;
};

}  // namespace lf::sandbox
