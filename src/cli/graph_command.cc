// SPDX-License-Identifier: Apache-2.0
// `graph`: the resources of a spec and what needs what, as DOT, Mermaid, JSON or a page. No
// request.
#include "base/json.h"
#include "base/replace_file.h"
#include "cli/command_tools.h"
#include "render/graph_view.h"

namespace lf {

namespace {

Task<int> draw(CommandContext* context, Session* session) {
  const Result<bool> sound = session->check_offline();
  if (!sound) co_return tell(*context, sound.error());
  if (!*sound) co_return tell_invalid(*context, *session);
  const Options& options = context->options;
  const GraphView view =
      view_of(session->offline_graph(), session->spec().spec.stack, options.environment);
  std::string text;
  if (options.format == "json") {
    text = to_json(to_value(view)) + "\n";
  } else if (options.format == "mermaid") {
    text = to_mermaid(view);
  } else if (options.format == "html") {
    text = to_html(view);
  } else {
    text = to_dot(view);
  }
  if (options.out.empty()) {
    print(text);
    co_return kDone;
  }
  const auto written = replace_file(session->world().files, options.out, text, 0644);
  if (!written) co_return tell(*context, written.error());
  co_return kDone;
}

}  // namespace

int run_graph(CommandContext& context) {
  return with_spec(context, context.options, draw);
}

}  // namespace lf
