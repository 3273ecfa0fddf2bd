// SPDX-License-Identifier: Apache-2.0
#include "state/state.h"

#include <algorithm>
#include <array>

namespace lf {

namespace {
constexpr std::array<const char*, 8> kStatusNames = {
    "creating", "ready", "dirty", "failed", "deleting", "deposed", "finished", "interrupted"};
}  // namespace

const char* to_string(RecordStatus status) {
  return kStatusNames.at(static_cast<size_t>(status));
}

bool parse_status(std::string_view text, RecordStatus& out) {
  for (size_t i = 0; i < kStatusNames.size(); ++i) {
    if (text != kStatusNames[i]) continue;
    out = static_cast<RecordStatus>(i);
    return true;
  }
  return false;
}

const Record* State::find(std::string_view address, uint32_t generation) const {
  const auto it = records_.find(Key{address, generation});
  return it == records_.end() ? nullptr : it->get();
}

std::vector<const Record*> State::records() const {
  std::vector<const Record*> all;
  all.reserve(records_.size());
  for (const Pointer& record : records_) all.push_back(record.get());
  return all;
}

std::vector<const Record*> State::deposed(std::string_view address) const {
  std::vector<const Record*> found;
  for (auto it = records_.lower_bound(Key{address, 1});
       it != records_.end() && (*it)->address == address; ++it) {
    found.push_back(it->get());
  }
  return found;
}

uint32_t State::next_generation(std::string_view address) const {
  const auto old = deposed(address);
  return old.empty() ? 1 : old.back()->generation + 1;
}

const Output* State::output(std::string_view name) const {
  for (const Output& output : outputs) {
    if (output.name == name) return &output;
  }
  return nullptr;
}

void State::put(Record record) {
  auto pointer = std::make_shared<const Record>(std::move(record));
  // Snapshots are sorted: the end is nearly always the right place while one is read.
  const auto hint = records_.lower_bound(Less::key(pointer));
  if (hint != records_.end() && !Less{}(pointer, *hint)) {
    records_.insert(records_.erase(hint), std::move(pointer));
  } else {
    records_.insert(hint, std::move(pointer));
  }
}

bool State::remove(std::string_view address, uint32_t generation) {
  const auto it = records_.find(Key{address, generation});
  if (it == records_.end()) return false;
  records_.erase(it);
  return true;
}

bool State::move(std::string_view address, uint32_t generation, const std::string& to_address,
                 uint32_t to_generation) {
  const auto it = records_.find(Key{address, generation});
  if (it == records_.end() || records_.contains(Key{to_address, to_generation})) return false;
  const std::string from(address);  // the argument may point into the record that is going
  Record moved = **it;
  records_.erase(it);
  moved.address = to_address;
  moved.generation = to_generation;
  put(std::move(moved));
  if (from != to_address && generation == 0) rewrite_references(from, to_address);
  return true;
}

bool State::rename(std::string_view from_view, const std::string& to) {
  const std::string from(from_view);
  std::vector<uint32_t> generations;
  for (auto it = records_.lower_bound(Key{from, 0}); it != records_.end() && (*it)->address == from;
       ++it) {
    if (records_.contains(Key{to, (*it)->generation})) return false;
    generations.push_back((*it)->generation);
  }
  if (generations.empty()) return false;
  for (const uint32_t generation : generations) move(from, generation, to, generation);
  return true;
}

void State::rewrite_references(std::string_view from, const std::string& to) {
  std::vector<Record> changed;
  for (const Pointer& record : records_) {
    const auto& needs = record->dependencies;
    const bool depends = std::find(needs.begin(), needs.end(), from) != needs.end();
    if (!depends && record->parent_address != from) continue;
    Record copy = *record;
    std::replace(copy.dependencies.begin(), copy.dependencies.end(), std::string(from), to);
    if (copy.parent_address == from) copy.parent_address = to;
    changed.push_back(std::move(copy));
  }
  for (Record& record : changed) put(std::move(record));
}

}  // namespace lf
