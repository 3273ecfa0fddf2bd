// SPDX-License-Identifier: Apache-2.0
// From tokens to the tree: recursive descent for what nests, precedence climbing for operators.
#pragma once

#include <string_view>
#include <vector>

#include "lang/ast.h"
#include "lang/lexer.h"

namespace lf::cel {

// Deeper trees are refused: each level costs stack when it is checked and evaluated.
inline constexpr int kDepthMax = 200;

struct Parsed {
  ExprPtr root;  // null: `error` says why
  SyntaxError error;
  uint16_t slots = 0;  // how many variables of macros live at once
};

// `tokens` end with TokenKind::end. `text` is what their offsets count in.
Parsed parse_tokens(std::string_view text, const std::vector<Token>& tokens);

}  // namespace lf::cel
