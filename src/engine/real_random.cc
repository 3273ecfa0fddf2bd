// SPDX-License-Identifier: Apache-2.0
#include "engine/real_random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/assert.h"

namespace lf {

void RealRandom::fill(uint8_t* out, size_t n) {
  while (n > 0) {
    ssize_t got = getrandom(out, n, 0);
    if (got < 0 && errno == EINTR) continue;
    LF_ASSERT(got > 0);  // fails only on kernels older than anything we run on
    out += got;
    n -= static_cast<size_t>(got);
  }
}

uint64_t RealRandom::next() {
  if (left_ == 0) {
    fill(reinterpret_cast<uint8_t*>(buffer_.data()), sizeof buffer_);
    left_ = buffer_.size();
  }
  uint64_t value = buffer_[--left_];
  buffer_[left_] = 0;  // handed out once, kept nowhere
  return value;
}

}  // namespace lf
