// SPDX-License-Identifier: Apache-2.0
// What drives a world until a task is done: the event loop, or a simulator's virtual time.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "base/task.h"

namespace lf {

class Runner {
 public:
  virtual ~Runner() = default;
  // Calls what is due, one after the other, until `done` is true. Not from inside itself.
  virtual void run_until(const bool& done) = 0;

  // Starts `task`, runs until it is done and returns its value.
  template <class T>
  T run(Task<T> task) {
    bool done = false;
    if constexpr (std::is_void_v<T>) {
      Task<void> driver = drive(std::move(task), &done);
      std::move(driver).detach();
      run_until(done);
    } else {
      std::optional<T> value;
      Task<void> driver = drive_value<T>(std::move(task), &value, &done);
      std::move(driver).detach();
      run_until(done);
      return std::move(*value);
    }
  }

 private:
  static Task<void> drive(Task<void> task, bool* done) {
    co_await std::move(task);
    *done = true;
  }
  template <class T>
  static Task<void> drive_value(Task<T> task, std::optional<T>* value, bool* done) {
    T result = co_await std::move(task);
    value->emplace(std::move(result));
    *done = true;
  }
};

}  // namespace lf
