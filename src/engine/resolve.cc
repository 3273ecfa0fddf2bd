// SPDX-License-Identifier: Apache-2.0
#include "engine/resolve.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/replace_file.h"
#include "state/codec.h"

namespace lf {

Result<LockFile> LockFile::load(FileSystem& files, const std::string& path) {
  LockFile out;
  auto text = files.read(path);
  if (!text) {
    if (text.error().code == ErrorCode::not_found) return out;
    return fail(text.error());
  }
  auto broken = [&](const std::string& why) {
    Error error(ErrorCode::corrupt, "`" + path + "` cannot be read: " + why);
    error.help.push_back(
        "delete it to look everything up again: newer images may then replace machines");
    return fail(std::move(error));
  };
  auto parsed = parse_json(*text);
  if (!parsed) return broken(parsed.error().message);
  const Value& version = (*parsed)["llmforge_lock"];
  if (!version.is_int() || version.as_int() != 1) return broken("it is of another version");
  const Value& pins = (*parsed)["lookups"];
  if (!pins.is_map()) return broken("it has no `lookups`");
  for (const auto& [query, value] : pins.as_map()) out.pins_[query.as_string()] = value;
  if (const Value& modules = (*parsed)["modules"]; modules.is_map()) {
    for (const auto& [key, pin] : modules.as_map()) out.modules_[key.as_string()] = pin;
  }
  return out;
}

Result<void> LockFile::save(FileSystem& files, const std::string& path) const {
  Map pins;
  for (const auto& [query, value] : pins_) pins.set(query, value);
  Map root;
  root.set("llmforge_lock", Value(1));
  root.set("lookups", Value(std::move(pins)));
  Map modules;
  for (const auto& [key, pin] : modules_) modules.set(key, pin);
  if (!modules.empty()) root.set("modules", Value(std::move(modules)));
  const std::string text = to_json(Value(std::move(root)), {.indent = 2, .sort_keys = true}) + "\n";
  return replace_file(files, path, text, 0644);
}

const Value* LockFile::find(const std::string& query) const {
  if (const auto given = given_.find(query); given != given_.end()) return &given->second;
  const auto found = pins_.find(query);
  return found == pins_.end() ? nullptr : &found->second;
}

void LockFile::set(const std::string& query, Value value) {
  auto& slot = pins_[query];
  if (slot == value && !slot.is_null()) return;
  slot = std::move(value);
  changed_ = true;
}

void LockFile::keep_modules(const std::vector<std::string>& keys) {
  const size_t before = modules_.size();
  std::erase_if(modules_, [&](const auto& pin) {
    return std::find(keys.begin(), keys.end(), pin.first) == keys.end();
  });
  changed_ = changed_ || modules_.size() != before;
}

bool LockFile::keep_only(const std::vector<std::string>& queries) {
  const size_t before = pins_.size();
  std::erase_if(pins_, [&](const auto& pin) {
    return is_given(pin.first) ||
           std::find(queries.begin(), queries.end(), pin.first) == queries.end();
  });
  if (pins_.size() != before) changed_ = true;
  return pins_.size() != before;
}

namespace {

bool all_exist(const Graph& graph, const WantedLookup& wanted, const Exists& exists) {
  for (const GraphId id : graph.asked_of(wanted)) {
    if (!exists(graph.nodes[id].address)) return false;
  }
  return true;
}

}  // namespace

Task<Result<Resolved>> resolve(const LoadedSpec* spec, ModuleStore* modules, Packages* packages,
                               Surroundings surroundings, LockFile* lock, CloudOf clouds,
                               bool offline, bool fresh, Exists exists, Events* events,
                               Diagnostics* diagnostics) {
  StoreLibrary library(*modules);
  std::set<std::string> asked, renewed;
  std::map<std::string, Value> session;  // look-ups that are never pinned
  surroundings.pinned = [&](const std::string& query) -> const Value* {
    asked.insert(query);
    if (auto found = session.find(query); found != session.end()) return &found->second;
    if (fresh && !renewed.contains(query) && !lock->is_given(query)) return nullptr;
    return lock->find(query);
  };
  for (int round = 0; round < 20; ++round) {
    Diagnostics problems;
    Graph graph = expand(spec->spec, library, *packages, surroundings, problems);
    if (problems.has_errors() || graph.wanted.empty()) {
      diagnostics->append(problems);
      Resolved out;
      out.graph = std::move(graph);
      out.queries.assign(asked.begin(), asked.end());
      co_return out;
    }
    size_t looked = 0;
    const size_t total = offline ? 0 : graph.wanted.size();
    const auto tell = [&](size_t done) {
      if (events != nullptr && total > 0) events->emit(StageProgress{"look_up", done, total});
    };
    for (const auto& wanted : graph.wanted) {
      tell(looked++);
      // Nothing can be in what is still to be made; and what has its name is somebody else's.
      if (wanted.type->optional && !all_exist(graph, wanted, exists)) {
        session[wanted.query] = wanted.unknown;
        continue;
      }
      // What is never pinned may be another at every look: without one it is not known.
      if (offline && !wanted.type->pin) {
        session[wanted.query] = wanted.unknown;
        continue;
      }
      if (offline) {
        auto& d = diagnostics->add(
            Code::LF0703, wanted.span,
            "look-up `" + wanted.address + "` has no pin in llmforge.lock and this run is offline");
        d.help.push_back(
            "run `llmforge plan` once with access to the cloud and commit llmforge.lock");
        continue;
      }
      ProviderInstance where;
      where.name = wanted.provider;
      Cloud* cloud = clouds(where);
      if (cloud == nullptr)
        co_return fail(ErrorCode::internal, "no provider `" + wanted.provider + "`");
      Task<Result<Value>> looking = cloud->look_up(wanted.type, wanted.inputs);
      Result<Value> found = co_await std::move(looking);
      if (!found) {
        if (found.error().code != ErrorCode::not_found &&
            found.error().code != ErrorCode::invalid) {
          co_return fail(found.error());
        }
        auto& d = diagnostics->add(Code::LF0702, wanted.span, found.error().message);
        d.help = found.error().help;
        if (d.help.empty())
          d.help.emplace_back("is it in this region and account? In names `*` stands for anything");
        session[wanted.query] = Value::error("\x01poisoned");
        continue;
      }
      renewed.insert(wanted.query);
      if (wanted.type->pin)
        lock->set(wanted.query, std::move(*found));
      else
        session[wanted.query] = std::move(*found);
    }
    tell(total);
    if (diagnostics->has_errors()) {
      Resolved out;
      out.graph = std::move(graph);
      co_return out;
    }
  }
  co_return fail(ErrorCode::internal, "look-ups lead to ever more look-ups");
}

}  // namespace lf
