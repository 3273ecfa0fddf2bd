// SPDX-License-Identifier: Apache-2.0
#include "yaml/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "yaml/scanner.h"

namespace lf {

namespace {
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
}

size_t expression_end(std::string_view text, size_t begin, size_t end) {
  int depth = 1;
  end = std::min(end, text.size());
  for (size_t i = begin; i < end; ++i) {
    const char c = text[i];
    if (c == '{') {
      ++depth;
    } else if (c == '}') {
      if (--depth == 0) return i + 1;
    } else if (c == '"' || c == '\'') {
      const bool raw = i > begin && (text[i - 1] == 'r' || text[i - 1] == 'R');
      const bool triple = i + 2 < end && text[i + 1] == c && text[i + 2] == c;
      size_t k = i + (triple ? 3 : 1);
      for (; k < end; ++k) {
        if (text[k] == '\\' && !raw) {
          ++k;
        } else if (text[k] == c && (!triple || text.substr(k, 3) == text.substr(i, 3))) {
          break;
        }
      }
      if (k >= end) return std::string_view::npos;
      i = k + (triple ? 2 : 0);
    }
  }
  return std::string_view::npos;
}

std::string yaml_quoted(std::string_view text) {
  std::string flat;  // line breaks fold into spaces, as in the plain scalar
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\n' && text[i] != '\r') {
      flat += text[i];
      continue;
    }
    while (!flat.empty() && flat.back() == ' ') flat.pop_back();
    while (i + 1 < text.size() &&
           (text[i + 1] == ' ' || text[i + 1] == '\n' || text[i + 1] == '\r'))
      ++i;
    flat += ' ';
  }
  const bool single = flat.find_first_of("\"\\") != std::string::npos;
  std::string out(1, single ? '\'' : '"');
  for (const char c : flat) {
    if (single && c == '\'') out += '\'';
    out += c;
  }
  return out + (single ? '\'' : '"');
}

Diagnostic& YamlScanner::report(Code code, size_t begin, size_t end, std::string message,
                                std::string label) {
  if (diagnostics_.all().size() + 1 >= first_diagnostic_ + limits_.errors_max) stop();
  return diagnostics_.add(code, span(begin, end), std::move(message), std::move(label));
}

void YamlScanner::mask(size_t begin, size_t end, char with) {
  if (scan_.masked.empty()) scan_.masked = std::string(text_);
  for (size_t i = begin; i < end; ++i) {
    char& c = scan_.masked[i];
    if (c != '\n' && c != '\r') c = with;
  }
}

// YAML takes one for a line's end and most readers do not: the same file would say two things.
void YamlScanner::lone_carriage_return() {
  for (size_t at = text_.find('\r'); at != std::string_view::npos; at = text_.find('\r', at + 1)) {
    if (at + 1 < text_.size() && text_[at + 1] == '\n') continue;
    report(Code::LF0101, at, at + 1, "a carriage return that ends no line", "")
        .help.push_back("lines end with a line feed, with or without a carriage return before it");
    scan_.broken = stopped_ = true;
    return;
  }
}

// YAML has it only at a file's beginning and inside quotes. In a name it cannot be seen.
void YamlScanner::byte_order_mark(size_t begin, size_t end) {
  const size_t at = text_.substr(0, end).find(kByteOrderMark, begin);
  if (at == std::string_view::npos) return;
  const size_t behind = at + kByteOrderMark.size();
  Diagnostic& d =
      report(Code::LF0101, at, behind, "an invisible byte order mark (U+FEFF) inside the text", "");
  d.fixes.push_back({"take it out", span(at, behind), "", true});
  scan_.broken = true;
}

