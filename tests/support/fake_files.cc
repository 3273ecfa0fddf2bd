// SPDX-License-Identifier: Apache-2.0
#include "support/fake_files.h"

#include <algorithm>
#include <utility>

namespace lf {

namespace {

constexpr size_t kSector = 512;

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool at_or_below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

std::unexpected<Error> no_such(const std::string& path) {
  return fail(ErrorCode::not_found, "`" + path + "`: no such file or folder");
}

}  // namespace

class FakeFiles::HeldLock final : public FileSystem::Lock {
 public:
  HeldLock(FakeFiles& files, std::string path)
      : files_(files), path_(std::move(path)), life_(files.life_) {}
  ~HeldLock() override {
    if (files_.life_ == life_) files_.locks_.erase(path_);
  }

 private:
  FakeFiles& files_;
  std::string path_;
  uint64_t life_;
};

FakeFiles::FakeFiles(uint64_t seed) : seed_(seed) {}
FakeFiles::~FakeFiles() = default;

uint64_t FakeFiles::random() {  // splitmix64
  uint64_t z = (seed_ += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

Result<void> FakeFiles::step(const std::string& call, const std::function<void()>& effect) {
  const auto dead = fail(ErrorCode::io, "the simulated process has died");
  if (crashed_) return dead;
  const uint64_t number = steps_++;
  calls_.push_back(call);
  if (on_step) on_step(call);
  if (faults.crash_at && *faults.crash_at == number) {
    if (faults.during) effect();
    crashed_ = true;
    return dead;
  }
  if (const auto it = faults.fail_at.find(number); it != faults.fail_at.end()) {
    return fail(ErrorCode::io, it->second);
  }
  return {};
}

Result<void> FakeFiles::changeable(const std::string& path) const {
  for (const std::string& folder : faults.read_only) {
    if (at_or_below(path, folder)) return fail(ErrorCode::io, "read-only file system");
  }
  return {};
}

Result<void> FakeFiles::needs_parent(const std::string& path) const {
  const std::string parent = parent_of(path);
  if (parent == "." || parent == "/") return {};
  const auto it = visible_.find(parent);
  if (it == visible_.end() || !it->second->folder) return no_such(parent);
  return {};
}

void FakeFiles::change_names(const std::string& folder, NameChange change) {
  for (const auto& [name, file] : change.set) {
    if (file) {
      visible_[name] = file;
    } else {
      visible_.erase(name);
    }
  }
  unsynced_names_[folder].push_back(std::move(change));
}

// --- reading

Result<std::string> FakeFiles::read(const std::string& path) {
  if (auto s = step("read " + path, [] {}); !s) return std::unexpected(s.error());
  for (const std::string& hidden : faults.unreadable) {
    if (at_or_below(path, hidden)) return fail(ErrorCode::io, "permission denied");
  }
  const auto it = visible_.find(path);
  if (it == visible_.end()) return no_such(path);
  if (it->second->folder) return fail(ErrorCode::io, "is a folder");
  return it->second->content;
}

Result<FileInfo> FakeFiles::stat(const std::string& path) {
  if (auto s = step("stat " + path, [] {}); !s) return std::unexpected(s.error());
  FileInfo info;
  if (path == "." || path == "/") {
    info.exists = info.is_directory = true;
    return info;
  }
  const auto it = visible_.find(path);
  if (it == visible_.end()) return info;
  info.exists = true;
  info.is_directory = it->second->folder;
  info.size = it->second->content.size();
  info.mode = it->second->mode;
  return info;
}

Result<std::vector<std::string>> FakeFiles::list(const std::string& folder) {
  if (auto s = step("list " + folder, [] {}); !s) return std::unexpected(s.error());
  if (folder != "." && folder != "/" && !visible_.contains(folder)) return no_such(folder);
  std::vector<std::string> names;
  for (const auto& [path, file] : visible_) {
    if (parent_of(path) == folder) names.push_back(path.substr(path.rfind('/') + 1));
  }
  return names;
}

Result<std::string> FakeFiles::canonical(const std::string& path) {
  if (auto s = step("canonical " + path, [] {}); !s) return std::unexpected(s.error());
  if (!visible_.contains(path)) return no_such(path);
  return path;
}

// --- names

Result<void> FakeFiles::make_folders(const std::string& path) {
  if (auto allowed = changeable(path); !allowed) return allowed;
  std::vector<std::string> missing;
  for (std::string at = path; at != "." && at != "/"; at = parent_of(at)) {
    const auto it = visible_.find(at);
    if (it != visible_.end() && !it->second->folder) return fail(ErrorCode::io, "not a folder");
    if (it != visible_.end()) break;
    missing.push_back(at);
  }
  auto effect = [&] {
    for (auto it = missing.rbegin(); it != missing.rend(); ++it) {
      auto folder = std::make_shared<File>();
      folder->folder = true;
      change_names(parent_of(*it), {{{*it, folder}}});
    }
  };
  if (auto s = step("make_folders " + path, effect); !s) return s;
  effect();
  return {};
}

Result<void> FakeFiles::remove(const std::string& path) {
  if (auto allowed = changeable(path); !allowed) return allowed;
  auto effect = [&] {
    if (visible_.contains(path)) change_names(parent_of(path), {{{path, nullptr}}});
  };
  if (auto s = step("remove " + path, effect); !s) return s;
  const auto it = visible_.find(path);
  if (it == visible_.end()) return no_such(path);
  if (it->second->folder) {
    for (const auto& [other, file] : visible_) {
      if (parent_of(other) == path) return fail(ErrorCode::io, "the folder is not empty");
    }
  }
  effect();
  return {};
}

void FakeFiles::rename_now(const std::string& from, const std::string& to) {
  const auto it = visible_.find(from);
  if (it == visible_.end()) return;
  FilePointer file = it->second;
  change_names(parent_of(to), {{{from, nullptr}, {to, file}}});
}

Result<void> FakeFiles::rename(const std::string& from, const std::string& to) {
  for (const std::string* path : {&from, &to}) {
    if (auto allowed = changeable(*path); !allowed) return allowed;
  }
  if (auto s = step("rename " + from + " " + to, [&] { rename_now(from, to); }); !s) return s;
  const auto source = visible_.find(from);
  if (source == visible_.end()) return no_such(from);
  if (auto parent = needs_parent(to); !parent) return parent;
  const auto target = visible_.find(to);
  if (target != visible_.end() && target->second->folder) {
    return fail(ErrorCode::io, "is a folder");
  }
  rename_now(from, to);
  return {};
}

Result<void> FakeFiles::sync_folder(const std::string& path) {
  auto effect = [&] {
    for (const NameChange& change : std::exchange(unsynced_names_[path], {})) {
      for (const auto& [name, file] : change.set) {
        if (file) {
          durable_[name] = file;
        } else {
          durable_.erase(name);
        }
      }
    }
  };
  // A crash during it decides nothing: restart() keeps some prefix anyway.
  if (auto s = step("sync_folder " + path, [] {}); !s) return s;
  if (!lies.folders) effect();
  return {};
}

// --- content

std::string_view FakeFiles::fitting(std::string_view data) {
  if (!faults.disk_left) return data;
  const std::string_view fits = data.substr(0, *faults.disk_left);
  *faults.disk_left -= fits.size();
  return fits;
}

Result<void> FakeFiles::write(const std::string& path, std::string_view data, uint32_t mode) {
  if (auto allowed = changeable(path); !allowed) return allowed;
  if (auto parent = needs_parent(path); !parent) return parent;
  auto effect = [&](std::string_view text) {
    if (!visible_.contains(path)) {
      change_names(parent_of(path), {{{path, std::make_shared<File>()}}});
      visible_[path]->mode = mode;
    }
    File& file = *visible_[path];
    file.content = text;
    file.dirty = true;
    file.appended_only = false;
  };
  if (auto s = step("write " + path, [&] { effect(data); }); !s) return s;
  const auto it = visible_.find(path);
  if (it != visible_.end() && it->second->folder) return fail(ErrorCode::io, "is a folder");
  const std::string_view fits = fitting(data);
  effect(fits);
  if (fits.size() < data.size()) return fail(ErrorCode::io, "no space left on device");
  return {};
}

Result<void> FakeFiles::sync_file(const std::string& path) {
  if (auto s = step("sync_file " + path, [] {}); !s) return s;
  const auto it = visible_.find(path);
  if (it == visible_.end()) return no_such(path);
  File& file = *it->second;
  file.durable = file.content;
  file.dirty = false;
  file.appended_only = true;
  return {};
}

Result<void> FakeFiles::truncate(const std::string& path, uint64_t size) {
  if (auto allowed = changeable(path); !allowed) return allowed;
  auto effect = [&] {
    const auto it = visible_.find(path);
    if (it == visible_.end()) return;
    File& file = *it->second;
    file.content.resize(size, '\0');
    // What was durable and is cut may be back after a crash: then it is simply not cut.
    file.appended_only = false;
    file.dirty = true;
  };
  if (auto s = step("truncate " + path + " " + std::to_string(size), effect); !s) return s;
  if (!visible_.contains(path)) return no_such(path);
  effect();
  return {};
}

Result<void> FakeFiles::write_appends(const std::string& path, std::string data) {
  if (auto allowed = changeable(path); !allowed) return allowed;
  const auto found = visible_.find(path);
  if (found == visible_.end()) return no_such(path);
  File& file = *found->second;
  auto effect = [&](std::string_view text) {
    file.content += text;
    file.dirty = true;
  };
  if (auto s = step("append " + path, [&] { effect(data); }); !s) return s;
  const std::string_view fits = fitting(data);
  effect(fits);
  if (fits.size() < data.size()) return fail(ErrorCode::io, "no space left on device");
  return lies.appends ? Result<void>() : sync_file(path);
}

void FakeFiles::append_durably(const std::string& path, std::string data,
                               std::function<void(Result<void>)> done) {
  appends_.push_back({path, std::move(data), std::move(done)});
}

bool FakeFiles::pump() {
  if (appends_.empty()) return false;
  // All waiting appends of one path are one commit.
  const std::string path = appends_.front().path;
  std::vector<Append> batch;
  std::deque<Append> rest;
  for (Append& append : std::exchange(appends_, {})) {
    (append.path == path ? batch.emplace_back() : rest.emplace_back()) = std::move(append);
  }
  appends_ = std::move(rest);
  std::string data;
  for (const Append& append : batch) data += append.data;
  const Result<void> result = write_appends(path, std::move(data));
  for (Append& append : batch) append.done(result);
  return true;
}

// --- locks

Result<std::unique_ptr<FileSystem::Lock>> FakeFiles::lock(const std::string& path,
                                                          std::string_view owner) {
  if (auto allowed = changeable(path); !allowed) return std::unexpected(allowed.error());
  if (auto s = step("lock " + path, [] {}); !s) return std::unexpected(s.error());
  if (auto parent = needs_parent(path); !parent) return std::unexpected(parent.error());
  if (const auto held = locks_.find(path); held != locks_.end()) {
    return fail(ErrorCode::locked, held->second);
  }
  locks_[path] = owner;
  if (!visible_.contains(path)) change_names(parent_of(path), {{{path, std::make_shared<File>()}}});
  return std::make_unique<HeldLock>(*this, path);
}

// --- crash and restart

void FakeFiles::resolve_content(File& file) {
  if (!file.dirty) return;
  const uint64_t choice = random();
  if (file.appended_only) {
    const size_t added = file.content.size() - file.durable.size();
    std::string kept = file.content.substr(0, file.durable.size() + random() % (added + 1));
    if (choice % 4 == 0) {  // zeros where data did not reach the disk, sector by sector
      for (size_t at = file.durable.size(); at < kept.size();) {
        const size_t end = std::min(kept.size(), (at / kSector + 1) * kSector);
        if (random() % 2 == 0)
          std::fill(kept.begin() + static_cast<ptrdiff_t>(at),
                    kept.begin() + static_cast<ptrdiff_t>(end), '\0');
        at = end;
      }
    }
    file.durable = std::move(kept);
  } else if (file.durable.starts_with(file.content)) {
    if (choice % 2 == 0) file.durable = file.content;  // a truncation happens or does not
  } else if (choice % 3 == 1) {
    file.durable = file.content;
  } else if (choice % 3 == 2) {
    file.durable = file.content.substr(0, random() % (file.content.size() + 1));
  }
}

void FakeFiles::restart() {
  for (auto& [folder, changes] : unsynced_names_) {
    const size_t kept = random() % (changes.size() + 1);
    for (size_t i = 0; i < kept; ++i) {
      for (const auto& [name, file] : changes[i].set) {
        if (file) {
          durable_[name] = file;
        } else {
          durable_.erase(name);
        }
      }
    }
  }
  unsynced_names_.clear();
  // A file whose folder's name was lost is lost with it.
  std::erase_if(durable_, [&](const auto& item) {
    for (std::string at = parent_of(item.first); at != "." && at != "/"; at = parent_of(at)) {
      if (!durable_.contains(at)) return true;
    }
    return false;
  });
  for (auto& [path, file] : durable_) {
    resolve_content(*file);
    file->content = file->durable;
    file->dirty = false;
    file->appended_only = true;
  }
  visible_ = durable_;
  appends_.clear();
  locks_.clear();
  faults = {};
  calls_.clear();
  crashed_ = false;
  steps_ = 0;
  ++life_;
}

std::optional<std::string> FakeFiles::content(const std::string& path) const {
  const auto it = visible_.find(path);
  if (it == visible_.end() || it->second->folder) return std::nullopt;
  return it->second->content;
}

std::vector<std::string> FakeFiles::paths() const {
  std::vector<std::string> all;
  for (const auto& [path, file] : visible_) {
    if (!file->folder) all.push_back(path);
  }
  return all;
}

void FakeFiles::place(const std::string& path, std::string content) {
  place_folder(parent_of(path));
  auto file = std::make_shared<File>();
  file->content = file->durable = std::move(content);
  visible_[path] = durable_[path] = file;
}

void FakeFiles::place_folder(const std::string& path) {
  for (std::string at = path; at != "." && at != "/"; at = parent_of(at)) {
    if (visible_.contains(at)) return;
    auto folder = std::make_shared<File>();
    folder->folder = true;
    visible_[at] = durable_[at] = folder;
  }
}

}  // namespace lf
