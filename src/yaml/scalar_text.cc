// SPDX-License-Identifier: Apache-2.0
#include "yaml/scalar_text.h"

#include <algorithm>
#include <optional>

namespace lf {

namespace {

constexpr int kIndentTried = 24;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

class Decoder {
 public:
  Decoder(std::string_view source, Span span) : source_(source), span_(span) {
    out_.map = TextMap(span.source);
  }

  ScalarText flow(NodeStyle style) {
    pos_ = span_.begin;
    end_ = span_.end;
    if (style != NodeStyle::plain) {
      ++pos_;
      if (end_ > pos_) --end_;
    }
    while (pos_ < end_) {
      const char c = source_[pos_];
      if (at_break(pos_)) {
        fold();
      } else if (style == NodeStyle::double_quoted && c == '\\' && pos_ + 1 < end_) {
        escape();
      } else if (style == NodeStyle::single_quoted && c == '\'') {
        copy(1);
        ++pos_;  // the second of two stands for nothing
        exact_ = false;
      } else {
        copy(1);
      }
    }
    return finish();
  }

  // `forced`: the indentation, where it is known; else it is that of the first line.
  ScalarText block(NodeStyle style, int forced);

 private:
  ScalarText finish() {
    out_.map.add_run(static_cast<uint32_t>(out_.text.size()), static_cast<uint32_t>(pos_), false);
    return std::move(out_);
  }

  void copy(size_t n) {
    if (!exact_) {
      out_.map.add_run(static_cast<uint32_t>(out_.text.size()), static_cast<uint32_t>(pos_), true);
      exact_ = true;
    }
    out_.text += source_.substr(pos_, n);
    pos_ += n;
  }

  // `text` stands for the source from `from` on.
  void replace(std::string_view text, size_t from) {
    if (text.empty()) return;
    out_.map.add_run(static_cast<uint32_t>(out_.text.size()), static_cast<uint32_t>(from), false);
    out_.text += text;
    exact_ = false;
  }

  bool at_break(size_t i) const {
    return source_[i] == '\n' ||
           (source_[i] == '\r' && i + 1 < source_.size() && source_[i + 1] == '\n');
  }

  void skip_line_end() {
    if (source_[pos_] == '\r' && pos_ + 1 < source_.size() && source_[pos_ + 1] == '\n') ++pos_;
    ++pos_;
  }

  // A line break in a flow scalar: one becomes a space, more become one less. Blanks around go,
  // but those that an escape has made stay.
  void fold() {
    const size_t from = pos_;
    while (out_.text.size() > keep_ && is_blank(out_.text.back())) out_.text.pop_back();
    size_t breaks = 0;
    while (pos_ < end_ && (is_blank(source_[pos_]) || at_break(pos_))) {
      if (is_blank(source_[pos_])) {
        ++pos_;
      } else {
        skip_line_end();
        ++breaks;
      }
    }
    replace(breaks == 1 ? std::string(" ") : std::string(breaks - 1, '\n'), from);
    keep_ = out_.text.size();
    exact_ = false;
  }

  void escape() {
    const size_t from = pos_;
    const char c = source_[pos_ + 1];
    pos_ += 2;
    if (at_break(pos_ - 1)) {  // an escaped line end joins the lines
      --pos_;
      skip_line_end();
      size_t blank_lines = 0;
      while (pos_ < end_ && (is_blank(source_[pos_]) || at_break(pos_))) {
        if (is_blank(source_[pos_])) {
          ++pos_;
        } else {
          skip_line_end();
          ++blank_lines;
        }
      }
      replace(std::string(blank_lines, '\n'), from);
      exact_ = false;
    } else {
      replace(escaped(c), from);
    }
    keep_ = out_.text.size();
  }

  std::string escaped(char c) {
    switch (c) {
      case '0': return std::string(1, '\0');
      case 'a': return "\a";
      case 'b': return "\b";
      case 't':
      case '\t': return "\t";
      case 'n': return "\n";
      case 'v': return "\v";
      case 'f': return "\f";
      case 'r': return "\r";
      case 'e': return "\x1b";
      case 'N': return "\xc2\x85";
      case '_': return "\xc2\xa0";
      case 'L': return "\xe2\x80\xa8";
      case 'P': return "\xe2\x80\xa9";
      case 'x': return code_point(2);
      case 'u': return code_point(4);
      case 'U': return code_point(8);
      default: return std::string(1, c);
    }
  }

