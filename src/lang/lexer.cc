// SPDX-License-Identifier: Apache-2.0
#include "lang/lexer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "lang/number_text.h"

namespace lf::cel {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name(char c) {
  return is_name_start(c) || is_digit(c);
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Lexer {
 public:
  Lexer(std::string_view text, uint32_t begin, bool embedded)
      : text_(text), at_(begin), embedded_(embedded) {}

  Lexed run() {
    while (!out_.failed && next()) {
    }
    out_.end = static_cast<uint32_t>(at_);
    Token end;
    end.begin = end.end = out_.end;
    out_.tokens.push_back(std::move(end));
    return std::move(out_);
  }

 private:
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void fail(size_t begin, size_t end, std::string message, std::string label = "",
            std::string replacement = "") {
    if (out_.failed) return;
    out_.failed = true;
    out_.error.message = std::move(message);
    out_.error.begin = static_cast<uint32_t>(begin);
    out_.error.end = static_cast<uint32_t>(std::min(end, text_.size()));
    out_.error.label = std::move(label);
    out_.error.replacement = std::move(replacement);
  }

  Token& add(TokenKind kind, size_t begin) {
    Token& token = out_.tokens.emplace_back();
    token.kind = kind;
    token.begin = static_cast<uint32_t>(begin);
    token.end = static_cast<uint32_t>(at_);
    return token;
  }

  void skip_blanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  // One token. False at the end.
  bool next() {
    skip_blanks();
    if (at_ >= text_.size()) return false;
    const char c = text_[at_];
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '\'' || c == '"') return string(at_, false, false);
    if (is_name_start(c)) return word();
    if (c == '`') return quoted();
    if (embedded_ && c == '}' && braces_ == 0) {
      out_.closed = true;
      return false;
    }
    return symbol();
  }

  bool word() {
    const size_t begin = at_;
    // A string's prefix: r, b, rb, br in either case.
    bool raw = false;
    bool bytes = false;
    size_t prefix = 0;
    while (prefix < 2) {
      const char c = peek(prefix);
      if ((c == 'r' || c == 'R') && !raw) {
        raw = true;
      } else if ((c == 'b' || c == 'B') && !bytes) {
        bytes = true;
      } else {
        break;
      }
      ++prefix;
    }
    if (prefix > 0 && (peek(prefix) == '\'' || peek(prefix) == '"')) {
      at_ += prefix;
      return string(begin, raw, bytes);
    }
    while (at_ < text_.size() && is_name(text_[at_])) ++at_;
    Token& token = add(TokenKind::identifier, begin);
    token.text = text_.substr(begin, at_ - begin);
    return true;
  }

  bool quoted() {
    const size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '`' && text_[at_] != '\n') {
      const char c = text_[at_];
      if (!is_name(c) && c != '.' && c != '-' && c != '/' && c != ' ') {
        fail(at_, at_ + 1,
             "a name in backticks holds letters, digits, `_`, `.`, `-`, `/` and blanks only");
        return false;
      }
      ++at_;
    }
    if (at_ >= text_.size() || text_[at_] != '`') {
      fail(begin, at_, "the name is not closed with a backtick");
      return false;
    }
    std::string name(text_.substr(begin + 1, at_ - begin - 1));
    ++at_;
    if (name.empty()) {
      fail(begin, at_, "a name in backticks is empty");
      return false;
    }
    add(TokenKind::quoted, begin).text = std::move(name);
    return true;
  }

  bool symbol() {
    struct Entry {
      const char* text;
      TokenKind kind;
    };
    static constexpr Entry kSymbols[] = {
        {"||", TokenKind::or_or},       {"&&", TokenKind::and_and},
        {"==", TokenKind::equal},       {"!=", TokenKind::not_equal},
        {"<=", TokenKind::less_equal},  {">=", TokenKind::greater_equal},
        {"?", TokenKind::question},     {":", TokenKind::colon},
        {"<", TokenKind::less},         {">", TokenKind::greater},
        {"+", TokenKind::plus},         {"-", TokenKind::minus},
        {"*", TokenKind::star},         {"/", TokenKind::slash},
        {"%", TokenKind::percent},      {"!", TokenKind::bang},
        {".", TokenKind::dot},          {",", TokenKind::comma},
        {"(", TokenKind::open_paren},   {")", TokenKind::close_paren},
        {"[", TokenKind::open_bracket}, {"]", TokenKind::close_bracket},
        {"{", TokenKind::open_brace},   {"}", TokenKind::close_brace},
    };
    const std::string_view rest = text_.substr(at_);
    for (const auto& entry : kSymbols) {
      const std::string_view symbol = entry.text;
      if (rest.substr(0, symbol.size()) != symbol) continue;
      const size_t begin = at_;
      at_ += symbol.size();
      if (entry.kind == TokenKind::open_brace) ++braces_;
      if (entry.kind == TokenKind::close_brace) --braces_;
      add(entry.kind, begin);
      return true;
    }
    unexpected();
    return false;
  }

