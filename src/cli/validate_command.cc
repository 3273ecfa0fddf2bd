// SPDX-License-Identifier: Apache-2.0
// `validate`: everything that can be told without a request.
#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "cli/fix.h"
#include "cli/judge.h"

namespace lf {

namespace {

Task<int> validate(CommandContext* context, Session* session) {
  const Result<bool> sound = session->check_offline();
  if (!sound) co_return tell(*context, sound.error());
  if (!*sound) co_return tell_invalid(*context, *session);
  show_diagnostics(session->diagnostics(), session->sources(), context->options.json,
                   context->terminal);
  const Demands& demands = session->spec().demands;
  if (!demands.checks.empty() || !rules_for(demands, session->offline_graph()).empty()) {
    // As if nothing were there yet: what is refused then is refused for everybody.
    Diagnostics planning;
    const Plan plan = make_plan(session->offline_graph(), State(), Observations(),
                                session->packages(), PlanOptions(), session->digest(), planning);
    Judge judge(*session, session->offline_graph(), plan, false);
    if (const int refused = judge.before(*context); refused >= 0) co_return refused;
  }
  const Spec& spec = session->spec().spec;
  size_t resources = 0;
  for (const auto& node : session->offline_graph().nodes) resources += node.facet.empty() ? 1 : 0;
  const size_t lookups = session->offline_graph().wanted.size();
  if (context->options.json) {
    Map out;
    out.set("valid", Value(true));
    out.set("stack", Value(spec.stack));
    out.set("environment", Value(context->options.environment));
    out.set("resources", Value(static_cast<int64_t>(resources)));
    out.set("unpinned_lookups", Value(static_cast<int64_t>(lookups)));
    print(to_json(Value(std::move(out))) + "\n");
    co_return kDone;
  }
  std::string text = fmt::format("valid: stack {}, {} resource{}", printable(spec.stack), resources,
                                 resources == 1 ? "" : "s");
  if (lookups > 0)
    text += fmt::format("; {} look-up{} not pinned yet, so what hangs on them is checked by plan",
                        lookups, lookups == 1 ? " is" : "s are");
  print(text + "\n");
  co_return kDone;
}

}  // namespace

int run_validate(CommandContext& context) {
  if (context.options.fix) {
    if (const int failed = fix_spec(context); failed >= 0) return failed;
  }
  return with_spec(context, context.options, validate);
}

}  // namespace lf
