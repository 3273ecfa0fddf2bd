// SPDX-License-Identifier: Apache-2.0
// What names mean in a policy, to the checker of types.
#pragma once

#include "spec/policy.h"

namespace lf {

// Reports LF0302 to LF0305 in the condition and the message, LF0405 for a condition that is no
// bool, LF0406 for a secret in the message, LF0303 for `at` and `set` that name no property.
void check_policy_types(const PolicyRule& rule, const Spec& spec, Packages& packages,
                        Diagnostics& diagnostics);
// LF0406 for each secret variable of the spec in `message`.
void refuse_secret_variables(const Tree& message, const Spec& spec, Diagnostics& diagnostics);
// A condition that is no bool (LF0405), a message without a form in text (LF0305) or with a secret
// in it (LF0406).
void check_demand(const Tree& condition, const Tree* message, const std::string& what,
                  const cel::TypeScope& scope, Diagnostics& diagnostics);

}  // namespace lf
