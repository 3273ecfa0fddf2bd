// SPDX-License-Identifier: Apache-2.0
#include "fuzz_support.h"

#include "base/json.h"

namespace lf::fuzz {

namespace {

constexpr size_t kRenderedMax = 20;  // diagnostics of one input

// Colours are ours: ESC [ digits and ; m.
size_t behind_color(std::string_view text, size_t at) {
  if (at + 1 >= text.size() || text[at] != '\x1b' || text[at + 1] != '[') return at;
  size_t end = at + 2;
  while (end < text.size() && (text[end] == ';' || (text[end] >= '0' && text[end] <= '9'))) ++end;
  return end < text.size() && text[end] == 'm' ? end + 1 : at;
}

// C0, DEL, C1, and what turns the direction of text around (U+202A-202E, U+2066-2069, U+200E-F,
// U+061C).
bool holds_control(std::string_view text, bool color) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = [&](size_t n) {
      return i + n < text.size() ? static_cast<unsigned char>(text[i + n]) : 0;
    };
    if (c == '\x1b' && color) {
      const size_t behind = behind_color(text, i);
      if (behind == i) return true;
      i = behind - 1;
      continue;
    }
    if ((c < 0x20 && c != '\n') || c == 0x7f) return true;
    if (c == 0xc2 && next(1) >= 0x80 && next(1) < 0xa0) return true;
    if (c == 0xd8 && next(1) == 0x9c) return true;
    if (c == 0xe2 && next(1) == 0x80 &&
        ((next(2) >= 0xaa && next(2) <= 0xae) || next(2) == 0x8e || next(2) == 0x8f)) {
      return true;
    }
    if (c == 0xe2 && next(1) == 0x81 && next(2) >= 0xa6 && next(2) <= 0xa9) return true;
  }
  return false;
}

void check_span(const Span& span, const Sources& sources, const Diagnostic& of) {
  if (!span.valid()) return;
  must(span.source < sources.size(), "a span is of a source that exists", of.message);
  must(span.begin <= span.end && span.end <= sources.get(span.source).text().size(),
       "a span lies inside its source", of.message);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parts_of(std::string_view input) {
  std::vector<std::pair<std::string, std::string>> out(1);
  for (size_t at = 0; at < input.size();) {
    const size_t end = std::min(input.find('\n', at), input.size() - 1);
    const std::string_view line = input.substr(at, end + 1 - at);
    if (line.starts_with("--- ") && out.size() < 8) {
      std::string name(line.substr(4));
      while (!name.empty() && name.back() == '\n') name.pop_back();
      out.emplace_back(std::move(name), "");
    } else {
      out.back().second += line;
    }
    at = end + 1;
  }
  return out;
}

void check_diagnostics(const Diagnostics& diagnostics, const Sources& sources) {
  size_t count = 0;
  for (const Diagnostic& each : diagnostics.sorted()) {
    check_span(each.primary.span, sources, each);
    for (const Label& label : each.others) check_span(label.span, sources, each);
    for (const Fix& fix : each.fixes) check_span(fix.span, sources, each);
    if (++count > kRenderedMax) continue;
    for (const bool color : {false, true}) {
      const std::string text = render(each, sources, {.color = color, .width = 80});
      must(!holds_control(text, color), "no control character reaches the terminal", text);
    }
    const std::string json = render_json(each, sources);
    must(parse_json(json).has_value(), "a diagnostic as JSON is JSON", json);
  }
}

Result<std::string> MemoryFiles::read(const std::string& path) {
  const auto found = files.find(path);
  if (found == files.end()) return fail(ErrorCode::not_found, "no file " + path);
  return found->second;
}

Result<FileInfo> MemoryFiles::stat(const std::string& path) {
  FileInfo info;
  const auto found = files.find(path);
  info.exists = found != files.end();
  if (info.exists) info.size = found->second.size();
  for (const auto& entry : files) info.is_directory |= entry.first.starts_with(path + "/");
  info.exists |= info.is_directory;
  return info;
}

Result<std::vector<std::string>> MemoryFiles::list(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& entry : files) {
    if (!entry.first.starts_with(folder + "/")) continue;
    std::string name = entry.first.substr(folder.size() + 1);
    name = name.substr(0, name.find('/'));
    if (out.empty() || out.back() != name) out.push_back(std::move(name));
  }
  return out;
}

Result<std::string> MemoryFiles::canonical(const std::string& path) {
  const Result<FileInfo> info = stat(path);
  if (!info->exists) return fail(ErrorCode::not_found, "no file " + path);
  return path;
}

}  // namespace lf::fuzz
