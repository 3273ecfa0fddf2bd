// SPDX-License-Identifier: Apache-2.0
#include "engine/real_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "engine/file_calls.h"

namespace lf {
namespace {

constexpr uint64_t kReadMax = 1ull << 30;  // no file of ours or the user's comes near
constexpr int kLockTriesMax = 100;         // against holders that come and go meanwhile

Result<std::string> read_descriptor(int fd, const std::string& path) {
  std::string text;
  char buffer[65536];
  while (true) {
    ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(file_error("read", path, errno));
    if (n == 0) return text;
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > kReadMax) return fail(file_error("read", path, EFBIG));
  }
}

// Whether `path` still names the file that is open as `fd`.
bool still_named(int fd, const std::string& path) {
  struct stat held {};
  struct stat named {};
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

class FileLock final : public FileSystem::Lock {
 public:
  FileLock(FileDescriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  // Removed while still held: who opened it meanwhile gets a lock on a file without a name, sees
  // that, and opens again.
  ~FileLock() override {
    if (still_named(fd_.get(), path_)) ::unlink(path_.c_str());
  }

 private:
  FileDescriptor fd_;
  std::string path_;
};

}  // namespace

Result<std::string> RealFiles::read(const std::string& path) {
  FileDescriptor fd(open_file(path, O_RDONLY));
  if (!fd.valid()) return fail(file_error("read", path, errno, true));
  return read_descriptor(fd.get(), path);
}

Result<FileInfo> RealFiles::stat(const std::string& path) {
  FileInfo info;
  struct stat own {};
  struct stat target {};
  if (::lstat(path.c_str(), &own) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return info;
    return fail(file_error("look at", path, errno));
  }
  info.exists = true;
  info.is_symlink = S_ISLNK(own.st_mode);
  // A link to nowhere exists, as a link of size zero.
  bool resolved = !info.is_symlink || ::stat(path.c_str(), &target) == 0;
  if (!info.is_symlink) target = own;
  if (resolved) {
    info.is_directory = S_ISDIR(target.st_mode);
    info.size = static_cast<uint64_t>(target.st_size);
    info.mode = target.st_mode & 07777;
  }
  return info;
}

Result<std::vector<std::string>> RealFiles::list(const std::string& folder) {
  DIR* open = ::opendir(folder.c_str());
  if (open == nullptr) return fail(file_error("list", folder, errno, true));
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(open)) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
    errno = 0;
  }
  int reason = errno;
  ::closedir(open);
  if (reason != 0) return fail(file_error("list", folder, reason));
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> RealFiles::make_folders(const std::string& path) {
  for (size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    std::string part = path.substr(0, end);
    if (part.empty() || ::mkdir(part.c_str(), 0777) == 0) continue;
    int reason = errno;
    struct stat there {};
    // On a read-only disk or in a folder of others' an existing part may answer EROFS or EACCES.
    if (::stat(part.c_str(), &there) == 0 && S_ISDIR(there.st_mode)) continue;
    if (reason == EEXIST) reason = ENOTDIR;
    return fail(file_error("make the folder", part, reason));
  }
  return {};
}

Result<void> RealFiles::remove(const std::string& path) {
  if (::remove(path.c_str()) != 0) return fail(file_error("remove", path, errno, true));
  return {};
}

Result<void> RealFiles::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return fail(file_error("rename " + from + " to", to, errno, true));
  }
  return {};
}

Result<void> RealFiles::sync_folder(const std::string& path) {
  return sync_path(path, true);
}

Result<void> RealFiles::write(const std::string& path, std::string_view data, uint32_t mode) {
  FileDescriptor fd(open_file(path, O_WRONLY | O_CREAT | O_TRUNC, mode));
  if (!fd.valid()) return fail(file_error("write", path, errno));
  if (!write_all(fd.get(), data) || !fd.close()) return fail(file_error("write", path, errno));
  return {};
}

Result<void> RealFiles::sync_file(const std::string& path) {
  return sync_path(path, false);
}

Result<void> RealFiles::truncate(const std::string& path, uint64_t size) {
  if (::truncate(path.c_str(), static_cast<off_t>(size)) != 0) {
    return fail(file_error("shorten", path, errno, true));
  }
  return {};
}

Result<std::string> RealFiles::canonical(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return fail(file_error("find", path, errno, true));
  std::string result = resolved;
  ::free(resolved);
  return result;
}

void RealFiles::append_durably(const std::string& path, std::string data,
                               std::function<void(Result<void>)> done) {
  writer_.append(path, std::move(data), std::move(done));
}

Result<std::unique_ptr<FileSystem::Lock>> RealFiles::lock(const std::string& path,
                                                          std::string_view owner) {
  for (int i = 0; i < kLockTriesMax; ++i) {
    FileDescriptor fd(open_file(path, O_RDWR | O_CREAT, 0600));
    if (!fd.valid()) return fail(file_error("lock", path, errno));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK) return fail(file_error("lock", path, errno));
      Result<std::string> holder = read_descriptor(fd.get(), path);
      if (!holder) return fail(holder.error());
      return fail(ErrorCode::locked, *holder);
    }
    // Its holder may have removed it between our open and our flock.
    if (!still_named(fd.get(), path)) continue;
    if (::ftruncate(fd.get(), 0) != 0 || !write_all(fd.get(), owner)) {
      return fail(file_error("write", path, errno));
    }
    return std::make_unique<FileLock>(std::move(fd), path);
  }
  return fail(ErrorCode::locked, "");
}

}  // namespace lf
