// SPDX-License-Identifier: Apache-2.0
#include "provider/xml.h"

#include <fmt/format.h>

#include <cstring>
#include <pugixml.hpp>

#include "base/strings.h"
#include "provider/protocol_detail.h"

namespace lf {
namespace {

constexpr int kDepthMax = 200;

bool is_blank(std::string_view text) {
  return trim(text).empty();
}

bool all_children_named(const pugi::xml_node& node, const char* name) {
  size_t count = 0;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    if (std::strcmp(child.name(), name) != 0 || child.first_attribute()) return false;
    ++count;
  }
  return count > 0;
}

// `<entry><key>..</key><value>..</value></entry>`
bool is_entry(const pugi::xml_node& node) {
  bool key = false;
  size_t count = 0;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    ++count;
    if (std::strcmp(child.name(), "key") == 0)
      key = true;
    else if (std::strcmp(child.name(), "value") != 0)
      return false;
  }
  return key && count <= 2;
}

bool all_children_entries(const pugi::xml_node& node) {
  if (!all_children_named(node, "entry")) return false;
  for (const pugi::xml_node& child : node.children("entry")) {
    if (!is_entry(child)) return false;
  }
  return true;
}

class Reader {
 public:
  bool too_deep() const { return too_deep_; }

  Map read_map(const pugi::xml_node& node, int depth) {
    Map map;
    for (const pugi::xml_attribute& attribute : node.attributes()) {
      std::string_view name = attribute.name();
      if (name == "xmlns" || name.starts_with("xmlns:")) continue;
      map.set("@" + std::string(name), Value(attribute.value()));
    }
    // Siblings of one name are collected first: appending to an immutable list is quadratic.
    std::vector<std::pair<std::string_view, List>> groups;
    Map positions;
    std::string text;
    bool has_elements = false;
    for (const pugi::xml_node& child : node.children()) {
      if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
        text += child.value();
        continue;
      }
      if (child.type() != pugi::node_element) continue;
      has_elements = true;
      std::string_view name = child.name();
      const Value* position = positions.find(name);
      if (position == nullptr) {
        positions.set(name, Value(static_cast<int64_t>(groups.size())));
        groups.push_back({name, {}});
      }
      size_t index =
          position == nullptr ? groups.size() - 1 : static_cast<size_t>(position->as_int());
      groups[index].second.push_back(read(child, depth + 1));
    }
    for (auto& [name, values] : groups) {
      bool single = values.size() == 1;
      map.set(name, single ? std::move(values[0]) : Value(std::move(values)));
    }
    if (has_elements ? !is_blank(text) : !text.empty()) map.set("#text", Value(std::move(text)));
    return map;
  }

 private:
  Value read(const pugi::xml_node& node, int depth) {
    if (depth > kDepthMax) {
      too_deep_ = true;
      return {};
    }
    if (!node.first_attribute()) {
      if (all_children_named(node, "item")) return read_list(node, "item", depth);
      if (all_children_named(node, "member")) return read_list(node, "member", depth);
      if (all_children_entries(node)) return read_entries(node, depth);
    }
    Map map = read_map(node, depth);
    if (map.empty()) return Value("");
    if (const Value* text = map.find("#text"); text != nullptr && map.size() == 1) return *text;
    return Value(std::move(map));
  }

  Value read_list(const pugi::xml_node& node, const char* name, int depth) {
    List list;
    for (const pugi::xml_node& child : node.children(name)) list.push_back(read(child, depth + 1));
    return Value(std::move(list));
  }

  Value read_entries(const pugi::xml_node& node, int depth) {
    Map map;
    for (const pugi::xml_node& entry : node.children("entry")) {
      map.set(std::string_view(entry.child("key").text().get()),
              read(entry.child("value"), depth + 2));
    }
    return Value(std::move(map));
  }

  bool too_deep_ = false;
};

// Name characters of the ASCII range; the wire names of all APIs lie in it.
bool valid_name(std::string_view name) {
  if (name.empty()) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    bool other = (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
    if (!letter && !(i > 0 && other)) return false;
  }
  return true;
}

class Writer {
 public:
  std::string out;

  Result<void> element(std::string_view name, const Value& wrapped, std::string_view xmlns,
                       int depth) {
    Value value = protocol_detail::bare(wrapped);
    if (!valid_name(name)) return bad(fmt::format("`{}` is no name of an XML element", name));
    if (depth > kDepthMax) return bad("the input is nested too deeply");
    out += fmt::format("<{}", name);
    if (!xmlns.empty() && !attribute("xmlns", std::string(xmlns))) return failure();
    if (!value.is_map()) return text_element(name, value);
    const Map& map = value.as_map();
    for (const auto& [key, entry] : map) {
      std::string_view key_text = key.is_string() ? std::string_view(key.as_string()) : "";
      if (!key_text.starts_with('@') || protocol_detail::is_unset(entry)) continue;
      auto scalar = protocol_detail::scalar_text(entry, std::string(key_text));
      if (!scalar) return std::unexpected(scalar.error());
      if (!attribute(key_text.substr(1), *scalar)) return failure();
    }
    out += '>';
    for (const auto& [key, entry] : map) {
      if (!key.is_string()) return bad(fmt::format("a key of `{}` is no text", name));
      auto done = member(key.as_string(), entry, depth);
      if (!done) return done;
    }
    out += fmt::format("</{}>", name);
    return {};
  }

