// SPDX-License-Identifier: Apache-2.0
// matches(): RE2, which needs no more than linear time whatever the pattern.
#include <re2/re2.h>

#include <memory>
#include <unordered_map>

#include "lang/functions.h"

namespace lf::cel {
namespace {

constexpr size_t kCacheMax = 64;
constexpr int64_t kMemoryMax = 1 << 20;  // of one compiled pattern

// A pattern is mostly used again at once: in a loop, or in the same check of the next resource.
std::shared_ptr<const RE2> compile(const std::string& pattern) {
  static thread_local std::unordered_map<std::string, std::shared_ptr<const RE2>> cache;
  const auto found = cache.find(pattern);
  if (found != cache.end()) return found->second;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemoryMax);
  auto compiled = std::make_shared<const RE2>(pattern, options);
  if (cache.size() >= kCacheMax) cache.clear();
  cache.emplace(pattern, compiled);
  return compiled;
}

Value matches(const Call& call) {
  if (!call[0].is_string() || !call[1].is_string()) return no_overload(call);
  const auto re = compile(call[1].as_string());
  if (!re->ok()) {
    return Value::error("`" + call[1].as_string() + "` is no regular expression: " + re->error());
  }
  if (!call.budget.spend(call[0].as_string().size() / 8)) return too_costly();
  return RE2::PartialMatch(call[0].as_string(), *re);
}

constexpr FunctionEntry kTable[] = {
    {"matches", matches, 0, "(string, string) bool; string.(string) bool",
     "Whether a regular expression (RE2) is found in the text; `^…$` for all of it."},
};

}  // namespace

std::span<const FunctionEntry> regex_functions() {
  return kTable;
}

}  // namespace lf::cel