YamlScan YamlScanner::run() {
  if (text_.starts_with(kByteOrderMark)) pos_ = kByteOrderMark.size();
  line_begin_ = pos_;
  lone_carriage_return();
  start_line();
  while (!stopped_ && pos_ < text_.size()) step();
  if (!stopped_ && flow_.empty() && last_ == Last::value) missing_colon();
  if (!stopped_ && !flow_.empty()) {
    const Flow open = flow_.back();
    if (!expression_in_flow_) {
      report(Code::LF0101, open.at, open.at + 1,
             fmt::format("this `{}` is never closed", open.open),
             fmt::format("a `{}` is missing", open.open == '[' ? ']' : '}'));
    }
    scan_.broken = true;
  }
  return std::move(scan_);
}

// pos_ stays where it is: whoever reported what was one too many goes on with its own piece.
void YamlScanner::stop() {
  stopped_ = true;
  scan_.broken = true;
}

size_t YamlScanner::line_end(size_t from) const {
  const size_t at = text_.find('\n', from);
  const size_t end = at == std::string_view::npos ? text_.size() : at;
  return end > from && text_[end - 1] == '\r' ? end - 1 : end;
}

bool YamlScanner::blank_at(size_t i) const {
  return i >= text_.size() || text_[i] == ' ' || text_[i] == '\t' || text_[i] == '\n' ||
         text_[i] == '\r';
}

bool YamlScanner::flow_indicator_at(size_t i) const {
  return i < text_.size() && std::string_view(",[]{}").find(text_[i]) != std::string_view::npos;
}

bool YamlScanner::document_marker_at(size_t i) const {
  const std::string_view three = text_.substr(i, 3);
  return (three == "---" || three == "...") && blank_at(i + 3);
}

size_t YamlScanner::indent_of(size_t line) const {
  size_t i = line;
  while (i < text_.size() && text_[i] == ' ') ++i;
  return i - line;
}

// At the first byte of a line: blank lines, document markers, directives, tabs, dedents.
void YamlScanner::start_line() {
  while (pos_ < text_.size()) {
    line_begin_ = pos_;
    const size_t eol = line_end(pos_);
    size_t first = pos_;
    while (first < eol && (text_[first] == ' ' || text_[first] == '\t')) ++first;
    if (first == eol) {
      scan_.trivia.push_back({Trivia::Kind::blank_line, true, span(pos_, pos_)});
      pos_ = next_line(pos_);
      continue;
    }
    if (text_[first] == '#') {
      scan_.trivia.push_back({Trivia::Kind::comment, true, span(first, eol)});
      pos_ = next_line(pos_);
      continue;
    }
    if (first == line_begin_ && (document_marker_at(first) || text_[first] == '%')) {
      if (!marker(eol)) return;
      if (pos_ < text_.size() && !at_line_end(pos_)) return;
      pos_ = next_line(pos_);
      continue;
    }
    if (ended_) {
      report(Code::LF0110, first, eol, "text after the end of the document",
             "`...` has ended it above");
      stop();
      return;
    }
    has_content_ = true;
    if (flow_.empty()) {
      if (last_ == Last::value) missing_colon();
      last_ = Last::none;
      tabs(first);
    }
    pos_ = first;
    first_on_line_ = true;
    key_allowed_ = true;
    if (flow_.empty()) dedent(first - line_begin_);
    return;
  }
}

// `---`, `...` or a directive at `pos_`. False: reading has stopped.
bool YamlScanner::marker(size_t eol) {
  if (text_[pos_] == '%') {
    if (text_.substr(pos_, 5) != "%YAML" || has_content_) {
      report(Code::LF0110, pos_, eol,
             has_content_ ? "a plain value cannot begin with `%`"
                          : "a directive that specs do not have",
             has_content_ ? "quote the value" : "");
      stop();
      return false;
    }
    pos_ = eol;
    return true;
  }
  if (text_[pos_] == '.') {
    ended_ = true;
    pos_ += 3;
    return true;
  }
  if (has_content_ || started_ || ended_) {
    report(Code::LF0110, pos_, pos_ + 3, "a second document in one file", "")
        .help.push_back("write one spec a file; a folder of files is read as one spec");
    stop();
    return false;
  }
  if (!flow_.empty()) return true;
  started_ = true;
  pos_ += 3;
  while (pos_ < text_.size() && (text_[pos_] == ' ' || text_[pos_] == '\t')) ++pos_;
  key_allowed_ = false;
  first_on_line_ = false;
  if (!at_line_end(pos_) && text_[pos_] != '#') has_content_ = true;
  return true;
}

