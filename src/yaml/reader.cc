// SPDX-License-Identifier: Apache-2.0
// yaml-cpp's events and the scan's tokens come in the same order: each event takes the next tokens
// for its end and its exact place. yaml-cpp stays in this file.
#include "yaml/reader.h"

#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>
#include <unordered_set>

#include "base/strings.h"
#include "yaml/scalar_text.h"
#include "yaml/yaml_errors.h"

namespace lf {

namespace {

// The parser reads a stream; this one is the text itself, without a copy.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

struct Stop {};  // thrown by the handler through the parser, which has no other way to stop

// Within a merge key's value or the map around it, more than this many entries are looked up by
// hash.
constexpr size_t kHashFrom = 16;

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(SyntaxTree& tree, SourceId source, const YamlScan& scan, const YamlLimits& limits,
              Diagnostics& diagnostics)
      : tree_(tree),
        source_(source),
        text_(tree.sources().get(source).text()),
        offset_(text_.starts_with("\xef\xbb\xbf") ? 3 : 0),
        scan_(scan),
        limits_(limits),
        diagnostics_(diagnostics),
        first_diagnostic_(diagnostics.all().size()) {
    for (const YamlToken& token : scan.tokens) {
      has_anchors_ = has_anchors_ || token.kind == YamlToken::Kind::anchor;
    }
  }

