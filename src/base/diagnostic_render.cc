// SPDX-License-Identifier: Apache-2.0
// Diagnostics as text and as JSON. The text is the form of the best compilers: the sentence, then
// for each file an arrow with the place, the lines concerned behind a gutter with the exact spans
// underlined, then notes, fixes shown as the line to copy, and help.
//
// The user's text is hostile until shown to be tame: it is cut to a window around the span, tabs
// become spaces, control characters and bidi overrides become visible escapes, and every mark is
// placed by code points of what is really printed.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/diagnostic.h"
#include "base/json.h"
#include "base/strings.h"

namespace lf {

namespace {

constexpr uint32_t kLinesPerSpan = 6;  // of a longer span its first and its last lines are shown
constexpr size_t kTab = 4;
constexpr size_t kFixLinesMax = 12;

struct Palette {
  std::string_view error, warning, note, frame, good, bold, off;
};
constexpr Palette kPlain{};
constexpr Palette kColors{"\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m", "\x1b[1;34m",
                          "\x1b[1;32m", "\x1b[1m",    "\x1b[0m"};

size_t sequence_size(std::string_view text, size_t i) {
  const auto lead = static_cast<uint8_t>(text[i]);
  const size_t n = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 1;
  return i + n <= text.size() && valid_utf8(text.substr(i, n)) ? n : 1;
}

// One source line as printed, and where each of its bytes stands in that (in code points). Only
// the part near [begin, end) is laid out when the line is long: a 10 MB line costs no more.
struct Shown {
  std::string text;
  size_t first_byte = 0;         // of the line, that `text` begins with
  std::vector<uint32_t> column;  // by byte - first_byte; one more at the end
  size_t shift = 0;              // columns of the ellipsis before
  size_t width = 0;

  uint32_t at(size_t byte) const {
    if (byte < first_byte) return 0;
    return column[std::min(byte - first_byte, column.size() - 1)];
  }
};

Shown show_line(std::string_view line, size_t focus_begin, size_t focus_end, size_t width) {
  Shown out;
  size_t last = line.size();
  bool cut_end = false;
  if (line.starts_with("\xef\xbb\xbf")) out.first_byte = 3;
  // Bytes are at least as many as columns, except for escapes, which are rare.
  if (line.size() > width) {
    focus_begin = std::min(focus_begin, line.size());
    focus_end = std::clamp(focus_end, focus_begin, std::min(focus_begin + width, line.size()));
    const size_t room = width > focus_end - focus_begin ? width - (focus_end - focus_begin) : 0;
    if (focus_end > width * 9 / 10) {
      size_t from = focus_begin - std::min(focus_begin, room / 2);
      while (from > 0 && (static_cast<uint8_t>(line[from]) & 0xc0) == 0x80) --from;
      out.first_byte = std::max(out.first_byte, from);
    }
    last = std::min(line.size(), out.first_byte + width);
    while (last < line.size() && (static_cast<uint8_t>(line[last]) & 0xc0) == 0x80) ++last;
    cut_end = last < line.size();
  }
  if (out.first_byte > 3) {
    out.text = "... ";
    out.shift = 4;
  }
  uint32_t column = static_cast<uint32_t>(out.shift);
  for (size_t i = out.first_byte; i < last;) {
    const size_t n = std::min(sequence_size(line, i), last - i);
    std::string piece;
    if (line[i] == '\t') {
      piece.assign(kTab - (column - out.shift) % kTab, ' ');
    } else {
      piece = printable(line.substr(i, n));
    }
    out.column.insert(out.column.end(), n, column);
    out.text += piece;
    column += static_cast<uint32_t>(utf8_length(piece));
    i += n;
  }
  out.column.push_back(column);
  if (cut_end) out.text += " ...";
  out.width = column;
  return out;
}

// A label cut to one line.
struct Mark {
  size_t begin = 0, end = 0;  // bytes of the line
  std::string text;
  bool primary = false;
};

struct FileBlock {
  SourceId source = kNoSource;
  Span place;
  std::map<uint32_t, std::vector<Mark>> lines;
};

class Renderer {
 public:
  Renderer(const Diagnostic& diagnostic, const Sources& sources, const RenderOptions& options)
      : diagnostic_(diagnostic),
        sources_(sources),
        colors_(options.color ? kColors : kPlain),
        width_(static_cast<size_t>(std::max(options.width, 40))) {}

