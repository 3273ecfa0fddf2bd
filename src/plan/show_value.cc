// SPDX-License-Identifier: Apache-2.0
// Values on one line, as plans and commands show them. Texts are quoted, so that "80" and 80
// differ.
#include <algorithm>
#include <cctype>
#include <cstdint>

#include "base/strings.h"
#include "base/units.h"
#include "plan/render.h"
#include "plan/text_diff.h"

namespace lf {

namespace {

constexpr size_t kOriginsMax = 3;
constexpr int kDepthMax = 60;
constexpr size_t kDigestMin = 200;  // bytes of a text that its digest tells better than its start

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text)) {
    if (c == '"') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string unknown_text(const Unknown& unknown) {
  if (unknown.secret) return "(secret, known after apply)";
  std::string out = "(known after apply";
  const size_t shown = std::min(unknown.origins.size(), kOriginsMax);
  for (size_t i = 0; i < shown; ++i) out += (i == 0 ? ": " : ", ") + printable(unknown.origins[i]);
  if (unknown.origins.size() > shown) {
    out += " and " + std::to_string(unknown.origins.size() - shown) + " more";
  }
  return out + ")";
}

// Bare where nobody could take it for something else.
std::string key_text(const Value& key) {
  const std::string text = to_text(key);
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c == ':' || c == '/';
  });
  return plain ? text : quoted(text);
}

// Stops adding once `out` is longer than `enough` bytes: the rest is cut anyway.
void show(const Value& value, const Type& type, size_t enough, int depth, std::string& out) {
  if (out.size() > enough) return;
  if (depth > kDepthMax) {
    out += "…";
    return;
  }
  switch (value.kind()) {
    case Value::Kind::null: out += "null"; return;
    case Value::Kind::string: out += quoted(value.as_string()); return;
    case Value::Kind::ip:
    case Value::Kind::cidr:
    case Value::Kind::timestamp: out += quoted(to_text(value)); return;
    case Value::Kind::unknown: out += unknown_text(value.as_unknown()); return;
    case Value::Kind::secret: out += "(secret)"; return;
    case Value::Kind::error: out += "(error: " + printable(value.error_message()) + ")"; return;
    case Value::Kind::optional:
      if (value.optional_value() == nullptr)
        out += "(not set)";
      else
        show(*value.optional_value(), type.element(), enough, depth, out);
      return;
    case Value::Kind::object: {
      const auto identity = value.as_object()->identity();
      if (identity && !identity->is_object())
        show(*identity, Type(), enough, depth + 1, out);
      else
        out += "(" + printable(value.as_object()->type_name()) + ")";
      return;
    }
    case Value::Kind::list: {
      out += "[";
      const char* separator = "";
      for (const auto& element : value.as_list()) {
        out += separator;
        separator = ", ";
        show(element, type.element(), enough, depth + 1, out);
      }
      out += "]";
      return;
    }
    case Value::Kind::map: {
      out += "{";
      const char* separator = "";
      for (const auto& [key, element] : value.as_map()) {
        out += separator + key_text(key) + ": ";
        separator = ", ";
        show(element, type_inside(type, key), enough, depth + 1, out);
      }
      out += "}";
      return;
    }
    case Value::Kind::integer:
      out += type.kind() == Type::Kind::size ? format_size(value.as_int()) : to_text(value);
      return;
    default: out += printable(to_text(value)); return;
  }
}

}  // namespace

std::string show_value(const Value& value, size_t width, const Type& type) {
  std::string out;
  show(value, type, width > SIZE_MAX / 8 ? SIZE_MAX : width * 4 + 16, 0, out);
  if (out.size() <= width || utf8_length(out) <= width) return out;
  if (value.is_string() && value.as_string().size() > std::max(2 * width, kDigestMin)) {
    return "(" + digest_line(value.as_string()) + ")";
  }
  // Cut between code points, with room for the ellipsis.
  size_t end = 0, points = 0;
  while (end < out.size() && points + 1 < width) {
    ++end;
    while (end < out.size() && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80) ++end;
    ++points;
  }
  return out.substr(0, end) + "…";
}

}  // namespace lf
