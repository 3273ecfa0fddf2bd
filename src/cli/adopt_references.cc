// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "base/strings.h"
#include "cli/adopt_bulk.h"

namespace lf {

namespace {

// Long enough, and of a form, to mean one thing wherever it stands: an ARN, a URL.
bool telling(const std::string& value) {
  return value.size() >= 12 && std::count(value.begin(), value.end(), ':') >= 2;
}

// Reserved words (CEL, "Syntax") stand in brackets.
bool name_in_expression(const std::string& key) {
  for (const char* word :
       {"as",       "break",     "const",  "continue", "else", "false", "for",
        "function", "if",        "import", "in",       "let",  "loop",  "null",
        "package",  "namespace", "return", "true",     "var",  "void",  "while"}) {
    if (key == word) return false;
  }
  return !key.empty() && std::isdigit(static_cast<unsigned char>(key.front())) == 0 &&
         std::all_of(key.begin(), key.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

bool goes_on(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
}

}  // namespace

void References::add(size_t thing, const std::string& attribute, const std::string& value) {
  by_value_[value].push_back({thing, attribute});
  if (telling(value) && std::find(inside_.begin(), inside_.end(), value) == inside_.end()) {
    inside_.push_back(value);
    std::sort(inside_.begin(), inside_.end(),
              [](const auto& a, const auto& b) { return a.size() > b.size(); });
  }
}

void References::clear() {
  by_value_.clear();
  inside_.clear();
  edges_.clear();
}

bool References::reaches(size_t from, size_t to) const {
  std::set<size_t> seen{from};
  std::vector<size_t> open{from};
  while (!open.empty()) {
    const size_t at = open.back();
    open.pop_back();
    if (at == to) return true;
    const auto next = edges_.find(at);
    if (next == edges_.end()) continue;
    for (const size_t one : next->second) {
      if (seen.insert(one).second) open.push_back(one);
    }
  }
  return false;
}

bool References::may_use(size_t of, const Property& top, const Target& target) {
  if (!things_[target.thing].why.empty()) return false;
  // A late facet is done after everything, so that two things may name each other there.
  const Facet* facet = things_[of].type->facet(top.facet);
  if (facet != nullptr && facet->late) return true;
  if (target.thing == of || reaches(target.thing, of)) return false;
  edges_[of].insert(target.thing);
  return true;
}

std::string References::expression(const Target& target) const {
  const std::string& key = things_[target.thing].written.key;
  return "${resources" + (name_in_expression(key) ? "." + key : "['" + key + "']") + "." +
         target.attribute + "}";
}

std::string References::rewrite(size_t of, const Property& top, const Type& leaf,
                                const std::string& text) {
  const auto found = by_value_.find(text);
  if (found != by_value_.end()) {
    for (const auto& target : found->second) {
      const ResourceType& type = *things_[target.thing].type;
      const bool names_it =
          leaf.kind() == Type::Kind::ref
              ? leaf.name() == type.name && target.attribute == "id"
              : telling(text) || (target.attribute == "id" && !type.id_prefix.empty());
      if (names_it && may_use(of, top, target)) return expression(target);
    }
    if (leaf.kind() == Type::Kind::ref) {
      for (const auto& target : found->second) {
        if (telling(text) && may_use(of, top, target)) return expression(target);
      }
    }
    return escaped(text);
  }
  if (!telling(text)) return escaped(text);
  for (const auto& value : inside_) {
    const size_t at = text.find(value);
    if (at == std::string::npos) continue;
    const size_t end = at + value.size();
    if (end < text.size() && goes_on(text[end])) continue;
    for (const auto& target : by_value_[value]) {
      if (may_use(of, top, target))
        return escaped(text.substr(0, at)) + expression(target) +
               rewrite(of, top, Type(Type::Kind::string), text.substr(end));
    }
  }
  return escaped(text);
}

}  // namespace lf
