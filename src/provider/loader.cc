// SPDX-License-Identifier: Apache-2.0
// The loader's way with nodes: known keys, kinds, words.
#include "provider/loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "base/units.h"
#include "provider/loader_words.h"
#include "provider/regex.h"

namespace lf {

namespace {

const char* kind_name(LoadNode::Kind kind) {
  switch (kind) {
    case LoadNode::Kind::null: return "nothing";
    case LoadNode::Kind::scalar: return "a single value";
    case LoadNode::Kind::list: return "a list";
    case LoadNode::Kind::map: return "a map";
  }
  return "";
}

}  // namespace

Diagnostic& Loader::error(Code code, Span span, std::string message, std::string label) {
  return diagnostics_.add(code, span, std::move(message), std::move(label));
}

bool Loader::want(const LoadNode& node, LoadNode::Kind kind, std::string_view key) {
  if (node.kind == kind) return true;
  if (!node.poisoned) {
    error(Code::LF0903, node.span,
          fmt::format("`{}` takes {}, not {}", key, kind_name(kind), kind_name(node.kind)));
  }
  return false;
}

bool Loader::keys(const LoadNode& map, std::string_view what, const Words& known,
                  const Words& also) {
  if (!want(map, LoadNode::Kind::map, what)) return false;
  std::vector<std::string> all(known.begin(), known.end());
  all.insert(all.end(), also.begin(), also.end());
  for (const LoadNode::Entry& entry : map.entries) {
    if (std::find(all.begin(), all.end(), entry.key) != all.end()) continue;
    Diagnostic& unknown =
        error(Code::LF0901, entry.key_span, fmt::format("`{}` has no key `{}`", what, entry.key));
    const std::string near = nearest(entry.key, all);
    if (!near.empty()) {
      unknown.fixes.push_back(
          {fmt::format("did you mean `{}`?", near), entry.key_span, near, false});
    }
  }
  return true;
}

const LoadNode* Loader::required(const LoadNode& map, std::string_view key, std::string_view what) {
  const LoadNode* node = map.find(key);
  if (node == nullptr || node->is_null()) {
    if (map.is_map()) {
      error(Code::LF0902, map.span, fmt::format("`{}` needs the key `{}`", what, key));
    }
    return nullptr;
  }
  return node;
}

void Loader::text(const LoadNode& map, std::string_view key, std::string& out) {
  const LoadNode* node = map.find(key);
  if (node == nullptr || node->is_null()) return;
  if (want(*node, LoadNode::Kind::scalar, key)) out = node->text;
}

void Loader::flag(const LoadNode& map, std::string_view key, bool& out) {
  const LoadNode* node = map.find(key);
  if (node == nullptr) return;
  if (!node->value.is_bool()) {
    error(Code::LF0903, node->span, fmt::format("`{}` takes true or false", key));
    return;
  }
  out = node->value.as_bool();
}

void Loader::number(const LoadNode& map, std::string_view key, int& out, int min, int max) {
  const LoadNode* node = map.find(key);
  if (node == nullptr) return;
  if (!node->value.is_int() || node->value.as_int() < min || node->value.as_int() > max) {
    error(Code::LF0903, node->span,
          fmt::format("`{}` takes a whole number from {} to {}", key, min, max));
    return;
  }
  out = static_cast<int>(node->value.as_int());
}

void Loader::real(const LoadNode& map, std::string_view key, std::optional<double>& out) {
  const LoadNode* node = map.find(key);
  if (node == nullptr) return;
  if (node->value.is_int()) {
    out = static_cast<double>(node->value.as_int());
  } else if (node->value.is_double()) {
    out = node->value.as_double();
  } else if (const auto size = parse_size(node->text)) {
    out = static_cast<double>(*size);
  } else if (const auto span = parse_duration(node->text)) {
    out = static_cast<double>(span->seconds);
  } else {
    error(Code::LF0903, node->span, fmt::format("`{}` takes a number, a size or a duration", key));
  }
}

void Loader::duration(const LoadNode& map, std::string_view key, Duration& out) {
  const LoadNode* node = map.find(key);
  if (node == nullptr) return;
  const auto parsed = node->is_scalar() ? parse_duration(node->text) : std::nullopt;
  if (!parsed) {
    error(Code::LF0903, node->span, fmt::format("`{}` takes a duration such as 30s or 5m", key));
    return;
  }
  out = *parsed;
}

WirePath Loader::split_path(std::string_view text) {
  WirePath out;
  const bool list = text.ends_with("[]");
  if (list) text.remove_suffix(2);
  if (!text.empty()) out = split(text, '.');
  if (list) out.emplace_back("[]");
  return out;
}

void Loader::path(const LoadNode& map, std::string_view key, WirePath& out) {
  const LoadNode* node = map.find(key);
  if (node == nullptr || node->is_null()) return;
  if (!want(*node, LoadNode::Kind::scalar, key)) return;
  WirePath parsed = split_path(node->text);
  if (std::find(parsed.begin(), parsed.end(), "") != parsed.end()) {
    error(Code::LF0903, node->span, fmt::format("`{}` takes names joined by dots", key));
    return;
  }
  out = std::move(parsed);
}

void Loader::texts(const LoadNode& map, std::string_view key, std::vector<std::string>& out) {
  const LoadNode* node = map.find(key);
  if (node == nullptr || !want(*node, LoadNode::Kind::list, key)) return;
  for (const LoadNode& item : node->items) {
    if (want(item, LoadNode::Kind::scalar, key)) out.push_back(item.text);
  }
}

void Loader::regex(const LoadNode& map, std::string_view key, std::string& out) {
  text(map, key, out);
  if (out.empty()) return;
  const std::string wrong = regex_error(out);
  if (!wrong.empty()) {
    error(Code::LF0921, map.find(key)->span, fmt::format("`{}` is no regular expression", out),
          wrong);
  }
}

void Loader::unknown_word(const LoadNode& node, std::string_view key,
                          std::vector<std::string> words) {
  Diagnostic& unknown =
      error(Code::LF0904, node.span, fmt::format("`{}` cannot be `{}`", key, node.text));
  const std::string near = nearest(node.text, words);
  if (!near.empty()) {
    unknown.fixes.push_back({fmt::format("did you mean `{}`?", near), node.span, near, false});
  }
  unknown.help.push_back("it is one of: " + join(words, ", "));
}

}  // namespace lf
