// SPDX-License-Identifier: Apache-2.0
// A state in a local folder, all of it through FileSystem.
#pragma once

#include "state/backend.h"
#include "state/paths.h"

namespace lf {

inline constexpr size_t kHistoryKept = 10;

class LocalBackend final : public Backend {
 public:
  LocalBackend(FileSystem& files, StatePaths paths) : files_(files), paths_(std::move(paths)) {}
  std::string snapshot_name() const override { return paths_.snapshot; }
  std::string journal_name() const override { return paths_.journal; }
  Task<Result<BackendData>> load() override;
  Result<std::unique_ptr<FileSystem::Lock>> lock(std::string_view owner) override;
  Result<void> prepare() override;
  Task<Result<void>> append(std::string segment) override;
  Result<void> cut_journal(uint64_t size) override;
  Result<void> start_journal(std::string_view header) override;
  Task<Result<void>> put_snapshot(uint64_t serial, std::string text) override;
  Result<std::vector<uint64_t>> history() override;
  Result<std::string> history_text(uint64_t serial) override;
  Result<void> keep_journal(uint64_t serial, std::string_view journal) override;

 private:
  Result<std::optional<std::string>> read_if_there(const std::string& path);
  std::string history_path(uint64_t serial) const;
  Result<void> write_gitignore();
  void forget_old_history();
  FileSystem& files_;
  StatePaths paths_;
};

}  // namespace lf