  NodeId root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_ == kNoNode) return;
    // The scan knows of no second document: the parser has ended the first before its end.
    report_yaml_error(text_, source_, mark.pos, "end of map not found", diagnostics_);
    throw Stop{};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const uint32_t at = place(mark);
    skip_to(at);
    const YamlToken* token = peek();
    Span where = span(at, at);
    std::string_view written;
    // An empty value has no token; the mark is that of whatever comes next.
    if (token != nullptr && token->kind == YamlToken::Kind::plain && !token->poisoned &&
        plain_kind(slice(*token)) == PlainKind::null && token_at(*token, at)) {
      where = span(token->begin, token->end);
      written = slice(*token);
      ++next_;
    } else {
      where = span(last_end_, last_end_);
    }
    const NodeId id = tree_.add_null(where, written);
    put(id, anchor, 1, where);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    skip_to(place(mark));
    Span where = span(place(mark), place(mark));
    if (const YamlToken* token = peek();
        token != nullptr && token->kind == YamlToken::Kind::alias) {
      where = span(token->begin, token->end);
      ++next_;
    }
    last_end_ = where.end;
    const auto target = anchors_.find(anchor);
    if (target == anchors_.end()) {
      diagnostics_.add(Code::LF0101, where,
                       fmt::format("`{}` stands inside what it names", cut(where)));
      throw Stop{};
    }
    const uint64_t weight = weight_of(target->second);
    expand(weight, where);
    put(target->second, 0, weight, where);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const uint32_t at = place(mark);
    skip_to(at);
    // A tag of "?" is the parser's word for a plain scalar.
    NodeStyle style = tag == "?" ? NodeStyle::plain : NodeStyle::double_quoted;
    Span where = span(at, at);
    bool poisoned = false;
    if (const YamlToken* token = peek(); token != nullptr && token->is_scalar()) {
      where = span(token->begin, token->end);
      style = static_cast<NodeStyle>(token->kind);
      poisoned = token->poisoned;
      ++next_;
    }
    last_end_ = where.end;
    const bool key = expects_key();
    std::string_view held = stored(value, where, style);
    if (style == NodeStyle::folded && cut(where).substr(0, 3).find('+') != std::string_view::npos) {
      // The parser drops a line end of a folded scalar that keeps them all.
      held = tree_.keep(decode_scalar(text_, where, style).text);
    }
    const NodeId id = tree_.add_scalar(where, style, held);
    if (poisoned) tree_.poison(id);
    if (!key && !poisoned && style == NodeStyle::plain) check_number(id, value, where);
    put(id, anchor, 1, where);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(mark, anchor, false, style == YAML::EmitterStyle::Flow);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(mark, anchor, true, style == YAML::EmitterStyle::Flow);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    bool is_map;
    bool flow;
    bool bracket;  // a flow map without brackets: `[a: 1]`
    bool poisoned_key = false;
    YAML::anchor_t anchor;
    uint32_t begin;
    size_t first;         // in pending_
    uint64_t weight = 1;  // nodes in it, as if aliases were written out
  };

  Span span(uint32_t begin, uint32_t end) const { return {source_, begin, end}; }
  uint32_t place(const YAML::Mark& mark) const {
    const auto at = static_cast<uint32_t>(std::max(mark.pos, 0)) + offset_;
    return std::min(at, static_cast<uint32_t>(text_.size()));
  }
  std::string_view slice(const YamlToken& token) const {
    return text_.substr(token.begin, token.end - token.begin);
  }
  std::string_view cut(const Span& where) const {
    return text_.substr(where.begin, where.end - where.begin);
  }

  const YamlToken* peek() const {
    return next_ < scan_.tokens.size() ? &scan_.tokens[next_] : nullptr;
  }
  // Past the anchors before a node, and past anything before its mark (there is nothing, unless
  // scan and parser disagree: then this brings them together again).
  void skip_to(uint32_t at) {
    while (next_ < scan_.tokens.size() &&
           (scan_.tokens[next_].kind == YamlToken::Kind::anchor || scan_.tokens[next_].end <= at)) {
      if (scan_.tokens[next_].kind == YamlToken::Kind::anchor && scan_.tokens[next_].begin > at)
        break;
      ++next_;
    }
  }
  // Does the node marked `at` begin with this token, its anchors aside?
  bool token_at(const YamlToken& token, uint32_t at) const {
    if (token.begin == at) return true;
    return next_ > 0 && scan_.tokens[next_ - 1].kind == YamlToken::Kind::anchor &&
           scan_.tokens[next_ - 1].begin >= at;
  }

  // A view into the source where the text stands there as it is, else a copy.
  std::string_view stored(const std::string& value, const Span& where, NodeStyle style) {
    const uint32_t quote = style == NodeStyle::plain ? 0 : 1;
    if (where.end - where.begin == value.size() + 2 * quote) {
      const std::string_view same = text_.substr(where.begin + quote, value.size());
      if (same == value) return same;
    }
    return tree_.keep(value);
  }

  bool expects_key() const {
    return !frames_.empty() && frames_.back().is_map &&
           (pending_.size() - frames_.back().first) % 2 == 0;
  }

  void check_number(NodeId id, const std::string& value, const Span& where) {
    if (plain_kind(value) != PlainKind::leading_zero) return;
    if (diagnostics_.all().size() >= first_diagnostic_ + limits_.errors_max) throw Stop{};
    Diagnostic& d = diagnostics_.add(Code::LF0107, where,
                                     fmt::format("`{}` is a number with a leading zero", value),
                                     "some programs read it as octal, some as decimal");
    d.fixes.push_back({"if it is a text, quote it", where, fmt::format("\"{}\"", value), false});
    const std::string_view digits = std::string_view(value).substr(
        value.find_first_not_of("+-0") == std::string::npos ? value.size() - 1
                                                            : value.find_first_not_of("+-0"));
    const std::string octal = fmt::format("0o{}", digits);
    if (value[0] != '-' && value[0] != '+' && plain_kind(octal) == PlainKind::integer) {
      d.fixes.push_back({"if it is an octal number", where, octal, false});
    }
    tree_.poison(id);
  }

  uint64_t weight_of(NodeId id) const {
    const auto found = weights_.find(static_cast<uint32_t>(id));
    return found == weights_.end() ? 1 : found->second;
  }

  // Aliases share; what would be read if they were written out is bounded all the same.
  void expand(uint64_t weight, const Span& where) {
    expanded_ += weight;
    if (expanded_ <= limits_.alias_values_max) return;
    diagnostics_
        .add(Code::LF0105, where,
             fmt::format("aliases expand to more than {} values", limits_.alias_values_max),
             "here the limit is passed")
        .help.emplace_back(
            "an alias of a list of aliases grows tenfold a line: write out what is meant");
    throw Stop{};
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, bool is_map, bool flow) {
    uint32_t at = place(mark);
    skip_to(at);
    Frame frame{is_map, flow, false, false, anchor, at, pending_.size(), 1};
    if (const YamlToken* token = peek(); token != nullptr) {
      const char bracket = is_map ? '{' : '[';
      if (flow && token->kind == YamlToken::Kind::open && text_[token->begin] == bracket) {
        frame.bracket = true;
        frame.begin = token->begin;
        last_end_ = token->end;
        ++next_;
      }
    }
    if (expects_key()) {
      diagnostics_
          .add(Code::LF0108, span(frame.begin, frame.begin + (frame.bracket ? 1 : 0)),
               fmt::format("a key must be plain text, not a {}", is_map ? "map" : "list"))
          .help.push_back("an expression as a key or value needs quotes");
    }
    if (frames_.size() >= limits_.depth_max) {
      diagnostics_
          .add(Code::LF0106, span(frame.begin, frame.begin),
               fmt::format("nested deeper than {} levels", limits_.depth_max))
          .help.emplace_back("give an inner part a name under `locals` and refer to it");
      throw Stop{};
    }
    frames_.push_back(frame);
  }

  void close() {
    const Frame frame = frames_.back();
    uint32_t end = last_end_;
    if (frame.bracket) {
      while (next_ < scan_.tokens.size() && scan_.tokens[next_].kind != YamlToken::Kind::close)
        ++next_;
      if (next_ < scan_.tokens.size()) end = scan_.tokens[next_++].end;
      last_end_ = end;
    }
    uint32_t begin = frame.begin;
    if (!frame.bracket && frame.is_map && pending_.size() > frame.first) {
      const Span first = tree_.node(pending_[frame.first]).span();
      if (first.source == source_ && first.begin >= begin) begin = first.begin;
    }
    const Span where = span(begin, std::max(begin, end));
    const NodeStyle style = frame.flow ? NodeStyle::flow : NodeStyle::block;
    std::span<const NodeId> children(pending_.data() + frame.first, pending_.size() - frame.first);
    uint64_t weight = frame.weight;
    NodeId id;
    if (frame.is_map) {
      std::vector<NodeId> entries = map_entries(children, weight);
      id = tree_.add_map(where, style, entries);
    } else {
      id = tree_.add_list(where, style, children);
    }
    pending_.resize(frame.first);
    frames_.pop_back();
    if (has_anchors_ && weight > 1) weights_.emplace(static_cast<uint32_t>(id), weight);
    put(id, frame.anchor, weight, where);
  }

  void put(NodeId id, YAML::anchor_t anchor, uint64_t weight, const Span& where) {
    if (anchor != 0) anchors_[anchor] = id;
    if (frames_.empty()) {
      root_ = id;
      return;
    }
    if (expects_key()) check_key(id, where);
    frames_.back().weight += weight;
    pending_.push_back(id);
  }

  void check_key(NodeId& id, const Span& where) {
    const Node node = tree_.node(id);
    if (node.is_scalar()) return;
    if (node.is_null()) {
      Diagnostic& d = diagnostics_.add(Code::LF0108, where,
                                       node.text().empty()
                                           ? "a key is missing here"
                                           : fmt::format("`{}` as a key is no text", node.text()),
                                       "");
      if (!node.text().empty()) {
        d.fixes.push_back({"quote it", where, fmt::format("\"{}\"", node.text()), true});
      }
    }
    // Something to stand for it, so that all keys are scalars.
    id = tree_.add_scalar(where, NodeStyle::plain, "");
    tree_.poison(id);
  }

  // The entries of a map without doubles and with its merge keys resolved: keys of its own win,
  // then those of the first map merged.
  std::vector<NodeId> map_entries(std::span<const NodeId> children, uint64_t& weight) {
    std::vector<NodeId> entries;
    entries.reserve(children.size());
    KeySet own(children.size() / 2);
    bool merges = false;
    for (size_t i = 0; i + 1 < children.size(); i += 2) {
      const Node key = tree_.node(children[i]);
      if (is_merge(key)) {
        merges = true;
      } else if (const NodeId* first = own.insert(key.text(), children[i]); first != nullptr) {
        if (!key.is_poisoned()) duplicate(key, tree_.node(*first));
        continue;
      }
      entries.push_back(children[i]);
      entries.push_back(children[i + 1]);
    }
    if (!merges) return entries;
    std::vector<NodeId> merged;
    for (size_t i = 0; i < entries.size(); i += 2) {
      if (!is_merge(tree_.node(entries[i]))) {
        merged.push_back(entries[i]);
        merged.push_back(entries[i + 1]);
        continue;
      }
      merge(tree_.node(entries[i]), tree_.node(entries[i + 1]), own, merged, weight);
    }
    return merged;
  }

  // The keys of one map. Small maps, which most are, are searched in line.
  class KeySet {
   public:
    explicit KeySet(size_t expected) : hashed_(expected >= kHashFrom) {
      if (hashed_) {
        map_.reserve(expected);
      } else {
        list_.reserve(expected);
      }
    }
    // nullptr: it was new.
    const NodeId* insert(std::string_view key, NodeId id) {
      if (hashed_) {
        const auto [found, added] = map_.emplace(key, id);
        return added ? nullptr : &found->second;
      }
      for (const auto& [text, node] : list_) {
        if (text == key) return &node;
      }
      list_.emplace_back(key, id);
      if (list_.size() > 2 * kHashFrom) {
        map_.insert(list_.begin(), list_.end());
        list_.clear();
        hashed_ = true;
      }
      return nullptr;
    }

   private:
    bool hashed_;
    std::vector<std::pair<std::string_view, NodeId>> list_;
    std::unordered_map<std::string_view, NodeId> map_;
  };

  static bool is_merge(const Node& key) { return key.is_plain() && key.text() == "<<"; }

  void merge(const Node& key, const Node& value, KeySet& own, std::vector<NodeId>& out,
             uint64_t& weight) {
    if (value.is_poisoned()) return;
    if (value.is_list()) {
      for (size_t i = 0; i < value.size(); ++i) {
        if (!value.item(i).is_map()) return bad_merge(key);
        merge(key, value.item(i), own, out, weight);
      }
      return;
    }
    if (!value.is_map()) return bad_merge(key);
    uint64_t added = 0;
    for (size_t i = 0; i < value.size(); ++i) {
      const Node::Entry entry = value.entry(i);
      if (own.insert(entry.key.text(), entry.key.id()) != nullptr) continue;
      out.push_back(entry.key.id());
      out.push_back(entry.value.id());
      added += 1 + weight_of(entry.value.id());
    }
    weight += added;
    expand(added + 1, key.span());
  }

  void bad_merge(const Node& key) {
    diagnostics_.add(Code::LF0101, key.span(), "`<<` takes a map or a list of maps",
                     "its value is neither");
  }

  void duplicate(const Node& key, const Node& first) {
    if (diagnostics_.all().size() >= first_diagnostic_ + limits_.errors_max) throw Stop{};
    Diagnostic& d = diagnostics_.add(
        Code::LF0103, key.span(), fmt::format("the key `{}` is here twice", printable(key.text())),
        "the second one");
    d.others.push_back({first.span(), "the first one"});
    d.help.emplace_back("put what both hold under one, or take one out");
  }

  SyntaxTree& tree_;
  SourceId source_;
  std::string_view text_;
  uint32_t offset_;
  const YamlScan& scan_;
  const YamlLimits& limits_;
  Diagnostics& diagnostics_;
  size_t first_diagnostic_;
  size_t next_ = 0;        // in scan_.tokens
  uint32_t last_end_ = 0;  // of the last token taken
  std::vector<Frame> frames_;
  std::vector<NodeId> pending_;
  std::unordered_map<YAML::anchor_t, NodeId> anchors_;
  std::unordered_map<uint32_t, uint64_t> weights_;  // of lists and maps
  bool has_anchors_ = false;
  uint64_t expanded_ = 0;
  NodeId root_ = kNoNode;
};

