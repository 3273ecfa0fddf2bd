// SPDX-License-Identifier: Apache-2.0
// Where a state's bytes are kept. The Store knows formats and order, a backend only places: a
// local folder today; object stores (numbered create-only segments) fit the same calls.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/world.h"

namespace lf {

struct BackendData {
  std::optional<std::string> snapshot;  // nullopt: there is none
  std::optional<std::string> journal;
};

class Backend {
 public:
  virtual ~Backend() = default;
  // For messages.
  virtual std::string snapshot_name() const = 0;
  virtual std::string journal_name() const = 0;

  virtual Task<Result<BackendData>> load() = 0;
  // One try. locked: the message is what the holder wrote.
  virtual Result<std::unique_ptr<FileSystem::Lock>> lock(std::string_view owner) = 0;
  // Makes the place where the rest goes. Before the first write, with the lock held.
  virtual Result<void> prepare() = 0;
  // Durable when it resumes; calls keep their order. The journal exists.
  virtual Task<Result<void>> append(std::string segment) = 0;
  // Drops what is beyond `size` bytes, durably.
  virtual Result<void> cut_journal(uint64_t size) = 0;
  // A fresh journal in place of the old one, all or nothing.
  virtual Result<void> start_journal(std::string_view header) = 0;
  // The new snapshot in place of the old one, all or nothing. It is kept among the last ten.
  virtual Task<Result<void>> put_snapshot(uint64_t serial, std::string text) = 0;

  virtual Result<std::vector<uint64_t>> history() = 0;  // serials, rising
  virtual Result<std::string> history_text(uint64_t serial) = 0;
  // Keeps a journal that a restore sets aside, for whoever wants to look into it.
  virtual Result<void> keep_journal(uint64_t serial, std::string_view journal) = 0;
};

}  // namespace lf
