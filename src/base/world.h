// SPDX-License-Identifier: Apache-2.0
// The five interfaces through which llmforge reaches the world. Passed in, never global: the real
// ones live in engine/, the simulated ones in tests/sim. Everything runs on one thread; a callback
// is called from the event loop, never from inside the call that took it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/http.h"
#include "base/value.h"

namespace lf {

// Monotonic nanoseconds, for durations. Counts while the machine sleeps (CLOCK_BOOTTIME).
using MonotonicNs = int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() = 0;          // wall time; may jump
  virtual MonotonicNs monotonic() = 0;  // never goes back
  // Calls `done` once after `delay_ns`. Cancel by id; a cancelled or past id is ignored.
  virtual uint64_t after(int64_t delay_ns, std::function<void()> done) = 0;
  virtual void cancel(uint64_t timer) = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t next() = 0;                    // 64 uniform bits
  virtual void fill(uint8_t* out, size_t n) = 0;  // cryptographic in the real world
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Errors: unavailable (of a mutation: surely not sent), outcome_unknown (may have been done),
  // invalid (wrong on this side and surely not sent: TLS trust, address). An HTTP status of any
  // kind is a response, not an error. A request with `mutation` is sent at most once.
  virtual void send(HttpRequest request, std::function<void(Result<HttpResponse>)> done) = 0;
};

struct FileInfo {
  bool exists = false;
  bool is_directory = false;
  bool is_symlink = false;  // of the path itself
  uint64_t size = 0;
  uint32_t mode = 0;  // permission bits
};

// Paths are UTF-8, absolute or relative to the process's folder. Each call is one system call or a
// loop of one kind, so that a simulator can stop between any two.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::string> read(const std::string& path) = 0;  // not_found, io
  virtual Result<FileInfo> stat(const std::string& path) = 0;     // exists=false is no error
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;  // names, sorted
  virtual Result<void> make_folders(const std::string& path) = 0;
  virtual Result<void> remove(const std::string& path) = 0;  // a file or an empty folder
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> sync_folder(const std::string& path) = 0;  // makes renames durable
  // Creates or truncates, writes all, closes; not durable until `sync_file` and a synced folder.
  virtual Result<void> write(const std::string& path, std::string_view data, uint32_t mode) = 0;
  virtual Result<void> sync_file(const std::string& path) = 0;
  virtual Result<void> truncate(const std::string& path, uint64_t size) = 0;
  virtual Result<std::string> canonical(const std::string& path) = 0;  // resolves links; not_found

  // Appends `data` and syncs, then calls `done`. Calls on one path keep their order and may be
  // committed together; `done` of each comes after its bytes are durable.
  virtual void append_durably(const std::string& path, std::string data,
                              std::function<void(Result<void>)> done) = 0;

  // An exclusive lock that dies with its owner's process. Holding: the object. locked: another has
  // it; the message is then the lock file's content (who), as its owner wrote it.
  class Lock {
   public:
    virtual ~Lock() = default;  // releases
  };
  virtual Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view owner) = 0;
};

struct ProcessResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};
struct ProcessRequest {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  // added to the program's own
  std::string folder;
  std::string input;
  int64_t timeout_ms = 60'000;
};
class Process {
 public:
  virtual ~Process() = default;
  virtual void run(ProcessRequest request, std::function<void(Result<ProcessResult>)> done) = 0;
};

// The environment variables as cli/ read them; nobody else calls getenv.
using Environment = std::map<std::string, std::string>;

// Which process this is, for locks and the journal.
struct Self {
  std::string host;
  int64_t pid = 0;
};

struct World {
  Transport& transport;
  Clock& clock;
  Random& random;
  FileSystem& files;
  Process& process;
  Environment environment;
  Self self = {};
};

}  // namespace lf
