// SPDX-License-Identifier: Apache-2.0
// `credentials:` of one of `providers`: which of the user's credentials it takes, in words that the
// package gives. Never the secrets themselves.
#pragma once

#include "provider/package.h"
#include "spec/module.h"
#include "yaml/syntax.h"

namespace lf {

// Fills `decl.credentials`. Reports LF0201 (no such word), LF0203 (no map, no text) and LF0213 (a
// value without the word's form).
void read_credentials(const Node& node, const PackageInfo& info, ProviderDecl& decl,
                      Diagnostics& diagnostics);

}  // namespace lf