  void unexpected() {
    const char c = text_[at_];
    if (c == '=') {
      return fail(at_, at_ + 1, "`=` compares nothing here", "two values are compared with `==`",
                  "==");
    }
    if (c == '&') {
      return fail(at_, at_ + 1, "a single `&` means nothing here", "both hold: `&&`", "&&");
    }
    if (c == '|') {
      return fail(at_, at_ + 1, "a single `|` means nothing here", "either holds: `||`", "||");
    }
    if (c == '$' && peek(1) == '{') {
      return fail(at_, at_ + 2, "`${` inside an expression",
                  "inside `${…}` a name stands as it is, without another `${`");
    }
    size_t size = 1;
    while (at_ + size < text_.size() && (static_cast<uint8_t>(text_[at_ + size]) & 0xC0) == 0x80) {
      ++size;
    }
    fail(at_, at_ + size,
         "`" + std::string(text_.substr(at_, size)) + "` is no part of an expression",
         size > 1 ? "letters beyond ASCII stand only inside strings" : "");
  }

  bool number() {
    const size_t begin = at_;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X') && hex_digit(peek(2)) >= 0) {
      at_ += 2;
      while (hex_digit(peek()) >= 0) ++at_;
      return whole(begin, begin + 2, 16);
    }
    while (is_digit(peek())) ++at_;
    bool real = false;
    if (peek() == '.' && is_digit(peek(1))) {
      real = true;
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    const size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if ((peek() == 'e' || peek() == 'E') && is_digit(peek(1 + sign))) {
      real = true;
      at_ += 1 + sign;
      while (is_digit(peek())) ++at_;
    }
    if (!real) return whole(begin, begin, 10);
    double value = 0;
    const auto result = std::from_chars(text_.data() + begin, text_.data() + at_, value);
    if (result.ec == std::errc::result_out_of_range) {
      // Too small becomes zero, too large infinity, as IEEE arithmetic would.
      value = std::strtod(std::string(text_.substr(begin, at_ - begin)).c_str(), nullptr);
    }
    if (!ends_well(begin)) return false;
    add(TokenKind::literal, begin).value = value;
    return true;
  }

  bool whole(size_t begin, size_t digits, int base) {
    uint64_t value = 0;
    const auto result = std::from_chars(text_.data() + digits, text_.data() + at_, value, base);
    const bool is_unsigned = peek() == 'u' || peek() == 'U';
    if (is_unsigned) ++at_;
    if (!ends_well(begin)) return false;
    constexpr uint64_t kLimit = uint64_t{1} << 63;
    if (result.ec != std::errc() || (!is_unsigned && value > kLimit)) {
      fail(begin, at_,
           "the number `" + std::string(text_.substr(begin, at_ - begin)) + "` is beyond 64 bits");
      return false;
    }
    Token& token = add(TokenKind::literal, begin);
    if (is_unsigned) {
      token.value = value;
    } else {
      token.value = static_cast<int64_t>(value);
      token.oversized = value == kLimit;
    }
    return true;
  }

  // `90d`, `200GiB`: forms of YAML scalars, not of expressions.
  bool ends_well(size_t begin) {
    if (!is_name_start(peek())) return true;
    const size_t unit = at_;
    while (is_name(peek())) ++at_;
    const std::string all(text_.substr(begin, at_ - begin));
    const std::string suffix(text_.substr(unit, at_ - unit));
    std::string replacement;
    if (suffix == "d") {
      replacement = "days(" + all.substr(0, all.size() - 1) + ")";
    } else if (suffix == "h" || suffix == "m" || suffix == "s" || suffix == "ms") {
      replacement = "duration(\"" + all + "\")";
    } else if (!suffix.empty() && suffix.back() == 'B') {
      replacement = "quantity(\"" + all + "\")";
    }
    fail(begin, at_, "`" + all + "` is no number",
         replacement.empty() ? "" : "inside an expression write `" + replacement + "`",
         replacement);
    return false;
  }

