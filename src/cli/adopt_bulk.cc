// SPDX-License-Identifier: Apache-2.0
#include "cli/adopt_bulk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/replace_file.h"
#include "base/strings.h"
#include "cli/adopt_trial.h"
#include "engine/bounded.h"
#include "engine/operate.h"

namespace lf {

namespace {

std::string last_word(const std::string& type) {
  return type.substr(type.rfind('.') + 1);
}

// Letters, digits and `_`, so that it may stand behind a dot.
std::string key_of(const Thing& thing) {
  std::string out;
  for (const char c : join(thing.names, "_")) {
    const bool good = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (good || (!out.empty() && out.back() != '_')) out += good ? c : '_';
  }
  while (out.ends_with('_')) out.pop_back();
  return out.empty() ? last_word(thing.type_name) : out;
}

std::string address_of(const std::string& key) {
  return "resources[" + json_quote(key) + "]";
}

// The inverse; "" of an address of another form.
std::string own_key(const std::string& address) {
  constexpr std::string_view kBegin = "resources[\"", kEnd = "\"]";
  if (!address.starts_with(kBegin) || !address.ends_with(kEnd)) return "";
  const std::string key =
      address.substr(kBegin.size(), address.size() - kBegin.size() - kEnd.size());
  return address_of(key) == address ? key : "";
}

class Bulk {
 public:
  Bulk(CommandContext& context, Session& session, World& world, BulkInput& input)
      : context_(context),
        session_(session),
        files_(world.files),
        input_(input),
        trial_(context, session, world, input) {}

  Task<int> run() {
    if (const auto error = place()) co_return tell(context_, *error);
    find_known();
    Task<Result<void>> reading = read_all();
    Result<void> read = co_await std::move(reading);
    if (!read) co_return tell(context_, read.error());
    choose_keys();
    if (active() > 0) {
      Task<int> trying = trial_.run();
      const int tried = co_await std::move(trying);
      if (tried >= 0) co_return tried;
    }
    if (context_.options.dry_run) {
      report(0);
      co_return kDone;
    }
    Task<int> committing = commit();
    const int code = co_await std::move(committing);
    co_return code;
  }

 private:
  size_t active() const {
    return static_cast<size_t>(std::count_if(input_.things.begin(), input_.things.end(),
                                             [](const Thing& t) { return t.why.empty(); }));
  }

  // Which cloud each thing is in; refused where the source is about another account or region.
  std::optional<Error> place() {
    std::optional<std::string> other_account;
    size_t elsewhere = 0;
    for (auto& thing : input_.things) {
      if (!thing.why.empty()) continue;
      for (const auto& decl : session_.spec().spec.providers) {
        if (!thing.provider.empty() && decl.name != thing.provider) continue;
        Cloud* cloud = session_.cloud(decl.name);
        const ResourceType* type =
            cloud == nullptr ? nullptr : cloud->package().resource(thing.type_name);
        if (type == nullptr) continue;
        const bool right = thing.region.empty() || cloud->instance().region == thing.region;
        if (thing.cloud != nullptr && !right) continue;
        thing.cloud = cloud;
        thing.type = type;
        thing.why = right ? ""
                          : "it is in region " + thing.region + ", and the spec's is " +
                                cloud->instance().region;
        thing.written.provider =
            decl.name == session_.spec().spec.providers.front().name ? "" : decl.name;
        if (right) break;
      }
      if (thing.cloud == nullptr) {
        thing.why = "the spec has no provider for " + thing.type_name;
        continue;
      }
      elsewhere += thing.why.empty() ? 0 : 1;
      const std::string& live = thing.cloud->instance().account;
      if (!thing.account.empty() && thing.account != live) other_account = thing.account;
    }
    const ProviderInstance& here =
        session_.cloud(session_.spec().spec.providers.front().name)->instance();
    if (other_account) return elsewhere_error("account", *other_account, here.account);
    if (elsewhere > 0 && elsewhere == input_.things.size())
      return elsewhere_error("region", input_.things.front().region, here.region);
    return std::nullopt;
  }

