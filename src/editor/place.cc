// SPDX-License-Identifier: Apache-2.0
#include "editor/place.h"

#include <algorithm>

#include "yaml/reader.h"

namespace lf::editor {

namespace {

constexpr std::string_view kMark = "llmforge0cursor";
constexpr int kBlankedMax = 8;  // broken lines elsewhere that are taken out, one after the other

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("_-./@").find(c) != std::string_view::npos ||
         static_cast<unsigned char>(c) >= 0x80;
}

size_t line_begin(std::string_view text, size_t at) {
  const size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return before == std::string_view::npos ? 0 : before + 1;
}
size_t line_end(std::string_view text, size_t at) {
  const size_t end = text.find('\n', at);
  size_t out = end == std::string_view::npos ? text.size() : end;
  if (out > at && text[out - 1] == '\r') --out;
  return out;
}

// What is open at the end of a piece of a line: quotes and brackets.
struct Open {
  std::string brackets;
  char quote = 0;
  bool comment = false;
  std::string closing() const {
    std::string out;
    if (quote != 0) out += quote;
    for (auto b = brackets.rbegin(); b != brackets.rend(); ++b) out += *b == '{' ? '}' : ']';
    return out;
  }
};

Open open_in(std::string_view piece) {
  Open out;
  for (size_t i = 0; i < piece.size(); ++i) {
    const char c = piece[i];
    const char before = i == 0 ? ' ' : piece[i - 1];
    if (out.quote != 0) {
      if (out.quote == '"' && c == '\\') ++i;
      if (c == out.quote) out.quote = 0;
      continue;
    }
    const bool fresh = before == ' ' || before == '{' || before == '[' || before == ',';
    if ((c == '"' || c == '\'') && fresh) {
      out.quote = c;
    } else if (c == '#' && (before == ' ' || before == '\t')) {
      out.comment = true;
      return out;
    } else if (c == '$' && i + 1 < piece.size() && piece[i + 1] == '{') {
      const size_t end = expression_end(piece, i + 2, piece.size());
      if (end == std::string_view::npos) return out;
      i = end - 1;
    } else if ((c == '{' || c == '[') && (fresh || !out.brackets.empty())) {
      out.brackets += c;
    } else if ((c == '}' || c == ']') && !out.brackets.empty()) {
      out.brackets.pop_back();
    }
  }
  return out;
}

class Finder {
 public:
  Finder(std::string_view text, uint32_t offset)
      : text_(text), at_(std::min<size_t>(offset, text.size())) {}

  Place run() {
    const size_t begin = line_begin(text_, at_);
    const std::string_view before = text_.substr(begin, at_ - begin);
    const Open open = open_in(before);
    const size_t first = before.find_first_not_of(' ');
    const bool comment = open.comment || (first != std::string_view::npos && before[first] == '#');
    find_expression();
    if (comment && out_.kind != Place::Kind::expression) return {};
    out_.in_flow = !open.brackets.empty();
    out_.quoted = open.quote != 0;
    if (out_.kind != Place::Kind::expression) find_word();
    const bool in_expression = out_.kind == Place::Kind::expression;
    const bool found =
        try_all(text_) || try_all(text_.substr(0, line_end(text_, at_))) || try_blanked();
    if (found) return std::move(out_);
    // Without the YAML around it an expression is still one.
    if (in_expression) out_.kind = Place::Kind::expression;
    return in_expression ? std::move(out_) : Place();
  }

 private:
  void find_word() {
    size_t begin = at_, end = at_;
    while (begin > 0 && is_word(text_[begin - 1])) --begin;
    while (end < text_.size() && is_word(text_[end])) ++end;
    replaced_begin_ = begin;
    replaced_end_ = end;
    out_.begin = static_cast<uint32_t>(begin);
    out_.end = static_cast<uint32_t>(end);
    out_.typed = std::string(text_.substr(begin, at_ - begin));
    out_.has_colon = end < text_.size() && text_[end] == ':';
  }

  // The last `${` before the cursor that is not closed before it.
  void find_expression() {
    const size_t window = at_ > 8192 ? at_ - 8192 : 0;
    size_t open = std::string_view::npos;
    for (size_t i = text_.find("${", window); i != std::string_view::npos && i + 2 <= at_;) {
      if (i > 0 && text_[i - 1] == '$') {
        i = text_.find("${", i + 2);
        continue;
      }
      const size_t line = line_end(text_, i);
      const size_t whole = expression_end(text_, i + 2, text_.size());
      // One that is not closed on its line is taken to end there: it is being typed.
      const size_t end = whole != std::string_view::npos && (whole <= line || at_ > line)
                             ? whole
                             : std::string_view::npos;
      if (end == std::string_view::npos && at_ <= line) {
        open = i;
        break;
      }
      if (end != std::string_view::npos && end > at_ && end - i < 8192) {
        open = i;
        break;
      }
      i = text_.find("${", end == std::string_view::npos ? line : end);
    }
    if (open == std::string_view::npos) return;
    const size_t limit = line_end(text_, at_);
    const size_t closed = expression_end(text_, open + 2, text_.size());
    const bool is_closed = closed != std::string_view::npos && (closed <= limit || closed > at_) &&
                           text_.substr(open, closed - open).find(": ${") == std::string_view::npos;
    size_t end = is_closed ? closed - 1 : limit;
    if (!is_closed) {
      // Quotes and brackets of the YAML around it are none of it.
      while (end > at_ && std::string_view("\"']} ").find(text_[end - 1]) != std::string_view::npos)
        --end;
    }
    out_.kind = Place::Kind::expression;
    out_.expression_begin = static_cast<uint32_t>(open + 2);
    out_.expression = std::string(text_.substr(open + 2, end - open - 2));
    out_.cursor = static_cast<uint32_t>(at_ - open - 2);
    replaced_begin_ = open;
    replaced_end_ = is_closed ? closed : end;
  }