 private:
  Result<void> member(const std::string& key, const Value& wrapped, int depth) {
    Value value = protocol_detail::bare(wrapped);
    if (value.is_null() || key.starts_with('@')) return {};
    if (key == "#text") {
      auto scalar = protocol_detail::scalar_text(value, key);
      if (!scalar) return std::unexpected(scalar.error());
      return escape(*scalar, false) ? Result<void>{} : failure();
    }
    if (key == "#map") return entries(value, depth);
    if (!value.is_list()) return element(key, value, "", depth + 1);
    for (const Value& item : value.as_list()) {
      if (protocol_detail::bare(item).is_list()) {
        return bad(fmt::format("`{}` is a list in a list, which has no form in XML", key));
      }
      auto done = element(key, item, "", depth + 1);
      if (!done) return done;
    }
    return {};
  }

  Result<void> entries(const Value& value, int depth) {
    if (!value.is_map()) return bad("`#map` wants a map");
    for (const auto& [key, entry] : value.as_map()) {
      if (protocol_detail::is_unset(entry)) continue;
      Value pair(Map{{Value("key"), key}, {Value("value"), entry}});
      auto done = element("entry", pair, "", depth + 1);
      if (!done) return done;
    }
    return {};
  }

  Result<void> text_element(std::string_view name, const Value& value) {
    out += '>';
    if (!value.is_null()) {
      auto scalar = protocol_detail::scalar_text(value, std::string(name));
      if (!scalar) return std::unexpected(scalar.error());
      if (!escape(*scalar, false)) return failure();
    }
    out += fmt::format("</{}>", name);
    return {};
  }

  bool attribute(std::string_view name, const std::string& text) {
    if (!valid_name(name)) {
      problem_ = fmt::format("`{}` is no name of an XML attribute", name);
      return false;
    }
    out += fmt::format(" {}=\"", name);
    if (!escape(text, true)) return false;
    out += '"';
    return true;
  }

  // Line ends are escaped too: a reader would turn \r\n into \n.
  bool escape(std::string_view text, bool in_attribute) {
    if (!valid_utf8(text)) {
      problem_ = "text that is no UTF-8 has no form in XML";
      return false;
    }
    for (size_t i = 0; i < text.size(); ++i) {
      char c = text[i];
      switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += in_attribute ? "&quot;" : "\""; break;
        case '\r': out += "&#xD;"; break;
        case '\n': out += "&#xA;"; break;
        case '\t': out += in_attribute ? "&#x9;" : "\t"; break;
        default:
          if (static_cast<unsigned char>(c) < 0x20) {
            problem_ =
                fmt::format("the character U+{:04X} has no form in XML", static_cast<unsigned>(c));
            return false;
          }
          out += c;
      }
    }
    return true;
  }

  Result<void> bad(std::string message) { return fail(ErrorCode::invalid, std::move(message)); }
  Result<void> failure() { return bad(problem_); }
  std::string problem_;
};

}  // namespace

Result<XmlDocument> parse_xml(std::string_view text) {
  pugi::xml_document document;
  constexpr unsigned kOptions = pugi::parse_default | pugi::parse_ws_pcdata_single;
  pugi::xml_parse_result parsed =
      document.load_buffer(text.data(), text.size(), kOptions, pugi::encoding_utf8);
  if (!parsed) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} at byte {}", lower(parsed.description()), parsed.offset));
  }
  pugi::xml_node root = document.document_element();
  size_t roots = 0;
  for (const pugi::xml_node& child : document.children())
    roots += child.type() == pugi::node_element;
  if (roots != 1) return fail(ErrorCode::corrupt, fmt::format("{} root elements", roots));
  Reader reader;
  XmlDocument result{root.name(), reader.read_map(root, 0)};
  if (reader.too_deep()) {
    return fail(ErrorCode::corrupt, fmt::format("nested deeper than {} elements", kDepthMax));
  }
  return result;
}

Result<std::string> write_xml(const std::string& root, const std::string& xmlns,
                              const Value& content) {
  Writer writer;
  auto done = writer.element(root, content, xmlns, 0);
  if (!done) return std::unexpected(done.error());
  return std::move(writer.out);
}

}  // namespace lf
