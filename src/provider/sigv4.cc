// SPDX-License-Identifier: Apache-2.0
#include "provider/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>

#include "base/assert.h"
#include "base/digest.h"
#include "base/strings.h"
#include "provider/sigv4_canonical.h"

namespace lf {
namespace sigv4_detail {

std::string format_amz_date(Timestamp time) {
  std::chrono::sys_seconds seconds{std::chrono::seconds(time.seconds)};
  auto day = std::chrono::floor<std::chrono::days>(seconds);
  std::chrono::year_month_day date{day};
  std::chrono::hh_mm_ss clock{seconds - day};
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<Timestamp> parse_amz_date(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  auto number = [&](size_t at, size_t size) -> int {
    int value = 0;
    const char* end = text.data() + at + size;
    auto [stop, error] = std::from_chars(text.data() + at, end, value);
    return error == std::errc() && stop == end ? value : -1;
  };
  int hour = number(9, 2), minute = number(11, 2), second = number(13, 2);
  int year = number(0, 4), month = number(4, 2), day_of_month = number(6, 2);
  if (year < 0 || month < 0 || day_of_month < 0) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return std::nullopt;
  }
  std::chrono::year_month_day date{std::chrono::year(year),
                                   std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day_of_month))};
  if (!date.ok()) return std::nullopt;
  int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return Timestamp{days * 86'400 + hour * 3'600 + minute * 60 + second, 0};
}

QueryPairs query_pairs(std::string_view query) {
  QueryPairs pairs;
  for (const std::string& part : split(query, '&')) {
    if (part.empty()) continue;
    size_t equals = part.find('=');
    std::string name = part.substr(0, equals);
    std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    pairs.emplace_back(percent_decode(name).value_or(name), percent_decode(value).value_or(value));
  }
  return pairs;
}

std::string encode_query(QueryPairs pairs, bool sorted) {
  for (auto& [name, value] : pairs) {
    name = percent_encode(name);
    value = percent_encode(value);
  }
  if (sorted) std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += name + "=" + value;
  }
  return out;
}

std::string credential_scope(const SigningScope& scope, std::string_view amz_date) {
  return fmt::format("{}/{}/{}/aws4_request", amz_date.substr(0, 8), scope.region, scope.service);
}

std::string signature(const std::string& secret_key, const SigningScope& scope,
                      const std::string& amz_date, const std::string& text) {
  auto step = [](std::string_view key, std::string_view data) {
    Sha256 digest = hmac_sha256(key, data);
    return std::string(digest.begin(), digest.end());
  };
  std::string key = step("AWS4" + secret_key, std::string_view(amz_date).substr(0, 8));
  key = step(key, scope.region);
  key = step(key, scope.service);
  key = step(key, "aws4_request");
  return hex(hmac_sha256(key, text));
}

namespace {

// "." and ".." resolved, empty segments dropped, a slash at the end kept.
std::string normalize_path(std::string_view path) {
  std::vector<std::string> kept;
  for (const std::string& segment : split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else {
      kept.push_back(segment);
    }
  }
  std::string out = "/" + join(kept, "/");
  bool slash = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  if (slash && !kept.empty()) out += '/';
  return out;
}

// Runs of spaces become one, none at the ends.
std::string squeeze(std::string_view text) {
  std::string out;
  for (char c : trim(text)) {
    bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!space)
      out += c;
    else if (!out.ends_with(' '))
      out += ' ';
  }
  return out;
}

// Changed on the way by proxies and by the client itself, so never signed.
bool is_signable(std::string_view name) {
  static constexpr std::string_view kNever[] = {
      "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id",
  };
  return std::find(std::begin(kNever), std::end(kNever), name) == std::end(kNever);
}

