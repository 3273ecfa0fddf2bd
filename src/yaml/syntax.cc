// SPDX-License-Identifier: Apache-2.0
#include "yaml/syntax.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "yaml/scalar_text.h"

namespace lf {

namespace {
constexpr size_t kBlockBytes = 32 * 1024;
constexpr uint32_t kIndexFrom = 16;
constexpr uint32_t kAbsent = UINT32_MAX;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const auto word : words) {
    if (text == word) return true;
  }
  return false;
}
bool all_digits(std::string_view text, int base) {
  for (const char c : text) {
    const bool ok = base == 8 ? c >= '0' && c <= '7'
                              : is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!ok) return false;
  }
  return !text.empty();
}
std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}
}  // namespace

PlainKind plain_kind(std::string_view text) {
  if (one_of(text, {"", "~", "null", "Null", "NULL"})) return PlainKind::null;
  const char first = text[0];
  if (!is_digit(first) && first != '-' && first != '+' && first != '.') {
    const bool boolean = one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"});
    return boolean ? PlainKind::boolean : PlainKind::text;
  }
  if (text.starts_with("0o")) {
    return all_digits(text.substr(2), 8) ? PlainKind::integer : PlainKind::text;
  }
  if (text.starts_with("0x")) {
    return all_digits(text.substr(2), 16) ? PlainKind::integer : PlainKind::text;
  }
  if (one_of(text, {".nan", ".NaN", ".NAN"})) return PlainKind::floating;
  const std::string_view bare = without_sign(text);
  if (one_of(bare, {".inf", ".Inf", ".INF"})) return PlainKind::floating;
  size_t i = 0, digits = 0;
  bool whole = true;
  for (; i < bare.size() && is_digit(bare[i]); ++i) ++digits;
  const bool leading_zero = digits > 1 && bare[0] == '0';
  if (i < bare.size() && bare[i] == '.') {
    whole = false;
    for (++i; i < bare.size() && is_digit(bare[i]); ++i) ++digits;
  }
  if (digits == 0) return PlainKind::text;
  if (i < bare.size() && (bare[i] == 'e' || bare[i] == 'E')) {
    whole = false;
    ++i;
    if (i < bare.size() && (bare[i] == '+' || bare[i] == '-')) ++i;
    const size_t from = i;
    while (i < bare.size() && is_digit(bare[i])) ++i;
    if (i == from) return PlainKind::text;
  }
  if (i != bare.size()) return PlainKind::text;
  if (leading_zero) return PlainKind::leading_zero;
  return whole ? PlainKind::integer : PlainKind::floating;
}

std::optional<int64_t> parse_core_int(std::string_view text) {
  if (plain_kind(text) != PlainKind::integer) return std::nullopt;
  int base = 10;
  if (text.starts_with("0o") || text.starts_with("0x")) {
    base = text[1] == 'o' ? 8 : 16;
    text.remove_prefix(2);
  } else if (text[0] == '+') {
    text.remove_prefix(1);
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

NodeId SyntaxTree::add(Data data) {
  LF_ASSERT(nodes_.size() < UINT32_MAX);
  nodes_.push_back(data);
  return static_cast<NodeId>(nodes_.size() - 1);
}

NodeId SyntaxTree::add_null(Span span, std::string_view text) {
  Data data{NodeKind::null, NodeStyle::plain, false, span, {}};
  data.scalar = {text.data(), static_cast<uint32_t>(text.size())};
  return add(data);
}

NodeId SyntaxTree::add_scalar(Span span, NodeStyle style, std::string_view text) {
  Data data{NodeKind::scalar, style, false, span, {}};
  data.scalar = {text.data(), static_cast<uint32_t>(text.size())};
  return add(data);
}

NodeId SyntaxTree::add_list(Span span, NodeStyle style, std::span<const NodeId> items) {
  Data data{NodeKind::list, style, false, span, {}};
  data.children = {static_cast<uint32_t>(children_.size()), static_cast<uint32_t>(items.size())};
  children_.insert(children_.end(), items.begin(), items.end());
  return add(data);
}

NodeId SyntaxTree::add_map(Span span, NodeStyle style, std::span<const NodeId> keys_and_values) {
  Data data{NodeKind::map, style, false, span, {}};
  data.children = {static_cast<uint32_t>(children_.size()),
                   static_cast<uint32_t>(keys_and_values.size() / 2)};
  children_.insert(children_.end(), keys_and_values.begin(), keys_and_values.end());
  return add(data);
}

void SyntaxTree::poison(NodeId id) {
  nodes_[static_cast<size_t>(id)].poisoned = true;
}

std::string_view SyntaxTree::keep(std::string_view text) {
  if (text.empty()) return {};
  if (block_size_ - block_used_ < text.size()) {
    block_size_ = std::max(kBlockBytes, text.size());
    block_used_ = 0;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_size_));
    text_bytes_ += block_size_;
  }
  char* copy = blocks_.back().get() + block_used_;
  std::memcpy(copy, text.data(), text.size());
  block_used_ += text.size();
  return {copy, text.size()};
}

size_t SyntaxTree::memory_bytes() const {
  return nodes_.capacity() * sizeof(Data) + children_.capacity() * sizeof(NodeId) +
         trivia_.capacity() * sizeof(Trivia) + text_bytes_;
}

