// SPDX-License-Identifier: Apache-2.0
#include "sim/checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "state/local_backend.h"
#include "state/remote_backend.h"

namespace lf::sim {

namespace {

struct Mask {
  std::string text, name;
};

std::string masked(std::string text, const std::vector<Mask>& masks) {
  for (const auto& mask : masks) {
    size_t at = 0;
    while ((at = text.find(mask.text, at)) != std::string::npos) {
      text.replace(at, mask.text.size(), mask.name);
      at += mask.name.size();
    }
  }
  return text;
}

Value without_computed(const Property& property, const Value& value) {
  if (property.fields.empty()) return value;
  if (value.is_list()) {
    List out;
    for (const auto& element : value.as_list()) out.push_back(without_computed(property, element));
    return Value(std::move(out));
  }
  if (!value.is_map()) return value;
  Map out;
  for (const auto& [key, entry] : value.as_map()) {
    const auto field = std::find_if(property.fields.begin(), property.fields.end(),
                                    [&](const Property& f) { return Value(f.name) == key; });
    if (field != property.fields.end() && field->computed) continue;
    out.set(key, entry);
  }
  return Value(std::move(out));
}

// The order of lists and keys is the cloud's own business here.
Value sorted(const Value& value) {
  if (value.is_list()) {
    std::vector<std::pair<std::string, Value>> keyed;
    for (const auto& element : value.as_list()) {
      Value one = sorted(element);
      std::string text = to_text(one);
      keyed.emplace_back(std::move(text), std::move(one));
    }
    std::stable_sort(keyed.begin(), keyed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    List out;
    for (auto& [text, one] : keyed) out.push_back(std::move(one));
    return Value(std::move(out));
  }
  if (!value.is_map()) return value;
  std::map<std::string, Value> by_key;
  for (const auto& [key, entry] : value.as_map()) by_key[to_text(key)] = sorted(entry);
  Map out;
  for (auto& [key, entry] : by_key) out.set(key, entry);
  return Value(std::move(out));
}

bool alive(const sandbox::Thing& thing) {
  return !thing.deleted && !thing.gone_at;
}

// What comes with a thing is nobody's until somebody takes it over, and again when it was let go.
bool nobodys(Package& package, const sandbox::Thing& thing) {
  const ResourceType* type = package.resource(thing.type_name);
  if (type == nullptr || type->sandbox.comes_with.empty()) return false;
  const Value* tags = thing.properties.find(type->mark_property);
  return tags == nullptr || !tags->is_map() ||
         tags->as_map().find(package.info().mark_stack) == nullptr;
}

std::string picture_of(Package& package, const sandbox::Thing& thing,
                       const std::vector<Mask>& masks) {
  const ResourceType* type = package.resource(thing.type_name);
  std::map<std::string, std::string> rows;
  for (const auto& [name, value] : thing.properties) {
    const Property* property = type == nullptr ? nullptr : type->property(name.as_string());
    if (property == nullptr || property->computed || value.is_unset()) continue;
    Value shown = without_computed(*property, value);
    // Addresses are given out in the order in which things are made, which a crash may change; no
    // scenario asks for one.
    if (value.is_ip() && property->absent == Absent::server) shown = Value("(an address)");
    if (name == Value(type->mark_property) && shown.is_map()) {
      Map tags = shown.as_map();
      tags.erase(package.info().mark_intent);
      shown = Value(std::move(tags));
    }
    const Value ordered = sorted(shown);
    rows[name.as_string()] = masked(to_text(ordered), masks);
  }
  std::string text;
  for (const auto& [name, row] : rows) text += name + ": " + row + "\n";
  return text;
}

// Looks into the bucket without asking for anything.
class BucketReader final : public ObjectStore {
 public:
  explicit BucketReader(ObjectServer& server) : server_(server) {}
  std::string shown(const std::string& name) const override { return key(name); }
  LeaseTimes lease() const override { return {}; }
  Task<Result<std::optional<StoredObject>>> get(std::string name) override {
    const auto found = server_.objects.find(key(name));
    if (found == server_.objects.end()) co_return std::optional<StoredObject>();
    co_return std::optional<StoredObject>(StoredObject{found->second.bytes, 0});
  }
  Task<Result<bool>> create(std::string, std::string) override { co_return refused(); }
  Task<Result<void>> put(std::string, std::string) override { co_return refused(); }
  Task<Result<void>> remove(std::string) override { co_return refused(); }
  Task<Result<std::vector<std::string>>> list(std::string prefix) override {
    std::vector<std::string> out;
    for (const auto& [name, object] : server_.objects) {
      if (name.starts_with(key(prefix))) out.push_back(name.substr(key("").size()));
    }
    co_return out;
  }

 private:
  static std::string key(const std::string& name) { return "lab/" + name; }
  static std::unexpected<Error> refused() {
    return fail(ErrorCode::internal, "a check writes nothing");
  }
  ObjectServer& server_;
};

}  // namespace

Finding compare_state_and_cloud(SimWorld& sim, Package& package, const std::string& stack) {
  Finding out;
  LoadedState loaded;
  sim.run_process([&](World& world, Runner& runner) {
    std::unique_ptr<Backend> at;
    const std::string spec = sim.files().content("work/spec.yaml").value_or("");
    if (spec.find("\nbackend:") == std::string::npos)
      at = std::make_unique<LocalBackend>(world.files,
                                          default_state_paths("work", stack, "default"));
    else
      at = std::make_unique<RemoteBackend>(std::make_unique<BucketReader>(sim.objects()),
                                           world.clock, world.random);
    Backend& backend = *at;
    StateOptions options;
    options.stack = stack;
    Task<Result<LoadedState>> loading = load_state(backend, std::move(options));
    Result<LoadedState> result = runner.run(std::move(loading));
    if (!result) {
      out.problems.push_back("the state cannot be read: " + result.error().message);
      return 1;
    }
    loaded = std::move(*result);
    return 0;
  });
  if (!out.problems.empty()) return out;
  for (const OpenIntent& open : loaded.replay.open_intents()) {
    out.problems.push_back(fmt::format("the state has an open intent: {} of {}", open.intent.action,
                                       open.intent.address));
  }
  std::map<std::pair<std::string, std::string>, const Record*> by_id;
  std::vector<Mask> masks;
  const State& state = loaded.replay.state();
  masks.push_back({state.identity.lineage, "LINEAGE"});
  for (const Record* record : state.records()) {
    const std::string key =
        record->address + (record->generation > 0 ? fmt::format("@{}", record->generation) : "");
    if (record->status != RecordStatus::ready) {
      out.problems.push_back(fmt::format("`{}` is recorded as {}", key, to_string(record->status)));
    }
    if (!by_id.emplace(std::pair{record->type, record->id}, record).second) {
      out.problems.push_back(fmt::format("{} is recorded twice, once as `{}`", record->id, key));
    }
    if (!record->id.empty()) masks.push_back({record->id, "<" + key + ">"});
  }
  std::stable_sort(masks.begin(), masks.end(),
                   [](const Mask& a, const Mask& b) { return a.text.size() > b.text.size(); });
  std::map<const Record*, int> seen;
  for (const sandbox::Thing* thing : sim.model().things().all()) {
    if (!alive(*thing)) continue;
    const auto found = by_id.find({thing->type_name, thing->id});
    if (found == by_id.end() && nobodys(package, *thing)) continue;
    if (found == by_id.end()) {
      out.problems.push_back(fmt::format("{} {} lives in the cloud, but state does not know it",
                                         thing->type_name, thing->id));
      continue;
    }
    ++seen[found->second];
    out.picture[found->second->address] +=
        thing->type_name + "\n" + picture_of(package, *thing, masks);
  }
  for (const auto& [key, record] : by_id) {
    if (seen[record] == 0) {
      out.problems.push_back(
          fmt::format("`{}` ({}) is recorded, but not in the cloud", record->address, record->id));
    }
    if (seen[record] > 1)
      out.problems.push_back(fmt::format("`{}` is there twice", record->address));
  }
  return out;
}

std::vector<std::string> difference(const Picture& expected, const Picture& found) {
  std::vector<std::string> out;
  for (const auto& [address, text] : expected) {
    const auto other = found.find(address);
    if (other == found.end())
      out.push_back("`" + address + "` is missing");
    else if (other->second != text) {
      out.push_back("`" + address + "` is not as it should be:\n--- expected\n" + text +
                    "--- found\n" + other->second + "---");
    }
  }
  for (const auto& [address, text] : found) {
    if (!expected.contains(address)) out.push_back("`" + address + "` is there, but should not be");
  }
  return out;
}

}  // namespace lf::sim