  bool string(size_t begin, bool raw, bool bytes) {
    const char quote = text_[at_];
    const bool triple = peek(1) == quote && peek(2) == quote;
    at_ += triple ? 3 : 1;
    std::string out;
    for (;;) {
      if (at_ >= text_.size() || (!triple && (text_[at_] == '\n' || text_[at_] == '\r'))) {
        fail(begin, at_, "the string is not closed",
             std::string("`") + (triple ? std::string(3, quote) : std::string(1, quote)) +
                 "` is missing at its end");
        return false;
      }
      const char c = text_[at_];
      if (c == quote && (!triple || (peek(1) == quote && peek(2) == quote))) {
        at_ += triple ? 3 : 1;
        break;
      }
      if (c == '\\' && !raw) {
        if (!escape(out, bytes)) return false;
        continue;
      }
      out += c;
      ++at_;
    }
    Token& token = add(TokenKind::literal, begin);
    if (bytes) {
      token.value = Bytes{std::move(out)};
    } else {
      token.value = std::move(out);
    }
    return true;
  }

  bool escape(std::string& out, bool bytes) {
    static constexpr std::pair<char, char> kSimple[] = {
        {'a', '\a'}, {'b', '\b'},  {'f', '\f'}, {'n', '\n'}, {'r', '\r'},  {'t', '\t'},
        {'v', '\v'}, {'\\', '\\'}, {'?', '?'},  {'"', '"'},  {'\'', '\''}, {'`', '`'}};
    const size_t begin = at_;
    const char c = peek(1);
    for (const auto& [name, byte] : kSimple) {
      if (c != name) continue;
      out += byte;
      at_ += 2;
      return true;
    }
    if (c == 'x' || c == 'X') return code(out, begin, 2, 2, 16, bytes);
    if (c == 'u' && !bytes) return code(out, begin, 2, 4, 16, false);
    if (c == 'U' && !bytes) return code(out, begin, 2, 8, 16, false);
    if (c >= '0' && c <= '3') return code(out, begin, 1, 3, 8, bytes);
    fail(begin, begin + 2, "`" + std::string(text_.substr(begin, 2)) + "` is no escape of a string",
         "a backslash itself is written `\\\\`, or the string raw: r\"…\"");
    return false;
  }

  bool code(std::string& out, size_t begin, size_t skip, size_t digits, int base, bool bytes) {
    at_ += skip;
    uint32_t value = 0;
    for (size_t i = 0; i < digits; ++i) {
      const int digit = hex_digit(peek());
      if (digit < 0 || digit >= base) {
        fail(begin, at_ + 1, "the escape wants " + std::to_string(digits) + " digits");
        return false;
      }
      value = value * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit);
      ++at_;
    }
    if (bytes) {
      out += static_cast<char>(value);
      return true;
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
      fail(begin, at_, "the escape names no character of Unicode");
      return false;
    }
    append_code_point(out, value);
    return true;
  }

  std::string_view text_;
  size_t at_;
  bool embedded_;
  int braces_ = 0;
  Lexed out_;
};

}  // namespace

Lexed lex(std::string_view text, uint32_t begin, bool embedded) {
  return Lexer(text, begin, embedded).run();
}

const char* to_string(TokenKind kind) {
  static constexpr const char* kNames[] = {
      "the end", "a name", "a name", "a literal", "`?`", "`:`", "`||`", "`&&`", "`==`", "`!=`",
      "`<`",     "`<=`",   "`>`",    "`>=`",      "`+`", "`-`", "`*`",  "`/`",  "`%`",  "`!`",
      "`.`",     "`,`",    "`(`",    "`)`",       "`[`", "`]`", "`{`",  "`}`"};
  return kNames[static_cast<size_t>(kind)];
}

bool is_reserved(std::string_view word) {
  static constexpr std::array<std::string_view, 21> kWords = {
      "as",       "break",   "const",  "continue", "else", "false", "for",
      "function", "if",      "import", "in",       "let",  "loop",  "namespace",
      "null",     "package", "return", "true",     "var",  "void",  "while"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace lf::cel
