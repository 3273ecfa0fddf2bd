// SPDX-License-Identifier: Apache-2.0
#include "cli/yaml_text.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/json.h"
#include "base/strings.h"
#include "plan/render.h"

namespace lf {

namespace {

constexpr int kDepthMax = 60;

// "30s", "90d", "200GiB": digits and letters are no number of YAML's but for 0x and 0o.
bool quantity(std::string_view text) {
  const size_t letters = text.find_first_not_of("0123456789");
  if (letters == 0 || letters == std::string_view::npos || text.size() > 24) return false;
  if (text.front() == '0' && letters == 1 && (text[1] == 'x' || text[1] == 'o')) return false;
  return std::all_of(text.begin() + static_cast<ptrdiff_t>(letters), text.end(),
                     [](unsigned char c) { return std::isalpha(c) != 0; });
}

bool plain_text(std::string_view text) {
  if (text.empty() || text.size() > 200) return false;
  if (quantity(text)) return true;
  if (std::isalpha(static_cast<unsigned char>(text.front())) == 0 && text.front() != '/' &&
      text.front() != '_')
    return false;
  for (const char* word : {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}) {
    if (iequals(text, word)) return false;
  }
  const bool safe = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-./:@+=* ()").find(static_cast<char>(c)) != std::string_view::npos;
  });
  return safe && text.back() != ' ' && text.back() != ':' &&
         text.find(": ") == std::string_view::npos && text.find(" #") == std::string_view::npos;
}

// A block literal keeps the text as it is: only for what has nothing that YAML would change.
bool block_text(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == ' ' || text.front() == '\n' ||
      !valid_utf8(text))
    return false;
  for (const auto& line : split(text, '\n')) {
    if (printable(line) != line || line.find('\t') == 0) return false;
  }
  return !text.ends_with("\n\n");
}

std::string scalar(const Value& value) {
  if (value.is_string()) return yaml_string(value.as_string());
  if (value.is_unknown() || value.is_secret() || value.is_error())
    return json_quote(show_value(value, SIZE_MAX));
  if (value.is_unset()) return "null";
  if (value.is_bool() || value.is_number()) return to_json(value);
  if (value.is_object()) {
    const auto identity = value.as_object()->identity();
    return identity && !identity->is_object()
               ? scalar(*identity)
               : json_quote("(" + value.as_object()->type_name() + ")");
  }
  const std::string json = to_json(value);  // durations, money, addresses: text
  const auto text = parse_json(json);
  return text && text->is_string() ? yaml_string(text->as_string()) : json;
}

bool nested(const Value& value) {
  return (value.is_map() && !value.as_map().empty()) ||
         (value.is_list() && !value.as_list().empty());
}

void write(const Value& value, size_t indent, int depth, std::string& out);

// What follows "key:" or "-", up to its line end.
void write_after(const Value& value, size_t indent, int depth, bool in_list, std::string& out) {
  if (value.is_string() && block_text(value.as_string())) {
    const std::string& text = value.as_string();
    out += text.back() == '\n' ? " |\n" : " |-\n";
    std::vector<std::string> lines = split(text, '\n');
    if (lines.back().empty()) lines.pop_back();
    for (const auto& line : lines)
      out += line.empty() ? "\n" : std::string(indent + 2, ' ') + line + "\n";
    return;
  }
  if (!nested(value) || depth > kDepthMax) {
    out += value.is_map()                               ? " {}\n"
           : value.is_list() && value.as_list().empty() ? " []\n"
                                                        : " " + scalar(value) + "\n";
    return;
  }
  if (in_list && value.is_map()) {
    // "- first: …" on the dash's own line.
    std::string block;
    write(value, indent + 2, depth + 1, block);
    out += " " + block.substr(indent + 2);
    return;
  }
  out += "\n";
  write(value, indent + 2, depth + 1, out);
}

void write(const Value& value, size_t indent, int depth, std::string& out) {
  const std::string space(indent, ' ');
  if (value.is_map() && !value.as_map().empty()) {
    for (const auto& [key, element] : value.as_map()) {
      out += space + yaml_string(to_text(key)) + ":";
      write_after(element, indent, depth, false, out);
    }
  } else if (value.is_list() && !value.as_list().empty()) {
    for (const auto& element : value.as_list()) {
      out += space + "-";
      write_after(element, indent, depth, true, out);
    }
  } else {
    out += space + (value.is_map() ? "{}" : value.is_list() ? "[]" : scalar(value)) + "\n";
  }
}

}  // namespace

std::string yaml_string(std::string_view text) {
  if (plain_text(text)) return std::string(text);
  return printable(json_quote(text));  // \u0085 and \u202e are YAML's escapes, too
}

std::string to_yaml(const Value& value, size_t indent) {
  std::string out;
  write(value, indent, 0, out);
  return out;
}

}  // namespace lf
