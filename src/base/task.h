// SPDX-License-Identifier: Apache-2.0
// Coroutines on one event loop: Task<T> (lazy, awaited once), callbacks as awaitables, and the few
// control primitives there are: all(), Semaphore, Event.
//
// Rules (GCC 12 miscompiles some temporaries in co_await expressions; references dangle after a
// suspension): coroutine parameters by value; arguments of an awaited call get names first; each
// co_await stands alone as `auto x = co_await std::move(task);`; no co_await in a catch.
// A task that was started runs to its end: there is no cancellation by destruction. Who wants to
// stop sets a flag that the tasks look at.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace lf {

template <class T>
class Task;

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> continuation;
  bool detached = false;
  std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) noexcept {
      PromiseBase& p = h.promise();
      if (p.detached) {
        h.destroy();
        return std::noop_coroutine();
      }
      return p.continuation ? p.continuation : std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  // Our functions do not throw; an exception here is a bug.
  [[noreturn]] void unhandled_exception() {
    assert_failed("no exception leaves a task", __FILE__, __LINE__);
  }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  void return_value(T v) { value.emplace(std::move(v)); }
};
template <>
struct Promise<void> : PromiseBase {
  bool finished = false;
  Task<void> get_return_object();
  void return_void() { finished = true; }
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;
  explicit Task(Handle h) : handle_(h) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    handle_.promise().continuation = waiter;
    return handle_;
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) {
      return std::move(*handle_.promise().value);
    }
  }

  // Starts it on its own; it frees itself at its end. Its result is dropped.
  void detach() && {
    Handle h = std::exchange(handle_, {});
    h.promise().detached = true;
    h.resume();
  }

 private:
  Handle handle_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
}  // namespace detail

// Makes an awaitable of a function that takes a callback: `co_await Callback<T>{start}` where
// start(std::function<void(T)>) arranges for one later call.
template <class T>
class Callback {
 public:
  using Start = std::function<void(std::function<void(T)>)>;
  explicit Callback(Start start) : start_(std::move(start)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    start_([this, waiter](T value) {
      result_.emplace(std::move(value));
      waiter.resume();
    });
  }
  T await_resume() { return std::move(*result_); }

 private:
  Start start_;
  std::optional<T> result_;
};

// Waits for something that happens once; many may wait. After set(), waiting does not suspend.
class Event {
 public:
  void set() {
    set_ = true;
    auto waiters = std::exchange(waiters_, {});
    for (auto h : waiters) h.resume();
  }
  bool is_set() const { return set_; }
  struct Awaiter {
    Event& event;
    bool await_ready() const noexcept { return event.set_; }
    void await_suspend(std::coroutine_handle<> h) { event.waiters_.push_back(h); }
    void await_resume() const noexcept {}
  };
  Awaiter wait() { return Awaiter{*this}; }

 private:
  bool set_ = false;
  std::vector<std::coroutine_handle<>> waiters_;
};

class Semaphore {
 public:
  explicit Semaphore(size_t permits) : permits_(permits) {}
  struct Awaiter {
    Semaphore& semaphore;
    bool await_ready() noexcept {
      if (semaphore.permits_ == 0) return false;
      --semaphore.permits_;
      return true;
    }
    void await_suspend(std::coroutine_handle<> h) { semaphore.waiters_.push_back(h); }
    void await_resume() const noexcept {}
  };
  Awaiter acquire() { return Awaiter{*this}; }
  void release() {
    if (waiters_.empty()) {
      ++permits_;
      return;
    }
    auto h = waiters_.front();
    waiters_.pop_front();
    h.resume();
  }

 private:
  size_t permits_;
  std::deque<std::coroutine_handle<>> waiters_;
};

// Runs all tasks at once; done when the last is done.
inline Task<void> all(std::vector<Task<void>> tasks) {
  struct Shared {
    size_t left;
    Event done;
  };
  auto shared = std::make_shared<Shared>();
  shared->left = tasks.size();
  if (tasks.empty()) co_return;
  struct Runner {
    static Task<void> run(Task<void> task, std::shared_ptr<Shared> shared) {
      co_await std::move(task);
      if (--shared->left == 0) shared->done.set();
    }
  };
  for (auto& task : tasks) {
    Task<void> runner = Runner::run(std::move(task), shared);
    std::move(runner).detach();
  }
  auto wait = shared->done.wait();
  co_await wait;
}

}  // namespace lf
