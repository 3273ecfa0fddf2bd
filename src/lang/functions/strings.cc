// SPDX-License-Identifier: Apache-2.0
// Strings count in Unicode code points. ASCII texts, nearly all there are, take a short way.
#include "base/strings.h"

#include <algorithm>

#include "lang/functions.h"
#include "lang/number_text.h"

namespace lf::cel {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<int8_t>(c) >= 0; });
}

bool strings(const Call& call, size_t first, size_t last) {
  for (size_t i = first; i <= last; ++i) {
    if (i >= call.size() || !call[i].is_string()) return false;
  }
  return true;
}

Value out_of_range(int64_t i) {
  return Value::error("index out of range: " + std::to_string(i));
}

Value contains_text(const Call& call) {
  if (!strings(call, 0, 1)) return no_overload(call);
  return call[0].as_string().find(call[1].as_string()) != std::string::npos;
}
Value starts_with(const Call& call) {
  if (!strings(call, 0, 1)) return no_overload(call);
  return call[0].as_string().starts_with(call[1].as_string());
}
Value ends_with(const Call& call) {
  if (!strings(call, 0, 1)) return no_overload(call);
  return call[0].as_string().ends_with(call[1].as_string());
}

Value char_at(const Call& call) {
  if (!strings(call, 0, 0) || !call[1].is_int()) return no_overload(call);
  const auto points = code_points(call[0].as_string());
  const int64_t i = call[1].as_int();
  if (i < 0 || i > static_cast<int64_t>(points.size())) return out_of_range(i);
  if (i == static_cast<int64_t>(points.size())) return "";
  return from_code_points(&points[static_cast<size_t>(i)], &points[static_cast<size_t>(i)] + 1);
}

Value index_of(const Call& call) {
  if (!strings(call, 0, 1) || (call.size() == 3 && !call[2].is_int())) return no_overload(call);
  const auto text = code_points(call[0].as_string());
  const auto part = code_points(call[1].as_string());
  const int64_t from = call.size() == 3 ? call[2].as_int() : 0;
  if (from < 0 || from > static_cast<int64_t>(text.size())) {
    return part.empty() && from >= 0 ? Value(static_cast<int64_t>(text.size()))
                                     : out_of_range(from);
  }
  const auto found = std::search(text.begin() + from, text.end(), part.begin(), part.end());
  if (found == text.end() && !part.empty()) return -1;
  return static_cast<int64_t>(found - text.begin());
}

Value last_index_of(const Call& call) {
  if (!strings(call, 0, 1) || (call.size() == 3 && !call[2].is_int())) return no_overload(call);
  const auto text = code_points(call[0].as_string());
  const auto part = code_points(call[1].as_string());
  const auto size = static_cast<int64_t>(text.size());
  const auto width = static_cast<int64_t>(part.size());
  int64_t from = call.size() == 3 ? call[2].as_int() : size;
  if (part.empty()) return from < 0 ? out_of_range(from) : Value(std::min(from, size));
  if (call.size() == 3 && (from < 0 || from >= size)) return out_of_range(from);
  for (from = std::min(from, size - width); from >= 0; --from) {
    if (std::equal(part.begin(), part.end(), text.begin() + from)) return from;
  }
  return -1;
}

Value substring(const Call& call) {
  if (!strings(call, 0, 0) || !call[1].is_int() || (call.size() == 3 && !call[2].is_int())) {
    return no_overload(call);
  }
  const std::string& text = call[0].as_string();
  const bool ascii = is_ascii(text);
  const auto points = ascii ? std::vector<uint32_t>() : code_points(text);
  const auto size = static_cast<int64_t>(ascii ? text.size() : points.size());
  const int64_t begin = call[1].as_int();
  const int64_t end = call.size() == 3 ? call[2].as_int() : size;
  if (begin < 0 || begin > size) return out_of_range(begin);
  if (end < 0 || end > size) return out_of_range(end);
  if (begin > end) {
    return Value::error("invalid substring range: start " + std::to_string(begin) + ", end " +
                        std::to_string(end));
  }
  if (ascii) return text.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  return from_code_points(points.data() + begin, points.data() + end);
}

Value lower_ascii(const Call& call) {
  return strings(call, 0, 0) ? Value(lower(call[0].as_string())) : no_overload(call);
}
Value upper_ascii(const Call& call) {
  return strings(call, 0, 0) ? Value(upper(call[0].as_string())) : no_overload(call);
}