void YamlScanner::tabs(size_t first) {
  const size_t tab = text_.substr(0, first).find('\t', line_begin_);
  if (tab >= first) return;
  std::string spaces;
  for (size_t i = line_begin_; i < first; ++i) spaces += text_[i] == '\t' ? "  " : " ";
  Diagnostic& d = report(Code::LF0101, tab, first, "a tab cannot indent a line", "use spaces");
  d.fixes.push_back({"indent with spaces", span(line_begin_, first), spaces, false});
  // The column that was meant is anybody's guess: what follows cannot be judged by it.
  scan_.broken = true;
  tab_lines_ = true;
}

// The first token of a line stands at `column`: which lists and maps has it ended?
void YamlScanner::dedent(size_t column) {
  const auto col = static_cast<int64_t>(column);
  int64_t deeper = -1;
  while (indents_.size() > 1 && indents_.back().column > col) {
    deeper = indents_.back().column;
    indents_.pop_back();
  }
  if (deeper < 0 || indents_.back().column == col || tab_lines_) return;
  const int64_t shallower = std::max<int64_t>(indents_.back().column, 0);
  report(Code::LF0101, pos_, std::min(line_end(pos_), pos_ + 40),
         "this line's indentation fits no line above",
         fmt::format("indented by {}, where {} or {} would fit", column, shallower, deeper));
  scan_.broken = true;
  indents_.push_back({col, true});
}

void YamlScanner::push_indent(size_t at, bool is_map) {
  const auto column = static_cast<int64_t>(at - line_begin_);
  if (indents_.back().column >= column) {
    if (indents_.back().column == column && is_map) indents_.back().is_map = true;
    return;
  }
  indents_.push_back({column, is_map});
  depth_check(at);
}

void YamlScanner::depth_check(size_t at) {
  if (flow_.size() + indents_.size() - 1 <= limits_.depth_max) return;
  report(Code::LF0106, at, at + 1, fmt::format("nested deeper than {} levels", limits_.depth_max))
      .help.push_back("give an inner part a name under `locals` and refer to it");
  stop();
}

void YamlScanner::step() {
  while (pos_ < text_.size() && (text_[pos_] == ' ' || text_[pos_] == '\t')) ++pos_;
  if (pos_ >= text_.size()) return;
  const char c = text_[pos_];
  if (at_line_end(pos_)) {
    pos_ = next_line(pos_);
    start_line();
    return;
  }
  if (c == '#' && (pos_ == line_begin_ || blank_at(pos_ - 1))) {
    const size_t eol = line_end(pos_);
    scan_.trivia.push_back({Trivia::Kind::comment, first_on_line_, span(pos_, eol)});
    pos_ = eol;
    return;
  }
  if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return control_character();
  if (c == ':' && value_indicator()) return;
  const bool blank_next = blank_at(pos_ + 1);
  if (c == '-' && blank_next && flow_.empty()) {
    if (!key_allowed_ && last_ == Last::none) {
      report(Code::LF0101, pos_, pos_ + 1, "a list cannot begin on its key's line", "")
          .help.push_back("begin it on the next line, or write it as `[…]`");
      scan_.broken = true;
      pos_ = line_end(pos_);
      return;
    }
    push_indent(pos_, false);
    ++pos_;
    key_allowed_ = true;
    first_on_line_ = false;
    last_ = Last::none;
    return;
  }
  if (c == '?' && blank_next) {
    report(Code::LF0108, pos_, pos_ + 1, "a key must be plain text",
           "`? ` begins a list or map as key")
        .help.push_back("if it is a text, quote it");
    stop();
    return;
  }
  if (c == ',' && !flow_.empty()) {
    ++pos_;
    last_ = Last::none;
    first_on_line_ = false;
    return;
  }
  if (after_value(c)) return;
  token(c);
}

