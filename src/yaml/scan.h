// SPDX-License-Identifier: Apache-2.0
// A scan of YAML text beside the parser: where each scalar, bracket, anchor and comment begins and
// ends (the parser tells begins only), and what people get wrong, in their words. It is total: any
// bytes give tokens or diagnostics, in linear time.
//
// Where a mistake can be cut out without moving anything, the scan masks it: the parser then reads
// a copy of the text of equal length, so that one pass reports as much as there is to report.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "yaml/syntax.h"

namespace lf {

struct YamlLimits {
  uint32_t depth_max = 100;               // lists and maps inside one another
  uint32_t alias_values_max = 1'000'000;  // values that aliases and merge keys may add
  uint32_t aliases_max = 100'000;
  uint32_t values_max = 2'000'000;  // keys and values of one file, as written
  uint32_t errors_max = 50;         // of one file; then one stops
};

struct YamlToken {
  enum class Kind : uint8_t {
    plain,
    single_quoted,
    double_quoted,
    literal,
    folded,
    alias,
    anchor,
    open,
    close,
  };
  Kind kind;
  bool poisoned = false;  // reported
  uint32_t begin = 0, end = 0;
  bool is_scalar() const { return kind <= Kind::folded; }
};

struct YamlScan {
  std::vector<YamlToken> tokens;
  std::vector<Trivia> trivia;
  std::string masked;   // the text for the parser, if anything was cut out; else empty
  bool broken = false;  // no parser would make sense of it: all there is to say was said
};

// `text` is valid UTF-8. Reports to `diagnostics`.
YamlScan scan_yaml(std::string_view text, SourceId source, const YamlLimits& limits,
                   Diagnostics& diagnostics);

// The end of the expression whose text begins at `begin` (after `${`): behind its `}`. Knows CEL's
// strings and nested braces. npos: not closed before `end`.
size_t expression_end(std::string_view text, size_t begin, size_t end);

// `text` as a quoted YAML scalar on one line.
std::string yaml_quoted(std::string_view text);

}  // namespace lf