uint32_t SyntaxTree::find_entry(NodeId map, std::string_view key) const {
  const Data& held = data(map);
  const NodeId* first = children_.data() + held.children.first;
  const auto key_at = [&](uint32_t i) { return node(first[2 * i]).text(); };
  if (held.children.count < kIndexFrom) {
    for (uint32_t i = 0; i < held.children.count; ++i) {
      if (key_at(i) == key) return i;
    }
    return kAbsent;
  }
  Index& index = indexes_[static_cast<uint32_t>(map)];
  if (index.empty()) {
    index.reserve(held.children.count);
    for (uint32_t i = 0; i < held.children.count; ++i) index.emplace(key_at(i), i);
  }
  const auto found = index.find(key);
  return found == index.end() ? kAbsent : found->second;
}

NodeKind Node::kind() const {
  return tree_ == nullptr ? NodeKind::null : tree_->data(id_).kind;
}
NodeStyle Node::style() const {
  return tree_ == nullptr ? NodeStyle::plain : tree_->data(id_).style;
}
bool Node::is_poisoned() const {
  return tree_ != nullptr && tree_->data(id_).poisoned;
}
Span Node::span() const {
  return tree_ == nullptr ? Span{} : tree_->data(id_).span;
}

std::string_view Node::text() const {
  if (tree_ == nullptr || is_list() || is_map()) return {};
  const auto& data = tree_->data(id_);
  return {data.scalar.text, data.scalar.size};
}

TextMap Node::text_map() const {
  const Span place = span();
  if (!place.valid() || is_list() || is_map()) return {};
  return scalar_text_map(tree_->sources().get(place.source).text(), place, style(), text());
}

size_t Node::size() const {
  return is_list() || is_map() ? tree_->data(id_).children.count : 0;
}

Node Node::item(size_t index) const {
  if (!is_list() || index >= size()) return {};
  return tree_->node(tree_->children_[tree_->data(id_).children.first + index]);
}

Node::Entry Node::entry(size_t index) const {
  if (!is_map() || index >= size()) return {};
  const NodeId* pair = &tree_->children_[tree_->data(id_).children.first + 2 * index];
  return {tree_->node(pair[0]), tree_->node(pair[1])};
}

Node Node::find(std::string_view key) const {
  if (!is_map()) return {};
  const uint32_t index = tree_->find_entry(id_, key);
  return index == kAbsent ? Node() : entry(index).value;
}

Node Node::find_key(std::string_view key) const {
  if (!is_map()) return {};
  const uint32_t index = tree_->find_entry(id_, key);
  return index == kAbsent ? Node() : entry(index).key;
}

std::optional<bool> Node::as_bool() const {
  if (!is_plain() || plain_kind(text()) != PlainKind::boolean) return std::nullopt;
  return text()[0] == 't' || text()[0] == 'T';
}

std::optional<int64_t> Node::as_int() const {
  if (!is_plain()) return std::nullopt;
  return parse_core_int(text());
}

std::optional<double> Node::as_double() const {
  if (!is_plain()) return std::nullopt;
  const PlainKind kind = plain_kind(text());
  if (kind == PlainKind::integer) {
    if (const auto whole = as_int()) return static_cast<double>(*whole);
    if (text().starts_with("0")) return std::nullopt;  // hexadecimal beyond 64 bits
  } else if (kind != PlainKind::floating) {
    return std::nullopt;
  }
  const bool negative = text()[0] == '-';
  const std::string_view bare = without_sign(text());
  if (bare.starts_with(".n") || bare.starts_with(".N")) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  double value = std::numeric_limits<double>::infinity();
  if (!bare.starts_with(".i") && !bare.starts_with(".I")) {
    const auto [end, error] = std::from_chars(bare.data(), bare.data() + bare.size(), value);
    if (error == std::errc::result_out_of_range) {
      // Too small is zero, too large is infinity: the sign of the exponent tells.
      const size_t e = bare.find_first_of("eE");
      value = e != bare.npos && bare.substr(e + 1).starts_with('-')
                  ? 0.0
                  : std::numeric_limits<double>::infinity();
    } else if (error != std::errc()) {
      return std::nullopt;
    }
    (void)end;
  }
  return negative ? -value : value;
}

std::optional<std::string_view> Node::as_text() const {
  if (!is_scalar()) return std::nullopt;
  return text();
}

namespace {

Value plain_value(const Node& node) {
  switch (plain_kind(node.text())) {
    case PlainKind::null: return {};
    case PlainKind::boolean: return Value(*node.as_bool());
    case PlainKind::integer: {
      if (const auto whole = node.as_int()) return Value(*whole);
      uint64_t wide = 0;
      const std::string_view text = node.text();
      const char* last = text.data() + text.size();
      const auto [end, error] = std::from_chars(text.data() + (text[0] == '+'), last, wide);
      if (error == std::errc() && end == last) return Value(wide);
      if (const auto value = node.as_double()) return Value(*value);
      return Value(text);
    }
    case PlainKind::floating: {
      const auto value = node.as_double();
      return value ? Value(*value) : Value(node.text());
    }
    default: return Value(node.text());
  }
}

}  // namespace

Value Node::to_value() const {
  switch (kind()) {
    case NodeKind::null: return {};
    case NodeKind::scalar: return is_plain() ? plain_value(*this) : Value(text());
    case NodeKind::list: {
      List out;
      out.reserve(size());
      for (size_t i = 0; i < size(); ++i) out.push_back(item(i).to_value());
      return Value(std::move(out));
    }
    case NodeKind::map: {
      Map out;
      out.reserve(size());
      for (size_t i = 0; i < size(); ++i) {
        const Entry e = entry(i);
        out.set(e.key.text(), e.value.to_value());
      }
      return Value(std::move(out));
    }
  }
  return {};
}

}  // namespace lf