void YamlScanner::control_character() {
  report(
      Code::LF0101, pos_, pos_ + 1,
      fmt::format("a control character (0x{:02x}) in the text", static_cast<unsigned>(text_[pos_])),
      "")
      .help.push_back("inside double quotes it is written as an escape");
  scan_.broken = true;
  ++pos_;
}

void YamlScanner::token(char c) {
  switch (c) {
    case '[':
    case '{': return open_flow(c);
    case ']':
    case '}': return close_flow(c);
    case '&':
    case '*': return name(c);
    case '!': return tag();
    case '"':
    case '\'': return quoted(c);
    case '|':
    case '>':
      if (flow_.empty()) return block_scalar(c);
      break;
    default: break;
  }
  if (std::string_view("|>%@`,").find(c) != std::string_view::npos) return bad_start(c);
  plain();
}

// `@x`, `%x`, `,x`: no plain scalar begins so.
void YamlScanner::bad_start(char c) {
  const size_t begin = pos_;
  size_t end = flow_.empty() ? line_end(pos_) : pos_ + 1;
  while (!flow_.empty() && end < text_.size() && !flow_indicator_at(end) && !at_line_end(end))
    ++end;
  const size_t comment = text_.substr(0, end).find(" #", begin);
  end = std::min(end, comment);
  while (end > begin + 1 && blank_at(end - 1)) --end;
  Diagnostic& d = report(Code::LF0101, begin, end, fmt::format("a value cannot begin with `{}`", c),
                         "quote it");
  d.fixes.push_back(
      {"quote it", span(begin, end), yaml_quoted(text_.substr(begin, end - begin)), true});
  mask(begin, end, 'x');
  add_token(YamlToken::Kind::plain, begin, end, true);
}

// Lists that are too wide are refused here, before the parser has spent seconds on them.
void YamlScanner::count_value(size_t begin, size_t end) {
  if (++values_ <= limits_.values_max) return;
  report(Code::LF0109, begin, end,
         fmt::format("more than {} keys and values in one file", limits_.values_max),
         "here the limit is passed");
  stop();
}

