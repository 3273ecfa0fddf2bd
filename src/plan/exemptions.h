// SPDX-License-Identifier: Apache-2.0
// Exemptions from policies, as comments on or above the line that a policy refuses:
//   # allow RULE: reason until YYYY-MM-DD
// The day counts to its end, in UTC.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/value.h"

namespace lf {

struct Exemption {
  std::string rule, reason, until;
  Span span;              // of the comment
  uint32_t line = 0;      // the line that it is about, from 1
  bool complete = false;  // reason and a date that exists
  bool over = false;      // the date lies before today
};

// All comments of that form in all texts that were read. `# allow WORD…` without a colon is prose.
std::vector<Exemption> find_exemptions(const Sources& sources, Timestamp now);

}  // namespace lf