  Error elsewhere_error(const char* what, const std::string& theirs, const std::string& ours) {
    Error error(ErrorCode::refused,
                fmt::format("`{}` is of {} {}, but {} {}", input_.source, what, theirs,
                            std::string_view(what) == "region" ? "the spec says"
                                                               : "these credentials are of account",
                            ours));
    error.help.emplace_back("nothing was changed");
    return error;
  }

  // What the state has already needs no adoption; what the spec has under its name is not written.
  void find_known() {
    std::map<std::pair<std::string, std::string>, const Record*> known;
    for (const Record* record : session_.state().records()) {
      if (record->generation == 0) known.emplace(std::pair(record->type, record->id), record);
    }
    std::vector<Thing> kept;
    for (auto& thing : input_.things) {
      const auto found = known.find({thing.type_name, thing.id});
      if (found == known.end() || !thing.why.empty()) {
        kept.push_back(std::move(thing));
        continue;
      }
      const Record& record = *found->second;
      thing.address = record.address;
      thing.written.key = own_key(record.address);
      const bool in_spec = session_.offline_graph().find(record.address) != kNoGraphId;
      // Not finished, or the spec lost it: once more.
      if (in_spec ? record.status != RecordStatus::ready : !thing.written.key.empty())
        kept.push_back(std::move(thing));
      else
        known_.push_back(std::move(thing));
    }
    input_.things = std::move(kept);
  }

  Task<void> read_thing(Thing* thing, std::optional<Error>* failed) {
    Record record;
    record.id = thing->id;
    record.type = thing->type->name;
    record.provider = thing->cloud->instance();
    record.address = thing->from;
    // What the state has already may carry the stack's marks; anything else is somebody's.
    if (thing->address.empty() && !thing->named)
      record.private_.set("stack_mark", Value(kUnmarked));
    if (!thing->id.starts_with(thing->type->id_prefix)) {
      thing->why = fmt::format("`{}` is no id of {}", thing->id, thing->type->name);
      co_return;
    }
    Task<Result<Observation>> reading = read_one(thing->cloud, thing->type, std::move(record));
    Result<Observation> seen = co_await std::move(reading);
    if (!seen) {
      if (seen.error().code == ErrorCode::not_found) {
        thing->why = "`" + thing->id + "` does not exist any more";
      } else if (!*failed) {
        *failed = seen.error();
      }
      co_return;
    }
    if (seen->presence != Observation::Presence::present) {
      thing->why = "`" + thing->id + "` does not exist any more";
      co_return;
    }
    if (!seen->marks_ok) {
      thing->why =
          "it carries the marks of a stack of llmforge: `adopt ADDRESS ID` takes it in all the "
          "same";
      co_return;
    }
    thing->seen = std::move(*seen);
    WrittenResource& written = thing->written;
    const AdoptionFacts* facts = thing->cloud->package().adoption();
    if (facts != nullptr) {
      const auto found = facts->specs.find(thing->type->name);
      if (found != facts->specs.end()) written.facts = &found->second;
    }
    written.type = thing->type;
    written.id = thing->id;
    written.names = thing->cloud->names();
    written.seen = thing->seen.properties;
    hide_secrets(*thing);
  }

  static bool holds(const Value& value, const std::vector<std::string>& secrets) {
    const std::string text = to_json(value);
    return std::any_of(secrets.begin(), secrets.end(), [&](const std::string& secret) {
      const std::string quoted = json_quote(secret);
      return secret.size() >= 4 &&
             text.find(quoted.substr(1, quoted.size() - 2)) != std::string::npos;
    });
  }

