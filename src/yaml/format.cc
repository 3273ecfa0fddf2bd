// SPDX-License-Identifier: Apache-2.0
// Walks the concrete tree and writes it anew, line by line; comments and blank lines are put back
// where the walk passes their place in the source. The result is read again and compared.
#include "yaml/format.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "base/strings.h"
#include "yaml/concrete.h"
#include "yaml/reader.h"

namespace lf {

namespace {

constexpr size_t kIndent = 2;
constexpr std::string_view kBlanks = " \t\r";

std::string_view trim_right(std::string_view text) {
  const size_t last = text.find_last_not_of(kBlanks);
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}
std::string_view trim_left(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

struct OutputLine {
  std::string text;
  std::string comment;      // at its end; empty: none
  uint32_t comment_at = 0;  // the comment's column in the source
};

class Formatter {
 public:
  Formatter(std::string_view text, const YamlScan& scan) : text_(text), scan_(scan) {}

  std::string run(const ConcreteNode& root) {
    document_marker(root);
    // What begins a line as a document's marker does must not begin it.
    const size_t indent = reads_as_marker(root) ? kIndent : 0;
    if (root.is_block()) {
      block(root, indent, false, -1);
    } else if (root.kind != ConcreteNode::Kind::empty) {
      flush(root.first(), indent);
      new_line(indent);
      value_here(root, indent + kIndent, -1);
    }
    flush(static_cast<uint32_t>(text_.size()) + 1, 0);
    return joined();
  }

 private:
  // --- places in the source -------------------------------------------------------------------
  uint32_t line_begin(uint32_t at) const {
    const size_t end = at == 0 ? std::string_view::npos : text_.rfind('\n', at - 1);
    return end == std::string_view::npos ? 0 : static_cast<uint32_t>(end + 1);
  }
  int column(uint32_t at) const { return static_cast<int>(at - line_begin(at)); }
  bool one_line(uint32_t begin, uint32_t end) const {
    return text_.substr(begin, end - begin).find('\n') == std::string_view::npos;
  }
  std::string_view slice(uint32_t begin, uint32_t end) const {
    return text_.substr(begin, end - begin);
  }
  uint32_t next_token(uint32_t at) const {
    const auto found = std::lower_bound(
        scan_.tokens.begin(), scan_.tokens.end(), at,
        [](const YamlToken& token, uint32_t place) { return token.begin < place; });
    return found == scan_.tokens.end() ? static_cast<uint32_t>(text_.size()) + 1 : found->begin;
  }

  // --- comments and blank lines ---------------------------------------------------------------
  const Trivia* trivia(size_t ahead = 0) const {
    return next_ + ahead < scan_.trivia.size() ? &scan_.trivia[next_ + ahead] : nullptr;
  }
  bool comment_before(uint32_t limit) const {
    for (size_t i = 0; trivia(i) != nullptr && trivia(i)->span.begin < limit; ++i) {
      if (trivia(i)->kind == Trivia::Kind::comment) return true;
    }
    return false;
  }
  // Everything that stands before `limit` and was not written yet, a line each.
  void flush(uint32_t limit, size_t indent) {
    for (; trivia() != nullptr && trivia()->span.begin < limit; ++next_) {
      if (trivia()->kind == Trivia::Kind::blank_line) {
        if (!lines_.empty() && !lines_.back().text.empty()) lines_.emplace_back();
        continue;
      }
      new_line(indent);
      append(trim_right(slice(trivia()->span.begin, trivia()->span.end)));
    }
  }
  // A comment on the source line of `end`, right behind it.
  void trailing(uint32_t end) {
    const Trivia* next = trivia();
    if (next == nullptr || next->kind != Trivia::Kind::comment || next->own_line) return;
    if (next->span.begin < end || lines_.empty()) return;
    const std::string_view between = slice(end, next->span.begin);
    if (between.find_first_not_of(" \t:,-?") != std::string_view::npos) return;
    lines_.back().comment = trim_right(slice(next->span.begin, next->span.end));
    lines_.back().comment_at = static_cast<uint32_t>(column(next->span.begin));
    ++next_;
  }
  // Comments below what ends at `end` that are indented by `from_column` or more.
  void tail(uint32_t end, int from_column, size_t indent) {
    const uint32_t limit = std::min(next_token(end), next_dash_);
    while (true) {
      size_t ahead = 0;
      while (trivia(ahead) != nullptr && trivia(ahead)->kind == Trivia::Kind::blank_line) ++ahead;
      const Trivia* comment = trivia(ahead);
      if (comment == nullptr || !comment->own_line || comment->span.begin >= limit ||
          column(comment->span.begin) < from_column) {
        return;
      }
      flush(comment->span.begin + 1, indent);
    }
  }

  // --- output ---------------------------------------------------------------------------------
  void new_line(size_t indent) { lines_.push_back({std::string(indent, ' '), "", 0}); }
  void append(std::string_view text) {
    if (lines_.empty()) lines_.emplace_back();
    lines_.back().text += text;
  }
  size_t width() const { return lines_.empty() ? 0 : lines_.back().text.size(); }

  // Comments that stood under one another in the source still do.
  std::string joined() {
    while (lines_.size() > kept_ && lines_.back().text.empty()) lines_.pop_back();
    std::string out;
    for (size_t i = 0; i < lines_.size();) {
      size_t end = i + 1;
      size_t widest = lines_[i].text.size();
      if (!lines_[i].comment.empty()) {
        for (; end < lines_.size() && !lines_[end].comment.empty() &&
               lines_[end].comment_at == lines_[i].comment_at;
             ++end) {
          widest = std::max(widest, lines_[end].text.size());
        }
      }
      for (; i < end; ++i) {
        out += lines_[i].text;
        if (!lines_[i].comment.empty()) {
          out.append(widest - lines_[i].text.size() + 2, ' ');
          out += lines_[i].comment;
        }
        out += '\n';
      }
    }
    return out;
  }

  void document_marker(const ConcreteNode& root) {
    for (uint32_t at = 0; at < root.first();) {
      const size_t end = std::min(text_.find('\n', at), text_.size());
      if (trim_right(slice(at, static_cast<uint32_t>(end))) == "---") {
        flush(at, 0);
        new_line(0);
        append("---");
        last_end_ = at + 3;
        return;
      }
      at = static_cast<uint32_t>(end) + 1;
    }
  }

  bool reads_as_marker(const ConcreteNode& root) const {
    const auto begins = [&](const ConcreteNode& node) {
      const std::string_view text = text_.substr(node.first());
      return (text.starts_with("...") || text.starts_with("---")) &&
             (text.size() == 3 || text[3] == '\n' || kBlanks.find(text[3]) != kBlanks.npos);
    };
    if (root.kind != ConcreteNode::Kind::map || !root.is_block()) return begins(root);
    for (size_t i = 0; i < root.children.size(); i += 2)
      if (begins(root.children[i])) return true;
    return false;
  }

  // --- nodes ----------------------------------------------------------------------------------
  // The dash of the item whose text begins at `limit` (an empty item: behind the dash).
  uint32_t dash(uint32_t from) const {
    for (uint32_t at = from; at < text_.size(); ++at) {
      if (text_[at] == '#') {
        while (at < text_.size() && text_[at] != '\n') ++at;
      } else if (text_[at] == '-') {
        return at;
      }
    }
    return from;
  }

  void block(const ConcreteNode& node, size_t indent, bool on_this_line, int parent_column) {
    const bool map = node.kind == ConcreteNode::Kind::map;
    int own_column = -1;
    for (size_t i = 0; i < node.children.size(); i += map ? 2 : 1) {
      const ConcreteNode& child = node.children[i];
      const uint32_t begin = map ? child.first() : dash(last_end_);
      if (own_column < 0) own_column = column(begin);
      if (i > 0 || !on_this_line) {
        flush(begin, indent);
        new_line(indent);
      }
      if (map) {
        entry(child, node.children[i + 1], indent, own_column);
      } else {
        append("-");
        last_end_ = begin + 1;
        const uint32_t outer = next_dash_;
        if (i + 1 < node.children.size())
          next_dash_ = dash(std::max({last_end_, child.end, child.anchor_end}));
        value(child, indent + kIndent, own_column, true);
        next_dash_ = outer;
      }
    }
    if (own_column > parent_column) tail(node.end, own_column, indent);
  }

  void entry(const ConcreteNode& key, const ConcreteNode& held, size_t indent, int own_column) {
    append(inline_text(key));
    append(key.kind == ConcreteNode::Kind::alias ? " :" : ":");
    const size_t colon = text_.find(':', key.end);
    last_end_ = colon == std::string_view::npos ? key.end : static_cast<uint32_t>(colon) + 1;
    value(held, indent + kIndent, own_column, false);
  }

  // What stands behind `key:` or `-`. `indent` is that of lines inside of it.
  void value(const ConcreteNode& node, size_t indent, int parent_column, bool item) {
    if (node.has_anchor()) {
      append(" ");
      append(slice(node.anchor_begin, node.anchor_end));
      last_end_ = node.anchor_end;
    }
    if (node.kind == ConcreteNode::Kind::empty) {
      trailing(last_end_);
      tail(last_end_, parent_column + 1, indent);
      return;
    }
    const uint32_t begin = node.is_block() ? block_begin(node) : node.begin;
    const bool apart = comment_before(begin);
    trailing(last_end_);
    if (node.is_block()) {
      const bool compact = item && !node.has_anchor() && !apart;
      if (compact) append(" ");
      if (!compact && !apart) drop_blank_lines(begin);
      block(node, indent, compact, parent_column);
      return;
    }
    if (apart) {
      flush(begin, indent);
      new_line(indent);
    } else {
      drop_blank_lines(begin);
      append(" ");
    }
    value_here(node, indent, parent_column);
  }

  uint32_t block_begin(const ConcreteNode& node) const {
    if (node.kind == ConcreteNode::Kind::list) return dash(last_end_);
    return node.children.empty() ? node.begin : node.children.front().first();
  }
  void drop_blank_lines(uint32_t limit) {
    while (trivia() != nullptr && trivia()->span.begin < limit &&
           trivia()->kind == Trivia::Kind::blank_line) {
      ++next_;
    }
  }

  void value_here(const ConcreteNode& node, size_t indent, int parent_column) {
    if (node.is_flow()) {
      flow(node, indent - kIndent);
    } else if (node.kind == ConcreteNode::Kind::scalar &&
               (node.style == NodeStyle::literal || node.style == NodeStyle::folded)) {
      block_scalar(node, indent, parent_column);
      return;
    } else {
      several_lines(slice(node.begin, node.end), indent);
    }
    last_end_ = node.end;
    trailing(node.end);
  }

  void several_lines(std::string_view text, size_t indent) {
    for (bool first = true; !text.empty(); first = false) {
      const size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (!text.empty()) line = trim_right(line);
      if (first) {
        append(line);
        continue;
      }
      line = trim_left(line);
      new_line(line.empty() ? 0 : indent);
      append(line);
    }
  }

  void block_scalar(const ConcreteNode& node, size_t indent, int parent_column) {
    std::string_view text = slice(node.begin, node.end);
    const size_t first_end = std::min(text.find('\n'), text.size());
    std::string header(trim_right(text.substr(0, std::min(text.find('#'), first_end))));
    text.remove_prefix(std::min(first_end + 1, text.size()));
    std::optional<size_t> base;
    if (const size_t digit = header.find_first_of("123456789"); digit != std::string::npos) {
      base = static_cast<size_t>(std::max(parent_column, 0) + (header[digit] - '0'));
      header[digit] = static_cast<char>('0' + kIndent);
    }
    const uint32_t header_end = node.begin + static_cast<uint32_t>(header.size());
    std::vector<std::string_view> content;
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      content.push_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    for (size_t i = 0; i < content.size() && !base; ++i) {
      const size_t spaces = content[i].find_first_not_of(' ');
      if (spaces != std::string_view::npos) base = spaces;
    }
    // Spaces beyond the indentation are text.
    const auto blank = [&](std::string_view line) {
      return line.find_first_not_of(' ') == std::string_view::npos &&
             line.size() <= base.value_or(line.size());
    };
    // At the end of a file without a last line end the text has none either; here it gets one.
    if (node.end == text_.size() && !text_.ends_with('\n') && !content.empty()) {
      if (blank(content.back())) {
        content.pop_back();
      } else {
        std::erase(header, '+');
        std::erase(header, '-');
        header += '-';
      }
    }
    append(header);
    trailing(header_end);
    const bool keep = header.find('+') != std::string::npos;
    while (!keep && !content.empty() && blank(content.back())) content.pop_back();
    for (const std::string_view line : content) {
      if (blank(line)) {
        lines_.emplace_back();
        continue;
      }
      new_line(indent);
      append(line.substr(std::min(base.value_or(0), line.size())));
    }
    if (keep) kept_ = lines_.size();
    last_end_ = node.end;
    while (trivia() != nullptr && trivia()->span.begin < node.end && keep) ++next_;
    while (trivia() != nullptr && trivia()->span.begin + 1 < node.end) ++next_;
  }

  // --- flow -----------------------------------------------------------------------------------
  // `{a: 1, b: [2, 3]}`: a flow collection, a scalar or an alias on one line.
  std::string inline_text(const ConcreteNode& node) const {
    std::string out;
    if (node.has_anchor()) {
      out += slice(node.anchor_begin, node.anchor_end);
      if (node.kind != ConcreteNode::Kind::empty) out += ' ';
    }
    return out + content_text(node);
  }

  // The same without the node's own anchor.
  std::string content_text(const ConcreteNode& node) const {
    if (!node.is_collection()) return on_one_line(slice(node.begin, node.end));
    std::string out;
    const bool map = node.kind == ConcreteNode::Kind::map;
    const bool bracket =
        text_[node.begin] == (map ? '{' : '[') && text_[node.end - 1] == (map ? '}' : ']');
    if (bracket) out += map ? '{' : '[';
    for (size_t i = 0; i < node.children.size(); i += map ? 2 : 1) {
      if (i > 0) out += ", ";
      out +=
          map ? pair_text(node.children[i], node.children[i + 1]) : inline_text(node.children[i]);
    }
    if (bracket) out += map ? '}' : ']';
    return out;
  }

  std::string pair_text(const ConcreteNode& key, const ConcreteNode& held) const {
    std::string out = inline_text(key);
    if (key.kind == ConcreteNode::Kind::alias) out += ' ';
    if (held.kind != ConcreteNode::Kind::empty || held.has_anchor()) {
      return out + ": " + inline_text(held);
    }
    const size_t behind = text_.find_first_not_of(" \t\r\n", key.end);
    return behind != std::string_view::npos && text_[behind] == ':' ? out + ":" : out;
  }

  // A scalar of several lines, folded as YAML folds it. A line end that means something stays.
  std::string on_one_line(std::string_view text) const {
    std::string out;
    while (true) {
      const size_t end = text.find('\n');
      if (end == std::string_view::npos) return out + std::string(text);
      out += trim_right(text.substr(0, end));
      text = trim_left(text.substr(end + 1));
      // One line end is a space; each further one behind it is itself.
      size_t further = 0;
      for (; text.starts_with('\n'); ++further) text = trim_left(text.substr(1));
      out += further > 0 ? std::string(further + 1, '\n') : out.ends_with('\\') ? "\n" : " ";
    }
  }

  void flow(const ConcreteNode& node, size_t indent) {
    const bool empty = node.children.empty();
    bool comments = false;
    for (size_t i = 0; trivia(i) != nullptr && trivia(i)->span.begin < node.end; ++i) {
      comments = comments || trivia(i)->kind == Trivia::Kind::comment;
    }
    const bool opened = !empty && !one_line(node.begin, node.children.front().first());
    if (comments || opened) {
      expanded(node, indent);
      return;
    }
    drop_blank_lines(node.end);
    const std::string text = content_text(node);  // who calls has written the anchor
    if (one_line(node.begin, node.end) || width() + text.size() <= kFormatColumns) {
      several_lines(text, indent + kIndent);
    } else {
      filled(node);
    }
  }

  // One item a line.
  void expanded(const ConcreteNode& node, size_t indent) {
    const bool map = node.kind == ConcreteNode::Kind::map;
    append(map ? "{" : "[");
    trailing(node.begin + 1);
    for (size_t i = 0; i < node.children.size(); i += map ? 2 : 1) {
      const ConcreteNode& child = node.children[i];
      const ConcreteNode& last = map ? node.children[i + 1] : child;
      flush(child.first(), indent + kIndent);
      new_line(indent + kIndent);
      if (map && last.is_flow() && !last.has_anchor()) {
        append(inline_text(child));
        append(": ");
        flow(last, indent + kIndent);
      } else if (!map && last.is_flow() && !last.has_anchor() && text_[last.end - 1] != ':' &&
                 (text_[last.begin] == '{' || text_[last.begin] == '[')) {
        flow(last, indent + kIndent);
      } else {
        std::string text = map ? pair_text(child, last) : inline_text(child);
        // The reader takes a key alone on the last line only with its colon.
        const bool alone = map && last.kind == ConcreteNode::Kind::empty && !last.has_anchor();
        if (alone && i + 2 == node.children.size() && !text.ends_with(':')) text += ':';
        several_lines(text, indent + 2 * kIndent);
      }
      if (i + (map ? 2 : 1) < node.children.size()) append(",");
      trailing(last.end);
    }
    flush(node.end, indent + kIndent);
    new_line(indent);
    append(map ? "}" : "]");
  }

  // As many items a line as fit, under one another behind the bracket.
  void filled(const ConcreteNode& node) {
    const bool map = node.kind == ConcreteNode::Kind::map;
    append(map ? "{" : "[");
    const size_t margin = width();
    for (size_t i = 0; i < node.children.size(); i += map ? 2 : 1) {
      std::string item =
          map ? pair_text(node.children[i], node.children[i + 1]) : inline_text(node.children[i]);
      item += i + (map ? 2 : 1) < node.children.size() ? "," : map ? "}" : "]";
      if (i > 0 && width() + 1 + item.size() > kFormatColumns) {
        new_line(margin);
      } else if (i > 0) {
        append(" ");
      }
      several_lines(item, margin);
    }
  }

  std::string_view text_;
  const YamlScan& scan_;
  size_t next_ = 0;        // in scan_.trivia
  uint32_t last_end_ = 0;  // in the source: behind what was written last
  size_t kept_ = 0;        // lines up to here stay at the end, though they may be empty
  std::vector<OutputLine> lines_;
  // Of the item behind the one that is written: where that is empty, it has no token.
  uint32_t next_dash_ = std::numeric_limits<uint32_t>::max();
};

bool same(const Node& a, const Node& b) {
  if (a.kind() != b.kind() || a.size() != b.size()) return false;
  if (a.is_scalar()) return a.text() == b.text() && a.is_plain() == b.is_plain();
  for (size_t i = 0; i < a.size(); ++i) {
    if (a.is_list() && !same(a.item(i), b.item(i))) return false;
    if (a.is_map() &&
        (!same(a.entry(i).key, b.entry(i).key) || !same(a.entry(i).value, b.entry(i).value))) {
      return false;
    }
  }
  return true;
}

size_t comments_in(const SyntaxTree& tree) {
  return static_cast<size_t>(
      std::count_if(tree.trivia().begin(), tree.trivia().end(),
                    [](const Trivia& t) { return t.kind == Trivia::Kind::comment; }));
}

}  // namespace

Result<std::string> format_yaml(const Sources& sources, SourceId source, Diagnostics& diagnostics) {
  const std::string& path = sources.get(source).path();
  SyntaxTree before(sources);
  const Node root = read_yaml(before, source, diagnostics);
  if (diagnostics.has_errors()) return fail(ErrorCode::invalid, path + " cannot be read");
  const std::string_view text = sources.get(source).text();
  Diagnostics known;
  const YamlScan scan = scan_yaml(text, source, YamlLimits{}, known);
  const auto concrete = concrete_yaml(text, scan);
  if (!concrete) return fail(ErrorCode::internal, path + ": " + concrete.error());
  std::string out = Formatter(text, scan).run(*concrete);

  Sources again;
  const SourceId written = again.add(path, out);
  SyntaxTree after(again);
  Diagnostics wrong;
  const Node result = read_yaml(after, written, wrong);
  if (wrong.has_errors() || !same(root, result) || comments_in(before) != comments_in(after)) {
    return fail(ErrorCode::internal,
                path + ": laid out, it would not say the same; the file stays as it is");
  }
  return out;
}

}  // namespace lf