  std::string run() {
    head();
    collect();
    for (const FileBlock& block : blocks_) {
      uint32_t last = block.lines.empty() ? 0 : block.lines.rbegin()->first;
      gutter_ = std::max(gutter_, std::to_string(last).size());
    }
    for (size_t i = 0; i < blocks_.size(); ++i) file(blocks_[i], i == 0);
    for (const Label& label : diagnostic_.others) {
      if (!known(label.span) && !label.text.empty()) remark("note", colors_.note, label.text);
    }
    if (!known(diagnostic_.primary.span) && !diagnostic_.primary.text.empty()) {
      remark("note", colors_.note, diagnostic_.primary.text);
    }
    for (const Fix& fix : diagnostic_.fixes) show_fix(fix);
    for (const std::string& help : diagnostic_.help) remark("help", colors_.good, help);
    return std::move(out_);
  }

 private:
  std::string_view severity_color() const {
    switch (diagnostic_.severity()) {
      case Severity::error: return colors_.error;
      case Severity::warning: return colors_.warning;
      case Severity::note: return colors_.note;
    }
    return colors_.error;
  }

  bool known(const Span& span) const { return span.valid() && span.source < sources_.size(); }

  void head() {
    static constexpr std::string_view kWords[] = {"error", "warning", "note"};
    out_ += fmt::format("{}{}[{}]{}{}: {}{}\n", severity_color(),
                        kWords[static_cast<size_t>(diagnostic_.severity())],
                        info(diagnostic_.code).name, colors_.off, colors_.bold,
                        printable(diagnostic_.message), colors_.off);
  }

  FileBlock& block_of(const Span& span) {
    for (FileBlock& block : blocks_) {
      if (block.source == span.source) return block;
    }
    blocks_.push_back({span.source, span, {}});
    return blocks_.back();
  }

  // Cuts a label into marks on its lines.
  void add_label(const Label& label, bool primary) {
    if (!known(label.span)) return;
    const Source& source = sources_.get(label.span.source);
    const auto size = static_cast<uint32_t>(source.text().size());
    const uint32_t begin = std::min(label.span.begin, size);
    uint32_t end = std::clamp(label.span.end, begin, size);
    // A span that ends behind line ends means the text before them.
    while (end > begin + 1 && (source.text()[end - 1] == '\n' || source.text()[end - 1] == '\r')) {
      --end;
    }
    FileBlock& block = block_of(label.span);
    const uint32_t first = source.position(begin).line;
    const uint32_t last = end > begin ? source.position(end - 1).line : first;
    for (uint32_t number = first; number <= last; ++number) {
      if (last - first >= kLinesPerSpan && number == first + kLinesPerSpan / 2) {
        number = last - kLinesPerSpan / 2 + 1;
      }
      const uint32_t start = source.line_start(number);
      const std::string_view line = source.line(number);
      Mark mark;
      mark.primary = primary;
      mark.begin = number == first ? begin - start : line.find_first_not_of(" \t");
      mark.end = number == last ? end - start : line.size();
      if (mark.begin == std::string_view::npos) continue;  // a blank line inside
      mark.begin = std::min(mark.begin, line.size());
      mark.end = std::clamp(mark.end, mark.begin, line.size());
      if (number == last) mark.text = label.text;
      block.lines[number].push_back(std::move(mark));
    }
  }

  void collect() {
    add_label(diagnostic_.primary, true);
    for (const Label& label : diagnostic_.others) add_label(label, false);
  }

  void bar(std::string_view rest = "") {
    out_ += fmt::format("{}{:{}} |{}{}{}\n", colors_.frame, "", gutter_, colors_.off,
                        rest.empty() ? "" : " ", rest);
  }

  void file(const FileBlock& block, bool first) {
    const Source& source = sources_.get(block.source);
    const Position position = source.position(block.place.begin);
    out_ += fmt::format("{}{:{}}{}{} {}:{}:{}\n", colors_.frame, "", gutter_,
                        first ? "-->" : ":::", colors_.off, printable(source.path()), position.line,
                        position.column);
    if (block.lines.empty()) return;
    bar();
    uint32_t before = 0;
    for (const auto& [number, marks] : block.lines) {
      if (before != 0 && number == before + 2) {
        line(source, before + 1, {});
      } else if (before != 0 && number > before + 1) {
        out_ += fmt::format("{}...{}\n", colors_.frame, colors_.off);
      }
      line(source, number, marks);
      before = number;
    }
  }

