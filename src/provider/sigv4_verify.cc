// SPDX-License-Identifier: Apache-2.0
// The server's side of Signature Version 4.
#include <fmt/format.h>

#include <charconv>

#include "base/digest.h"
#include "base/strings.h"
#include "provider/sigv4.h"
#include "provider/sigv4_canonical.h"

namespace lf {
namespace {

using namespace sigv4_detail;

std::unexpected<Error> refuse(const char* service_code, std::string message) {
  Error error(ErrorCode::auth, std::move(message));
  error.service_code = service_code;
  error.http_status = 403;
  return std::unexpected(std::move(error));
}

bool split_credential(const std::string& credential, SignatureInfo& info) {
  // An access key holds no slash, but count from the end all the same: the scope is what is fixed.
  std::vector<std::string> parts = split(credential, '/');
  if (parts.size() != 5 || parts[4] != "aws4_request" || parts[0].empty()) return false;
  info.access_key = parts[0];
  info.date = parts[1];
  info.region = parts[2];
  info.service = parts[3];
  return info.date.size() == 8;
}

Result<SignatureInfo> from_header(const HttpRequest& request, std::string_view text) {
  SignatureInfo info;
  if (!text.starts_with(kAlgorithm)) {
    return refuse("IncompleteSignature", fmt::format("the Authorization header does not begin with "
                                                     "`{}`",
                                                     kAlgorithm));
  }
  text.remove_prefix(kAlgorithm.size());
  std::string credential;
  for (const std::string& part : split(text, ',')) {
    std::string_view item = trim(part);
    size_t equals = item.find('=');
    if (equals == std::string_view::npos) continue;
    std::string_view name = item.substr(0, equals);
    std::string value(item.substr(equals + 1));
    if (name == "Credential") credential = value;
    if (name == "SignedHeaders") info.signed_headers = value;
    if (name == "Signature") info.signature = value;
  }
  if (const std::string* date = request.header("x-amz-date")) info.amz_date = *date;
  if (const std::string* token = request.header("x-amz-security-token")) {
    info.session_token = *token;
  }
  if (!split_credential(credential, info)) {
    return refuse("IncompleteSignature",
                  "the credential is not key/date/region/service/aws4_request");
  }
  if (info.signed_headers.empty() || info.signature.empty() || info.amz_date.empty()) {
    return refuse("IncompleteSignature", "SignedHeaders, Signature or X-Amz-Date is missing");
  }
  return info;
}

Result<SignatureInfo> from_query(const QueryPairs& pairs) {
  SignatureInfo info;
  info.presigned = true;
  std::string credential, expires, algorithm;
  for (const auto& [name, value] : pairs) {
    if (name == "X-Amz-Algorithm") algorithm = value;
    if (name == "X-Amz-Credential") credential = value;
    if (name == "X-Amz-Date") info.amz_date = value;
    if (name == "X-Amz-Expires") expires = value;
    if (name == "X-Amz-SignedHeaders") info.signed_headers = value;
    if (name == "X-Amz-Security-Token") info.session_token = value;
    if (name == "X-Amz-Signature") info.signature = value;
  }
  auto [stop, error] =
      std::from_chars(expires.data(), expires.data() + expires.size(), info.expires_s);
  bool number = error == std::errc() && stop == expires.data() + expires.size();
  if (!number || info.expires_s < 1 || info.expires_s > 604'800) {
    return refuse("IncompleteSignature", "X-Amz-Expires is not between 1 and 604800");
  }
  if (algorithm != kAlgorithm || !split_credential(credential, info)) {
    return refuse("IncompleteSignature", "X-Amz-Algorithm or X-Amz-Credential is malformed");
  }
  if (info.signed_headers.empty() || info.signature.empty() || info.amz_date.empty()) {
    return refuse("IncompleteSignature", "a part of the signature is missing from the query");
  }
  return info;
}

// Every x-amz-* header changes what is done, so none may be added on the way.
bool signs_enough(const HttpRequest& request, const SignatureInfo& info) {
  std::string names = ";" + info.signed_headers + ";";
  if (names.find(";host;") == std::string::npos) return false;
  for (const auto& [name, value] : request.headers) {
    std::string lower_name = lower(name);
    if (!lower_name.starts_with("x-amz-")) continue;
    if (names.find(";" + lower_name + ";") == std::string::npos) return false;
  }
  return true;
}

Result<void> check_time(const SignatureInfo& info, Timestamp now, int64_t skew_s) {
  std::optional<Timestamp> signed_at = parse_amz_date(info.amz_date);
  if (!signed_at) return refuse("IncompleteSignature", "X-Amz-Date is no date");
  if (!info.amz_date.starts_with(info.date)) {
    return refuse("SignatureDoesNotMatch", "the credential's date is not that of X-Amz-Date");
  }
  int64_t age_s = now.seconds - signed_at->seconds;
  if (age_s < -skew_s) {
    return refuse("RequestTimeTooSkewed", "the request is signed with a time in the future");
  }
  if (info.presigned) {
    if (age_s > info.expires_s) return refuse("AccessDenied", "the request has expired");
  } else if (age_s > skew_s) {
    return refuse("RequestTimeTooSkewed",
                  "the difference between the request time and the current time is too large");
  }
  return {};
}

// The hash that the signature covers; an error if the body is not what the header says.
Result<std::string> payload_hash(const HttpRequest& request, const SignatureInfo& info,
                                 SigningForm form) {
  const std::string* said = request.header("x-amz-content-sha256");
  if (said == nullptr) {
    bool open = info.presigned && form == SigningForm::raw;
    return open ? std::string(kUnsigned) : hex(sha256(request.body));
  }
  if (*said == kUnsigned || said->starts_with("STREAMING-")) return *said;
  if (*said != hex(sha256(request.body))) {
    return refuse("XAmzContentSHA256Mismatch",
                  "the body's hash is not the one in x-amz-content-sha256");
  }
  return *said;
}

bool same_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

}  // namespace

Result<SignatureInfo> signature_info(const HttpRequest& request) {
  if (const std::string* header = request.header("authorization")) {
    return from_header(request, *header);
  }
  QueryPairs pairs = query_pairs(request.query);
  for (const auto& [name, value] : pairs) {
    if (name == "X-Amz-Signature" || name == "X-Amz-Algorithm") return from_query(pairs);
  }
  return refuse("MissingAuthenticationToken", "the request is not signed");
}

Result<SignatureInfo> verify_signature(const HttpRequest& request, const KeyLookup& lookup,
                                       Timestamp now, int64_t skew_s) {
  auto info = signature_info(request);
  if (!info) return info;
  std::optional<KnownKey> key = lookup(*info);
  if (!key) {
    return refuse("InvalidClientTokenId", "the security token included in the request is invalid");
  }
  if (!same_in_constant_time(key->session_token, info->session_token)) {
    return refuse("InvalidToken", "the session token is missing or not that of the access key");
  }
  auto time_ok = check_time(*info, now, skew_s);
  if (!time_ok) return std::unexpected(time_ok.error());
  if (!signs_enough(request, *info)) {
    return refuse("SignatureDoesNotMatch", "`host` or an x-amz-* header is not signed");
  }
  auto hash = payload_hash(request, *info, key->form);
  if (!hash) return std::unexpected(hash.error());
  SigningScope scope{info->region, info->service, key->form, false};
  std::string canonical = canonical_request(request, scope, info->signed_headers, *hash);
  std::string text = string_to_sign(scope, info->amz_date, canonical);
  std::string expected = signature(key->secret_key, scope, info->amz_date, text);
  if (!same_in_constant_time(expected, info->signature)) {
    return refuse("SignatureDoesNotMatch",
                  "the request signature we calculated does not match the signature you provided");
  }
  return info;
}

}  // namespace lf
