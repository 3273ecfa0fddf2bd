// SPDX-License-Identifier: Apache-2.0
// Signature Version 4: signs requests in a header or in the query (presigned), and verifies both.
// Source: the "Signature Version 4 signing process" of the AWS General Reference and S3's pages on
// "Authenticating Requests"; proven with AWS's own test suite (tests/conformance/sigv4).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/http.h"
#include "base/value.h"

namespace lf {

// Who signs. Never printed.
struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;         // empty: long-lived keys
  std::optional<Timestamp> expires;  // none: never, or not known
  std::string account;               // empty: not known
  std::string source;                // where it was found, for messages: "profile `dev`"
};

enum class SigningForm {
  // The path is normalised and encoded once more, as every service but S3 wants it.
  standard,
  // S3's: the path as it is sent, the body's hash in `x-amz-content-sha256`.
  raw,
};

struct SigningScope {
  std::string region;
  std::string service;  // the signing name, e.g. "monitoring"
  SigningForm form = SigningForm::standard;
  // UNSIGNED-PAYLOAD instead of the body's hash (raw over TLS only; presigned raw always has it).
  bool unsigned_payload = false;
};

// Sets X-Amz-Date, X-Amz-Security-Token, X-Amz-Content-SHA256 (raw) and Authorization, replacing
// those that are there, so that a request may be signed again. Signs `host` and all headers but
// those that proxies may change.
void sign(HttpRequest& request, const Credentials& credentials, const SigningScope& scope,
          Timestamp now);
// Puts the signature into the query instead. `expires_s`: 1 to 604,800.
void presign(HttpRequest& request, const Credentials& credentials, const SigningScope& scope,
             Timestamp now, int64_t expires_s);

// The two texts under a header signature, for tests and for the messages of a server.
std::string canonical_request(const HttpRequest& request, const SigningScope& scope,
                              const std::string& signed_headers, const std::string& payload_hash);
std::string string_to_sign(const SigningScope& scope, const std::string& amz_date,
                           const std::string& canonical);

// What a request says about its signature, not verified yet.
struct SignatureInfo {
  std::string access_key;
  std::string date;  // "20150830"
  std::string region;
  std::string service;
  std::string signed_headers;  // "host;x-amz-date"
  std::string signature;       // hex
  std::string amz_date;        // "20150830T123600Z"
  std::string session_token;   // empty: none
  bool presigned = false;
  int64_t expires_s = 0;  // presigned
};
// auth with the service's code MissingAuthenticationToken (no signature at all) or
// IncompleteSignature (a part missing or malformed).
Result<SignatureInfo> signature_info(const HttpRequest& request);

struct KnownKey {
  std::string secret_key;
  std::string session_token;  // must be sent if not empty
  SigningForm form = SigningForm::standard;
};
using KeyLookup = std::function<std::optional<KnownKey>(const SignatureInfo&)>;

// Verifies header or presigned signature, date, skew, expiry, the body's hash and that every
// x-amz-* header is signed. auth with one of the codes InvalidClientTokenId, InvalidToken,
// SignatureDoesNotMatch, RequestTimeTooSkewed, XAmzContentSHA256Mismatch, AccessDenied (a presigned
// request that expired), or those of signature_info.
Result<SignatureInfo> verify_signature(const HttpRequest& request, const KeyLookup& lookup,
                                       Timestamp now, int64_t skew_s = 900);

}  // namespace lf