  void hide_secrets(Thing& thing) {
    if (thing.secrets.empty()) return;
    for (const auto& property : thing.type->properties) {
      const Value* value = thing.written.seen.find(property.name);
      if (value == nullptr || property.computed || !holds(*value, thing.secrets)) continue;
      if (property.required) {
        thing.why = fmt::format("its `{}` is marked sensitive there, and a spec holds no secrets",
                                property.name);
        return;
      }
      thing.written.hidden[property.name] = "marked sensitive in " + input_.source;
      input_.notes.push_back(fmt::format("{}: `{}` is marked sensitive there and was not written",
                                         thing.from, property.name));
    }
  }

  Task<Result<void>> read_all() {
    std::optional<Error> failed;
    std::vector<Thing*> things;
    for (auto& thing : input_.things) {
      if (thing.why.empty()) things.push_back(&thing);
    }
    const Job job = [this, &things, &failed](size_t i) { return read_thing(things[i], &failed); };
    Task<void> reading = all_bounded(things.size(), job);
    co_await std::move(reading);
    if (failed) co_return fail(*failed);
    co_return Result<void>();
  }

  void choose_keys() {
    std::map<std::string, int> wanted;
    for (const auto& thing : input_.things) {
      if (thing.why.empty() && thing.address.empty()) ++wanted[key_of(thing)];
    }
    const Graph& graph = session_.offline_graph();
    std::set<std::string> taken;
    for (auto& thing : input_.things) {
      if (!thing.why.empty()) continue;
      if (!thing.address.empty()) {
        thing.in_spec = graph.find(thing.address) != kNoGraphId;
        thing.written.key = own_key(thing.address);
        taken.insert(thing.written.key);
        continue;
      }
      const std::string plain = key_of(thing);
      const std::string longer = plain + "_" + last_word(thing.type_name);
      for (int n = wanted[plain] > 1 ? 1 : 0;; ++n) {
        const std::string key = n == 0 ? plain : n == 1 ? longer : longer + "_" + std::to_string(n);
        const std::string address = address_of(key);
        if (taken.contains(key) || session_.state().find(address) != nullptr) continue;
        const GraphId at = graph.find(address);
        if (at == kNoGraphId && !in_text(key)) {
          thing.in_spec = false;
        } else if (at != kNoGraphId && !thing.named &&
                   graph.nodes[at].type->name == thing.type_name &&
                   (graph.nodes[at].adopt.empty() || graph.nodes[at].adopt == thing.id)) {
          thing.in_spec = true;
        } else {
          continue;
        }
        taken.insert(key);
        thing.written.key = key;
        thing.address = address;
        break;
      }
    }
    for (auto& thing : input_.things) {
      if (thing.why.empty() && !input_.source.empty()) thing.written.comments = comments_of(thing);
    }
  }

  // A resource that the spec has but not in this environment, or not now (`when: false`).
  bool in_text(const std::string& key) const {
    for (const auto& decl : session_.spec().spec.root.resources) {
      if (decl.key == key) return true;
    }
    return false;
  }

  std::vector<std::string> comments_of(const Thing& thing) const {
    std::vector<std::string> out;
    if (!thing.from.empty())
      out.push_back(fmt::format("{} in {}: {}", thing.from, input_.source, thing.id));
    std::string line;
    for (const auto& part : thing.parts) {
      if (!line.empty() && line.size() + part.size() > 90) {
        out.push_back(line + ",");
        line.clear();
      }
      line += (line.empty() ? out.size() <= 1 ? "with " : "  " : ", ") + part;
    }
    if (!line.empty()) out.push_back(line);
    return out;
  }

  // --- taking in ---

  Subject subject_of(const Thing& thing) {
    const Graph& graph = trial_.graph();
    const GraphNode& node = graph.nodes[graph.find(thing.address)];
    Subject subject = adoption_subject(session_, graph, node);
    subject.cloud = thing.cloud;
    subject.desired = thing.desired;
    return subject;
  }

