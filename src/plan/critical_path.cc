// SPDX-License-Identifier: Apache-2.0
#include "plan/critical_path.h"

#include <fmt/format.h>

#include <algorithm>

namespace lf {

namespace {

// Of a call that nobody waits for afterwards.
constexpr int64_t kCall = 2;

int64_t usual_seconds(const Plan& plan, const Operation& operation, Packages& packages) {
  const ResourceType* type = packages.resource(plan.items[operation.item].type);
  if (type == nullptr) return kCall;
  const auto of = [](const Wait& wait) { return wait.declared ? wait.usual.seconds : kCall; };
  switch (operation.kind) {
    case Operation::Kind::create: return of(type->wait_create);
    case Operation::Kind::update: return of(type->wait_update);
    case Operation::Kind::remove: return of(type->wait_delete);
    case Operation::Kind::move:
    case Operation::Kind::forget:
    case Operation::Kind::depose: return 0;
    default: return kCall;
  }
}

}  // namespace

CriticalPath critical_path(const Plan& plan, Packages& packages) {
  const size_t n = plan.operations.size();
  std::vector<int64_t> usual(n), end(n, -1);
  std::vector<size_t> before(n, n);
  for (size_t i = 0; i < n; ++i) usual[i] = usual_seconds(plan, plan.operations[i], packages);
  // Depth first, for an operation may stand before what it waits for. No cycles: make_operations.
  std::vector<size_t> open;
  for (size_t start = 0; start < n; ++start) {
    open.push_back(start);
    while (!open.empty()) {
      const size_t at = open.back();
      if (end[at] >= 0) {
        open.pop_back();
        continue;
      }
      const size_t depth = open.size();
      for (const size_t need : plan.operations[at].after) {
        if (end[need] < 0) open.push_back(need);
      }
      if (open.size() > depth) continue;
      int64_t begin = 0;
      for (const size_t need : plan.operations[at].after) {
        if (before[at] == n || end[need] > begin) before[at] = need;
        begin = std::max(begin, end[need]);
      }
      end[at] = begin + usual[at];
      open.pop_back();
    }
  }
  CriticalPath out;
  if (n == 0) return out;
  size_t last = static_cast<size_t>(std::max_element(end.begin(), end.end()) - end.begin());
  out.total.seconds = end[last];
  for (; last != n; last = before[last]) out.steps.push_back({last, Duration{usual[last], 0}});
  std::reverse(out.steps.begin(), out.steps.end());
  return out;
}

std::string about(Duration duration) {
  const int64_t s = duration.seconds;
  if (s < 90) return fmt::format("{} s", s);
  if (s < 5400) return fmt::format("{} min", (s + 30) / 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

}  // namespace lf
