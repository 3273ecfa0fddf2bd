// SPDX-License-Identifier: Apache-2.0
// A random source that repeats itself: one seed, one sequence. For tests of ours and of users;
// nothing that must be unguessable comes from it.
#pragma once

#include "base/world.h"

namespace lf {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed = 1) : state_(seed) {}
  uint64_t next() override {  // SplitMix64
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  void fill(uint8_t* out, size_t n) override {
    for (size_t i = 0; i < n; ++i) out[i] = static_cast<uint8_t>(next());
  }

 private:
  uint64_t state_;
};

}  // namespace lf
