// SPDX-License-Identifier: Apache-2.0
// The safe fixes of diagnostics as edits of the files that they are in (`validate --fix`). Nothing
// but the spans of fixes changes: comments, order and layout stay.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "cli/commands.h"

namespace lf {

struct AppliedFix {
  uint32_t line = 0;  // in the text before
  std::string title;
};
struct FixedText {
  SourceId source = kNoSource;
  std::string text;  // with the fixes
  std::vector<AppliedFix> applied;
};

// One entry for each source that a safe fix is in: a diagnostic's first safe fix, from the top; one
// that touches what an earlier one replaced is left for the next round. A text that a fix would
// make unreadable is left out.
std::vector<FixedText> apply_safe_fixes(const Diagnostics& diagnostics, const Sources& sources);

// Checks the spec, writes what can be fixed safely and checks again, until there is nothing left to
// fix. Tells what it changed. Gives an exit code where files could not be written, else -1; what is
// still wrong is for the check that follows.
int fix_spec(CommandContext& context);

}  // namespace lf
