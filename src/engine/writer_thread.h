// SPDX-License-Identifier: Apache-2.0
// Durable appends off the loop's thread. One thread takes all that has piled up while the disk was
// busy, writes it, syncs each file once (group commit), then tells the loop. So a thousand journal
// records that become ready together cost a handful of syncs, and the loop never waits for a disk.
//
// What a failure leaves: a write that failed half-way is cut off again where the disk allows it, so
// that later records do not follow a torn one. After a failed sync nobody can know what the disk
// has, and the kernel forgets that it failed: the path is closed for appends for good.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "engine/loop.h"

namespace lf {

class WriterThread {
 public:
  explicit WriterThread(Loop& loop) : loop_(loop) {}
  ~WriterThread();  // writes what is queued; its callbacks may come no more
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;

  // See FileSystem::append_durably. `done` is called from the loop.
  void append(std::string path, std::string data, std::function<void(Result<void>)> done);
  // Blocks until everything that was appended before is durable or has failed. For the way out
  // after a second Ctrl-C; callbacks are then still to come from the loop.
  void wait_until_idle();
  // Batches written so far, for tests and for `-v`.
  uint64_t batch_count();

 private:
  struct Append {
    std::string path;
    std::string data;
    std::function<void(Result<void>)> done;
  };
  void run();
  void commit(std::vector<Append> batch);
  Result<void> append_all(const std::string& path, const std::vector<const Append*>& appends);

  Loop& loop_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::vector<Append> queue_;     // under mutex_
  bool busy_ = false;             // under mutex_
  bool stop_ = false;             // under mutex_
  uint64_t batches_ = 0;          // under mutex_
  std::set<std::string> closed_;  // the thread's own: paths whose sync failed
  std::set<std::string> named_;   // paths whose folder was synced since they came to be
  std::thread thread_;            // started by the first append
};

}  // namespace lf
