// SPDX-License-Identifier: Apache-2.0
// System calls on files with their failures as `Error`s that name the path and the reason.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace lf {

// Closes at the end of its life.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release();
  // Closes now; false with errno where the last of the data could not be written (NFS).
  bool close();

 private:
  int fd_;
};

// "cannot write /a/b: no space left on device"; not_found for a missing file or folder when
// `missing_is_not_found`, else io. Help where there is something to do.
Error file_error(std::string_view doing, const std::string& path, int error_number,
                 bool missing_is_not_found = false);
std::string errno_text(int error_number);  // lower case, "no space left on device"

// open(2) with O_CLOEXEC, repeated after EINTR; -1 with errno.
int open_file(const std::string& path, int flags, unsigned mode = 0);
bool write_all(int fd, std::string_view data);       // false with errno
std::string parent_folder(const std::string& path);  // "a/b" -> "a", "b" -> ".", "/b" -> "/"
Result<void> sync_path(const std::string& path, bool is_folder);

}  // namespace lf
