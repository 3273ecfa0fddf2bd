// SPDX-License-Identifier: Apache-2.0
// `adopt --orphans [SPEC]`: everything that carries the stack's marks and is not in state.
// `adopt --file LIST [SPEC]`: what the lines `ADDRESS ID [TYPE]` of a file name. Both under one
// lock; what the spec does not have is written into it. The rest is adopt_bulk.cc.
#include "cli/adopt_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "cli/adopt_bulk.h"
#include "cli/find_orphans.h"

namespace lf {

namespace {

// "resources/jobs" -> {"resources", "jobs"}
std::vector<std::string> words_of(const std::string& mark) {
  std::vector<std::string> out;
  for (const auto& part : split(mark, '/')) {
    if (!part.empty()) out.emplace_back(part);
  }
  if (out.size() > 1 && out.front() == "resources") out.erase(out.begin());
  return out;
}

// Of several things that claim one place nobody but the user knows the right one.
void tell_rivals(std::vector<Thing>& things) {
  std::map<std::string, int> claims;
  for (const auto& thing : things) {
    if (!thing.address.empty()) ++claims[thing.address];
  }
  for (auto& thing : things) {
    if (thing.address.empty() || claims[thing.address] < 2 || !thing.why.empty()) continue;
    thing.why =
        fmt::format("{} things carry the mark of {}: `llmforge adopt ADDRESS ID` takes one in",
                    claims[thing.address], thing.address);
  }
}

// A resource that the spec has, but not in this environment or not now (`when: false`).
bool absent_now(Session& session, const std::vector<std::string>& words) {
  if (words.empty()) return false;
  const auto& all = session.spec().spec.root.resources;
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& decl) { return decl.key == words.front(); });
}

Task<int> gather_orphans(CommandContext* context, Session* session, BulkInput* input) {
  Result<bool> sound = session->check_offline();  // names that hold the account are known now
  if (!sound) co_return tell(*context, sound.error());
  if (!*sound) co_return tell_invalid(*context, *session);
  Task<OrphanSearch> finding = find_orphans(session);
  OrphanSearch found = co_await std::move(finding);
  for (auto& [type, error] : found.failed) {
    error.message = "could not look for " + type->name + ": " + error.message;
    error.help.emplace_back("nothing was changed");
    co_return tell(*context, error);
  }
  for (const auto& orphan : found.orphans) {
    Thing thing;
    thing.type_name = orphan.type->name;
    thing.id = orphan.marked.id;
    thing.provider = orphan.cloud->instance().name;
    thing.named = true;
    thing.address = orphan.address;
    const Record* there = thing.address.empty() ? nullptr : session->state().find(thing.address);
    if (there != nullptr) {
      thing.why = "the state has " + there->id + " at " + thing.address;
    } else if (thing.address.empty()) {
      thing.names = words_of(orphan.marked.address_mark);
      if (orphan.marked.address_mark.starts_with("resources/") && absent_now(*session, thing.names))
        thing.why = "the spec has `" + thing.names.front() +
                    "`, but not in this environment or not under this condition";
    }
    input->things.push_back(std::move(thing));
  }
  tell_rivals(input->things);
  co_return -1;
}

// --- LIST ---

struct Line {
  size_t number = 0;
  std::string address, id, type;
};

// An address may hold spaces inside quotes; ids and types hold none.
std::vector<std::string> columns_of(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ' ' || c == '\t' || c == '\r')) {
      if (!word.empty()) out.push_back(std::move(word));
      word.clear();
      continue;
    }
    if (c == '#' && word.empty()) return out;
    word += c;
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

// The types whose ids may look so, of the stack's providers.
std::vector<std::string> types_of_id(Session& session, const std::string& id) {
  std::set<std::string> out;
  for (Cloud* cloud : session.all_clouds()) {
    for (const auto& name : cloud->package().resource_names()) {
      const ResourceType* type = cloud->package().resource(name);
      if (type != nullptr && !type->id_prefix.empty() && id.starts_with(type->id_prefix))
        out.insert(name);
    }
  }
  return {out.begin(), out.end()};
}

// The key of an address `resources["KEY"]` or `resources.KEY`; "" of any other.
std::string plain_key(const std::string& address) {
  constexpr std::string_view kBegin = "resources[\"", kEnd = "\"]", kDot = "resources.";
  std::string key;
  if (address.starts_with(kBegin) && address.ends_with(kEnd) &&
      address.size() > kBegin.size() + kEnd.size())
    key = address.substr(kBegin.size(), address.size() - kBegin.size() - kEnd.size());
  else if (address.starts_with(kDot))
    key = address.substr(kDot.size());
  return key.find_first_of("\"[].\\") == std::string::npos ? key : "";
}

class ListReader {
 public:
  ListReader(Session& session, BulkInput& input) : session_(session), input_(input) {}

  // What is wrong with the lines; empty: all are things now.
  std::vector<std::string> run(const std::string& text) {
    size_t number = 0;
    for (const auto& raw : split(text, '\n')) {
      ++number;
      const auto columns = columns_of(raw);
      if (columns.empty()) continue;
      if (columns.size() < 2 || columns.size() > 3) {
        wrong(number, "wants ADDRESS ID, or ADDRESS ID TYPE");
        continue;
      }
      Line line{number, columns[0], columns[1], columns.size() > 2 ? columns[2] : ""};
      add(std::move(line));
    }
    return std::move(wrong_);
  }

 private:
  void wrong(size_t number, const std::string& what) {
    wrong_.push_back(fmt::format("line {}: {}", number, what));
  }

