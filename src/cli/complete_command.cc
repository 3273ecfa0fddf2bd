// SPDX-License-Identifier: Apache-2.0
// `completion SHELL`, and what the scripts call: `__complete SHELL WORD…`. Silent: whatever goes
// wrong while one types (a spec that does not read, a state that is locked) means fewer candidates.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "cli/command_tools.h"
#include "cli/completion.h"
#include "lang/functions.h"
#include "state/snapshot.h"

namespace lf {

namespace {

using Candidates = std::vector<std::pair<std::string, std::string>>;

// Values that only a shell knows how to complete.
const char* directive_of(const std::string& value) {
  static const std::map<std::string, const char*> kDirectives = {
      {"FILE", ":files"}, {"PATH", ":files"}, {"FOLDER", ":folders"}, {"SPEC", ":specs"}};
  const auto found = kDirectives.find(value);
  return found == kDirectives.end() ? "" : found->second;
}

bool wants_spec(const std::string& value) {
  for (const char* name :
       {"ENV", "NAME=VALUE", "ADDRESS", "GLOB", "RECORD", "OUTPUT", "INSTANCE", "SERIAL"})
    if (value == name) return true;
  return false;
}

class Completer {
 public:
  Completer(CommandContext& context, const Said& said) : context_(context), said_(said) {
    options_.spec = said.spec;
    options_.environment = said.environment;
    options_.state = said.state;
    options_.sandbox = said.sandbox;
    options_.variables = said.variables;
    options_.variable_files = said.variable_files;
    options_.provider_dirs = said.provider_dirs;
    options_.offline = true;
  }

  Candidates of(const std::string& value) {
    if (value == "WHAT") return explained();
    if (value == "BLOCK") return blocks();
    if (value == "PROVIDER") return providers();
    if (value == "EXAMPLE") return examples();
    if (value == "SHELL") return {{"bash", ""}, {"zsh", ""}, {"fish", ""}};
    if (!wants_spec(value)) return {};
    Session session(context_.world, options_, nullptr);
    const Result<bool> loaded = session.load_spec();
    if (!loaded) return {};
    if (value == "ENV") return environments(session);
    if (value == "SERIAL") {
      Candidates kept;
      Task<bool> task = serials(&session, &kept);
      context_.loop.run(std::move(task));
      return kept;
    }
    if (value == "NAME=VALUE") return variables(session);
    if (!*loaded) return {};
    Candidates out;
    Task<bool> task = read(&session, value, &out);
    context_.loop.run(std::move(task));
    return out;
  }

 private:
  static Candidates environments(Session& session) {
    Candidates out;
    for (const auto& name : session.spec().spec.environments) out.emplace_back(name, "");
    return out;
  }

  // Of `state restore`: the newest first.
  static Task<bool> serials(Session* session, Candidates* out) {
    const std::unique_ptr<Backend> backend = session->backend();
    Task<Result<std::vector<uint64_t>>> listing = backend->history();
    const Result<std::vector<uint64_t>> kept = co_await std::move(listing);
    if (!kept) co_return false;
    for (auto at = kept->rbegin(); at != kept->rend(); ++at) {
      Task<Result<std::string>> copying = backend->history_text(*at);
      const Result<std::string> text = co_await std::move(copying);
      const Result<Snapshot> then =
          text ? read_snapshot(*text, "") : Result<Snapshot>(std::unexpected(text.error()));
      out->emplace_back(
          std::to_string(*at),
          then ? fmt::format("{}, {} resources", format_timestamp({then->written_at.seconds, 0}),
                             then->state.size())
               : "");
    }
    co_return true;
  }

  static Candidates variables(Session& session) {
    Candidates out;
    for (const auto& input : session.spec().spec.root.inputs)
      out.emplace_back(input.name + "=", input.doc);
    return out;
  }

  // Records that the state has, and what the spec makes: each once, in the spec's order first.
  static Task<bool> read(Session* session, std::string value, Candidates* out) {
    if (value == "OUTPUT") {
      for (const auto& output : session->spec().spec.root.outputs)
        out->emplace_back(output.name, output.doc);
    }
    if (value == "ADDRESS" || value == "GLOB") {
      const Result<bool> checked = session->check_offline();
      if (checked) {
        for (const GraphNode& node : session->offline_graph().nodes) {
          if (node.facet.empty() && node.type != nullptr)
            out->emplace_back(node.address, node.type->name);
        }
      }
    }
    Task<Result<void>> reading = session->read_state();
    Result<void> done = co_await std::move(reading);
    if (!done) co_return false;
    auto add = [out](const std::string& word, const std::string& doc) {
      const bool known =
          std::any_of(out->begin(), out->end(), [&](const auto& one) { return one.first == word; });
      if (!known) out->emplace_back(word, doc);
    };
    if (value == "OUTPUT") {
      for (const auto& output : session->state().outputs) add(output.name, "");
      co_return true;
    }
    for (const Record* record : session->state().records()) add(record->address, record->type);
    co_return true;
  }