std::string signable_headers(const HttpRequest& request) {
  std::vector<std::string> names = {"host"};
  for (const auto& [name, value] : request.headers) {
    std::string lower_name = lower(name);
    if (is_signable(lower_name)) names.push_back(std::move(lower_name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return join(names, ";");
}

void set_header(HttpRequest& request, std::string_view name, std::string value) {
  std::erase_if(request.headers, [&](const auto& header) { return iequals(header.first, name); });
  if (!value.empty()) request.headers.emplace_back(name, std::move(value));
}

}  // namespace
}  // namespace sigv4_detail

using namespace sigv4_detail;

std::string canonical_request(const HttpRequest& request, const SigningScope& scope,
                              const std::string& signed_headers, const std::string& payload_hash) {
  std::string path = request.path.empty() ? "/" : request.path;
  if (scope.form == SigningForm::standard) path = percent_encode(normalize_path(path), true);
  QueryPairs pairs = query_pairs(request.query);
  std::erase_if(pairs, [](const auto& pair) { return pair.first == "X-Amz-Signature"; });
  std::string out =
      fmt::format("{}\n{}\n{}\n", request.method, path, encode_query(std::move(pairs), true));
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : request.headers) {
    auto [at, fresh] = values.try_emplace(lower(name), squeeze(value));
    if (!fresh) at->second += "," + squeeze(value);
  }
  values.try_emplace("host", request.host);
  for (const std::string& name : split(signed_headers, ';')) {
    auto at = values.find(name);
    out += fmt::format("{}:{}\n", name, at == values.end() ? "" : at->second);
  }
  return out + fmt::format("\n{}\n{}", signed_headers, payload_hash);
}

std::string string_to_sign(const SigningScope& scope, const std::string& amz_date,
                           const std::string& canonical) {
  return fmt::format("{}\n{}\n{}\n{}", kAlgorithm, amz_date, credential_scope(scope, amz_date),
                     hex(sha256(canonical)));
}

void sign(HttpRequest& request, const Credentials& credentials, const SigningScope& scope,
          Timestamp now) {
  std::string amz_date = format_amz_date(now);
  bool is_raw = scope.form == SigningForm::raw;
  std::string payload_hash = scope.unsigned_payload && is_raw && request.scheme == "https"
                                 ? std::string(kUnsigned)
                                 : hex(sha256(request.body));
  set_header(request, "Authorization", "");
  set_header(request, "X-Amz-Date", amz_date);
  set_header(request, "X-Amz-Security-Token", credentials.session_token);
  if (is_raw) set_header(request, "X-Amz-Content-SHA256", payload_hash);
  std::string signed_headers = signable_headers(request);
  std::string canonical = canonical_request(request, scope, signed_headers, payload_hash);
  std::string text = string_to_sign(scope, amz_date, canonical);
  request.headers.emplace_back(
      "Authorization",
      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                  credentials.access_key, credential_scope(scope, amz_date), signed_headers,
                  signature(credentials.secret_key, scope, amz_date, text)));
}

void presign(HttpRequest& request, const Credentials& credentials, const SigningScope& scope,
             Timestamp now, int64_t expires_s) {
  LF_ASSERT(expires_s >= 1 && expires_s <= 604'800);
  std::string amz_date = format_amz_date(now);
  std::string payload_hash =
      scope.form == SigningForm::raw ? std::string(kUnsigned) : hex(sha256(request.body));
  set_header(request, "Authorization", "");
  set_header(request, "X-Amz-Date", "");
  set_header(request, "X-Amz-Security-Token", "");
  std::string signed_headers = signable_headers(request);
  QueryPairs pairs = query_pairs(request.query);
  std::erase_if(pairs, [](const auto& pair) {
    for (const char* name : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
                             "X-Amz-SignedHeaders", "X-Amz-Security-Token", "X-Amz-Signature"}) {
      if (pair.first == name) return true;
    }
    return false;
  });
  pairs.emplace_back("X-Amz-Algorithm", kAlgorithm);
  pairs.emplace_back("X-Amz-Credential",
                     credentials.access_key + "/" + credential_scope(scope, amz_date));
  pairs.emplace_back("X-Amz-Date", amz_date);
  pairs.emplace_back("X-Amz-Expires", fmt::format("{}", expires_s));
  pairs.emplace_back("X-Amz-SignedHeaders", signed_headers);
  if (!credentials.session_token.empty()) {
    pairs.emplace_back("X-Amz-Security-Token", credentials.session_token);
  }
  request.query = encode_query(std::move(pairs), false);
  std::string canonical = canonical_request(request, scope, signed_headers, payload_hash);
  std::string text = string_to_sign(scope, amz_date, canonical);
  request.query += "&X-Amz-Signature=" + signature(credentials.secret_key, scope, amz_date, text);
}

}  // namespace lf
