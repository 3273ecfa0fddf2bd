// SPDX-License-Identifier: Apache-2.0
#include "provider/load_tree.h"

#include <fmt/format.h>

#include <set>

#include "lang/expression.h"
#include "yaml/syntax.h"

namespace lf {

const LoadNode::Entry* LoadNode::entry(std::string_view key) const {
  for (const Entry& candidate : entries) {
    if (candidate.key == key) return &candidate;
  }
  return nullptr;
}

const LoadNode* LoadNode::find(std::string_view key) const {
  const Entry* found = entry(key);
  return found == nullptr ? nullptr : &found->value;
}

Value LoadNode::to_value() const {
  switch (kind) {
    case Kind::null: return {};
    case Kind::scalar: return value;
    case Kind::list: {
      List out;
      for (const LoadNode& item : items) out.push_back(item.to_value());
      return Value(std::move(out));
    }
    case Kind::map: {
      Map out;
      for (const Entry& each : entries) {
        out.set(std::string_view(each.key), each.value.to_value());
      }
      return Value(std::move(out));
    }
  }
  return {};
}

LoadNode copy_tree(const Node& node) {
  LoadNode out;
  out.span = node.span();
  out.poisoned = node.is_poisoned();
  switch (node.kind()) {
    case NodeKind::null: break;
    case NodeKind::scalar:
      out.kind = LoadNode::Kind::scalar;
      out.quoted = !node.is_plain();
      out.text = std::string(node.text());
      out.value = node.to_value();
      out.map = node.text_map();
      break;
    case NodeKind::list:
      out.kind = LoadNode::Kind::list;
      for (size_t i = 0; i < node.size(); ++i) out.items.push_back(copy_tree(node.item(i)));
      break;
    case NodeKind::map:
      out.kind = LoadNode::Kind::map;
      for (size_t i = 0; i < node.size(); ++i) {
        const Node::Entry entry = node.entry(i);
        out.entries.push_back(
            {std::string(entry.key.text()), entry.key.span(), copy_tree(entry.value)});
      }
      break;
  }
  return out;
}

LoadNode merge_trees(const LoadNode& under, const LoadNode& over) {
  if (!under.is_map() || !over.is_map()) return over;
  LoadNode out = over;
  for (LoadNode::Entry& entry : out.entries) {
    if (const LoadNode* below = under.find(entry.key))
      entry.value = merge_trees(*below, entry.value);
  }
  for (const LoadNode::Entry& entry : under.entries) {
    if (over.find(entry.key) == nullptr) out.entries.push_back(entry);
  }
  return out;
}

namespace {

constexpr std::string_view kOpen = "${param.";

class Replacer {
 public:
  Replacer(const std::map<std::string, std::string>& parameters, Span use, Diagnostics& diagnostics)
      : parameters_(parameters), use_(use), diagnostics_(diagnostics) {}

  LoadNode replace(const LoadNode& node) {
    LoadNode out = node;
    if (out.is_scalar() && out.text.find(kOpen) != std::string::npos) {
      out.text = replace_text(out.text, out.span);
      out.value = Value(out.text);
      // The text no longer stands in the file: all of it is shown at the trait's scalar.
      out.map = TextMap(out.span.source);
      out.map.add_run(0, out.span.begin, false);
      out.map.add_run(static_cast<uint32_t>(out.text.size()), out.span.end, false);
    }
    for (LoadNode& item : out.items) item = replace(item);
    for (LoadNode::Entry& entry : out.entries) {
      entry.key = replace_text(entry.key, entry.key_span);
      entry.value = replace(entry.value);
    }
    return out;
  }

  void report_unused() {
    for (const auto& [name, text] : parameters_) {
      if (used_.contains(name)) continue;
      diagnostics_.add(Code::LF0923, use_, fmt::format("the trait has no parameter `{}`", name));
    }
  }

 private:
  std::string replace_text(const std::string& text, Span span) {
    std::string out;
    size_t at = 0;
    while (true) {
      const size_t open = text.find(kOpen, at);
      const size_t close = open == std::string::npos ? open : text.find('}', open);
      if (close == std::string::npos) return out + text.substr(at);
      const size_t begin = open + kOpen.size();
      const std::string name = text.substr(begin, close - begin);
      out += text.substr(at, open - at);
      const auto found = parameters_.find(name);
      if (found != parameters_.end()) {
        out += found->second;
        used_.insert(name);
      } else if (reported_.insert(name).second) {
        diagnostics_
            .add(Code::LF0923, use_, fmt::format("the trait needs the parameter `{}`", name))
            .others.push_back({span, "used here"});
      }
      at = close + 1;
    }
  }

  const std::map<std::string, std::string>& parameters_;
  Span use_;
  Diagnostics& diagnostics_;
  std::set<std::string> used_, reported_;
};

}  // namespace

LoadNode with_parameters(const LoadNode& tree, const std::map<std::string, std::string>& parameters,
                         Span use, Diagnostics& diagnostics) {
  Replacer replacer(parameters, use, diagnostics);
  LoadNode out = replacer.replace(tree);
  replacer.report_unused();
  return out;
}

}  // namespace lf
