// SPDX-License-Identifier: Apache-2.0
// `expand`: the resources that a spec stands for, as YAML, without a request: what only a cloud or
// an apply can tell is shown as such. `--diff ENV`: what another environment changes.
#include <fmt/format.h>

#include <map>

#include "base/json.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "cli/yaml_text.h"
#include "plan/text_diff.h"

namespace lf {

namespace {

struct Expanded {
  std::vector<std::pair<std::string, Value>> nodes;  // address, description; in the spec's order
};

std::optional<Expanded> expand_all(Session& session) {
  const Graph& graph = session.offline_graph();
  Expanded out;
  for (GraphId id = 0; id < graph.nodes.size(); ++id) {
    const GraphNode& node = graph.nodes[id];
    if (!node.facet.empty()) continue;
    Map one;
    one.set("type", Value(node.type->name));
    if (!session.spec().spec.providers.empty() &&
        node.provider != session.spec().spec.providers.front().name)
      one.set("provider", Value(node.provider));
    Map properties = graph.desired(id, graph.spec_only(), session.diagnostics());
    for (const GraphId late : node.late) {
      for (const auto& [name, value] :
           graph.desired(late, graph.spec_only(), session.diagnostics()))
        properties.set(name, value);
    }
    one.set("properties", Value(std::move(properties)));
    List dependencies;
    for (const GraphId on : node.dependencies) {
      if (graph.nodes[on].facet.empty()) dependencies.emplace_back(graph.nodes[on].address);
    }
    if (!dependencies.empty()) one.set("depends_on", Value(std::move(dependencies)));
    if (!node.run.empty()) one.set("run", Value(node.run));
    if (!node.adopt.empty()) one.set("adopt", Value(node.adopt));
    if (node.protect) one.set("protect", Value(true));
    if (node.retain) one.set("retain", Value(true));
    if (node.shared) one.set("shared", Value(true));
    List alternatives = graph.alternatives(id, graph.spec_only());
    if (!alternatives.empty()) one.set("alternatives", Value(std::move(alternatives)));
    out.nodes.emplace_back(node.address, Value(std::move(one)));
  }
  if (session.diagnostics().has_errors()) return std::nullopt;
  return out;
}

// Secrets and unknowns as words, for JSON.
Value shown(const Value& value) {
  if (value.is_unknown())
    return Value(Map{{"known_after_apply", [&] {
                        List origins;
                        for (const auto& o : value.as_unknown().origins) origins.emplace_back(o);
                        return Value(std::move(origins));
                      }()}});
  if (value.is_list()) {
    List out;
    for (const auto& element : value.as_list()) out.push_back(shown(element));
    return Value(std::move(out));
  }
  if (value.is_map()) {
    Map out;
    for (const auto& [key, element] : value.as_map()) out.set(key, shown(element));
    return Value(std::move(out));
  }
  if (value.is_object()) {
    const auto identity = value.as_object()->identity();
    return identity && !identity->is_object() ? shown(*identity) : Value();
  }
  return value;
}

std::string text_of(const Expanded& expanded, bool json) {
  Map all;
  for (const auto& [address, one] : expanded.nodes) all.set(address, json ? shown(one) : one);
  return json          ? to_json(Value(std::move(all))) + "\n"
         : all.empty() ? ""
                       : to_yaml(Value(std::move(all)));
}

std::vector<std::string> lines_of(const Value& value) {
  std::vector<std::string> lines = split(to_yaml(value, 2), '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::string diff_of(const Expanded& from, const Expanded& to) {
  std::map<std::string, const Value*> later;
  for (const auto& [address, one] : to.nodes) later.emplace(address, &one);
  std::map<std::string, bool> told;
  std::string out;
  auto tell_one = [&](const std::string& address, const std::vector<std::string>& a,
                      const std::vector<std::string>& b) {
    if (a == b) return;
    const char mark = a.empty() ? '+' : b.empty() ? '-' : '~';
    out += fmt::format("{} {}:\n", mark, yaml_string(address));
    for (const auto& line : line_diff(a, b, 0)) {
      if (line.mark != '@') out += std::string(1, line.mark) + " " + line.text + "\n";
    }
  };
  for (const auto& [address, one] : from.nodes) {
    const auto found = later.find(address);
    tell_one(address, lines_of(one),
             found == later.end() ? std::vector<std::string>{} : lines_of(*found->second));
    told[address] = true;
  }
  for (const auto& [address, one] : to.nodes) {
    if (!told.contains(address)) tell_one(address, {}, lines_of(one));
  }
  return out;
}

// The expansion for one environment; the exit code where it is not valid.
int expand_for(CommandContext& context, const Options& options, Expanded& out) {
  Session session(context.world, options, context.sink);
  const Result<bool> loaded = context.loop.run(session.load_spec_fetching());
  if (!loaded) {
    show_error(loaded.error(), options.json, context.terminal);
    return kUsage;
  }
  if (!*loaded) return tell_invalid(context, session);
  // The account is the state's, where there is one.
  Task<Result<void>> reading = session.read_state();
  const Result<void> read = context.loop.run(std::move(reading));
  if (!read) return tell(context, read.error());
  const Result<bool> sound = session.check_offline();
  if (!sound) return tell(context, sound.error());
  if (!*sound) return tell_invalid(context, session);
  std::optional<Expanded> expanded = expand_all(session);
  if (!expanded) return tell_invalid(context, session);
  if (!session.offline_graph().wanted.empty()) {
    const size_t n = session.offline_graph().wanted.size();
    print_error(fmt::format(
        "note: {} not pinned yet (plan pins {}); what hangs on {} is shown as known later\n",
        n == 1 ? "1 look-up is" : fmt::format("{} look-ups are", n), n == 1 ? "it" : "them",
        n == 1 ? "it" : "them"));
  }
  out = std::move(*expanded);
  return -1;
}

}  // namespace

int run_expand(CommandContext& context) {
  Expanded here;
  if (const int code = expand_for(context, context.options, here); code >= 0) return code;
  if (context.options.to_environment.empty()) {
    print(text_of(here, context.options.json));
    return kDone;
  }
  Options options = context.options;
  options.environment = context.options.to_environment;
  Expanded there;
  if (const int code = expand_for(context, options, there); code >= 0) return code;
  const std::string diff = diff_of(here, there);
  if (diff.empty()) print_error("no difference\n");
  print(diff);
  return kDone;
}

}  // namespace lf
