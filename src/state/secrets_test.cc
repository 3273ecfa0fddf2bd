// SPDX-License-Identifier: Apache-2.0
#include "state/secrets.h"

#include <catch2/catch.hpp>

#include "state/codec.h"

namespace lf {

TEST_CASE("a digest tells secrets apart and depends on the state's key", "[state]") {
  CHECK(secret_digest("k", "a") == secret_digest("k", "a"));
  CHECK(secret_digest("k", "a") != secret_digest("k", "b"));
  CHECK(secret_digest("k", "a") != secret_digest("other", "a"));
  CHECK(secret_digest("k", "1") != secret_digest("k", 1));
  CHECK(secret_digest("k", Map{{"a", 1}, {"b", 2}}) == secret_digest("k", Map{{"b", 2}, {"a", 1}}));
}

TEST_CASE("masking leaves no secret at any depth", "[state]") {
  const Value value(Map{{"plain", 1},
                        {"list", List{Value("x"), Value::secret("hidden-1")}},
                        {"a/b", Map{{"c", Value::some(Value::secret("hidden-2"))}}},
                        {"whole", Value::secret(Map{{"d", "hidden-3"}})}});
  SecretDigests digests;
  const Value masked = mask_secrets(value, "k", "/tags", digests);
  REQUIRE(storable(masked));
  std::string text;
  write_value(text, masked);
  CHECK(text.find("hidden") == std::string::npos);
  CHECK(masked["plain"] == Value(1));
  CHECK(masked["list"].as_list()[1].as_string() == kMaskedSecret);
  CHECK(digests.size() == 3);
  CHECK(digests["/tags/list/1"] == secret_digest("k", "hidden-1"));
  CHECK(digests.contains("/tags/a~1b/c"));
  CHECK(digests.contains("/tags/whole"));
}

}  // namespace lf
