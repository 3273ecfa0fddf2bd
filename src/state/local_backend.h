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
  Task<Result<std::unique_ptr<StateLock>>> lock(std::string owner) override;
  Task<Result<std::optional<std::string>>> holder(std::string asker) override;
  Task<Result<void>> prepare() override;
  Task<Result<void>> append(std::string segment) override;
  Task<Result<void>> cut_journal(uint64_t size) override;
  Task<Result<void>> start_journal(std::string header) override;
  Task<Result<void>> put_snapshot(uint64_t serial, std::string text) override;
  Task<Result<void>> set_mark(std::optional<MoveMark> mark) override;
  Task<Result<std::vector<uint64_t>>> history() override;
  Task<Result<std::string>> history_text(uint64_t serial) override;
  Task<Result<void>> keep_journal(uint64_t serial, std::string journal) override;

 private:
  Result<std::vector<uint64_t>> serials();
  Result<std::optional<std::string>> read_if_there(const std::string& path);
  std::string history_path(uint64_t serial) const;
  Result<void> write_gitignore();
  void forget_old_history();
  FileSystem& files_;
  StatePaths paths_;
};

}  // namespace lf
