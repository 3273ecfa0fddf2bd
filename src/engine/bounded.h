// SPDX-License-Identifier: Apache-2.0
// Many small jobs, a bounded number of them at once: what waits costs no coroutine and no request.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/task.h"

namespace lf {

// As many requests as a service is ever sent at once (ThrottleOptions); more would only be held in
// memory.
inline constexpr size_t kJobsAtOnce = 512;

using Job = std::function<Task<void>(size_t index)>;  // a coroutine, called for each index once

inline Task<void> take_jobs(std::shared_ptr<size_t> next, size_t count, Job job) {
  while (*next < count) {
    const size_t index = (*next)++;
    Task<void> one = job(index);
    co_await std::move(one);
  }
}

// Done when all `count` jobs are. What `job` refers to must live until then.
inline Task<void> all_bounded(size_t count, Job job, size_t at_once = kJobsAtOnce) {
  auto next = std::make_shared<size_t>(0);
  std::vector<Task<void>> takers;
  for (size_t i = 0; i < std::min(count, at_once); ++i) {
    Task<void> taker = take_jobs(next, count, job);
    takers.push_back(std::move(taker));
  }
  Task<void> together = all(std::move(takers));
  co_await std::move(together);
}

}  // namespace lf
