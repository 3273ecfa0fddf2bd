// SPDX-License-Identifier: Apache-2.0
// The scanner behind scan.h: structure in scan.cc, scalars in scan_scalar.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "yaml/scan.h"

namespace lf {

class YamlScanner {
 public:
  YamlScanner(std::string_view text, SourceId source, const YamlLimits& limits,
              Diagnostics& diagnostics)
      : text_(text),
        source_(source),
        limits_(limits),
        diagnostics_(diagnostics),
        first_diagnostic_(diagnostics.all().size()) {}
  YamlScan run();

 private:
  struct Indent {
    int64_t column;
    bool is_map;
  };
  struct Flow {
    char open;
    size_t at;
    size_t key_begin;  // where its properties begin
    bool first_on_line;
    std::string_view anchor;  // "": none
    uint64_t values_before;   // of `values_written_out()`, without itself
  };
  // What stands before: decides whether `:` or more text may follow.
  enum class Last : uint8_t { none, property, value };

  // Lines and structure.
  void start_line();
  bool marker(size_t eol);
  void tabs(size_t first);
  void dedent(size_t column);
  void push_indent(size_t at, bool is_map);
  void depth_check(size_t at);
  void step();
  void token(char c);
  bool value_indicator();
  bool after_value(char c);
  void second_colon();
  void missing_colon();
  void open_flow(char c);
  void close_flow(char c);
  void name(char c);
  void alias(size_t end);
  void property(size_t end);
  void tag();
  void bad_start(char c);
  void control_character();
  void lone_carriage_return();
  void byte_order_mark(size_t begin, size_t end);

  // Scalars.
  void plain();
  bool plain_line(size_t& i, size_t& end, bool& trouble);
  bool continues(size_t& i) const;
  void unquoted_expression(size_t begin, size_t end);
  void quoted(char quote);
  void unclosed(size_t begin);
  bool escape_ok(size_t at, size_t& length) const;
  void bad_escape(size_t at, size_t length);
  void block_scalar(char c);
  size_t block_content_end(size_t from, int64_t parent, int explicit_indent, bool keep) const;

  // Small things.
  Span span(size_t begin, size_t end) const {
    return {source_, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  }
  Diagnostic& report(Code code, size_t begin, size_t end, std::string message,
                     std::string label = "");
  void mask(size_t begin, size_t end, char with);
  void stop();
  void count_value(size_t begin, size_t end);
  uint64_t values_written_out() const { return values_ + expanded_; }
  void add_token(YamlToken::Kind kind, size_t begin, size_t end, bool poisoned);
  size_t line_end(size_t from) const;  // before the line break
  size_t next_line(size_t from) const {
    const size_t at = text_.find('\n', from);
    return at == std::string_view::npos ? text_.size() : at + 1;
  }
  bool at_line_end(size_t i) const {
    return i >= text_.size() || text_[i] == '\n' ||
           (text_[i] == '\r' && (i + 1 >= text_.size() || text_[i + 1] == '\n'));
  }
  bool blank_at(size_t i) const;
  bool flow_indicator_at(size_t i) const;
  bool document_marker_at(size_t i) const;
  size_t indent_of(size_t line) const;

  std::string_view text_;
  SourceId source_;
  const YamlLimits& limits_;
  Diagnostics& diagnostics_;
  size_t first_diagnostic_;
  YamlScan scan_;

  size_t pos_ = 0;
  size_t line_begin_ = 0;
  std::vector<Flow> flow_;
  std::vector<Indent> indents_{{-1, false}};
  uint32_t aliases_ = 0;
  uint64_t values_ = 0;      // keys and values so far
  uint64_t expanded_ = 0;    // what aliases add to them, as far as it can be told here
  std::string_view anchor_;  // of the value that begins next
  // Values in what an anchor names. Only flow lists and maps: the others' ends the parser knows.
  std::unordered_map<std::string_view, uint64_t> weights_;
  bool key_allowed_ = true;  // block context: may a `key:` begin here?
  bool first_on_line_ = true;
  bool has_content_ = false, started_ = false, ended_ = false, stopped_ = false;
  bool tab_lines_ = false;
  size_t unclosed_until_ = 0;        // an expression before it has no end on its line
  bool expression_in_flow_ = false;  // its braces may have upset the brackets

  Last last_ = Last::none;
  size_t last_begin_ = 0;  // of the last value, with its properties
  size_t last_text_ = 0;   // without them
  bool last_multiline_ = false;
  bool last_first_on_line_ = false;
};

}  // namespace lf
