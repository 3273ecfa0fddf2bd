// SPDX-License-Identifier: Apache-2.0
// Assertions stay on in release builds: a wrong belief about our own state must stop the program
// before it reaches a cloud. Never for data from users, files or the network.
#pragma once

namespace lf {
[[noreturn]] void assert_failed(const char* expression, const char* file, int line);
}

#define LF_ASSERT(expression) \
  ((expression) ? (void)0 : ::lf::assert_failed(#expression, __FILE__, __LINE__))