  Task<void> adopt_one(Thing* thing, Operator* work, std::optional<Error>* failed) {
    const bool stop = session_.engine().stopping && session_.engine().stopping();
    if (*failed || stop) co_return;
    Subject subject = subject_of(*thing);
    Task<Result<Subject>> adopting = work->adopt(std::move(subject), thing->id);
    Result<Subject> adopted = co_await std::move(adopting);
    if (adopted) {
      ++adopted_;
      done_.insert(thing);
      trial_.observations()[{thing->address, 0}] = adopted->observed;
    } else if (!*failed) {
      *failed = adopted.error();
      (*failed)->message = thing->address + ": " + (*failed)->message;
    }
  }

  Task<int> commit() {
    const bool writes = std::any_of(input_.things.begin(), input_.things.end(),
                                    [](const auto& t) { return t.why.empty() && !t.in_spec; });
    if (writes) {
      if (const auto made = ensure_folder(files_, folder_of(input_.path)); !made)
        co_return tell(context_, made.error());
      if (const auto put = replace_file(files_, input_.path, trial_.text(true), 0644); !put)
        co_return tell(context_, put.error());
    }
    std::optional<Error> failed;
    if (active() > 0) {
      Task<Result<void>> beginning = session_.store()->append(Entry(session_.run_begin()));
      Result<void> begun = co_await std::move(beginning);
      if (!begun) co_return tell(context_, begun.error());
      Operator work(session_.engine(), *session_.store(), session_.digest());
      std::vector<Thing*> things;
      for (auto& thing : input_.things) {
        if (thing.why.empty()) things.push_back(&thing);
      }
      const Job job = [this, &things, &work, &failed](size_t i) {
        return adopt_one(things[i], &work, &failed);
      };
      Task<void> adopting = all_bounded(things.size(), job, 32);
      co_await std::move(adopting);
      RunEnd end;
      end.time = session_.world().clock.now();
      Task<Result<void>> ending = session_.store()->append(Entry(end));
      Result<void> ended = co_await std::move(ending);
      if (ended) {
        Task<Result<void>> compacting = session_.store()->compact();
        ended = co_await std::move(compacting);
      }
      if (!ended) co_return tell(context_, ended.error());
    }
    if (const int code = clean_spec(); code >= 0) co_return code;
    report(adopted_);
    if (failed) {
      failed->help.emplace_back("what was taken in is recorded; run the same command again");
      tell(context_, *failed);
      co_return adopted_ > 0 ? kPartly : exit_code_of(*failed);
    }
    const bool stop = session_.engine().stopping && session_.engine().stopping();
    co_return adopted_ < active() && stop ? context_.stopped_code() : kDone;
  }

  // Takes the `adopt:` words of what the state knows out of the spec.
  int clean_spec() {
    const auto there = files_.stat(input_.path);
    if (!there || !there->exists) return -1;
    const auto text = files_.read(input_.path);
    if (!text) return tell(context_, text.error());
    const std::string clean =
        without_adopt(*text, [this](const std::string& key, const std::string& id) {
          const Record* record = session_.state().find(address_of(key));
          return record != nullptr && record->id == id;
        });
    if (clean == *text) return -1;
    const auto put = replace_file(files_, input_.path, clean, 0644);
    return put ? -1 : tell(context_, put.error());
  }

  // --- telling ---

