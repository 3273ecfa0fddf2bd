// SPDX-License-Identifier: Apache-2.0
// The syntax tree of specs and descriptors: YAML as it was written, with the place of everything.
// Several files may share one tree, so that a folder of files reads as one spec.
//
// All nodes lie in one vector, all children in another; texts are views into the sources where the
// scalar stands there byte for byte. Aliases share the node that they name (the tree is a DAG;
// the reader bounds what it expands to). A `Node` is a cheap handle; it and every text are valid
// while the tree and the Sources live.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/source.h"
#include "base/text_map.h"
#include "base/value.h"

namespace lf {

enum class NodeId : uint32_t {};
inline constexpr NodeId kNoNode{UINT32_MAX};

enum class NodeKind : uint8_t { null, scalar, list, map };
enum class NodeStyle : uint8_t {
  plain,
  single_quoted,
  double_quoted,
  literal,
  folded,  // scalars (null is plain)
  block,
  flow,  // lists and maps
};

// Comments and blank lines, which no node holds. For formatting a file without losing them.
struct Trivia {
  enum class Kind : uint8_t { comment, blank_line };
  Kind kind;
  bool own_line;  // a comment that has its line for itself
  Span span;      // a comment with its `#`, without the line end; a blank line: a point
};

class SyntaxTree;

class Node {
 public:
  Node() = default;  // absent: kind() null, invalid span
  Node(const SyntaxTree* tree, NodeId id) : tree_(tree), id_(id) {}

  explicit operator bool() const { return tree_ != nullptr; }
  NodeId id() const { return id_; }
  NodeKind kind() const;
  NodeStyle style() const;
  bool is_null() const { return kind() == NodeKind::null; }
  bool is_scalar() const { return kind() == NodeKind::scalar; }
  bool is_list() const { return kind() == NodeKind::list; }
  bool is_map() const { return kind() == NodeKind::map; }
  // Written without quotes: only then may it be a number or a boolean.
  bool is_plain() const { return is_scalar() && style() == NodeStyle::plain; }
  // An error was reported about it: what is derived from it should be silent.
  bool is_poisoned() const;

  // With quotes, brackets or block header, without comments. An empty null: a point.
  Span span() const;
  // The decoded text of a scalar; of a plain null what was written (`~`, "").
  std::string_view text() const;
  // Where each byte of text() stands. Made anew at each call: keep it where it is used often.
  TextMap text_map() const;

  size_t size() const;            // of a list: items; of a map: entries; else 0
  Node item(size_t index) const;  // of a list
  struct Entry;
  Entry entry(size_t index) const;  // of a map, in the order of the text
  // The value under `key`; an absent Node where there is none or this is no map.
  Node find(std::string_view key) const;
  Node find_key(std::string_view key) const;  // the key's own node, for its span

  // YAML 1.2 core schema. nullopt: not of that kind; quoted scalars are always text.
  std::optional<bool> as_bool() const;
  std::optional<int64_t> as_int() const;
  std::optional<double> as_double() const;          // whole numbers too
  std::optional<std::string_view> as_text() const;  // any scalar that is no null

  // Plain data: null, bool, int (uint above 2^63-1), double, string, list, map.
  Value to_value() const;

 private:
  const SyntaxTree* tree_ = nullptr;
  NodeId id_ = kNoNode;
};

struct Node::Entry {
  Node key;  // always a scalar
  Node value;
};

class SyntaxTree {
 public:
  explicit SyntaxTree(const Sources& sources) : sources_(&sources) {}
  SyntaxTree(const SyntaxTree&) = delete;
  SyntaxTree& operator=(const SyntaxTree&) = delete;
  SyntaxTree(SyntaxTree&&) = default;
  SyntaxTree& operator=(SyntaxTree&&) = default;

  const Sources& sources() const { return *sources_; }
  Node node(NodeId id) const { return id == kNoNode ? Node() : Node(this, id); }
  size_t node_count() const { return nodes_.size(); }
  // All of every file that was read, in the order of the text.
  const std::vector<Trivia>& trivia() const { return trivia_; }
  size_t memory_bytes() const;  // what the tree holds, without the sources

  // For the reader and the merging of files.
  NodeId add_null(Span span, std::string_view text);
  NodeId add_scalar(Span span, NodeStyle style, std::string_view text);  // `text` must stay valid
  NodeId add_list(Span span, NodeStyle style, std::span<const NodeId> items);
  NodeId add_map(Span span, NodeStyle style, std::span<const NodeId> keys_and_values);
  void poison(NodeId id);
  std::string_view keep(std::string_view text);  // a copy that lives as long as the tree
  void add_trivia(const Trivia& trivia) { trivia_.push_back(trivia); }

 private:
  friend class Node;
  struct Scalar {
    const char* text;
    uint32_t size;
  };
  struct Children {
    uint32_t first;  // in children_
    uint32_t count;  // items or entries
  };
  struct Data {
    NodeKind kind;
    NodeStyle style;
    bool poisoned;
    Span span;
    union {
      Scalar scalar;
      Children children;
    };
  };
  static_assert(sizeof(void*) != 8 || sizeof(Span) == 12);
  const Data& data(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }
  NodeId add(Data data);
  uint32_t find_entry(NodeId map, std::string_view key) const;  // UINT32_MAX: absent

  const Sources* sources_;
  std::vector<Data> nodes_;
  std::vector<NodeId> children_;
  std::vector<Trivia> trivia_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t block_used_ = 0, block_size_ = 0, text_bytes_ = 0;
  // Indexes of large maps, made at the first search.
  using Index = std::unordered_map<std::string_view, uint32_t>;
  mutable std::unordered_map<uint32_t, Index> indexes_;
};

// What an unquoted scalar is by the YAML 1.2 core schema.
enum class PlainKind : uint8_t { null, boolean, integer, floating, text, leading_zero };
PlainKind plain_kind(std::string_view text);
// "80", "0x1F", "0o17", "-3". nullopt: no integer, or beyond int64.
std::optional<int64_t> parse_core_int(std::string_view text);

}  // namespace lf