  bool try_all(std::string_view text) {
    const std::string before(text.substr(0, replaced_begin_));
    const std::string_view rest =
        replaced_end_ < text.size() ? text.substr(replaced_end_) : std::string_view();
    const size_t line = line_begin(text_, replaced_begin_);
    const std::string_view on_line = text_.substr(line, replaced_begin_ - line);
    const bool alone = on_line.find_first_not_of(" ") == std::string_view::npos;
    const std::string mark(kMark);
    const size_t rest_line = std::min(rest.find('\n'), rest.size());
    const std::string closing = open_in(on_line).closing();
    const bool more = rest.substr(0, rest_line).find_first_not_of(" \r") != std::string_view::npos;
    // A word alone on its line is most likely a key.
    if (alone && !out_.has_colon && !more && (attempt(before + mark + ":" + std::string(rest)))) {
      return true;
    }
    if (attempt(before + mark + std::string(rest))) return true;
    if (attempt(before + mark + closing + std::string(rest.substr(rest_line)))) return true;
    return attempt(before + mark + ":" + closing + std::string(rest.substr(rest_line)));
  }

  // Lines elsewhere that cannot be read are blanked, which moves nothing.
  bool try_blanked() {
    std::string copy(text_);
    const size_t own = line_begin(text_, at_);
    for (int i = 0; i < kBlankedMax; ++i) {
      Sources sources;
      SyntaxTree tree(sources);
      Diagnostics found;
      std::string mended = copy;
      for (size_t k = replaced_begin_; k < replaced_end_; ++k) {
        if (mended[k] != '\n') mended[k] = 'x';
      }
      read_yaml(tree, sources.add("", mended), found);
      bool blanked = false;
      for (const Diagnostic& d : found.all()) {
        const size_t line = line_begin(copy, std::min<size_t>(d.primary.span.begin, copy.size()));
        if (!d.primary.span.valid() || line == own) continue;
        const size_t end = line_end(copy, line);
        if (std::all_of(copy.begin() + static_cast<std::ptrdiff_t>(line),
                        copy.begin() + static_cast<std::ptrdiff_t>(end),
                        [](char c) { return c == ' '; })) {
          continue;
        }
        std::fill(copy.begin() + static_cast<std::ptrdiff_t>(line),
                  copy.begin() + static_cast<std::ptrdiff_t>(end), ' ');
        blanked = true;
        break;
      }
      if (!blanked) return false;
      if (try_all(copy)) return true;
    }
    return false;
  }

  bool attempt(std::string mended) {
    auto sources = std::make_shared<Sources>();
    auto tree = std::make_shared<SyntaxTree>(*sources);
    Diagnostics found;
    const Node root = read_yaml(*tree, sources->add("", std::move(mended)), found);
    if (!root) return false;
    out_.path.clear();
    out_.nodes.clear();
    if (!descend(root)) return false;
    out_.sources = std::move(sources);
    out_.tree = std::move(tree);
    return true;
  }

  // Depth first, to the mark.
  bool descend(const Node& node) {
    if (node.is_scalar()) return at_value(node);
    if (!node.is_list() && !node.is_map()) return false;
    out_.nodes.push_back(node);
    for (size_t i = 0; i < node.size(); ++i) {
      if (node.is_list()) {
        out_.path.emplace_back("[]");
        if (descend(node.item(i))) return true;
        out_.path.pop_back();
        continue;
      }
      const Node::Entry entry = node.entry(i);
      if (entry.key.text() == kMark && out_.kind != Place::Kind::expression) {
        out_.kind = Place::Kind::key;
        out_.key = std::string(text_.substr(out_.begin, out_.end - out_.begin));
        return true;
      }
      out_.path.emplace_back(entry.key.text());
      if (descend(entry.value)) return true;
      out_.path.pop_back();
    }
    out_.nodes.pop_back();
    return false;
  }

  bool at_value(const Node& node) {
    const std::string_view text = node.text();
    if (text.find(kMark) == std::string_view::npos) return false;
    if (out_.kind == Place::Kind::expression) return true;
    out_.kind = text == kMark ? Place::Kind::value : Place::Kind::nowhere;
    return true;
  }

  std::string_view text_;
  size_t at_;
  size_t replaced_begin_ = 0, replaced_end_ = 0;
  Place out_;
};

}  // namespace

std::vector<std::string> Place::siblings() const {
  std::vector<std::string> out;
  if (nodes.empty() || !nodes.back().is_map()) return out;
  for (size_t i = 0; i < nodes.back().size(); ++i) {
    const std::string_view sibling = nodes.back().entry(i).key.text();
    if (sibling != kMark) out.emplace_back(sibling);
  }
  return out;
}

Place find_place(std::string_view text, uint32_t offset) {
  return Finder(text, offset).run();
}

}  // namespace lf::editor