  void report(size_t adopted) {
    for (const auto& thing : input_.things) {
      if (!thing.why.empty() || thing.will_change.empty()) continue;
      const std::vector<std::string> names(thing.will_change.begin(), thing.will_change.end());
      input_.notes.push_back(
          fmt::format("{}: the spec wants its {} otherwise: the next apply changes that",
                      thing.address, join(names, ", ")));
    }
    std::vector<std::vector<std::string>> rows;
    List json, left, known;
    for (const auto& thing : input_.things) {
      if (!thing.why.empty()) {
        input_.skipped.emplace_back(thing.from.empty() ? thing.id : thing.from, thing.why);
        for (const auto& part : thing.parts)
          input_.skipped.emplace_back(part, "it is part of " + thing.from);
        continue;
      }
      if (!context_.options.dry_run && !done_.contains(&thing)) continue;
      rows.push_back({thing.address, thing.id, thing.from});
      List parts;
      for (const auto& part : thing.parts) parts.emplace_back(part);
      json.emplace_back(Map{{"from", Value(thing.from)},
                            {"address", Value(thing.address)},
                            {"type", Value(thing.type_name)},
                            {"id", Value(thing.id)},
                            {"parts", Value(std::move(parts))}});
    }
    for (const auto& thing : known_)
      known.emplace_back(Map{
          {"from", Value(thing.from)}, {"address", Value(thing.address)}, {"id", Value(thing.id)}});
    for (const auto& [what, why] : input_.skipped)
      left.emplace_back(Map{{"from", Value(what)}, {"reason", Value(why)}});
    const bool dry = context_.options.dry_run;
    if (context_.options.json) {
      List notes;
      for (const auto& note : input_.notes) notes.emplace_back(note);
      Map out;
      out.set("dry_run", Value(dry));
      out.set("spec", Value(input_.path));
      out.set(dry ? "would_adopt" : "adopted", Value(std::move(json)));
      out.set("known", Value(std::move(known)));
      out.set("left", Value(std::move(left)));
      out.set("notes", Value(std::move(notes)));
      if (dry && active() > 0) out.set("text", Value(trial_.text(false)));
      print(to_json(Value(std::move(out))) + "\n");
      return;
    }
    tell_text(rows, dry ? rows.size() : adopted);
  }

  void tell_text(const std::vector<std::vector<std::string>>& rows, size_t count) {
    const bool dry = context_.options.dry_run;
    const std::string source = printable(input_.source), path = printable(input_.path);
    const bool writes = std::any_of(input_.things.begin(), input_.things.end(),
                                    [](const auto& t) { return t.why.empty() && !t.in_spec; });
    if (source.empty()) {
      print(count == 0 && rows.empty()
                ? "no orphans to take in\n"
                : fmt::format("{} {}{}\n", dry ? "would adopt" : "adopted",
                              count == 1 ? "1 orphan" : fmt::format("{} orphans", count),
                              writes ? " and write them into " + path : ""));
    } else if (count == 0 && !known_.empty()) {
      print(fmt::format(
          "nothing to do: the state has {} of {} already\n",
          known_.size() == 1 ? "the one thing" : fmt::format("all {} things", known_.size()),
          source));
    } else {
      print(fmt::format("{} {} of {} into {}\n", dry ? "would adopt" : "adopted",
                        count == 1 ? "1 thing" : fmt::format("{} things", count), source, path));
    }
    print(table(rows));
    if (dry && context_.options.verbose && active() > 0) print(path + ":\n" + trial_.text(false));
    if (!input_.skipped.empty()) {
      print_error("left as they are:\n");
      std::vector<std::vector<std::string>> left;
      for (const auto& [what, why] : input_.skipped) left.push_back({"  " + what, why});
      print_error(table(left));
    }
    for (const auto& note : input_.notes) print_error("note: " + printable(note) + "\n");
    if (dry) print_error("nothing was changed (--dry-run)\n");
  }

  CommandContext& context_;
  Session& session_;
  FileSystem& files_;
  BulkInput& input_;
  Trial trial_;
  std::vector<Thing> known_;
  std::set<const Thing*> done_;
  size_t adopted_ = 0;
};

}  // namespace

Task<int> adopt_bulk(CommandContext* context, Session* session, World* world, BulkInput* input) {
  Bulk bulk(*context, *session, *world, *input);
  Task<int> running = bulk.run();
  const int code = co_await std::move(running);
  co_return code;
}

}  // namespace lf