  Candidates blocks() {
    const auto overlay = read_overlay(context_.world.files, options_.provider_dirs);
    if (!overlay) return {};
    Sources sources;
    Diagnostics ignored;
    Packages packages(sources, ignored, *overlay);
    ModuleStore modules(context_.world.files, sources, packages, ignored);
    Candidates out;
    for (const auto& name : modules.block_names()) out.emplace_back(name, "block");
    return out;
  }

  Candidates providers() {
    const auto overlay = read_overlay(context_.world.files, options_.provider_dirs);
    if (!overlay) return {};
    Sources sources;
    Diagnostics ignored;
    Packages packages(sources, ignored, *overlay);
    Candidates out;
    for (const auto& name : packages.names()) out.emplace_back(name, "");
    return out;
  }

  // Names only: what they mean would have to be read first.
  Candidates explained() {
    Candidates out = blocks();
    const auto overlay = read_overlay(context_.world.files, options_.provider_dirs);
    if (!overlay) return out;
    Sources sources;
    Diagnostics ignored;
    Packages packages(sources, ignored, *overlay);
    for (const auto& name : packages.names()) {
      Package* package = packages.find(name);
      if (package == nullptr) continue;
      for (const auto& type : package->resource_names()) out.emplace_back(type, "resource type");
      for (const auto& data : package->data_names()) out.emplace_back(data, "look-up");
    }
    for (const std::string& name : cel::function_names())
      out.emplace_back(name, std::string(cel::function_doc(name)));
    for (const CodeInfo& code : all_codes())
      out.emplace_back(std::string(code.name), std::string(code.title));
    return out;
  }

  static Candidates examples() {
    constexpr std::string_view kFolder = "examples/";
    Candidates out;
    for (const auto& path : embedded_packages().list(kFolder)) {
      const std::string name = path.substr(kFolder.size());
      if (name.ends_with(".yaml")) out.emplace_back(name.substr(0, name.size() - 5), "");
    }
    return out;
  }

  CommandContext& context_;
  const Said& said_;
  Options options_;
};

std::string one_line(std::string_view text) {
  std::string out = printable(text);
  std::replace(out.begin(), out.end(), '\t', ' ');
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

// A key with a line break in it would be two candidates: it is left out.
bool one_word(const std::string& word) {
  return word.find_first_of("\n\t\r") == std::string::npos;
}

}  // namespace

int run_completion(CommandContext& context) {
  print(std::string(completion_script(context.options.arguments.front())));
  return kDone;
}

int run_complete(CommandContext& context) {
  const std::vector<std::string>& given = context.options.arguments;
  if (given.empty()) return kUsage;
  const bool bash = given[0] == "bash";
  std::vector<std::string> words(given.begin() + 1, given.end());
  ShellLine line;
  std::string kept;  // what bash leaves in place of the word under the cursor
  if (bash) {
    if (given.size() != 3) return kUsage;
    line = split_shell_line(given[1]);
    words = {line.words.begin() + 1, line.words.end()};
    if (line.raw.ends_with(given[2])) kept = line.raw.substr(0, line.raw.size() - given[2].size());
  }
  const CommandInfo commands = describe_commands();
  Said said;
  const Wanted wanted = what_is_wanted(commands, words, &said);
  Candidates found = wanted.choices;
  const std::vector<std::string> kinds = [&] {
    std::vector<std::string> out;
    for (const auto& kind : split(wanted.value, '|')) out.emplace_back(kind);
    return out;
  }();
  Completer completer(context, said);
  std::string directive;
  for (const auto& kind : kinds) {
    for (auto& one : completer.of(kind)) found.push_back(std::move(one));
    if (directive.empty()) directive = directive_of(kind);
  }
  bool open = false;  // something follows at once, as the value of NAME=
  for (const auto& [word, doc] : found) {
    if (!word.starts_with(wanted.typed) || !one_word(word)) continue;
    open = open || word.ends_with('=');
    std::string whole = wanted.prefix + word;
    if (bash) {
      whole = quoted_for_shell(whole, line.open_quote);
      // Behind an open quote bash knows only what is in it.
      std::string before = kept;
      if (line.open_quote != '\0' && !before.empty() && before.back() == line.open_quote)
        before.pop_back();
      if (whole.starts_with(before)) whole = whole.substr(before.size());
      print(whole + "\n");
    } else {
      print(whole + "\t" + one_line(doc) + "\n");
    }
  }
  if (open || !directive.empty())
    print((directive.empty() ? ":" : directive) + (open ? " nospace" : "") + "\n");
  return kDone;
}

}  // namespace lf
