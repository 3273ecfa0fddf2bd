// SPDX-License-Identifier: Apache-2.0
#include "graph/offline.h"

#include <algorithm>

#include "graph/generated.h"
#include "graph/validate.h"

namespace lf {

Graph check_offline(const Spec& spec, ModuleLibrary& modules, Packages& packages,
                    const Surroundings& around, Diagnostics& diagnostics) {
  const bool gaps =
      std::any_of(around.variables.begin(), around.variables.end(),
                  [](const auto& variable) { return contains_unknown(variable.second); });
  Diagnostics found;
  Graph graph = expand(spec, modules, packages, around, found);
  // The full expansion reports what a look-up makes unknown with the look-up at hand.
  for (const auto& d : found.all()) {
    const bool later = d.code == Code::LF0403 || d.code == Code::LF0408;
    if (later && (gaps || !graph.wanted.empty())) continue;
    Diagnostic& copy = diagnostics.add(d.code, d.primary.span, d.message, d.primary.text);
    copy.others = d.others;
    copy.fixes = d.fixes;
    copy.help = d.help;
  }
  if (!diagnostics.has_errors()) {
    validate_graph(graph, diagnostics);
    (void)generated_files(graph, graph.spec_only(), diagnostics);
  }
  return graph;
}

}  // namespace lf
