// SPDX-License-Identifier: Apache-2.0
#include "graph/check_demands.h"

#include "graph/type_scope.h"
#include "spec/policy_types.h"

namespace lf {

void check_demand_types(const Spec& spec, const Demands& demands, ModuleLibrary& modules,
                        Packages& packages, Diagnostics& diagnostics) {
  for (const auto& rule : demands.policies) {
    if (!rule.built_in) check_policy_types(rule, spec, packages, diagnostics);
  }
  if (demands.checks.empty()) return;
  Diagnostics known;  // the spec itself was checked before
  TypeWorld world{spec, modules, packages, known, {}};
  const ModuleScope& scope = world.scope(spec.root, spec.provider, nullptr);
  for (const auto& check : demands.checks) {
    if (check.message) refuse_secret_variables(*check.message, spec, diagnostics);
    check_demand(check.condition, check.message ? &*check.message : nullptr, "`assert`", scope,
                 diagnostics);
  }
}

}  // namespace lf
