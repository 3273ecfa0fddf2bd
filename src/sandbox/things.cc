// SPDX-License-Identifier: Apache-2.0
#include "sandbox/things.h"

namespace lf::sandbox {

Thing& Things::add(Thing thing) {
  if (thing.number == 0) thing.number = next_number;
  if (thing.number >= next_number) next_number = thing.number + 1;
  Shelf& shelf = shelves_[thing.type_name];
  const uint64_t number = thing.number;
  auto owned = std::make_unique<Thing>(std::move(thing));
  Thing* raw = owned.get();
  // A thing that is listed no more makes room for its successor of the same id.
  if (Thing* before = find(raw->type_name, raw->place, raw->id)) remove(*before);
  shelf.by_id[{raw->place, raw->id}] = raw;
  shelf.by_number[number] = std::move(owned);
  ++count_;
  return *raw;
}

Thing* Things::find(const std::string& type, const Place& place, const std::string& id) {
  const auto shelf = shelves_.find(type);
  if (shelf == shelves_.end()) return nullptr;
  const auto found = shelf->second.by_id.find({place, id});
  return found == shelf->second.by_id.end() ? nullptr : found->second;
}

void Things::remove(const Thing& thing) {
  const auto shelf = shelves_.find(thing.type_name);
  if (shelf == shelves_.end()) return;
  const uint64_t number = thing.number;
  shelf->second.by_id.erase({thing.place, thing.id});
  count_ -= shelf->second.by_number.erase(number);
}

std::vector<Thing*> Things::of_type(const std::string& type) const {
  std::vector<Thing*> out;
  const auto shelf = shelves_.find(type);
  if (shelf == shelves_.end()) return out;
  for (const auto& [number, thing] : shelf->second.by_number) out.push_back(thing.get());
  return out;
}

std::vector<Thing*> Things::of_type(const std::string& type, const Place& place) const {
  std::vector<Thing*> out;
  for (Thing* thing : of_type(type)) {
    if (thing->place == place) out.push_back(thing);
  }
  return out;
}

std::vector<Thing*> Things::all() const {
  std::vector<Thing*> out;
  for (const auto& [type, shelf] : shelves_) {
    for (const auto& [number, thing] : shelf.by_number) out.push_back(thing.get());
  }
  return out;
}

}  // namespace lf::sandbox
