// SPDX-License-Identifier: Apache-2.0
// Takes secrets out of texts that others wrote: a service that refuses a value may repeat it.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/value.h"

namespace lf {

class SecretTexts {
 public:
  // Shorter ones are part of too many words: they are taken out only where they stand alone.
  static constexpr size_t kLengthMin = 4;

  // Every text that is a secret, at any depth of `value`.
  void add(const Value& value);
  void add_text(std::string_view secret);
  // `text` with each secret replaced by `(secret)`: as it is, in base64, percent-encoded, in hex,
  // and as JSON and XML write it.
  std::string scrub(std::string text) const;

 private:
  std::set<std::string> known_;
  std::set<std::pair<size_t, std::string>, std::greater<>> forms_;  // the longest first
  std::set<std::string> short_;                                     // and numbers
};

}  // namespace lf
