// SPDX-License-Identifier: Apache-2.0
// What is there in the model cloud: things by type, account, region and id, in the order in which
// they were made. No rules; those are in model*.cc.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "provider/descriptor.h"

namespace lf::sandbox {

// Where a request acts.
struct Place {
  std::string account, region;
  auto operator<=>(const Place&) const = default;
};

struct Thing {
  std::string type_name;
  const ResourceType* type = nullptr;  // null until the type was needed (things that were loaded)
  Place place;
  std::string id;
  uint64_t number = 0;  // in the order of making
  Map properties;       // desired and computed ones; elements carry their computed fields
  Map hidden;           // what the rules keep beside them ("#versions", "#whole")
  Timestamp created;
  std::optional<Timestamp> deleted;  // deletion asked for; the thing is still listed
  std::optional<Timestamp> gone_at;  // from then on it is not listed any more
  std::string token, token_digest;   // of its create
};

// A name that stays taken for a while after its thing went.
struct HeldName {
  std::string type_name, id;
  Place place;
  Timestamp until;
};

class Things {
 public:
  Things() = default;
  Things(Things&&) = default;
  Things& operator=(Things&&) = default;
  Thing& add(Thing thing);  // gives it its number
  Thing* find(const std::string& type, const Place& place, const std::string& id);
  void remove(const Thing& thing);
  // In order; all accounts and regions.
  std::vector<Thing*> of_type(const std::string& type) const;
  std::vector<Thing*> of_type(const std::string& type, const Place& place) const;
  std::vector<Thing*> all() const;
  size_t size() const { return count_; }
  std::vector<HeldName> held;
  uint64_t next_number = 1;
  Timestamp latest;  // when the last request came, by the cloud's clock

 private:
  using Key = std::pair<Place, std::string>;
  struct Shelf {
    std::map<uint64_t, std::unique_ptr<Thing>> by_number;
    std::map<Key, Thing*> by_id;
  };
  std::map<std::string, Shelf> shelves_;
  size_t count_ = 0;
};

}  // namespace lf::sandbox
