// SPDX-License-Identifier: Apache-2.0
// Another name for a thing: every place where it stands, and where the thing has state, the words
// that make the next plan a move: `moved_from`, and `ignore_changes` for what its name is part of.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "editor/location.h"
#include "editor/symbols.h"
#include "editor/workspace.h"

namespace lf::editor {

// "" where it can be renamed, else why not.
std::string cannot_rename(const Symbol& symbol);

// The edits in all files of `root`; the error is a sentence for the user. `disk` is what the
// workspace reads below its open documents.
std::expected<std::vector<Edit>, std::string> rename(Workspace& workspace, FileSystem& disk,
                                                     Checked& root, const Symbol& symbol,
                                                     const std::string& name);

}  // namespace lf::editor
