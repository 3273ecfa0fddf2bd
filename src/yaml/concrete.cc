// SPDX-License-Identifier: Apache-2.0
// As in reader.cc: events and tokens come in the same order, each event takes the next tokens.
#include "yaml/concrete.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

namespace lf {

namespace {

class Builder : public YAML::EventHandler {
 public:
  Builder(std::string_view text, const YamlScan& scan)
      : text_(text), scan_(scan), offset_(text.starts_with("\xef\xbb\xbf") ? 3 : 0) {}

  ConcreteNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    ConcreteNode node = begin_node(anchor);
    const YamlToken* token = peek();
    const bool written =
        token != nullptr && token->kind == YamlToken::Kind::plain &&
        (token->begin == place(mark) || (node.has_anchor() && node.anchor_begin >= place(mark))) &&
        plain_kind(text_.substr(token->begin, token->end - token->begin)) == PlainKind::null;
    if (written) {
      take_scalar(node);
    } else {
      node.begin = node.end = last_end_;
    }
    put(std::move(node));
  }
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {
    ConcreteNode node;
    take_scalar(node);
    node.kind = ConcreteNode::Kind::alias;
    put(std::move(node));
  }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t anchor,
                const std::string&) override {
    ConcreteNode node = begin_node(anchor);
    take_scalar(node);
    put(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(mark, anchor, ConcreteNode::Kind::list, style == YAML::EmitterStyle::Flow);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(mark, anchor, ConcreteNode::Kind::map, style == YAML::EmitterStyle::Flow);
  }
  void OnMapEnd() override { close(); }

 private:
  uint32_t place(const YAML::Mark& mark) const {
    return static_cast<uint32_t>(std::max(mark.pos, 0)) + offset_;
  }
  const YamlToken* peek() const {
    return next_ < scan_.tokens.size() ? &scan_.tokens[next_] : nullptr;
  }

  ConcreteNode begin_node(YAML::anchor_t anchor) {
    ConcreteNode node;
    if (anchor == 0) return node;
    if (const YamlToken* token = peek();
        token != nullptr && token->kind == YamlToken::Kind::anchor) {
      node.anchor_begin = token->begin;
      node.anchor_end = last_end_ = token->end;
      ++next_;
    }
    return node;
  }

  void take_scalar(ConcreteNode& node) {
    node.kind = ConcreteNode::Kind::scalar;
    const YamlToken* token = peek();
    if (token == nullptr) return;
    node.begin = token->begin;
    node.end = last_end_ = token->end;
    if (token->is_scalar()) node.style = static_cast<NodeStyle>(token->kind);
    ++next_;
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, ConcreteNode::Kind kind, bool flow) {
    ConcreteNode node = begin_node(anchor);
    node.kind = kind;
    node.style = flow ? NodeStyle::flow : NodeStyle::block;
    node.begin = node.end = place(mark);
    // A flow map without brackets (`[a: 1]`) has no token of its own.
    if (const YamlToken* token = peek();
        flow && token != nullptr && token->kind == YamlToken::Kind::open &&
        text_[token->begin] == (kind == ConcreteNode::Kind::map ? '{' : '[')) {
      node.begin = token->begin;
      node.end = last_end_ = token->end;
      ++next_;
    }
    stack_.push_back(std::move(node));
  }

  void close() {
    ConcreteNode node = std::move(stack_.back());
    stack_.pop_back();
    const bool bracket = node.is_flow() && node.end > node.begin;
    if (bracket && peek() != nullptr) {
      last_end_ = peek()->end;
      ++next_;
    } else if (!node.children.empty()) {
      node.begin = std::min(node.begin, node.children.front().first());
    }
    node.end = last_end_;
    put(std::move(node));
  }

  void put(ConcreteNode node) {
    if (stack_.empty()) {
      root_ = std::move(node);
    } else {
      stack_.back().children.push_back(std::move(node));
    }
  }

  std::string_view text_;
  const YamlScan& scan_;
  uint32_t offset_;
  size_t next_ = 0;
  uint32_t last_end_ = 0;
  ConcreteNode root_;
  std::vector<ConcreteNode> stack_;
};

}  // namespace

std::expected<ConcreteNode, std::string> concrete_yaml(std::string_view text,
                                                       const YamlScan& scan) {
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(text, scan);
    parser.HandleNextDocument(builder);
    return builder.take_root();
  } catch (const YAML::Exception& error) {
    return std::unexpected(error.msg);
  }
}

}  // namespace lf
