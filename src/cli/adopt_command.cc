// SPDX-License-Identifier: Apache-2.0
// `adopt ADDRESS ID`: takes in what exists. Reads it, records it, marks it, and shows what the next
// apply would change on it; changes nothing else.
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "cli/adopt_list.h"
#include "cli/adopt_tfstate.h"
#include "cli/adopt_trial.h"
#include "cli/command_tools.h"
#include "cli/planning.h"
#include "engine/operate.h"

namespace lf {

namespace {

// nullopt: nothing speaks against it.
std::optional<Error> refusal(Session& session, const GraphNode* node, const std::string& address,
                             const std::string& id) {
  if (node == nullptr) {
    std::vector<std::string> all;
    for (const auto& other : session.graph().nodes) {
      if (other.facet.empty()) all.push_back(other.address);
    }
    Error error(ErrorCode::invalid, "the spec has no resource `" + address + "`");
    const std::string near = nearest_address(address, all);
    error.help.push_back(near.empty() ? "all addresses: llmforge expand"
                                      : "did you mean `" + near + "`?");
    return error;
  }
  const std::string& prefix = node->type->id_prefix;
  if (!id.starts_with(prefix)) {
    Error error(ErrorCode::invalid, "`" + id + "` cannot be `" + address + "`: ids of type " +
                                        node->type->name + " begin with `" + prefix + "`");
    return error;
  }
  if (const Record* record = session.state().find(address)) {
    Error error(ErrorCode::refused, "`" + address + "` has `" + record->id + "` already");
    error.help.push_back(record->id == id
                             ? "there is nothing to do"
                             : "to exchange it: llmforge forget '" + address + "' first");
    return error;
  }
  for (const Record* record : session.state().records()) {
    if (record->id != id || record->type != node->type->name ||
        record->provider.name != node->provider)
      continue;
    Error error(ErrorCode::refused, "`" + id + "` is known as `" + record->address + "` already");
    error.help.push_back("to rename it: llmforge state mv '" + record->address + "' '" + address +
                         "'");
    return error;
  }
  return std::nullopt;
}

// The plan's items of one address alone, as the next apply would have them.
Plan only(const Plan& plan, const std::string& address) {
  Plan out;
  for (const auto& item : plan.items) {
    if (item.address == address || item.address.starts_with(address + "#"))
      out.items.push_back(item);
  }
  return out;
}

// What nothing shows of an adopted thing, so that the spec's word stands for it.
std::vector<std::string> on_trust(const Map& written, const Subject& adopted) {
  std::vector<std::string> out;
  for (const auto& property : adopted.type->properties) {
    const Value* value = written.find(property.name);
    if (value == nullptr || property.local || !taken_on_trust(property)) continue;
    if (!(*value == property.default_value)) out.push_back(property.name);
  }
  return out;
}

Task<int> adopt(CommandContext* context, Session* session) {
  const std::string address = context->options.arguments[0], id = context->options.arguments[1];
  // Everything of the spec that a plan needs, without reading what the state has.
  const std::vector<Ready> steps{Ready::store, Ready::checked, Ready::identified, Ready::looked_up,
                                 Ready::settled};
  Task<int> preparing = get_ready(context, session, steps);
  const int ready = co_await std::move(preparing);
  if (ready >= 0) co_return ready;
  const Graph& graph = session->graph();
  const GraphId at = graph.find(address);
  const bool found = at != kNoGraphId && graph.nodes[at].facet.empty();
  const GraphNode* node = found ? &graph.nodes[at] : nullptr;
  if (const auto error = refusal(*session, node, address, id)) {
    tell(*context, *error);
    co_return error->code == ErrorCode::invalid ? kUsage : kRefused;
  }
  Plan before;
  const Result<bool> planned = session->make_plan(before, false);
  if (!planned) co_return tell(*context, planned.error());
  const PlanItem* item = before.find(address);
  if (!*planned || item == nullptr) co_return tell_invalid(*context, *session);

  Subject subject = adoption_subject(*session, graph, *node);
  for (const auto& [name, value] : item->desired) {
    if (!contains_unknown(value)) subject.desired.set(name, value);
  }
  ProviderInstance where;
  where.name = node->provider;
  subject.cloud = session->clouds()(where);
  if (subject.cloud == nullptr)
    co_return tell(*context,
                   Error(ErrorCode::internal, "provider `" + node->provider + "` is not ready"));
  Task<Result<void>> beginning = session->store()->append(Entry(session->run_begin()));
  Result<void> begun = co_await std::move(beginning);
  if (!begun) co_return tell(*context, begun.error());
  Operator work(session->engine(), *session->store(), session->digest());
  Task<Result<Subject>> adopting = work.adopt(std::move(subject), id);
  Result<Subject> adopted = co_await std::move(adopting);
  RunEnd end;
  end.time = session->world().clock.now();
  Task<Result<void>> ending = session->store()->append(Entry(end));
  Result<void> ended = co_await std::move(ending);
  if (ended) {
    Task<Result<void>> compacting = session->store()->compact();
    ended = co_await std::move(compacting);
  }
  if (!adopted) {
    Error error = adopted.error();
    if (error.code == ErrorCode::not_found)
      error.help.push_back("is it in this account and region, and is `" + id +
                           "` the id of something of type " + node->type->name + "?");
    co_return tell(*context, error);
  }
  if (!ended) co_return tell(*context, ended.error());
  const Result<void> pinned = session->save_lock_file();
  if (!pinned) co_return tell(*context, pinned.error());

  session->observations()[{address, 0}] = adopted->observed;
  Plan after;
  const Result<bool> again = session->make_plan(after, false);
  if (!context->options.json) print("adopted " + printable(address) + " (" + printable(id) + ")\n");
  const std::vector<std::string> trusted = on_trust(item->desired, *adopted);
  if (!trusted.empty() && !context->options.json) {
    print_error("the cloud does not show " + join(trusted, ", ") +
                ": taken to be as the spec says\n");
  }
  if (!again || !*again) co_return kDone;
  PlanView view = plan_view(*session, *context);
  if (context->options.json) view.format = "json";
  const Plan next = only(after, address);
  if (!context->options.json)
    print(next.has_changes() ? "the next apply would do this with it:\n" : "");
  print(render_plan(next, view));
  co_return kDone;
}

}  // namespace

int run_adopt(CommandContext& context) {
  const Options& options = context.options;
  const int sources = static_cast<int>(!options.from_tfstate.empty()) +
                      static_cast<int>(!options.adopt_file.empty()) +
                      static_cast<int>(options.adopt_orphans);
  if (sources > 1) {
    print_error("error: of --from-tfstate, --file and --orphans only one may be given\n");
    return kUsage;
  }
  if (!options.from_tfstate.empty()) return run_adopt_tfstate(context);
  if (sources == 1) return run_adopt_list(context);
  if (options.arguments.size() != 2 || options.dry_run) {
    print_error(options.arguments.size() == 2
                    ? "error: --dry-run goes with --from-tfstate, --file and --orphans; what adopt "
                      "ADDRESS ID would take in shows `llmforge plan` with `adopt: ID` in the "
                      "spec\n"
                    : "error: adopt wants ADDRESS and ID, --from-tfstate FILE, --file LIST or "
                      "--orphans\n  help: llmforge adopt --help\n");
    return kUsage;
  }
  return with_spec(context, context.options, adopt);
}

}  // namespace lf