  void line(const Source& source, uint32_t number, std::vector<Mark> marks) {
    const std::string_view text = source.line(number);
    size_t focus_begin = 0, focus_end = 0;
    for (const Mark& mark : marks) {
      if (mark.primary || &mark == &marks.front()) focus_begin = mark.begin, focus_end = mark.end;
      if (mark.primary) break;
    }
    const Shown shown = show_line(text, focus_begin, focus_end, width_);
    std::string printed = shown.text;
    printed.erase(printed.find_last_not_of(' ') + 1);
    out_ += fmt::format("{}{:>{}} |{}{}{}\n", colors_.frame, number, gutter_, colors_.off,
                        printed.empty() ? "" : " ", printed);
    underline(shown, std::move(marks));
  }

  struct Underline {
    size_t from, to;
    const Mark* mark;
  };

  // First a line with all the marks and the last one's label, then one line a label, from the right
  // to the left.
  void underline(const Shown& shown, std::vector<Mark> marks) {
    std::vector<Underline> lines;
    for (const Mark& mark : marks) {
      const size_t from = std::min<size_t>(shown.at(mark.begin), shown.width);
      const size_t to = std::max<size_t>(shown.at(mark.end), from + 1);
      lines.push_back({from, to, &mark});
    }
    if (lines.empty()) return;
    std::stable_sort(lines.begin(), lines.end(),
                     [](const Underline& a, const Underline& b) { return a.from < b.from; });
    std::vector<char> canvas;
    for (int pass = 0; pass < 2; ++pass) {  // the primary mark over the others
      for (const Underline& u : lines) {
        if (u.mark->primary != (pass == 1)) continue;
        if (canvas.size() < u.to) canvas.resize(u.to, ' ');
        std::fill(canvas.begin() + static_cast<std::ptrdiff_t>(u.from),
                  canvas.begin() + static_cast<std::ptrdiff_t>(u.to), pass == 1 ? '^' : '-');
      }
    }
    // The rightmost label stands on the line of the marks, if nothing stands to its right.
    size_t inline_label = lines.size();
    if (!lines.back().mark->text.empty() && lines.back().to == canvas.size()) {
      inline_label = lines.size() - 1;
    }
    std::string text = paint(canvas);
    if (inline_label < lines.size()) {
      const Mark& mark = *lines[inline_label].mark;
      text += fmt::format(" {}{}{}", color_of(mark), printable(mark.text), colors_.off);
    }
    bar(text);
    for (size_t i = lines.size(); i-- > 0;) {
      const Underline& u = lines[i];
      if (i == inline_label || u.mark->text.empty()) continue;
      std::string row(u.from, ' ');
      for (size_t k = 0; k < i; ++k) {
        const bool waiting = !lines[k].mark->text.empty() && k != inline_label;
        if (waiting && lines[k].from < row.size()) row[lines[k].from] = '|';
      }
      bar(fmt::format("{}{}{}{}", row, color_of(*u.mark), printable(u.mark->text), colors_.off));
    }
  }

  std::string_view color_of(const Mark& mark) const {
    return mark.primary ? severity_color() : colors_.frame;
  }

  std::string paint(const std::vector<char>& canvas) const {
    std::string text;
    char before = ' ';
    for (const char c : canvas) {
      if (c != before) {
        if (before != ' ') text += colors_.off;
        if (c != ' ') text += c == '^' ? severity_color() : colors_.frame;
      }
      text += c;
      before = c;
    }
    if (before != ' ') text += colors_.off;
    return text;
  }

  void remark(std::string_view word, std::string_view color, const std::string& text) {
    const std::vector<std::string> parts = split(text, '\n');
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i == 0) {
        out_ += fmt::format("{}{:{}} = {}{}{}{}: {}\n", colors_.frame, "", gutter_, colors_.off,
                            color, word, colors_.off, printable(parts[i]));
      } else {
        out_ += fmt::format("{:{}}{}\n", "", gutter_ + 5 + word.size(), printable(parts[i]));
      }
    }
  }