  void add(Line line) {
    const Graph& graph = session_.offline_graph();
    const std::string key = plain_key(line.address);
    if (!key.empty()) line.address = "resources[\"" + key + "\"]";
    const GraphId at = graph.find(line.address);
    Thing thing;
    thing.id = line.id;
    thing.named = true;
    thing.address = line.address;
    if (const auto first = seen_.find(line.address); first != seen_.end())
      return wrong(line.number,
                   fmt::format("`{}` is in line {} already", line.address, first->second));
    if (const auto first = ids_.find(line.id); first != ids_.end())
      return wrong(line.number, fmt::format("`{}` is in line {} already", line.id, first->second));
    if (at != kNoGraphId && graph.nodes[at].facet.empty()) {
      thing.type_name = graph.nodes[at].type->name;
      thing.provider = graph.nodes[at].provider;
      if (!line.type.empty() && line.type != thing.type_name)
        return wrong(line.number, fmt::format("`{}` is of type {}, not {}", line.address,
                                              thing.type_name, line.type));
    } else if (!new_entry(line, key, thing)) {
      return;
    }
    if (const Record* there = session_.state().find(line.address);
        there != nullptr && there->id != line.id)
      return wrong(line.number,
                   fmt::format("`{}` has a resource already: {}", line.address, there->id));
    for (const Record* record : session_.state().records()) {
      if (record->id == line.id && record->type == thing.type_name &&
          record->address != line.address)
        return wrong(line.number,
                     fmt::format("`{}` is known as `{}` already", line.id, record->address));
    }
    seen_.emplace(line.address, line.number);
    ids_.emplace(line.id, line.number);
    input_.things.push_back(std::move(thing));
  }

  // The spec does not have it: it will be written, if it is clear as what.
  bool new_entry(const Line& line, const std::string& key, Thing& thing) {
    if (key.empty()) {
      std::vector<std::string> all;
      for (const auto& node : session_.offline_graph().nodes) {
        if (node.facet.empty()) all.push_back(node.address);
      }
      const std::string near = nearest_address(line.address, all);
      wrong(line.number,
            fmt::format("the spec has no `{}`{}; what is new is called resources.KEY", line.address,
                        near.empty() ? "" : ", did you mean `" + near + "`?"));
      return false;
    }
    if (absent_now(session_, {key})) {
      wrong(line.number, fmt::format("the spec has `{}`, but not in this environment or not under "
                                     "this condition",
                                     key));
      return false;
    }
    thing.type_name = line.type;
    if (line.type.empty()) {
      const auto types = types_of_id(session_, line.id);
      if (types.size() != 1) {
        wrong(line.number, types.empty()
                               ? fmt::format("the id `{}` does not say its type: add it as a third "
                                             "column",
                                             line.id)
                               : fmt::format("`{}` may be of {}: add the type as a third column",
                                             line.id, join(types, " or ")));
        return false;
      }
      thing.type_name = types.front();
      return true;
    }
    return known_type(line);
  }

  bool known_type(const Line& line) {
    std::vector<std::string> all;
    for (Cloud* cloud : session_.all_clouds()) {
      if (cloud->package().resource(line.type) != nullptr) return true;
      const auto names = cloud->package().resource_names();
      all.insert(all.end(), names.begin(), names.end());
    }
    const std::string near = nearest(line.type, all);
    wrong(line.number, fmt::format("there is no resource type `{}`{}", line.type,
                                   near.empty() ? "" : ", did you mean `" + near + "`?"));
    return false;
  }

  Session& session_;
  BulkInput& input_;
  std::vector<std::string> wrong_;
  std::map<std::string, size_t> seen_, ids_;
};

Task<int> gather_list(CommandContext* context, Session* session, BulkInput* input) {
  const Result<bool> sound = session->check_offline();
  if (!sound) co_return tell(*context, sound.error());
  if (!*sound) co_return tell_invalid(*context, *session);
  const auto text = context->world.files.read(context->options.adopt_file);
  if (!text) co_return tell(*context, text.error());
  ListReader reader(*session, *input);
  const std::vector<std::string> wrong = reader.run(*text);
  if (wrong.empty()) co_return -1;
  Error error(ErrorCode::invalid, "`" + context->options.adopt_file + "` cannot be followed");
  error.help = wrong;
  error.help.emplace_back("nothing was changed");
  tell(*context, error);
  co_return kUsage;
}

}  // namespace

int run_adopt_list(CommandContext& context) {
  Options options = context.options;
  const bool orphans = options.adopt_orphans;
  if (options.arguments.size() > 1 || (!options.arguments.empty() && !options.spec.empty())) {
    print_error(orphans ? "error: adopt --orphans wants at most one SPEC\n"
                        : "error: adopt --file wants LIST and at most one SPEC\n");
    return kUsage;
  }
  if (!options.arguments.empty()) options.spec = options.arguments.front();
  BulkInput input;
  input.spec_wins = true;
  if (!orphans) input.source = options.adopt_file.substr(options.adopt_file.rfind('/') + 1);
  const auto spec = find_target(context.world.files, options.spec, input);
  if (!spec) {
    tell(context, spec.error());
    return kUsage;
  }
  if (input.fresh) {
    Error error(ErrorCode::invalid, "there is no spec `" + *spec + "`");
    error.help.emplace_back("write it with `stack`, `provider` and `region` first");
    tell(context, error);
    return kUsage;
  }
  options.spec = *spec;
  return adopt_into(context, options, input, orphans ? gather_orphans : gather_list);
}

}  // namespace lf
