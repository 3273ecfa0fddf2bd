// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "yaml/scanner.h"

namespace lf {

// `:` at pos_. False: it is no indicator but the beginning of a plain scalar.
bool YamlScanner::value_indicator() {
  const bool in_flow = !flow_.empty();
  const bool adjacent = in_flow && last_ == Last::value &&
                        (text_[pos_ - 1] == '"' || text_[pos_ - 1] == '\'' ||
                         text_[pos_ - 1] == ']' || text_[pos_ - 1] == '}');
  if (!blank_at(pos_ + 1) && !(in_flow && flow_indicator_at(pos_ + 1)) && !adjacent) return false;
  if (in_flow) {
    ++pos_;
    last_ = Last::none;
    return true;
  }
  if (last_ != Last::value || first_on_line_) {
    report(Code::LF0101, pos_, pos_ + 1, "a key is missing before `:`", "")
        .help.push_back("an empty key is written \"\"");
    scan_.broken = true;
    ++pos_;
    return true;
  }
  if (!key_allowed_ || last_multiline_) {
    second_colon();
    return true;
  }
  push_indent(last_begin_, true);
  if (stopped_) return true;
  ++pos_;
  key_allowed_ = false;
  last_ = Last::none;
  return true;
}

// `a: b: c`, or a deeper line under `a: b`: a value cannot hold `: `.
void YamlScanner::second_colon() {
  const size_t eol = line_end(pos_);
  scan_.broken = true;
  if (last_multiline_) {
    // The last line of the value looks like a key.
    const size_t line = text_.rfind('\n', pos_) + 1;
    const size_t key = line + indent_of(line);
    const bool quoted = text_[last_text_] == '"' || text_[last_text_] == '\'';
    Diagnostic& d = report(Code::LF0101, key, pos_ + 1,
                           fmt::format("`{}` cannot be a key here",
                                       text_.substr(key, std::min<size_t>(pos_ - key, 60))),
                           quoted ? "the quoted text before it began on an earlier line"
                                  : "it is indented as a part of the value above");
    d.others.push_back(
        {span(last_begin_, std::min(line_end(last_begin_), last_begin_ + 60)),
         quoted ? "it begins here: is its closing quote missing?" : "the value begins here"});
  } else {
    const size_t comment = text_.substr(0, eol).find(" #", pos_);
    size_t end = std::min(eol, comment);
    while (end > pos_ + 1 && blank_at(end - 1)) --end;
    Diagnostic& d = report(Code::LF0101, pos_, pos_ + 1,
                           "a value on its key's line cannot hold `: ` without quotes", "");
    const char first = text_[last_begin_];
    if (first != '"' && first != '\'' && first != '&' && first != '{' && first != '[') {
      d.fixes.push_back({"if it is a text, quote it", span(last_begin_, end),
                         yaml_quoted(text_.substr(last_begin_, end - last_begin_)), false});
    }
    d.help.push_back("if it is a map, begin it on the next line, indented");
  }
  pos_ = eol;
  last_ = Last::none;
}

// A token follows a value without anything between. True: reported and skipped.
bool YamlScanner::after_value(char c) {
  if (last_ != Last::value || c == ']' || c == '}') return false;
  const YamlToken& before = scan_.tokens.back();
  if (!flow_.empty()) {
    report(Code::LF0101, before.end, std::max<size_t>(before.end, pos_),
           "a `,` is missing between two items", "");
    scan_.broken = true;
    last_ = Last::none;
    return false;
  }
  size_t end = line_end(pos_);
  const size_t comment = text_.substr(0, end).find(" #", pos_);
  end = std::min(end, comment);
  while (end > pos_ + 1 && blank_at(end - 1)) --end;
  const char closing = text_[before.end - 1];
  Diagnostic& d =
      report(Code::LF0101, pos_, end, fmt::format("text after the closing `{}`", closing),
             "the value has ended before it");
  if (before.kind == YamlToken::Kind::alias) d.message = "text after an alias";
  if (before.kind == YamlToken::Kind::double_quoted ||
      before.kind == YamlToken::Kind::single_quoted) {
    const std::string_view inner = text_.substr(before.begin + 1, before.end - before.begin - 2);
    // Either the text holds its own kind of quote, or the quotes were meant for a part of it.
    const bool holds_quotes = text_[end - 1] == closing;
    if (holds_quotes) d.message = fmt::format("a `{}` inside the quoted text ends it", closing);
    const std::string joined =
        holds_quotes ? std::string(text_.substr(before.begin + 1, end - before.begin - 2))
                     : fmt::format("{}{}", inner, text_.substr(before.end, end - before.end));
    if (joined.find_first_of("\\\n") == std::string::npos) {
      d.fixes.push_back({"quote all of it", span(before.begin, end), yaml_quoted(joined), false});
    }
  }
  scan_.broken = true;
  pos_ = end;
  return true;
}

// The last value stood alone on its line where a key should: `key` or `key:value`.
void YamlScanner::missing_colon() {
  if (scan_.tokens.empty() || !last_first_on_line_) return;
  const YamlToken& token = scan_.tokens.back();
  if (!token.is_scalar()) return;  // the parser has a word for it
  if (!indents_.back().is_map) return;
  const size_t line = text_.rfind('\n', token.begin);
  const size_t column = last_begin_ - (line == std::string_view::npos ? 0 : line + 1);
  if (static_cast<int64_t>(column) != indents_.back().column) return;
  scan_.broken = true;
  const std::string_view word = text_.substr(token.begin, token.end - token.begin);
  const size_t colon =
      token.kind == YamlToken::Kind::plain ? word.find(':') : std::string_view::npos;
  if (colon != std::string_view::npos && colon > 0 &&
      word.substr(0, colon).find(' ') == word.npos) {
    Diagnostic& d = report(Code::LF0101, token.begin + colon, token.begin + colon + 1,
                           "a space is missing after `:`", "");
    d.fixes.push_back(
        {"put a space", span(token.begin + colon, token.begin + colon + 1), ": ", true});
    return;
  }
  const std::string_view first = word.substr(0, word.find('\n'));
  report(Code::LF0101, token.begin, token.begin + static_cast<uint32_t>(first.size()),
         fmt::format("`{}` has no `:` and no value", printable(first.substr(0, 60))),
         "a key of a map was expected here");
}

void YamlScanner::plain() {
  const size_t begin = pos_;
  size_t i = pos_, end = pos_;
  bool trouble = false;
  while (plain_line(i, end, trouble) && continues(i)) {
  }
  if (end == begin) end = begin + 1;  // something that is no plain scalar: the parser will say so
  if (trouble) {
    unquoted_expression(begin, end);
    mask(begin, end, 'x');
  }
  add_token(YamlToken::Kind::plain, begin, end, trouble);
  if (last_multiline_) line_begin_ = text_.rfind('\n', end - 1) + 1;
}

// Takes what belongs to the scalar on this line. True: the line ended, more may follow.
bool YamlScanner::plain_line(size_t& i, size_t& end, bool& trouble) {
  const bool in_flow = !flow_.empty();
  while (!at_line_end(i)) {
    const char c = text_[i];
    if (c == ':' && (blank_at(i + 1) || (in_flow && flow_indicator_at(i + 1)))) return false;
    if (c == '#' && blank_at(i - 1)) return false;
    if (in_flow && flow_indicator_at(i)) return false;
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') return false;
    if (c == '$' && i + 1 < text_.size() && text_[i + 1] == '{' && i >= unclosed_until_) {
      const size_t eol = line_end(i);
      size_t close = expression_end(text_, i + 2, eol);
      const bool closed = close != std::string_view::npos;
      if (!closed) unclosed_until_ = eol;  // looked for once a line: a line may be long
      if (!closed) close = eol;
      const std::string_view inner = text_.substr(i, close - i);
      const bool breaks = inner.find(": ") != inner.npos || inner.find(" #") != inner.npos ||
                          (!closed && inner.ends_with(':'));
      if (in_flow || (closed && breaks)) {
        trouble = true;
        // Without its end, the expression is taken to reach to the brackets at the line's end.
        if (!closed) {
          while (close > i + 2 && (flow_indicator_at(close - 1) || blank_at(close - 1))) --close;
        }
        i = end = close;
        continue;
      }
      if (closed) {  // nothing in it means anything to YAML here
        i = end = close;
        continue;
      }
    }
    ++i;
    if (c != ' ' && c != '\t') end = i;
  }
  return true;
}

// Does the scalar go on after the line that ends at `i`? Moves `i` to where.
bool YamlScanner::continues(size_t& i) const {
  size_t line = next_line(i);
  while (line < text_.size()) {
    size_t first = line;
    while (first < text_.size() && (text_[first] == ' ' || text_[first] == '\t')) ++first;
    if (first >= text_.size()) return false;
    if (at_line_end(first)) {
      line = next_line(first);
      continue;
    }
    if (text_[first] == '#' || (first == line && document_marker_at(line))) return false;
    if (flow_.empty() && static_cast<int64_t>(indent_of(line)) <= indents_.back().column) {
      return false;
    }
    i = first;
    return true;
  }
  return false;
}

void YamlScanner::unquoted_expression(size_t begin, size_t end) {
  const bool in_flow = !flow_.empty();
  expression_in_flow_ = expression_in_flow_ || in_flow;
  Diagnostic& d = report(
      Code::LF0104, begin, end,
      in_flow ? "an expression inside `{…}` or `[…]` needs quotes"
              : "an expression that holds `: ` or ` #` needs quotes",
      in_flow ? "without them YAML reads its braces as a map" : "without them YAML cuts it there");
  d.fixes.push_back(
      {"quote it", span(begin, end), yaml_quoted(text_.substr(begin, end - begin)), true});
}

void YamlScanner::quoted(char quote) {
  const size_t begin = pos_;
  size_t i = pos_ + 1;
  bool bad = false;
  while (true) {
    if (i >= text_.size()) return unclosed(begin);
    const char c = text_[i];
    if (c == '\n') {
      // The text's further lines are indented deeper than what it belongs to (YAML 1.2.2, 7.3.1),
      // in a flow collection as well: a line that is not shows where a quote was forgotten.
      size_t first = i + 1;
      while (first < text_.size() && (text_[first] == ' ' || text_[first] == '\t')) ++first;
      const bool blank = at_line_end(first);
      if (!blank && static_cast<int64_t>(indent_of(i + 1)) <= indents_.back().column) {
        return unclosed(begin);
      }
      if (!blank && i + 1 == first && document_marker_at(first)) return unclosed(begin);
      ++i;
    } else if (c == quote && quote == '\'' && i + 1 < text_.size() && text_[i + 1] == '\'') {
      i += 2;
    } else if (c == quote) {
      break;
    } else if (c == '\\' && quote == '"') {
      size_t length = 0;
      if (!escape_ok(i, length)) {
        bad_escape(i, length);
        if (stopped_) return;
        bad = true;
      }
      i += length;
    } else if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r') || c == 0x7f) {
      pos_ = i;
      control_character();
      if (stopped_) return;
      ++i;
    } else {
      ++i;
    }
  }
  add_token(quote == '"' ? YamlToken::Kind::double_quoted : YamlToken::Kind::single_quoted, begin,
            i + 1, bad);
  if (last_multiline_) line_begin_ = text_.rfind('\n', i) + 1;
}

