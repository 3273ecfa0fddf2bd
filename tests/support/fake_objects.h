// SPDX-License-Identifier: Apache-2.0
// A store of objects in memory, on a fake clock. Several clients may share the objects; each may be
// told to fail.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/world.h"
#include "state/object_store.h"

namespace lf {

struct FakeObjects {
  struct Object {
    std::string bytes;
    int64_t written_s = 0;
  };
  std::map<std::string, Object> all;
  uint64_t calls = 0;
};

class FakeObjectStore final : public ObjectStore {
 public:
  // What becomes of the next calls that write, then of none.
  enum class Fault : uint8_t { none, lost_request, lost_answer };

  FakeObjectStore(std::shared_ptr<FakeObjects> objects, Clock& clock)
      : objects_(std::move(objects)), clock_(clock) {}
  Fault fault = Fault::none;
  int faults_left = 0;
  LeaseTimes times;

  std::string shown(const std::string& name) const override {
    return name.empty() ? "mem://states" : "mem://states/" + name;
  }
  LeaseTimes lease() const override { return times; }

  Task<Result<std::optional<StoredObject>>> get(std::string name) override {
    auto pause = turn();
    co_await std::move(pause);
    const auto found = objects_->all.find(name);
    if (found == objects_->all.end()) co_return std::optional<StoredObject>();
    co_return std::optional<StoredObject>(
        StoredObject{found->second.bytes, clock_.now().seconds - found->second.written_s});
  }

  Task<Result<bool>> create(std::string name, std::string bytes) override {
    auto pause = turn();
    co_await std::move(pause);
    const Fault fails = next_fault();
    if (fails == Fault::lost_request) co_return fail(ErrorCode::outcome_unknown, "lost");
    if (objects_->all.contains(name)) co_return false;
    objects_->all[name] = {std::move(bytes), clock_.now().seconds};
    if (fails == Fault::lost_answer) co_return fail(ErrorCode::outcome_unknown, "lost");
    co_return true;
  }

  Task<Result<void>> put(std::string name, std::string bytes) override {
    auto pause = turn();
    co_await std::move(pause);
    const Fault fails = next_fault();
    if (fails == Fault::lost_request) co_return fail(ErrorCode::outcome_unknown, "lost");
    objects_->all[name] = {std::move(bytes), clock_.now().seconds};
    if (fails == Fault::lost_answer) co_return fail(ErrorCode::outcome_unknown, "lost");
    co_return Result<void>();
  }

  Task<Result<std::vector<std::string>>> list(std::string prefix) override {
    auto pause = turn();
    co_await std::move(pause);
    std::vector<std::string> out;
    for (const auto& [name, object] : objects_->all) {
      if (name.starts_with(prefix)) out.push_back(name);
    }
    co_return out;
  }

  Task<Result<void>> remove(std::string name) override {
    auto pause = turn();
    co_await std::move(pause);
    objects_->all.erase(name);
    co_return Result<void>();
  }

 private:
  Fault next_fault() {
    if (faults_left == 0) return Fault::none;
    --faults_left;
    return fault;
  }
  Task<void> turn() {
    ++objects_->calls;
    Clock* const clock = &clock_;
    Callback<int>::Start start = [clock](std::function<void(int)> done) {
      clock->after(10'000'000, [done = std::move(done)] { done(0); });
    };
    Callback<int> waiting(std::move(start));
    co_await waiting;
  }

  std::shared_ptr<FakeObjects> objects_;
  Clock& clock_;
};

}  // namespace lf
