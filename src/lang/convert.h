// SPDX-License-Identifier: Apache-2.0
// From what a spec says to what a type wants: "90d" to a duration, a resource to its id.
#pragma once

#include <expected>
#include <string>

#include "base/value.h"
#include "lang/type.h"

namespace lf {

struct ConvertError {
  std::string message;            // "`1:30` is no duration", lower case, no full stop
  std::string suggestion;         // what to write instead; may be empty
  std::vector<std::string> path;  // where inside the value: keys and "[2]"
};

// `literal`: the value was written in YAML as it stands (then a plain `no` where a bool is wanted
// gets its own message). Unknown and secret values pass through if their type may fit. Lists, maps
// and objects convert element by element; unknown object fields are an error with the nearest name.
// null and optional.none() mean "not set" and pass where the caller allows them; inside lists they
// are errors.
std::expected<Value, ConvertError> convert(const Value& value, const Type& type, bool literal);

}  // namespace lf
