// SPDX-License-Identifier: Apache-2.0
#include "base/scrub.h"

#include <catch2/catch.hpp>

#include "base/digest.h"

namespace lf {

TEST_CASE("secrets are taken out of texts in every form that services write", "[scrub]") {
  SecretTexts secrets;
  const std::string secret = "tok/+=&%en \xC3\xBC\"1\\x7";
  secrets.add(Value(Map{{"plain", "visible"}, {"deep", List{Value::secret(Value(secret))}}}));
  for (const std::string& form : {secret, base64(secret), hex(secret), percent_encode(secret),
                                  std::string("tok%2f%2b%3d%26%25en%20%c3%bc%221%5cx7"),
                                  std::string("tok/+=&amp;%en \xC3\xBC\"1\\x7"),
                                  std::string("tok/+=&%en \xC3\xBC\\\"1\\\\x7"),
                                  std::string("tok/+=&%en \\u00fc\\\"1\\\\x7")}) {
    INFO(form);
    const std::string shown = secrets.scrub("value " + form + " of visible, " + form);
    CHECK(shown.find("tok") == std::string::npos);
    CHECK(shown.find(form.substr(0, 6)) == std::string::npos);
    CHECK(shown.starts_with("value (secret)"));
    CHECK(shown.find("visible") != std::string::npos);
  }
}

TEST_CASE("what is no secret stays, and the longest secret goes first", "[scrub]") {
  SecretTexts secrets;
  CHECK(secrets.scrub("as it is") == "as it is");
  secrets.add_text("abc");  // part of too many words
  secrets.add_text("");
  CHECK(secrets.scrub("abcdef xabc abc1") == "abcdef xabc abc1");
  CHECK(secrets.scrub("abc, <abc>: 'abc'abc") == "(secret), <(secret)>: '(secret)'(secret)");
  secrets.add_text("pass");
  secrets.add_text("password");
  CHECK(secrets.scrub("password, pass") == "(secret), (secret)");
  secrets.add(Value::secret(Value(Map{{"inner", List{"deep-down"}}})));
  CHECK(secrets.scrub("deep-down") == "(secret)");
  secrets.add(Value::secret(Value(12345)));
  secrets.add(Value::secret(Value(true)));  // a flag is guessed without help
  CHECK(secrets.scrub("12345 is true, 123456 as well") == "(secret) is true, 123456 as well");
}

}  // namespace lf
