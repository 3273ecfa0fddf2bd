// SPDX-License-Identifier: Apache-2.0
// A FileSystem in memory with a fault plan, for unit tests and the simulator.
//
// Fault model. What is visible and what is durable are two things:
//  - A file's content becomes durable with sync_file or a finished append_durably. At a crash,
//    content that was written but not synced is, by seed: the old durable content, all of the new,
//    or a prefix of the new; an unsynced append keeps a prefix, maybe with whole 512-byte sectors
//    of the unsynced part zeroed (the size reached the disk before the data). Synced bytes stay.
//  - A name (created, renamed, removed) becomes durable with sync_folder of its folder. At a crash
//    each folder keeps a prefix of its unsynced changes of names, in order; a rename is one change.
//  - Locks die with the process.
//  - Not modelled: damage to synced data (tests flip bits themselves), reordered names within one
//    folder, hard links.
// Each call of the interface is one numbered step (an append is two: write and sync). A crash
// happens before a step, or during it (after its effect on what is visible). From then on every
// call fails and nothing changes, until restart() resolves what was not durable.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/world.h"

namespace lf {

class FakeFiles final : public FileSystem {
 public:
  explicit FakeFiles(uint64_t seed = 1);
  ~FakeFiles() override;

  // --- the fault plan
  struct Faults {
    std::optional<uint64_t> crash_at;   // step number, from 0
    bool during = false;                // the step has its (not yet durable) effect first
    std::optional<uint64_t> disk_left;  // bytes that may still be written; then "no space left"
    std::map<uint64_t, std::string> fail_at;  // step -> message of an io error without effect
    std::set<std::string> read_only;          // paths: nothing at or below them can be changed
    std::set<std::string> unreadable;         // paths whose content cannot be read
  };
  Faults faults;
  // A disk that says "synced" and did not: what it left undone is lost or not, like all that was
  // never synced. Stays over restart().
  struct Lies {
    bool appends = false, folders = false;
  };
  Lies lies;
  // Told of each step before it happens. It may end the process there: call restart() and never
  // return.
  std::function<void(const std::string& call)> on_step;

  // --- what a test looks at and does
  uint64_t steps() const { return steps_; }                         // so far
  const std::vector<std::string>& calls() const { return calls_; }  // "rename a.new a"
  bool crashed() const { return crashed_; }
  // Power comes back: what was not durable is resolved by the seed, faults are cleared.
  void restart();
  // Calls the callbacks of finished appends, and starts waiting ones. False: nothing to do.
  bool pump();
  std::optional<std::string> content(const std::string& path) const;  // as visible
  std::vector<std::string> paths() const;                             // of all files, as visible
  // Puts a file there, durable at once, no step.
  void place(const std::string& path, std::string content);
  void place_folder(const std::string& path);

  // --- FileSystem
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
  Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view owner) override;

 private:
  struct File {
    bool folder = false;
    std::string content;        // visible
    std::string durable;        // what a crash leaves for sure
    bool appended_only = true;  // since the last sync: `durable` is a prefix of `content`
    bool dirty = false;
    uint32_t mode = 0644;
  };
  using FilePointer = std::shared_ptr<File>;
  using Names = std::map<std::string, FilePointer>;
  struct NameChange {  // of a folder, not yet durable; one rename is one change
    std::vector<std::pair<std::string, FilePointer>> set;  // nullptr: the name goes
  };
  struct Append {
    std::string path;
    std::string data;
    std::function<void(Result<void>)> done;
  };
  class HeldLock;

  // Counts a step. An error: the crash comes before it, it fails by plan, or all is over. `effect`
  // runs where the crash comes during it.
  Result<void> step(const std::string& call, const std::function<void()>& effect);
  Result<void> changeable(const std::string& path) const;
  Result<void> needs_parent(const std::string& path) const;
  void change_names(const std::string& folder, NameChange change);
  void rename_now(const std::string& from, const std::string& to);
  // What of `data` fits on the disk.
  std::string_view fitting(std::string_view data);
  Result<void> write_appends(const std::string& path, std::string data);
  void resolve_content(File& file);
  uint64_t random();

  uint64_t seed_;
  uint64_t steps_ = 0;
  bool crashed_ = false;
  uint64_t life_ = 0;  // rises with restart(): locks and callbacks of former lives are dead
  std::vector<std::string> calls_;
  Names visible_;
  Names durable_;
  std::map<std::string, std::vector<NameChange>> unsynced_names_;  // by folder
  std::deque<Append> appends_;
  std::map<std::string, std::string> locks_;
};

}  // namespace lf