bool check_bytes(std::string_view text, SourceId source, Diagnostics& diagnostics) {
  size_t bad = 0;
  if (!valid_utf8(text, &bad)) {
    const auto at = static_cast<uint32_t>(bad);
    Diagnostic& d =
        diagnostics.add(Code::LF0102, {source, at, at + 1},
                        fmt::format("the byte 0x{:02x} at offset {} is no valid UTF-8",
                                    static_cast<unsigned>(static_cast<uint8_t>(text[bad])), bad),
                        "");
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
      d.help.push_back("the file seems to be UTF-16: save it as UTF-8");
    } else {
      d.help.push_back("save the file as UTF-8");
    }
    return false;
  }
  return true;
}

}  // namespace

Node read_yaml(SyntaxTree& tree, SourceId source, Diagnostics& diagnostics,
               const YamlLimits& limits) {
  const std::string_view text = tree.sources().get(source).text();
  if (!check_bytes(text, source, diagnostics)) return {};
  const size_t errors_before = diagnostics.error_count();
  const YamlScan scan = scan_yaml(text, source, limits, diagnostics);
  for (const Trivia& trivia : scan.trivia) tree.add_trivia(trivia);
  if (scan.broken) return {};
  const bool reported = diagnostics.error_count() > errors_before;
  TreeBuilder builder(tree, source, scan, limits, diagnostics);
  ViewBuffer buffer(scan.masked.empty() ? text : std::string_view(scan.masked));
  std::istream stream(&buffer);
  try {
    YAML::Parser parser(stream);
    if (parser.HandleNextDocument(builder) && !reported) parser.HandleNextDocument(builder);
  } catch (const Stop&) {
    return {};
  } catch (const YAML::DeepRecursion& e) {
    diagnostics.add(Code::LF0106, yaml_error_span(text, source, e.mark.pos), "nested too deeply");
    return {};
  } catch (const YAML::Exception& e) {
    // What the scan has reported is the cause more often than not.
    if (!reported) report_yaml_error(text, source, e.mark.pos, e.msg, diagnostics);
    return {};
  } catch (const std::exception&) {
    if (!reported) report_yaml_error(text, source, 0, "", diagnostics);
    return {};
  }
  if (builder.root() == kNoNode || tree.node(builder.root()).is_null()) {
    return tree.node(tree.add_map({source, 0, 0}, NodeStyle::block, {}));
  }
  return tree.node(builder.root());
}

}  // namespace lf
