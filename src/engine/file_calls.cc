// SPDX-License-Identifier: Apache-2.0
#include "engine/file_calls.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <utility>

namespace lf {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int FileDescriptor::release() {
  return std::exchange(fd_, -1);
}

bool FileDescriptor::close() {
  int fd = release();
  // After EINTR Linux has closed it all the same.
  return fd < 0 || ::close(fd) == 0 || errno == EINTR;
}

std::string errno_text(int error_number) {
  char buffer[128];
  std::string text = strerror_r(error_number, buffer, sizeof buffer);
  // "No space left" reads on in a sentence as "no space left"; "RPC version wrong" stays.
  bool initialism = text.size() > 1 && std::isupper(static_cast<unsigned char>(text[1])) != 0;
  if (!text.empty() && !initialism) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

Error file_error(std::string_view doing, const std::string& path, int error_number,
                 bool missing_is_not_found) {
  bool missing = error_number == ENOENT || error_number == ENOTDIR;
  ErrorCode code = missing && missing_is_not_found ? ErrorCode::not_found : ErrorCode::io;
  Error error(code, "cannot " + std::string(doing) + " " + path + ": " + errno_text(error_number));
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      error.help.push_back("free some space there and run the same command again");
      break;
    case EROFS:
    case EACCES:
    case EPERM: error.help.push_back("check the owner and the permissions of " + path); break;
    default: break;
  }
  return error;
}

int open_file(const std::string& path, int flags, unsigned mode) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, static_cast<mode_t>(mode));
  } while (fd < 0 && errno == EINTR);
  return fd;
}

bool write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    data.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

std::string parent_folder(const std::string& path) {
  size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return path.empty() ? "." : "/";
  size_t slash = path.rfind('/', end);
  if (slash == std::string::npos) return ".";
  size_t keep = path.find_last_not_of('/', slash);
  return keep == std::string::npos ? "/" : path.substr(0, keep + 1);
}

Result<void> sync_path(const std::string& path, bool is_folder) {
  FileDescriptor fd(open_file(path, is_folder ? O_RDONLY | O_DIRECTORY : O_RDONLY));
  if (!fd.valid()) return fail(file_error("sync", path, errno, true));
  if (::fsync(fd.get()) != 0) return fail(file_error("sync", path, errno));
  return {};
}

}  // namespace lf
