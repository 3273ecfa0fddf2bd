// SPDX-License-Identifier: Apache-2.0
// Virtual time and seeded chance, and how a test runs a task to its end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/seeded_random.h"
#include "base/task.h"
#include "base/world.h"
#include "support/fake_files.h"

namespace lf {

class FakeClock final : public Clock {
 public:
  Timestamp now() override { return {1'795'000'000 + ns_ / 1'000'000'000, 0}; }
  MonotonicNs monotonic() override { return ns_; }
  uint64_t after(int64_t delay_ns, std::function<void()> done) override {
    timers_[{ns_ + delay_ns, ++last_}] = std::move(done);
    return last_;
  }
  void cancel(uint64_t timer) override {
    std::erase_if(timers_, [&](const auto& item) { return item.first.second == timer; });
  }
  // Goes to the next timer and fires it. False: there is none.
  bool advance() {
    if (timers_.empty()) return false;
    const auto first = timers_.begin();
    ns_ = first->first.first;
    auto done = std::move(first->second);
    timers_.erase(first);
    done();
    return true;
  }

 private:
  MonotonicNs ns_ = 0;
  uint64_t last_ = 0;
  std::map<std::pair<MonotonicNs, uint64_t>, std::function<void()>> timers_;
};

using FakeRandom = SeededRandom;

template <class T>
Task<void> keep_result(Task<T> task, std::shared_ptr<std::optional<T>> result) {
  auto value = co_await std::move(task);
  result->emplace(std::move(value));
}

// Runs `task` on the two fakes until it is done. nullopt: it waits for something else.
template <class T>
std::optional<T> run_task(FakeFiles& files, FakeClock& clock, Task<T> task) {
  auto result = std::make_shared<std::optional<T>>();
  Task<void> keeper = keep_result(std::move(task), result);
  std::move(keeper).detach();
  while (!*result && (files.pump() || clock.advance())) {
  }
  return std::move(*result);
}

}  // namespace lf