  // The lines that the fix touches, as they will be.
  void show_fix(const Fix& fix) {
    remark("help", colors_.good, fix.title);
    if (!known(fix.span)) return;
    const Source& source = sources_.get(fix.span.source);
    const auto size = static_cast<uint32_t>(source.text().size());
    const uint32_t begin = std::min(fix.span.begin, size);
    const uint32_t end = std::clamp(fix.span.end, begin, size);
    const uint32_t first = source.position(begin).line;
    const uint32_t last = source.position(end).line;
    const uint32_t start = source.line_start(first);
    const std::string_view tail_line = source.line(last);
    const size_t tail_from = std::min<size_t>(end - source.line_start(last), tail_line.size());
    std::string text(source.text().substr(start, begin - start));
    const size_t new_begin = text.size();
    text += fix.replacement;
    const size_t new_end = text.size();
    text += tail_line.substr(tail_from);
    const std::vector<std::string> lines = split(text, '\n');
    size_t offset = 0;
    bar();
    for (size_t i = 0; i < lines.size(); ++i) {
      if (i == kFixLinesMax) {
        out_ += fmt::format("{}...{}\n", colors_.frame, colors_.off);
        return;
      }
      const std::string_view bare = std::string_view(lines[i]).substr(
          0, lines[i].size() - (lines[i].ends_with('\r') ? 1 : 0));
      const size_t from = std::clamp(new_begin, offset, offset + bare.size()) - offset;
      const size_t to = std::clamp(new_end, offset + from, offset + bare.size()) - offset;
      // Never cut when it can be helped: it is there to be copied.
      const Shown shown = show_line(bare, from, to, std::max<size_t>(width_, 400));
      out_ += fmt::format("{}{:>{}} |{}{}{}\n", colors_.frame, first + i, gutter_, colors_.off,
                          shown.text.empty() ? "" : " ", shown.text);
      if (to > from) {
        bar(fmt::format("{:{}}{}{:+<{}}{}", "", shown.at(from), colors_.good, "",
                        shown.at(to) - shown.at(from), colors_.off));
      }
      offset += lines[i].size() + 1;
    }
  }

  const Diagnostic& diagnostic_;
  const Sources& sources_;
  const Palette& colors_;
  size_t width_;
  size_t gutter_ = 1;
  std::vector<FileBlock> blocks_;
  std::string out_;
};

// {"file":…,"line":…} of a span, added to `out`.
void add_place(Map& out, const Span& span, const Sources& sources) {
  if (!span.valid() || span.source >= sources.size()) return;
  const Source& source = sources.get(span.source);
  const Position begin = source.position(span.begin), end = source.position(span.end);
  out.set("file", Value(source.path()));
  out.set("line", Value(static_cast<int64_t>(begin.line)));
  out.set("column", Value(static_cast<int64_t>(begin.column)));
  out.set("end_line", Value(static_cast<int64_t>(end.line)));
  out.set("end_column", Value(static_cast<int64_t>(end.column)));
}

}  // namespace

std::string render(const Diagnostic& diagnostic, const Sources& sources,
                   const RenderOptions& options) {
  return Renderer(diagnostic, sources, options).run();
}

std::string render_json(const Diagnostic& diagnostic, const Sources& sources) {
  static constexpr const char* kWords[] = {"error", "warning", "note"};
  Map out;
  out.set("code", Value(info(diagnostic.code).name));
  out.set("severity", Value(kWords[static_cast<size_t>(diagnostic.severity())]));
  out.set("message", Value(diagnostic.message));
  add_place(out, diagnostic.primary.span, sources);
  out.set("label", Value(diagnostic.primary.text));
  List notes, fixes, help;
  for (const Label& label : diagnostic.others) {
    Map note;
    note.set("message", Value(label.text));
    add_place(note, label.span, sources);
    notes.push_back(Value(std::move(note)));
  }
  for (const Fix& fix : diagnostic.fixes) {
    Map entry;
    entry.set("title", Value(fix.title));
    add_place(entry, fix.span, sources);
    entry.set("replacement", Value(fix.replacement));
    entry.set("safe", Value(fix.safe));
    fixes.push_back(Value(std::move(entry)));
  }
  for (const std::string& line : diagnostic.help) help.push_back(Value(line));
  out.set("notes", Value(std::move(notes)));
  out.set("fixes", Value(std::move(fixes)));
  out.set("help", Value(std::move(help)));
  return to_json(Value(std::move(out)));
}

}  // namespace lf