void YamlScanner::unclosed(size_t begin) {
  size_t end = line_end(begin);
  const bool lone = end == begin + 1;
  Diagnostic& d = report(Code::LF0101, begin, lone ? end : std::min(end, begin + 1),
                         fmt::format("this `{}` is never closed", text_[begin]),
                         fmt::format("the closing `{}` is missing", text_[begin]));
  if (text_[begin] == '\'' &&
      text_.substr(begin, end - begin).find("''") != std::string_view::npos) {
    d.help.push_back("`''` inside single quotes stands for one `'`");
  }
  scan_.broken = true;
  // In a block the next line is a fresh start; elsewhere all that follows may be text.
  if (!flow_.empty()) return stop();
  last_ = Last::none;
  pos_ = end;
}

// A backslash at `at`: is it an escape that YAML has? `length` with the backslash.
bool YamlScanner::escape_ok(size_t at, size_t& length) const {
  length = 2;
  if (at + 1 >= text_.size()) {
    length = 1;
    return true;  // the missing quote is the error
  }
  const char c = text_[at + 1];
  if (c == '\n') {
    length = 1;  // the line break is looked at as any other
    return true;
  }
  if (c == '\r' && at + 2 < text_.size() && text_[at + 2] == '\n') return true;
  const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits == 0)
    return std::string_view("0abt\tnvfre \"/\\N_LP").find(c) != std::string_view::npos;
  uint64_t cp = 0;
  for (size_t k = 0; k < digits; ++k) {
    const size_t p = at + 2 + k;
    const char d = p < text_.size() ? text_[p] : ' ';
    const bool hex = (d >= '0' && d <= '9') || (d >= 'a' && d <= 'f') || (d >= 'A' && d <= 'F');
    if (!hex) {
      length = 2 + k;
      return false;
    }
    cp = cp * 16 + static_cast<uint64_t>(d <= '9' ? d - '0' : (d | 0x20) - 'a' + 10);
  }
  length = 2 + digits;
  return cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff);
}

