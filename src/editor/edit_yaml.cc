// SPDX-License-Identifier: Apache-2.0
#include "editor/edit_yaml.h"

#include <algorithm>

#include "base/strings.h"
#include "yaml/scan.h"

namespace lf::editor {

namespace {

bool bare_everywhere(std::string_view text) {
  if (text.empty() || plain_kind(text) != PlainKind::text) return false;
  const auto letter = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  return letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
           return letter(c) || c == '-' || c == '.' || c == '/';
         });
}

std::string flow_list(const std::vector<std::string>& items) {
  std::vector<std::string> written;
  for (const std::string& item : items) written.push_back(yaml_scalar(item));
  return "[" + join(written, ", ") + "]";
}

size_t column_of(std::string_view text, uint32_t at) {
  const size_t line = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return at - (line == std::string_view::npos ? 0 : line + 1);
}

class ListAdder {
 public:
  ListAdder(std::string_view text, const Node::Entry& entry) : text_(text), entry_(entry) {}

  std::optional<std::vector<SpanEdit>> run(const WordItems& words) {
    const Node& map = entry_.value;
    if (map.is_scalar() || map.is_list()) return std::nullopt;
    if (map.is_map() && (map.span().source != entry_.key.span().source ||
                         map.span().begin < entry_.key.span().end)) {
      return std::nullopt;  // an alias of what stands elsewhere
    }
    for (const auto& [word, items] : words) {
      if (items.empty()) continue;
      const Node there = map.is_map() ? map.find(word) : Node();
      if (there && !there.is_null()) {
        extend(there, items);
      } else {
        missing_.push_back(word + ": " + flow_list(items));
      }
    }
    if (!missing_.empty()) insert_missing();
    return std::move(out_);
  }

 private:
  void put(uint32_t at, std::string what) {
    out_.push_back({{entry_.key.span().source, at, at}, std::move(what)});
  }

  void extend(const Node& list, const std::vector<std::string>& items) {
    std::vector<std::string> fresh;
    for (const std::string& item : items) {
      bool known = list.is_scalar() && list.text() == item;
      for (size_t i = 0; i < list.size() && list.is_list(); ++i) {
        known = known || list.item(i).text() == item;
      }
      if (!known) fresh.push_back(item);
    }
    if (fresh.empty()) return;
    if (list.is_scalar()) {
      const std::string before(
          text_.substr(list.span().begin, list.span().end - list.span().begin));
      std::string all = flow_list(fresh);
      all.insert(all.size() - 1, ", " + before);
      out_.push_back({list.span(), std::move(all)});
      return;
    }
    std::string added;
    if (list.style() == NodeStyle::flow) {
      for (const std::string& item : fresh) added += yaml_scalar(item) + ", ";
      if (list.size() == 0) added.resize(added.size() - 2);
      return put(list.span().begin + 1, std::move(added));
    }
    const std::string indent(column_of(text_, list.span().begin), ' ');
    for (const std::string& item : fresh) added += "- " + yaml_scalar(item) + "\n" + indent;
    put(list.span().begin, std::move(added));
  }

  void insert_missing() {
    const Node& map = entry_.value;
    if (!map.is_map() || map.size() == 0) return insert_into_nothing();
    if (map.style() == NodeStyle::flow) {
      // Behind the last of its own entries.
      uint32_t at = map.span().begin + 1;
      for (size_t i = 0; i < map.size(); ++i) {
        const Node::Entry one = map.entry(i);
        at = std::max({at, std::min(one.key.span().end, map.span().end),
                       std::min(one.value.span().end, map.span().end)});
      }
      return put(at, ", " + join(missing_, ", "));
    }
    // Behind the first entry's line where that is all of it, else before it.
    const Node::Entry first = map.entry(0);
    const std::string indent(column_of(text_, first.key.span().begin), ' ');
    const std::string_view value =
        text_.substr(first.key.span().end,
                     std::max(first.value.span().end, first.key.span().end) - first.key.span().end);
    const bool one_line = first.value.is_scalar() && value.find('\n') == std::string_view::npos;
    const size_t end = text_.find('\n', first.value.span().end);
    if (one_line && end != std::string_view::npos) {
      const size_t at = end > 0 && text_[end - 1] == '\r' ? end - 1 : end;
      return put(static_cast<uint32_t>(at), "\n" + indent + join(missing_, "\n" + indent));
    }
    put(first.key.span().begin, join(missing_, "\n" + indent) + "\n" + indent);
  }

  void insert_into_nothing() {
    const Node& map = entry_.value;
    const std::string body = "{" + join(missing_, ", ") + "}";
    const bool written = map && map.span().end > map.span().begin;
    if (written) {
      out_.push_back({map.span(), body});
      return;
    }
    const size_t colon = text_.find(':', entry_.key.span().end);
    put(static_cast<uint32_t>(colon == std::string_view::npos ? entry_.key.span().end : colon + 1),
        " " + body);
  }

  std::string_view text_;
  const Node::Entry& entry_;
  std::vector<std::string> missing_;
  std::vector<SpanEdit> out_;
};

}  // namespace

std::string yaml_scalar(std::string_view text) {
  return bare_everywhere(text) ? std::string(text) : yaml_quoted(text);
}

std::string requoted(std::string_view written, const std::string& name) {
  const bool quoted = written.size() >= 2 && (written[0] == '"' || written[0] == '\'');
  return quoted ? written[0] + name + written[0] : yaml_scalar(name);
}

std::optional<Node::Entry> entry_at(const Node& root, Span key) {
  if (root.is_list()) {
    for (size_t i = 0; i < root.size(); ++i) {
      if (auto found = entry_at(root.item(i), key)) return found;
    }
  }
  if (!root.is_map()) return std::nullopt;
  for (size_t i = 0; i < root.size(); ++i) {
    const Node::Entry one = root.entry(i);
    if (one.key.span() == key) return one;
    if (auto found = entry_at(one.value, key)) return found;
  }
  return std::nullopt;
}

std::optional<std::vector<SpanEdit>> add_to_lists(std::string_view text, const Node::Entry& entry,
                                                  const WordItems& words) {
  return ListAdder(text, entry).run(words);
}

}  // namespace lf::editor
