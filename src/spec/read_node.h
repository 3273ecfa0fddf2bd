// SPDX-License-Identifier: Apache-2.0
// Reading keys of a YAML map one by one, with what is wrong said at its place. For the parts of a
// spec, and files beside it, that have a fixed set of keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "spec/tree.h"
#include "yaml/syntax.h"

namespace lf {

// Reports keys of `node` outside of `known` (LF0201, nearest offered). `what`: "a policy".
void only_keys(const Node& node, const std::vector<std::string>& known, const std::string& what,
               Diagnostics& diagnostics);
// One of `known`, or LF0203 with the nearest; "" then.
std::string one_of(const Node& node, const std::vector<std::string>& known, const std::string& what,
                   Diagnostics& diagnostics);
// Text of a scalar; "" and LF0203 for anything else.
std::string read_text(const Node& node, const std::string& what, Diagnostics& diagnostics);
// One text or a list of them, each with its place.
struct PlacedText {
  std::string text;
  Span span;
};
std::vector<PlacedText> read_texts(const Node& node, const std::string& what,
                                   Diagnostics& diagnostics);
// A condition: `${…}` alone, or the bare expression. nullopt: reported.
std::optional<Tree> read_condition(const Node& node, const std::string& what,
                                   Diagnostics& diagnostics);

}  // namespace lf
