// SPDX-License-Identifier: Apache-2.0
// Texts as a value.
#pragma once

#include <string>
#include <vector>

#include "base/value.h"

namespace lf {

inline Value list_of(const std::vector<std::string>& texts) {
  return Value(List(texts.begin(), texts.end()));
}

}  // namespace lf
