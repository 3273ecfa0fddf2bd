// SPDX-License-Identifier: Apache-2.0
// From text to tokens. The whole expression is lexed first: the parser then may look ahead as far
// as a macro's arguments go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"

namespace lf::cel {

enum class TokenKind : uint8_t {
  end,
  identifier,  // text; also reserved words, which only selections may use
  quoted,      // `content-type`: only after a dot
  literal,     // value: a number, string or bytes
  // Operators and brackets.
  question,
  colon,
  or_or,
  and_and,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  plus,
  minus,
  star,
  slash,
  percent,
  bang,
  dot,
  comma,
  open_paren,
  close_paren,
  open_bracket,
  close_bracket,
  open_brace,
  close_brace,
};

struct Token {
  TokenKind kind = TokenKind::end;
  bool oversized = false;  // the literal 9223372036854775808: whole only after a minus
  uint32_t begin = 0;      // bytes in the text
  uint32_t end = 0;
  std::string text;  // identifier, quoted
  Value value;       // literal
};

struct SyntaxError {
  std::string message;  // one sentence as a diagnostic wants it
  uint32_t begin = 0;
  uint32_t end = 0;
  std::string label;        // under the place; may be empty
  std::string replacement;  // what to write there instead; may be empty
  std::string fix_title;
  std::vector<std::string> help;
  bool too_deep = false;
};

struct Lexed {
  std::vector<Token> tokens;  // ends with `end`
  uint32_t end = 0;           // where lexing stopped: the text's end, or the unmatched `}`
  bool closed = false;        // an unmatched `}` was met (only with `embedded`)
  bool failed = false;
  SyntaxError error;
};

// `embedded`: the text is what follows a `${`; lexing stops at the `}` that closes it.
Lexed lex(std::string_view text, uint32_t begin, bool embedded);

const char* to_string(TokenKind kind);  // "`)`", "the end"
// Words that CEL keeps for itself; no variable may have such a name.
bool is_reserved(std::string_view word);

}  // namespace lf::cel
