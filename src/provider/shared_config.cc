// SPDX-License-Identifier: Apache-2.0
#include "provider/shared_config.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace lf {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

// A comment inside a line begins with # or ; after white space.
std::string_view without_comment(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if ((text[i] == '#' || text[i] == ';') && is_space(text[i - 1])) return trim(text.substr(0, i));
  }
  return trim(text);
}

std::string unquoted(std::string_view name) {
  name = trim(name);
  if (name.size() >= 2 && (name.front() == '"' || name.front() == '\'') &&
      name.back() == name.front()) {
    name = name.substr(1, name.size() - 2);
  }
  return std::string(name);
}

class Parser {
 public:
  Parser(ConfigKind kind, const std::string& path, SharedConfig& into)
      : kind_(kind), path_(path), into_(into) {}

  Result<void> line(std::string_view text, int number) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    std::string_view content = trim(text);
    if (content.empty() || content[0] == '#' || content[0] == ';') return {};
    if (is_space(text[0]) && section_ != nullptr && !key_.empty()) return indented(content, number);
    if (content[0] == '[') return header(content, number);
    return property(content, number);
  }

 private:
  std::unexpected<Error> bad(int number, std::string_view what) {
    return fail(ErrorCode::corrupt, fmt::format("{}:{}: {}", path_, number, what));
  }

  Result<void> header(std::string_view content, int number) {
    size_t end = content.find(']');
    if (end == std::string_view::npos) return bad(number, "a section's name has no `]`");
    std::string_view inside = trim(content.substr(1, end - 1));
    size_t space = inside.find_first_of(" \t");
    std::string_view type = inside.substr(0, space);
    std::string name = space == std::string_view::npos ? "" : unquoted(inside.substr(space));
    key_.clear();
    section_ = nullptr;
    ignored_ = false;
    if (kind_ == ConfigKind::credentials)
      section_ = &into_.profiles[unquoted(inside)];
    else if (inside == "default")
      section_ = &into_.profiles["default"];
    else if (type == "profile" && !name.empty())
      section_ = &into_.profiles[name];
    else if (type == "sso-session" && !name.empty())
      section_ = &into_.sso_sessions[name];
    else if (type == "services" && !name.empty())
      section_ = &into_.services[name];
    else
      ignored_ = true;  // a section of a newer tool, or `[NAME]` where `[profile NAME]` is meant
    return {};
  }

  Result<void> property(std::string_view content, int number) {
    size_t equals = content.find('=');
    if (equals == std::string_view::npos || trim(content.substr(0, equals)).empty()) {
      return bad(number, "neither `[section]` nor `key = value`");
    }
    if (ignored_) return {};
    if (section_ == nullptr) return bad(number, "a key stands before the first section");
    key_ = lower(trim(content.substr(0, equals)));
    // " # x" must not become the value of an empty key.
    std::string value(without_comment(content.substr(equals + 1)));
    has_children_ = value.empty();
    (*section_)[key_] = std::move(value);
    return {};
  }

  Result<void> indented(std::string_view content, int number) {
    if (!has_children_) {  // the value goes on
      (*section_)[key_] += "\n" + std::string(content);
      return {};
    }
    size_t equals = content.find('=');
    if (equals == std::string_view::npos) return bad(number, "an indented line without `=`");
    std::string child = lower(trim(content.substr(0, equals)));
    (*section_)[key_ + "." + child] = std::string(without_comment(content.substr(equals + 1)));
    return {};
  }

  ConfigKind kind_;
  const std::string& path_;
  SharedConfig& into_;
  ConfigSection* section_ = nullptr;
  bool ignored_ = false;
  bool has_children_ = false;
  std::string key_;
};

}  // namespace

const ConfigSection* SharedConfig::profile(const std::string& name) const {
  auto at = profiles.find(name);
  return at == profiles.end() ? nullptr : &at->second;
}

std::string config_value(const ConfigSection* section, const std::string& key) {
  if (section == nullptr) return "";
  auto at = section->find(key);
  return at == section->end() ? "" : at->second;
}

Result<void> parse_shared_config(std::string_view text, ConfigKind kind, const std::string& path,
                                 SharedConfig& into) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Parser parser(kind, path, into);
  int number = 0;
  for (const std::string& line : split(text, '\n')) {
    auto done = parser.line(line, ++number);
    if (!done) return done;
  }
  return {};
}

}  // namespace lf
