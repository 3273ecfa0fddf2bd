// SPDX-License-Identifier: Apache-2.0
#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace lf {

void assert_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "llmforge: this is a bug: `%s` does not hold (%s:%d)\n", expression, file,
               line);
  std::abort();
}

}  // namespace lf