bool is_blank(uint32_t c) {  // Unicode's White_Space
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

Value trim_text(const Call& call) {
  if (!strings(call, 0, 0)) return no_overload(call);
  const auto points = code_points(call[0].as_string());
  const uint32_t* begin = points.data();
  const uint32_t* end = begin + points.size();
  while (begin != end && is_blank(*begin)) ++begin;
  while (begin != end && is_blank(*(end - 1))) --end;
  return from_code_points(begin, end);
}

Value reverse_text(const Call& call) {
  auto points = code_points(call[0].as_string());
  std::reverse(points.begin(), points.end());
  return from_code_points(points.data(), points.data() + points.size());
}

// Between all code points when `from` is empty, as Go's strings.Replace does.
Value replace(const Call& call) {
  if (!strings(call, 0, 2) || (call.size() == 4 && !call[3].is_int())) return no_overload(call);
  const std::string& text = call[0].as_string();
  const std::string& from = call[1].as_string();
  const std::string& to = call[2].as_string();
  int64_t left = call.size() == 4 ? call[3].as_int() : -1;
  std::string out;
  size_t at = 0;
  while (left != 0) {
    const size_t found = from.empty() ? at : text.find(from, at);
    if (found == std::string::npos) break;
    out.append(text, at, found - at);
    out += to;
    if (!call.budget.spend(1 + to.size() / 8)) return too_costly();
    at = found + from.size();
    --left;
    if (from.empty()) {
      if (at >= text.size()) return out;
      const size_t next = at + 1;
      size_t end = next;
      while (end < text.size() && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) ++end;
      out.append(text, at, end - at);
      at = end;
    }
  }
  return out.append(text, at, std::string::npos);
}

Value split_text(const Call& call) {
  if (!strings(call, 0, 1) || (call.size() == 3 && !call[2].is_int())) return no_overload(call);
  const std::string& text = call[0].as_string();
  const std::string& separator = call[1].as_string();
  const int64_t limit = call.size() == 3 ? call[2].as_int() : -1;
  List out;
  if (limit == 0) return out;
  auto full = [&] { return limit > 0 && static_cast<int64_t>(out.size()) == limit - 1; };
  if (!call.budget.spend(text.size())) return too_costly();
  if (separator.empty()) {
    size_t at = 0;
    while (at < text.size() && !full()) {
      size_t end = at + 1;
      while (end < text.size() && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) ++end;
      out.emplace_back(text.substr(at, end - at));
      at = end;
    }
    if (at < text.size()) out.emplace_back(text.substr(at));
    return out;
  }
  size_t at = 0;
  while (!full()) {
    const size_t found = text.find(separator, at);
    if (found == std::string::npos) break;
    out.emplace_back(text.substr(at, found - at));
    at = found + separator.size();
  }
  out.emplace_back(text.substr(at));
  return out;
}

Value join_list(const Call& call) {
  if (!call[0].is_list() || (call.size() == 2 && !call[1].is_string())) return no_overload(call);
  const std::string separator = call.size() == 2 ? call[1].as_string() : "";
  std::string out;
  for (size_t i = 0; i < call[0].as_list().size(); ++i) {
    Value v = call[0].as_list()[i];
    if (v.is_object()) {
      if (auto identity = v.as_object()->identity()) v = *std::move(identity);
    }
    if (!v.is_string()) {
      return Value::error("no such overload: `join` wants strings, not " + type_name(v));
    }
    if (i > 0) out += separator;
    out += v.as_string();
    if (!call.budget.spend(1 + (separator.size() + v.as_string().size()) / 8)) return too_costly();
  }
  return out;
}

// A literal of CEL that gives the text back.
Value quote(const Call& call) {
  if (!strings(call, 0, 0)) return no_overload(call);
  std::string out = "\"";
  for (const uint32_t c : code_points(call[0].as_string())) {
    static constexpr std::pair<uint32_t, const char*> kEscapes[] = {
        {'\a', "\\a"}, {'\b', "\\b"}, {'\f', "\\f"},  {'\n', "\\n"}, {'\r', "\\r"},
        {'\t', "\\t"}, {'\v', "\\v"}, {'\\', "\\\\"}, {'"', "\\\""}};
    const auto* found = std::find_if(std::begin(kEscapes), std::end(kEscapes),
                                     [&](const auto& entry) { return entry.first == c; });
    if (found != std::end(kEscapes)) {
      out += found->second;
    } else {
      append_code_point(out, c);
    }
  }
  return out + "\"";
}

constexpr FunctionEntry kTable[] = {
    {"contains", contains_text, 0, "string.(string) bool", "Whether another text is in it."},
    {"startsWith", starts_with, 0, "string.(string) bool", "Whether it begins with another text."},
    {"endsWith", ends_with, 0, "string.(string) bool", "Whether it ends with another text."},
    {"charAt", char_at, 0, "string.(int) string", "The character at an index."},
    {"indexOf", index_of, 0, "string.(string) int; string.(string, int) int",
     "Where another text first begins, from an index on; -1 where it is not."},
    {"lastIndexOf", last_index_of, 0, "string.(string) int; string.(string, int) int",
     "Where another text last begins; -1 where it is not."},
    {"substring", substring, 0, "string.(int) string; string.(int, int) string",
     "The text from one index up to, not with, another, or to its end."},
    {"lowerAscii", lower_ascii, 0, "string.() string", "The text with a-z for A-Z."},
    {"upperAscii", upper_ascii, 0, "string.() string", "The text with A-Z for a-z."},
    {"trim", trim_text, 0, "string.() string", "The text without white space at both ends."},
    {"replace", replace, 0, "string.(string, string) string; string.(string, string, int) string",
     "The text with one part replaced by another, everywhere or so many times."},
    {"split", split_text, 0, "string.(string) list<string>; string.(string, int) list<string>",
     "The parts of a text between separators, all or so many at most."},
    {"join", join_list, 0, "list<string>.() string; list<string>.(string) string",
     "One text of a list of them, with a separator between."},
    {"strings.quote", quote, 0, "(string) string",
     "The text in double quotes, with what needs it escaped."},
};

}  // namespace

Value reverse_string(const Call& call) {
  return reverse_text(call);
}

std::span<const FunctionEntry> string_functions() {
  return kTable;
}

}  // namespace lf::cel
