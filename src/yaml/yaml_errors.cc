// SPDX-License-Identifier: Apache-2.0
#include "yaml/yaml_errors.h"

#include <algorithm>

namespace lf {

namespace {

struct Translation {
  std::string_view theirs;  // how the message begins
  std::string_view sentence;
  std::string_view label;
};

constexpr Translation kTranslations[] = {
    {"end of map flow not found", "this `{…}` is not closed, or a `,` is missing in it",
     "neither `,` nor `}` stands here"},
    {"end of sequence flow not found", "this `[…]` is not closed, or a `,` is missing in it",
     "neither `,` nor `]` stands here"},
    {"end of map not found", "this line does not fit the map above it",
     "a `key: value` with the map's indentation was expected"},
    {"end of sequence not found", "this line does not fit the list above it",
     "a `- ` with the list's indentation was expected"},
    {"illegal flow end", "a closing bracket too many", "nothing is open here"},
    {"illegal block entry", "a list cannot begin here", "begin it on a line of its own"},
    {"illegal map key", "a key cannot begin here", ""},
    {"illegal map value", "a value on its key's line cannot hold `: ` without quotes", ""},
    {"illegal tab", "a tab cannot indent a line", "use spaces"},
    {"illegal EOF in scalar", "a quoted text is never closed", "the file ends before its quote"},
    {"illegal document indicator", "a quoted text is never closed",
     "a document marker stands in it"},
    {"unknown escape", "an escape that YAML does not have", ""},
    {"bad character found while scanning hex", "an escape needs more hexadecimal digits", ""},
    {"invalid unicode", "an escape names no character", ""},
    {"alias not found", "`*` needs a name right after it", ""},
    {"anchor not found", "`&` needs a name right after it", ""},
    {"illegal character found while scanning alias", "an alias's name holds a character it cannot",
     ""},
    {"illegal character found while scanning anchor",
     "an anchor's name holds a character it cannot", ""},
    {"the referenced anchor is not defined", "this alias names no anchor above it", "unknown name"},
    {"cannot assign multiple anchors", "two anchors on one value", ""},
    {"aliases can't have any content", "an alias stands alone: nothing can be added to it", ""},
    {"cannot set zero indentation", "a block of lines cannot have indentation 0", ""},
    {"unexpected character in block scalar", "text after `|` or `>`",
     "its lines begin on the next line"},
    {"unknown token", "a value cannot begin like this", "quote it"},
};

}  // namespace

Span yaml_error_span(std::string_view text, SourceId source, int offset) {
  const auto size = static_cast<uint32_t>(text.size());
  uint32_t at = offset < 0 ? size : static_cast<uint32_t>(offset);
  if (text.starts_with("\xef\xbb\xbf")) at += 3;
  at = std::min(at, size);
  // At the end of the file or of a line: the last thing before it.
  const auto blank = [&](uint32_t i) {
    return i >= size || std::string_view(" \t\r\n").find(text[i]) != std::string_view::npos;
  };
  if (blank(at)) {
    while (at > 0 && blank(at - 1)) --at;
    return {source, at, at};
  }
  uint32_t end = at;
  while (!blank(end) &&
         (end == at || std::string_view(",[]{}:").find(text[end]) == std::string_view::npos)) {
    ++end;
  }
  return {source, at, end};
}

void report_yaml_error(std::string_view text, SourceId source, int offset, std::string_view message,
                       Diagnostics& diagnostics) {
  const Span span = yaml_error_span(text, source, offset);
  for (const Translation& t : kTranslations) {
    if (!message.starts_with(t.theirs)) continue;
    diagnostics.add(Code::LF0101, span, std::string(t.sentence), std::string(t.label));
    return;
  }
  diagnostics.add(Code::LF0101, span, "the text is no valid YAML from here on");
}

}  // namespace lf
