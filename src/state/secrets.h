// SPDX-License-Identifier: Apache-2.0
// State holds no secret, only what shows that one changed: HMAC-SHA256 under a random key that
// belongs to the state. Equal secrets in two states have different digests, and without the state
// file a digest is no oracle for guesses.
#pragma once

#include <map>
#include <string>

#include "base/value.h"

namespace lf {

using SecretDigests = std::map<std::string, std::string>;  // path -> hex

// What stands in state where a secret was.
inline constexpr const char* kMaskedSecret = "(secret)";

// `secret`: its raw value, of any storable kind. The same for equal values (maps: in any order).
std::string secret_digest(const std::string& key, const Value& secret);

// `value` with each secret replaced by kMaskedSecret, and its digest under `path` + "/" + the keys
// and indexes that lead to it. "~" and "/" in a key are "~0" and "~1", as in JSON pointers. What
// comes back is storable where `value` has no unknowns, objects or errors.
Value mask_secrets(const Value& value, const std::string& key, const std::string& path,
                   SecretDigests& digests);

}  // namespace lf
