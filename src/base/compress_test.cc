// SPDX-License-Identifier: Apache-2.0
#include "base/compress.h"

#include <catch2/catch.hpp>

namespace lf {

TEST_CASE("gzip goes there and back", "[compress]") {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{20'000}, size_t{300'000}}) {
    std::string text;
    for (size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i * i % 23);
    const std::string packed = gzip(text);
    CHECK(is_gzip(packed));
    CHECK(packed == gzip(text));
    CHECK(gunzip(packed, size) == text);
    if (size > 0) CHECK(gunzip(packed, size - 1) == std::nullopt);
    CHECK(gunzip(packed.substr(0, packed.size() - 1), size) == std::nullopt);
  }
  CHECK(gunzip("no gzip", 100) == std::nullopt);
  CHECK_FALSE(is_gzip("#!/bin/bash"));
}

}  // namespace lf
