// SPDX-License-Identifier: Apache-2.0
// Randomness from the kernel, fit for keys and nonces.
#pragma once

#include <array>

#include "base/world.h"

namespace lf {

class RealRandom final : public Random {
 public:
  uint64_t next() override;
  void fill(uint8_t* out, size_t n) override;

 private:
  std::array<uint64_t, 32> buffer_{};  // one system call for 32 numbers
  size_t left_ = 0;
};

}  // namespace lf
