// SPDX-License-Identifier: Apache-2.0
#include "plan/exemptions.h"

#include "base/strings.h"
#include "base/units.h"
#include "yaml/scan.h"

namespace lf {

namespace {

constexpr std::string_view kWord = "allow ";

// "RULE: reason until DATE" -> its parts. False: no exemption but a comment like any other.
bool parse(std::string_view text, Exemption& out) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  out.rule = std::string(trim(text.substr(0, colon)));
  if (out.rule.empty() || out.rule.find_first_of(" \t") != std::string::npos) return false;
  std::string_view rest = trim(text.substr(colon + 1));
  const size_t until = rest.rfind("until ");
  if (until != std::string_view::npos && (until == 0 || rest[until - 1] == ' ')) {
    out.until = std::string(trim(rest.substr(until + 6)));
    rest = trim(rest.substr(0, until));
  }
  out.reason = std::string(rest);
  return true;
}

// The line after `line` that is no comment and not blank.
uint32_t next_line(const Source& source, uint32_t line) {
  const uint32_t count = source.line_count();
  for (uint32_t at = line + 1; at <= count; ++at) {
    const std::string_view text = trim(source.line(at));
    if (!text.empty() && text.front() != '#') return at;
  }
  return line;
}

}  // namespace

std::vector<Exemption> find_exemptions(const Sources& sources, Timestamp now) {
  std::vector<Exemption> out;
  for (SourceId id = 0; id < sources.size(); ++id) {
    const Source& source = sources.get(id);
    if (source.text().find(kWord) == std::string_view::npos || !valid_utf8(source.text())) continue;
    Diagnostics known;  // reported when the text was read
    const YamlScan scan = scan_yaml(source.text(), id, {}, known);
    for (const Trivia& trivia : scan.trivia) {
      if (trivia.kind != Trivia::Kind::comment) continue;
      std::string_view text =
          source.text().substr(trivia.span.begin, trivia.span.end - trivia.span.begin);
      while (!text.empty() && (text.front() == '#' || text.front() == ' ')) text.remove_prefix(1);
      if (!text.starts_with(kWord)) continue;
      Exemption one;
      if (!parse(text.substr(kWord.size()), one)) continue;
      one.span = trivia.span;
      const uint32_t line = source.position(trivia.span.begin).line;
      one.line = trivia.own_line ? next_line(source, line) : line;
      const auto end = parse_timestamp(one.until + "T23:59:59Z");
      one.complete = end && !one.reason.empty();
      one.over = end && end->seconds < now.seconds;
      out.push_back(std::move(one));
    }
  }
  return out;
}

}  // namespace lf
