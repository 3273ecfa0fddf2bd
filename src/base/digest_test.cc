// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <catch2/catch.hpp>

using namespace lf;

TEST_CASE("digests of published vectors", "[digest]") {
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  // RFC 4231, test case 2.
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(hmac_sha256("", "")) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  CHECK(md5_base64("") == "1B2M2Y8AsgTpgAmY7PhCfg==");
  CHECK(crc32c("123456789") == 0xe3069283u);
  CHECK(crc32c("6789", crc32c("12345")) == crc32c("123456789"));
}

TEST_CASE("base64 and hex", "[digest]") {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    CHECK(unbase64(base64(text)) == text);
    CHECK(unhex(hex(text)) == text);
  }
  CHECK(base64("foob") == "Zm9vYg==");
  CHECK(unbase64("Zm9vYg") == "foob");
  CHECK_FALSE(unbase64("Zm9vYg="));
  CHECK_FALSE(unbase64("Zm9vYh=="));  // bits beyond the last byte
  CHECK(unbase64("Zm9vYh==", true) == "foob");
  CHECK_FALSE(unbase64("A"));
  CHECK_FALSE(unbase64("Zm 9v"));
  CHECK(unhex("0aFF") == std::string("\x0a\xff"));
  CHECK_FALSE(unhex("0"));
  CHECK_FALSE(unhex("zz"));
}

TEST_CASE("percent encoding", "[digest]") {
  CHECK(percent_encode("a b/~é") == "a%20b%2F~%C3%A9");
  CHECK(percent_encode("a b/", true) == "a%20b/");
  CHECK(percent_decode("a%20b+%2F") == "a b+/");
  CHECK(percent_decode("a+b", true) == "a b");
  CHECK_FALSE(percent_decode("%2"));
  CHECK_FALSE(percent_decode("%zz"));
}
