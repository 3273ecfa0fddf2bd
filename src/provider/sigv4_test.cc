// SPDX-License-Identifier: Apache-2.0
// The published example of the signing process and round trips; AWS's whole suite runs in
// tests/conformance/sigv4.
#include "provider/sigv4.h"

#include <catch2/catch.hpp>

#include "base/digest.h"

namespace lf {
namespace {

const Credentials kKeys{.access_key = "AKIDEXAMPLE",
                        .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                        .session_token = "",
                        .expires = {},
                        .account = "",
                        .source = ""};
const Timestamp kNow{1'440'938'160, 0};  // 2015-08-30T12:36:00Z
const SigningScope kScope{"us-east-1", "service", SigningForm::standard, false};

HttpRequest request_of(std::string method, std::string path, std::string query = "") {
  HttpRequest request;
  request.method = std::move(method);
  request.host = "example.amazonaws.com";
  request.path = std::move(path);
  request.query = std::move(query);
  return request;
}

KeyLookup known(SigningForm form = SigningForm::standard, std::string token = "") {
  return [form, token](const SignatureInfo& info) -> std::optional<KnownKey> {
    if (info.access_key != kKeys.access_key) return std::nullopt;
    return KnownKey{kKeys.secret_key, token, form};
  };
}

std::string code_of(const Result<SignatureInfo>& result) {
  return result ? "ok" : result.error().service_code;
}

TEST_CASE("the published example signs as published", "[sigv4]") {
  HttpRequest request = request_of("GET", "/");
  sign(request, kKeys, kScope, kNow);
  CHECK(*request.header("authorization") ==
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST_CASE("S3's published presigned example", "[sigv4]") {
  // "Authenticating Requests: Using Query Parameters", GET of test.txt, valid for a day.
  HttpRequest request = request_of("GET", "/test.txt");
  request.host = "examplebucket.s3.amazonaws.com";
  Credentials keys = kKeys;
  keys.access_key = "AKIAIOSFODNN7EXAMPLE";
  keys.secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  presign(request, keys, {"us-east-1", "s3", SigningForm::raw, false}, {1'369'353'600, 0}, 86'400);
  CHECK(request.query.ends_with(
      "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"));
}

TEST_CASE("S3 signs the path as it is and sends the body's hash", "[sigv4]") {
  SigningScope scope{"us-east-1", "s3", SigningForm::raw, false};
  HttpRequest request = request_of("PUT", "/a%20b//./c");
  request.body = "x";
  sign(request, kKeys, scope, kNow);
  CHECK(*request.header("x-amz-content-sha256") == hex(sha256("x")));
  std::string canonical = canonical_request(request, scope, "host", "h");
  CHECK(canonical.find("\n/a%20b//./c\n") != std::string::npos);
  CHECK(canonical_request(request, kScope, "host", "h").find("\n/a%2520b/c\n") !=
        std::string::npos);
  scope.unsigned_payload = true;
  sign(request, kKeys, scope, kNow);
  CHECK(*request.header("x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
  request.scheme = "http";
  sign(request, kKeys, scope, kNow);
  CHECK(*request.header("x-amz-content-sha256") == hex(sha256("x")));
}

TEST_CASE("what is signed verifies, also when signed again", "[sigv4]") {
  for (SigningForm form : {SigningForm::standard, SigningForm::raw}) {
    for (bool query : {false, true}) {
      HttpRequest request = request_of("POST", "/k%20x/~y/", "list-type=2&prefix=a%2Fb&policy");
      request.headers = {{"Content-Type", "text/plain"}, {"User-Agent", "x"}};
      request.body = "body";
      SigningScope scope{"eu-central-1", "svc", form, false};
      for (int64_t again = 0; again < 2; ++again) {
        Timestamp now{kNow.seconds + again, 0};
        if (query)
          presign(request, kKeys, scope, now, 60);
        else
          sign(request, kKeys, scope, now);
      }
      auto verified = verify_signature(request, known(form), kNow);
      INFO((query ? "query" : "header"));
      CHECK(code_of(verified) == "ok");
      CHECK(verified->region == "eu-central-1");
      CHECK(verified->presigned == query);
      request.headers[1].second = "changed by a proxy";
      CHECK(code_of(verify_signature(request, known(form), kNow)) == "ok");
    }
  }
}

TEST_CASE("a changed request does not verify", "[sigv4]") {
  HttpRequest good = request_of("POST", "/a", "x=1");
  good.body = "body";
  good.headers = {{"X-Amz-Target", "T"}};
  sign(good, kKeys, kScope, kNow);
  REQUIRE(code_of(verify_signature(good, known(), kNow)) == "ok");
  HttpRequest bad = good;
  bad.body = "other";
  CHECK(code_of(verify_signature(bad, known(), kNow)) == "SignatureDoesNotMatch");
  bad = good;
  bad.query = "x=2";
  CHECK(code_of(verify_signature(bad, known(), kNow)) == "SignatureDoesNotMatch");
  bad = good;
  bad.host = "elsewhere";
  CHECK(code_of(verify_signature(bad, known(), kNow)) == "SignatureDoesNotMatch");
  bad = good;
  bad.headers.emplace_back("x-amz-copy-source", "/b/k");
  CHECK(code_of(verify_signature(bad, known(), kNow)) == "SignatureDoesNotMatch");
  bad = good;
  bad.headers[0].second = "U";
  CHECK(code_of(verify_signature(bad, known(), kNow)) == "SignatureDoesNotMatch");
}

TEST_CASE("keys, tokens and times are checked", "[sigv4]") {
  HttpRequest request = request_of("GET", "/");
  CHECK(code_of(verify_signature(request, known(), kNow)) == "MissingAuthenticationToken");
  Credentials keys = kKeys;
  keys.session_token = "token/+=";
  sign(request, keys, kScope, kNow);
  CHECK(code_of(verify_signature(request, known(SigningForm::standard, "token/+="), kNow)) == "ok");
  CHECK(code_of(verify_signature(request, known(), kNow)) == "InvalidToken");
  Timestamp late{kNow.seconds + 901, 0}, early{kNow.seconds - 901, 0};
  CHECK(code_of(verify_signature(request, known(SigningForm::standard, "token/+="), late)) ==
        "RequestTimeTooSkewed");
  CHECK(code_of(verify_signature(request, known(SigningForm::standard, "token/+="), early)) ==
        "RequestTimeTooSkewed");
  keys.access_key = "AKIDOTHER";
  sign(request, keys, kScope, kNow);
  CHECK(code_of(verify_signature(request, known(), kNow)) == "InvalidClientTokenId");
  HttpRequest link = request_of("GET", "/");
  presign(link, kKeys, kScope, kNow, 60);
  CHECK(code_of(verify_signature(link, known(), {kNow.seconds + 60, 0})) == "ok");
  CHECK(code_of(verify_signature(link, known(), {kNow.seconds + 61, 0})) == "AccessDenied");
}

TEST_CASE("malformed signatures are refused", "[sigv4]") {
  for (const char* text :
       {"", "Basic abc", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b",
        "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=A/2015/r/s/aws4_request, SignedHeaders=host, Signature=0"}) {
    HttpRequest request = request_of("GET", "/");
    request.headers = {{"Authorization", text}, {"X-Amz-Date", "20150830T123600Z"}};
    CHECK(code_of(verify_signature(request, known(), kNow)) == "IncompleteSignature");
  }
  for (const char* query : {"X-Amz-Signature=1", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=x",
                            "X-Amz-Signature=1&X-Amz-Expires=99999999"}) {
    CHECK(code_of(verify_signature(request_of("GET", "/", query), known(), kNow)) ==
          "IncompleteSignature");
  }
  HttpRequest request = request_of("GET", "/");
  sign(request, kKeys, kScope, kNow);
  for (auto& [name, value] : request.headers) {
    if (name == "X-Amz-Date") value = "20150830T996000Z";
  }
  CHECK(code_of(verify_signature(request, known(), kNow)) == "IncompleteSignature");
}

}  // namespace
}  // namespace lf