void YamlScanner::add_token(YamlToken::Kind kind, size_t begin, size_t end, bool poisoned) {
  if (kind != YamlToken::Kind::close) {
    anchor_ = {};
    count_value(begin, end);
    if (stopped_) return;
  }
  if (kind != YamlToken::Kind::single_quoted && kind != YamlToken::Kind::double_quoted)
    byte_order_mark(begin, end);
  scan_.tokens.push_back(
      {kind, poisoned, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
  if (last_ != Last::property) {
    last_begin_ = begin;
    last_first_on_line_ = first_on_line_;
  }
  last_text_ = begin;
  last_ = Last::value;
  last_multiline_ = text_.substr(begin, end - begin).find('\n') != std::string_view::npos;
  pos_ = end;
  first_on_line_ = false;
}

void YamlScanner::open_flow(char c) {
  if (last_ != Last::property) {
    last_begin_ = pos_;
    last_first_on_line_ = first_on_line_;
  }
  flow_.push_back({c, pos_, last_begin_, last_first_on_line_, std::exchange(anchor_, {}),
                   values_written_out()});
  count_value(pos_, pos_ + 1);
  scan_.tokens.push_back(
      {YamlToken::Kind::open, false, static_cast<uint32_t>(pos_), static_cast<uint32_t>(pos_ + 1)});
  depth_check(pos_);
  if (stopped_) return;
  ++pos_;
  last_ = Last::none;
  first_on_line_ = false;
}

void YamlScanner::close_flow(char c) {
  if (flow_.empty() || flow_.back().open != (c == ']' ? '[' : '{')) {
    Diagnostic& d = report(Code::LF0101, pos_, pos_ + 1, fmt::format("a `{}` too many", c),
                           flow_.empty() ? "nothing is open here" : "");
    if (!flow_.empty()) {
      d.message = fmt::format("`{}` closes `{}`", c, flow_.back().open);
      d.others.push_back({span(flow_.back().at, flow_.back().at + 1), "opened here"});
      flow_.pop_back();
    }
    scan_.broken = true;
    ++pos_;
    last_ = Last::none;
    return;
  }
  const Flow open = flow_.back();
  flow_.pop_back();
  if (!open.anchor.empty()) weights_[open.anchor] = values_written_out() - open.values_before;
  const size_t at = pos_;
  add_token(YamlToken::Kind::close, at, at + 1, false);
  last_begin_ = open.key_begin;
  last_first_on_line_ = open.first_on_line;
  last_multiline_ = text_.substr(open.at, at - open.at).find('\n') != std::string_view::npos;
}

// An anchor or an alias.
void YamlScanner::name(char c) {
  size_t end = pos_ + 1;
  while (end < text_.size() && !blank_at(end) && !flow_indicator_at(end)) ++end;
  // `*a: 1`: the colon belongs to the key, not to the name.
  if (c == '*' && end > pos_ + 2 && text_[end - 1] == ':' && blank_at(end)) --end;
  if (end == pos_ + 1) {
    const size_t begin = pos_, eol = line_end(pos_);
    Diagnostic& d =
        report(Code::LF0101, begin, end, fmt::format("a value cannot begin with `{}`", c),
               c == '*' ? "here it would name an alias" : "here it would name an anchor");
    d.fixes.push_back(
        {"quote it", span(begin, eol), yaml_quoted(text_.substr(begin, eol - begin)), false});
    scan_.broken = true;
    pos_ = flow_.empty() ? eol : end;
    return;
  }
  if (c == '*') return alias(end);
  byte_order_mark(pos_, end);
  anchor_ = text_.substr(pos_ + 1, end - pos_ - 1);
  weights_.erase(anchor_);
  property(end);
  scan_.tokens.push_back(
      {YamlToken::Kind::anchor, false, static_cast<uint32_t>(pos_), static_cast<uint32_t>(end)});
  pos_ = end;
}

// Aliases of what was seen to be large are refused here, like wide lists.
void YamlScanner::alias(size_t end) {
  if (++aliases_ > limits_.aliases_max) {
    report(Code::LF0105, pos_, end,
           fmt::format("more than {} aliases in one file", limits_.aliases_max))
        .help.push_back("what is alike is made from one by `for_each`");
    stop();
    return;
  }
  const auto known = weights_.find(text_.substr(pos_ + 1, end - pos_ - 1));
  expanded_ += known == weights_.end() ? 1 : known->second;
  if (expanded_ > limits_.alias_values_max) {
    report(Code::LF0105, pos_, end,
           fmt::format("aliases expand to more than {} values", limits_.alias_values_max),
           "here the limit is passed")
        .help.push_back(
            "an alias of a list of aliases grows tenfold a line: write out what is meant");
    stop();
    return;
  }
  --values_;  // written out, it is what it names
  add_token(YamlToken::Kind::alias, pos_, end, false);
}

void YamlScanner::property(size_t) {
  if (last_ != Last::property) {
    last_begin_ = pos_;
    last_first_on_line_ = first_on_line_;
  }
  last_ = Last::property;
  first_on_line_ = false;
}

void YamlScanner::tag() {
  size_t end = pos_ + 1;
  while (end < text_.size() && !blank_at(end) && !flow_indicator_at(end)) ++end;
  const std::string_view word = text_.substr(pos_, end - pos_);
  Diagnostic& d =
      report(Code::LF0110, pos_, end, fmt::format("specs have no tags such as `{}`", word), "");
  if (word == "!!str") {
    d.help.push_back("quotes make a value text");
  } else {
    d.help.push_back("if it is the beginning of a text, quote the whole value");
  }
  mask(pos_, end, ' ');
  pos_ = end;
}

YamlScan scan_yaml(std::string_view text, SourceId source, const YamlLimits& limits,
                   Diagnostics& diagnostics) {
  return YamlScanner(text, source, limits, diagnostics).run();
}

}  // namespace lf