void YamlScanner::bad_escape(size_t at, size_t length) {
  // Not into the middle of a character.
  while (at + length < text_.size() && (static_cast<uint8_t>(text_[at + length]) & 0xc0) == 0x80)
    ++length;
  const std::string_view escape = text_.substr(at, length);
  Diagnostic& d = report(Code::LF0101, at, at + length,
                         fmt::format("`{}` is no escape that YAML has", escape), "");
  d.fixes.push_back({"for a backslash, write two", span(at, at + 1), "\\\\", false});
  mask(at, at + length, 'x');
}

void YamlScanner::block_scalar(char c) {
  const size_t begin = pos_;
  size_t i = pos_ + 1;
  bool keep = false;
  int explicit_indent = 0;
  for (; i < text_.size(); ++i) {
    if (text_[i] == '+') {
      keep = true;
    } else if (text_[i] >= '0' && text_[i] <= '9' && explicit_indent == 0) {
      explicit_indent = text_[i] - '0';
      if (explicit_indent == 0) break;
    } else if (text_[i] != '-') {
      break;
    }
  }
  size_t header_end = i;
  while (header_end < text_.size() && (text_[header_end] == ' ' || text_[header_end] == '\t'))
    ++header_end;
  const bool comment = header_end > i && header_end < text_.size() && text_[header_end] == '#';
  if (!comment && !at_line_end(header_end)) {
    Diagnostic& d = report(Code::LF0101, begin, line_end(begin),
                           fmt::format("a value that begins with `{}` is a block of lines", c),
                           "its lines begin on the next line");
    const size_t eol = line_end(begin);
    d.fixes.push_back({"if it is a text, quote it", span(begin, eol),
                       yaml_quoted(text_.substr(begin, eol - begin)), false});
    scan_.broken = true;
    pos_ = eol;
    last_ = Last::none;
    return;
  }
  if (comment) {
    const size_t eol = line_end(header_end);
    scan_.trivia.push_back({Trivia::Kind::comment, false, span(header_end, eol)});
  }
  const size_t content = next_line(header_end);
  // Even a document that is one text has it indented, as yaml-cpp wants it.
  const int64_t parent = std::max<int64_t>(indents_.back().column, 0);
  const size_t end = block_content_end(content, parent, explicit_indent, keep);
  add_token(c == '|' ? YamlToken::Kind::literal : YamlToken::Kind::folded, begin,
            end > content ? end : i, false);
  last_multiline_ = true;
  if (end <= content) {
    pos_ = header_end;
    if (comment) pos_ = line_end(header_end);
  }
  if (end > content && end < text_.size() && text_[end - 1] == '\n') {
    // Kept blank lines end with a line break: the next line begins here.
    start_line();
  }
}

// Where the lines of a block scalar end: behind its last line that is not blank, or, with `keep`,
// behind the blank lines after that too.
size_t YamlScanner::block_content_end(size_t from, int64_t parent, int explicit_indent,
                                      bool keep) const {
  int64_t indent = explicit_indent > 0 ? parent + explicit_indent : -1;
  size_t end = from, after_blanks = from;
  for (size_t line = from; line < text_.size(); line = next_line(line)) {
    const size_t eol = line_end(line);
    size_t first = line + indent_of(line);
    const auto column = static_cast<int64_t>(first - line);
    if (first >= eol && (indent < 0 || column <= indent)) {  // blank
      after_blanks = next_line(line);
      continue;
    }
    if (indent < 0) {
      if (column <= parent) break;
      indent = column;
    }
    if (column < indent) break;
    if (column == 0 && document_marker_at(line)) break;
    end = eol;
    after_blanks = next_line(line);
  }
  return keep ? after_blanks : end;
}

}  // namespace lf
