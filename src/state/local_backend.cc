// SPDX-License-Identifier: Apache-2.0
#include "state/local_backend.h"

#include <algorithm>
#include <charconv>

#include "base/replace_file.h"
#include "state/file_errors.h"

namespace lf {

namespace {

constexpr uint32_t kFileMode = 0600;  // the key of the secret digests is in there

// Names the file and what to do in every error of the file system.
Error about(Error error, const std::string& path, const char* doing) {
  if (error.message.find(path) == std::string::npos) {
    error.message = std::string("cannot ") + doing + " `" + path + "`: " + error.message;
  }
  if (error.help.empty() && error.code == ErrorCode::io) {
    error.help = {"the state is as it was; free the disk or mend the permissions, and run again"};
  }
  return error;
}

Result<void> named(Result<void> result, const std::string& path, const char* doing) {
  if (result) return result;
  return fail(about(std::move(result.error()), path, doing));
}

std::optional<uint64_t> serial_of(std::string_view name) {
  uint64_t serial = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), serial);
  if (parsed.ec != std::errc()) return std::nullopt;
  if (name.substr(static_cast<size_t>(parsed.ptr - name.data())) != ".json") return std::nullopt;
  return serial;
}

}  // namespace

Result<std::optional<std::string>> LocalBackend::read_if_there(const std::string& path) {
  const auto info = files_.stat(path);
  if (!info) return fail(about(info.error(), path, "read"));
  if (!info->exists && !info->is_symlink) return std::optional<std::string>();
  if (info->is_directory) {
    Error error(ErrorCode::io, "`" + path + "` is a folder, where a state file should be");
    error.help = {"move the folder away", "`llmforge state history` lists the copies that are kept",
                  "`llmforge state restore` puts one of them back"};
    return fail(std::move(error));
  }
  auto text = files_.read(path);
  if (!text && text.error().code == ErrorCode::not_found) return std::optional<std::string>();
  if (!text) {
    Error error = about(std::move(text.error()), path, "read");
    error.help = {"look at the file's permissions",
                  "`llmforge state history` lists the copies that are kept",
                  "`llmforge state restore` puts one of them back"};
    return fail(std::move(error));
  }
  return std::optional<std::string>(std::move(*text));
}

// The journal first: should a writer compact between the two reads, its snapshot is newer than
// this journal and contains it. The other way round, entries would be missing.
Task<Result<BackendData>> LocalBackend::load() {
  BackendData data;
  auto journal = read_if_there(paths_.journal);
  if (!journal) co_return std::unexpected(std::move(journal.error()));
  auto snapshot = read_if_there(paths_.snapshot);
  if (!snapshot) co_return std::unexpected(std::move(snapshot.error()));
  auto mark = read_if_there(paths_.mark);
  if (!mark) co_return std::unexpected(std::move(mark.error()));
  if (*mark) {
    auto moved = read_move_mark(**mark, paths_.mark);
    if (!moved) co_return std::unexpected(std::move(moved.error()));
    data.moved = std::move(*moved);
  }
  data.journal = std::move(*journal);
  data.snapshot = std::move(*snapshot);
  co_return data;
}

Task<Result<std::unique_ptr<StateLock>>> LocalBackend::lock(std::string owner) {
  auto folder = ensure_folder(files_, paths_.folder);
  if (!folder) co_return fail(about(std::move(folder.error()), paths_.folder, "make"));
  if (paths_.own_folder == paths_.folder) {
    auto ignored = write_gitignore();
    if (!ignored) co_return std::unexpected(std::move(ignored.error()));
  }
  auto held = files_.lock(paths_.lock, owner);
  if (held || held.error().code == ErrorCode::locked) co_return held;
  co_return fail(about(std::move(held.error()), paths_.lock, "lock"));
}

Task<Result<std::optional<std::string>>> LocalBackend::holder(std::string asker) {
  const auto is = files_.stat(paths_.lock);
  if (!is) co_return fail(about(is.error(), paths_.lock, "read"));
  if (!is->exists) co_return std::nullopt;
  // Only the kernel knows whether the file's owner is alive, and tells it to who tries.
  auto held = files_.lock(paths_.lock, asker);
  if (held) co_return std::nullopt;
  if (held.error().code == ErrorCode::locked) co_return held.error().message;
  co_return fail(about(std::move(held.error()), paths_.lock, "lock"));
}

