// SPDX-License-Identifier: Apache-2.0
// `adopt --orphans [SPEC]` and `adopt --file LIST [SPEC]`.
#pragma once

#include "cli/commands.h"

namespace lf {

int run_adopt_list(CommandContext& context);

}  // namespace lf
