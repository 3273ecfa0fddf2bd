// SPDX-License-Identifier: Apache-2.0
#include "engine/writer_thread.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>

#include "engine/file_calls.h"

namespace lf {

WriterThread::~WriterThread() {
  {
    std::lock_guard<std::mutex> hold(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void WriterThread::append(std::string path, std::string data,
                          std::function<void(Result<void>)> done) {
  {
    std::lock_guard<std::mutex> hold(mutex_);
    queue_.push_back({std::move(path), std::move(data), std::move(done)});
  }
  if (!thread_.joinable()) {
    // Signals belong to the loop's thread: the new one starts with all of them blocked.
    sigset_t every, before;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  wake_.notify_one();
}

void WriterThread::wait_until_idle() {
  std::unique_lock<std::mutex> hold(mutex_);
  idle_.wait(hold, [this] { return queue_.empty() && !busy_; });
}

uint64_t WriterThread::batch_count() {
  std::lock_guard<std::mutex> hold(mutex_);
  return batches_;
}

void WriterThread::run() {
  std::unique_lock<std::mutex> hold(mutex_);
  while (true) {
    wake_.wait(hold, [this] { return stop_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::vector<Append> batch;
    batch.swap(queue_);
    busy_ = true;
    ++batches_;
    hold.unlock();
    commit(std::move(batch));
    hold.lock();
    busy_ = false;
    if (queue_.empty()) idle_.notify_all();
  }
}

void WriterThread::commit(std::vector<Append> batch) {
  std::map<std::string, std::vector<const Append*>> by_path;
  for (const Append& append : batch) by_path[append.path].push_back(&append);
  std::map<std::string, Result<void>> results;
  for (const auto& [path, appends] : by_path) results.emplace(path, append_all(path, appends));
  // The callbacks run in the order of the calls, all in one turn of the loop.
  auto shared =
      std::make_shared<std::pair<std::vector<Append>, std::map<std::string, Result<void>>>>(
          std::move(batch), std::move(results));
  loop_.post([shared] {
    for (Append& append : shared->first) append.done(shared->second.at(append.path));
  });
}

Result<void> WriterThread::append_all(const std::string& path,
                                      const std::vector<const Append*>& appends) {
  if (closed_.contains(path)) {
    return fail(ErrorCode::io, "cannot append to " + path + ": an earlier sync of it failed");
  }
  bool is_new = false;
  int opened = open_file(path, O_WRONLY | O_APPEND);
  if (opened < 0 && errno == ENOENT) {
    is_new = true;
    opened = open_file(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
  }
  FileDescriptor fd(opened);
  struct stat before {};
  if (!fd.valid() || ::fstat(fd.get(), &before) != 0) {
    return fail(file_error("append to", path, errno));
  }
  std::string joined;
  for (const Append* append : appends) joined += append->data;
  if (!write_all(fd.get(), joined)) {
    int reason = errno;
    if (::ftruncate(fd.get(), before.st_size) != 0) closed_.insert(path);
    return fail(file_error("append to", path, reason));
  }
  if (::fdatasync(fd.get()) != 0) {
    int reason = errno;
    closed_.insert(path);
    return fail(file_error("sync", path, reason));
  }
  // A file that an earlier process made and then died over may have no durable name yet.
  if (is_new || !named_.contains(path)) {
    Result<void> synced = sync_path(parent_folder(path), true);
    if (!synced) {
      closed_.insert(path);
      return synced;
    }
    named_.insert(path);
  }
  return {};
}

}  // namespace lf
