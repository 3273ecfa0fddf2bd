// SPDX-License-Identifier: Apache-2.0
// `adopt --from-tfstate FILE [SPEC]`.
#pragma once

#include "cli/commands.h"

namespace lf {

int run_adopt_tfstate(CommandContext& context);

}  // namespace lf
