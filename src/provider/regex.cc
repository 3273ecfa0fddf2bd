// SPDX-License-Identifier: Apache-2.0
#include "provider/regex.h"

#include <re2/re2.h>

#include <memory>
#include <unordered_map>

namespace lf {

namespace {
RE2::Options quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  return options;
}
re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

// Patterns come from descriptors: few, and each is used for every resource of its type.
const RE2& compiled(const std::string& pattern) {
  thread_local std::unordered_map<std::string, std::unique_ptr<RE2>> known;
  auto& slot = known[pattern];
  if (slot == nullptr) slot = std::make_unique<RE2>(pattern, quiet());
  return *slot;
}
}  // namespace

std::string regex_error(const std::string& pattern) {
  const RE2 regex(pattern, quiet());
  return regex.ok() ? "" : regex.error();
}

bool regex_search(const std::string& pattern, std::string_view text) {
  const RE2& regex = compiled(pattern);
  return regex.ok() && RE2::PartialMatch(piece(text), regex);
}

bool regex_full_match(const std::string& pattern, std::string_view text) {
  const RE2& regex = compiled(pattern);
  return regex.ok() && RE2::FullMatch(piece(text), regex);
}

}  // namespace lf
