// SPDX-License-Identifier: Apache-2.0
#include "state/secrets.h"

#include "base/assert.h"
#include "base/digest.h"
#include "base/strings.h"
#include "state/codec.h"

namespace lf {

std::string secret_digest(const std::string& key, const Value& secret) {
  LF_ASSERT(!key.empty() && storable(secret));
  return hex(hmac_sha256(key, canonical_text(secret)));
}

Value mask_secrets(const Value& value, const std::string& key, const std::string& path,
                   SecretDigests& digests) {
  if (value.is_secret()) {
    digests[path] = secret_digest(key, value.secret_value());
    return Value(kMaskedSecret);
  }
  if (value.is_list()) {
    List masked;
    for (const Value& element : value.as_list()) {
      const std::string place = path + "/" + std::to_string(masked.size());
      masked.push_back(mask_secrets(element, key, place, digests));
    }
    return Value(std::move(masked));
  }
  if (value.is_map()) {
    Map masked;
    for (const auto& [name, member] : value.as_map()) {
      const std::string word = replace_all(replace_all(to_text(name), "~", "~0"), "/", "~1");
      masked.set(name, mask_secrets(member, key, path + "/" + word, digests));
    }
    return Value(std::move(masked));
  }
  if (value.is_optional() && value.optional_value() != nullptr) {
    return Value::some(mask_secrets(*value.optional_value(), key, path, digests));
  }
  return value;
}

}  // namespace lf
