// SPDX-License-Identifier: Apache-2.0
// The model cloud as a file, `cloud.json`: every thing with typed values. JSON has no durations,
// ranges and the like; such a value is {"$": kind, "v": text}.
#pragma once

#include <string>

#include "base/error.h"
#include "sandbox/things.h"

namespace lf::sandbox {

std::string save_things(const Things& things);
// corrupt: the text is not what save_things() writes. `things` is empty before.
Result<void> load_things(const std::string& text, Things& things);

// One value there and back.
Value to_plain(const Value& value);
Value from_plain(const Value& plain);

}  // namespace lf::sandbox
