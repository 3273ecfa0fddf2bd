// SPDX-License-Identifier: Apache-2.0
// The machine's file system. Contracts: base/world.h.
#pragma once

#include "base/world.h"
#include "engine/loop.h"
#include "engine/writer_thread.h"

namespace lf {

class RealFiles final : public FileSystem {
 public:
  explicit RealFiles(Loop& loop) : writer_(loop) {}
  Result<std::string> read(const std::string& path) override;
  Result<FileInfo> stat(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<void> make_folders(const std::string& path) override;
  Result<void> remove(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> sync_folder(const std::string& path) override;
  Result<void> write(const std::string& path, std::string_view data, uint32_t mode) override;
  Result<void> sync_file(const std::string& path) override;
  Result<void> truncate(const std::string& path, uint64_t size) override;
  Result<std::string> canonical(const std::string& path) override;
  void append_durably(const std::string& path, std::string data,
                      std::function<void(Result<void>)> done) override;
  // flock(2) on the file, which its holder removes in the end. Works on local disks and on NFS
  // from Linux 2.6.12 on. The message of `locked` may be empty for the moment between taking the
  // lock and writing the owner.
  Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view owner) override;

  WriterThread& writer() { return writer_; }

 private:
  WriterThread writer_;
};

}  // namespace lf
