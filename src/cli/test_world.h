// SPDX-License-Identifier: Apache-2.0
// The world of a spec's test: the model cloud, virtual time, seeded chance, and a file system that
// reads the user's files and keeps what is written to itself. Nothing of it touches the disk, the
// network or the clock of the machine, and a test's minutes pass in milliseconds.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/runner.h"
#include "base/world.h"
#include "sandbox/transport.h"

namespace lf {

// Time that goes to the next timer as soon as nothing else is due; drives whatever waits for it.
class VirtualClock final : public Clock, public Runner {
 public:
  explicit VirtualClock(Timestamp start) : start_(start) {}
  Timestamp now() override {
    return {start_.seconds + ns_ / 1'000'000'000, static_cast<int32_t>(ns_ % 1'000'000'000)};
  }
  MonotonicNs monotonic() override { return ns_; }
  uint64_t after(int64_t delay_ns, std::function<void()> done) override;
  void cancel(uint64_t timer) override;
  void pass(int64_t seconds) { ns_ += seconds * 1'000'000'000; }
  void run_until(const bool& done) override;

 private:
  Timestamp start_;
  MonotonicNs ns_ = 0;
  uint64_t last_ = 0;
  std::map<std::pair<MonotonicNs, uint64_t>, std::function<void()>> timers_;
  std::map<uint64_t, MonotonicNs> times_;
};

// The files of `under`, never its `.llmforge` folders, with everything that is written on top.
class TestFiles final : public FileSystem {
 public:
  TestFiles(FileSystem& under, Clock& clock) : under_(under), clock_(clock) {}

  Result<std::string> read(const std::string& path) override;
  Result<FileInfo> stat(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<void> make_folders(const std::string& path) override;
  Result<void> remove(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> sync_folder(const std::string&) override { return {}; }
  Result<void> write(const std::string& path, std::string_view data, uint32_t mode) override;
  Result<void> sync_file(const std::string&) override { return {}; }
  Result<void> truncate(const std::string& path, uint64_t size) override;
  Result<std::string> canonical(const std::string& path) override;
  void append_durably(const std::string& path, std::string data,
                      std::function<void(Result<void>)> done) override;
  Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view owner) override;

 private:
  bool hidden(const std::string& path) const;
  FileSystem& under_;
  Clock& clock_;
  std::map<std::string, std::string> files_;
  std::set<std::string> folders_, removed_, locks_;
};

class TestWorld {
 public:
  // `package`, `sources` and `files` must outlive it. `environment`: beside the model cloud's own.
  TestWorld(Package& package, Sources& sources, FileSystem& files, Timestamp start, uint64_t seed,
            Environment environment);
  World& world() { return world_; }
  VirtualClock& clock() { return clock_; }
  sandbox::Model& model() { return transport_.model(); }

 private:
  class NoPrograms;
  VirtualClock clock_;
  TestFiles files_;
  std::unique_ptr<Random> random_;
  std::unique_ptr<Process> process_;
  sandbox::SandboxTransport transport_;
  World world_;
};

}  // namespace lf
