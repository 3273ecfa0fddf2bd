// SPDX-License-Identifier: Apache-2.0
// Values as YAML text for people, in the order they have. Unknowns as "(known after apply: …)",
// secrets as "(secret)"; what it writes reads back as the same plain values.
#pragma once

#include <string>

#include "base/value.h"

namespace lf {

// A map or list as lines that start with `indent` spaces; a scalar as one line. Ends with "\n".
std::string to_yaml(const Value& value, size_t indent = 0);
// A key or a string on one line: plain where YAML reads it back as that string, else quoted.
std::string yaml_string(std::string_view text);

}  // namespace lf