  std::string code_point(size_t digits) {
    uint32_t cp = 0;
    for (size_t i = 0; i < digits && pos_ < end_; ++i, ++pos_) {
      const char c = source_[pos_];
      cp = cp * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((cp >> shift) & 0x3f)); };
    if (cp < 0x80) return {static_cast<char>(cp)};
    if (cp < 0x800) return {static_cast<char>(0xc0 | (cp >> 6)), tail(0)};
    if (cp < 0x10000) return {static_cast<char>(0xe0 | (cp >> 12)), tail(6), tail(0)};
    return {static_cast<char>(0xf0 | (cp >> 18)), tail(12), tail(6), tail(0)};
  }

  std::string_view source_;
  Span span_;
  ScalarText out_;
  size_t pos_ = 0, end_ = 0;
  size_t keep_ = 0;  // text before it is not trimmed
  bool exact_ = false;
};

ScalarText Decoder::block(NodeStyle style, int forced) {
  pos_ = span_.begin + 1;
  end_ = span_.end;
  char chomp = ' ';
  for (; pos_ < end_ && source_[pos_] != '\n' && source_[pos_] != '#'; ++pos_) {
    if (source_[pos_] == '+' || source_[pos_] == '-') chomp = source_[pos_];
  }
  while (pos_ < end_ && source_[pos_] != '\n') ++pos_;
  if (pos_ < end_) ++pos_;
  size_t indent = 0;
  for (size_t p = pos_; p < end_;) {
    size_t column = 0;
    while (p + column < end_ && source_[p + column] == ' ') ++column;
    const size_t eol = std::min(source_.find('\n', p), end_);
    if (p + column < eol && source_[p + column] != '\r') {
      indent = column;
      break;
    }
    p = eol + 1;
  }
  if (forced >= 0) indent = static_cast<size_t>(forced);
  const bool folded = style == NodeStyle::folded;
  size_t breaks = 0;         // since the last line with text
  size_t break_from = pos_;  // where the first of them stands
  bool any = false, last_more = false;
  while (pos_ < end_) {
    const size_t eol = std::min(source_.find('\n', pos_), end_);
    size_t stop = eol;
    if (stop > pos_ && source_[stop - 1] == '\r') --stop;
    size_t column = 0;
    while (column < indent && pos_ + column < stop && source_[pos_ + column] == ' ') ++column;
    const size_t from = pos_ + column;
    if (from >= stop) {  // blank
      pos_ = std::min(eol + 1, end_);
      if (eol < end_) ++breaks;
      continue;
    }
    const bool more = is_blank(source_[from]);
    if (any && folded && !more && !last_more) {
      replace(breaks == 1 ? std::string(" ") : std::string(breaks - 1, '\n'), break_from);
    } else {
      replace(std::string(breaks, '\n'), break_from);
    }
    exact_ = false;
    pos_ = from;
    copy(stop - from);
    any = true;
    last_more = more;
    breaks = eol < end_ ? 1 : 0;
    break_from = stop;
    pos_ = std::min(eol + 1, end_);
  }
  // The span may end before the last line's end, which still counts.
  const bool line_end_follows = pos_ < source_.size() && breaks == 0;
  if (line_end_follows) breaks = 1;
  if (chomp == '-' || (!any && chomp != '+')) breaks = 0;
  if (chomp == ' ') breaks = std::min<size_t>(breaks, 1);
  replace(std::string(breaks, '\n'), break_from);
  return finish();
}

}  // namespace

ScalarText decode_scalar(std::string_view source_text, Span span, NodeStyle style) {
  Decoder decoder(source_text, span);
  if (style == NodeStyle::literal || style == NodeStyle::folded) return decoder.block(style, -1);
  return decoder.flow(style);
}

TextMap scalar_text_map(std::string_view source_text, Span span, NodeStyle style,
                        std::string_view text) {
  if (style == NodeStyle::plain && span.end - span.begin == text.size()) {
    return TextMap(span.source, span.begin);
  }
  ScalarText decoded = decode_scalar(source_text, span, style);
  if (decoded.text == text) return std::move(decoded.map);
  if (style == NodeStyle::literal || style == NodeStyle::folded) {
    // An explicit indentation counts from the parent's column, which is not known here.
    for (int indent = 0; indent < kIndentTried; ++indent) {
      decoded = Decoder(source_text, span).block(style, indent);
      if (decoded.text == text) return std::move(decoded.map);
    }
  }
  TextMap coarse(span.source);
  coarse.add_run(0, span.begin, false);
  coarse.add_run(static_cast<uint32_t>(text.size()), span.end, false);
  return coarse;
}

}  // namespace lf