Task<Result<void>> LocalBackend::prepare() {
  auto done = ensure_folder(files_, paths_.history);
  if (!done) co_return named(std::move(done), paths_.history, "make");
  co_return write_gitignore();
}

Result<void> LocalBackend::write_gitignore() {
  const std::string ignore = paths_.own_folder + "/.gitignore";
  return named(keep_out_of_git(files_, paths_.own_folder), ignore, "write");
}

Task<Result<void>> LocalBackend::append(std::string segment) {
  auto start = [this, text = std::move(segment)](std::function<void(Result<void>)> done) mutable {
    files_.append_durably(paths_.journal, std::move(text), std::move(done));
  };
  Callback<Result<void>>::Start shared = std::move(start);
  Callback<Result<void>> waiting(std::move(shared));
  auto done = co_await waiting;
  co_return named(std::move(done), paths_.journal, "append to");
}

Task<Result<void>> LocalBackend::cut_journal(uint64_t size) {
  auto done = files_.truncate(paths_.journal, size);
  if (done) done = files_.sync_file(paths_.journal);
  co_return named(std::move(done), paths_.journal, "mend");
}

Task<Result<void>> LocalBackend::start_journal(std::string header) {
  co_return named(replace_file(files_, paths_.journal, header, kFileMode), paths_.journal, "write");
}

Task<Result<void>> LocalBackend::set_mark(std::optional<MoveMark> mark) {
  if (mark) {
    const std::string text = write_move_mark(*mark);
    co_return named(replace_file(files_, paths_.mark, text, kFileMode), paths_.mark, "write");
  }
  auto done = files_.remove(paths_.mark);
  if (!done && done.error().code == ErrorCode::not_found) co_return Result<void>();
  if (done) done = files_.sync_folder(paths_.folder);
  co_return named(std::move(done), paths_.mark, "remove");
}

// The copy in the history is written first: from the moment when the snapshot stands in its place,
// there is a second one to restore it from.
Task<Result<void>> LocalBackend::put_snapshot(uint64_t serial, std::string text) {
  const std::string copy = history_path(serial);
  auto kept = named(replace_file(files_, copy, text, kFileMode), copy, "write");
  if (!kept) co_return kept;
  auto done =
      named(replace_file(files_, paths_.snapshot, text, kFileMode), paths_.snapshot, "write");
  if (done) forget_old_history();
  co_return done;
}

std::string LocalBackend::history_path(uint64_t serial) const {
  return paths_.history + "/" + std::to_string(serial) + ".json";
}

Task<Result<std::vector<uint64_t>>> LocalBackend::history() {
  co_return serials();
}

Result<std::vector<uint64_t>> LocalBackend::serials() {
  std::vector<uint64_t> serials;
  const auto info = files_.stat(paths_.history);
  if (!info) return fail(about(info.error(), paths_.history, "read"));
  if (!info->exists) return serials;
  const auto names = files_.list(paths_.history);
  if (!names) return fail(about(names.error(), paths_.history, "read"));
  for (const std::string& name : *names) {
    if (const auto serial = serial_of(name)) serials.push_back(*serial);
  }
  std::sort(serials.begin(), serials.end());
  return serials;
}

// Best effort: a copy too many harms nobody.
void LocalBackend::forget_old_history() {
  const auto kept = serials();
  if (!kept || kept->size() <= kHistoryKept) return;
  for (size_t i = 0; i + kHistoryKept < kept->size(); ++i) {
    (void)files_.remove(history_path((*kept)[i]));
  }
}

Task<Result<std::string>> LocalBackend::history_text(uint64_t serial) {
  auto text = files_.read(history_path(serial));
  if (text || text.error().code != ErrorCode::not_found) co_return text;
  co_return no_such_copy(serial);
}

Task<Result<void>> LocalBackend::keep_journal(uint64_t serial, std::string journal) {
  const std::string copy = paths_.history + "/" + std::to_string(serial) + ".journal";
  co_return named(replace_file(files_, copy, journal, kFileMode), copy, "write");
}

}  // namespace lf
