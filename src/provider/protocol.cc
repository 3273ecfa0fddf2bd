// SPDX-License-Identifier: Apache-2.0
// What the protocols share: the request's frame, scalars' text, headers, errors.
#include "provider/protocol.h"

#include <fmt/format.h>

#include <cmath>

#include "base/assert.h"
#include "base/digest.h"
#include "base/strings.h"
#include "base/units.h"
#include "provider/protocol_detail.h"

namespace lf {

namespace {

struct Endpoint {
  std::string scheme = "https";
  std::string host;
  std::string path;  // without a slash at its end
};

Endpoint split_endpoint(std::string_view url) {
  Endpoint endpoint;
  if (size_t at = url.find("://"); at != std::string_view::npos) {
    endpoint.scheme = lower(url.substr(0, at));
    url.remove_prefix(at + 3);
  }
  size_t slash = url.find('/');
  endpoint.host = url.substr(0, slash);
  if (slash != std::string_view::npos) endpoint.path = url.substr(slash);
  while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
  return endpoint;
}

// A bucket with a dot would not match the endpoint's wildcard certificate.
bool fits_in_host(std::string_view bucket) {
  if (bucket.size() < 3 || bucket.size() > 63) return false;
  for (char c : bucket) {
    bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (!fits) return false;
  }
  return bucket.front() != '-' && bucket.back() != '-';
}

// Templates may name the bucket as the path's first segment.
std::string without_bucket(const std::string& path, const std::string& bucket) {
  std::string prefix = "/" + percent_encode(bucket);
  if (path == prefix) return "/";
  return path.starts_with(prefix + "/") ? path.substr(prefix.size()) : path;
}

bool is_ip_host(std::string_view host) {
  if (host.starts_with('[')) return true;
  return parse_ip(host.substr(0, host.find(':'))).has_value();
}

ErrorCode reaction_of(int status) {
  switch (status) {
    case 401:
    case 403: return ErrorCode::auth;
    case 404:
    case 410: return ErrorCode::not_found;
    case 408: return ErrorCode::unavailable;
    case 409: return ErrorCode::conflict;
    case 429: return ErrorCode::throttled;
    default: return status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid;
  }
}

// Codes that every service of such an API shares, whatever its descriptors say.
ErrorCode reaction_of(std::string_view code, ErrorCode otherwise) {
  static constexpr std::pair<std::string_view, ErrorCode> kShared[] = {
      {"ExpiredToken", ErrorCode::expired},
      {"ExpiredTokenException", ErrorCode::expired},
      {"RequestExpired", ErrorCode::expired},
      {"Throttling", ErrorCode::throttled},
      {"ThrottlingException", ErrorCode::throttled},
      {"ThrottledException", ErrorCode::throttled},
      {"RequestThrottled", ErrorCode::throttled},
      {"RequestThrottledException", ErrorCode::throttled},
      {"RequestLimitExceeded", ErrorCode::throttled},
      {"TooManyRequestsException", ErrorCode::throttled},
      {"SlowDown", ErrorCode::throttled},
      {"PriorRequestNotComplete", ErrorCode::throttled},
      {"AccessDenied", ErrorCode::auth},
      {"AccessDeniedException", ErrorCode::auth},
      {"UnauthorizedOperation", ErrorCode::auth},
      {"AuthFailure", ErrorCode::auth},
      {"InvalidClientTokenId", ErrorCode::auth},
      {"UnrecognizedClientException", ErrorCode::auth},
      {"InvalidAccessKeyId", ErrorCode::auth},
      {"SignatureDoesNotMatch", ErrorCode::auth},
      {"MissingAuthenticationToken", ErrorCode::auth},
      {"OptInRequired", ErrorCode::auth},
      {"InternalFailure", ErrorCode::unavailable},
      {"InternalError", ErrorCode::unavailable},
      {"ServiceUnavailable", ErrorCode::unavailable},
      {"RequestTimeout", ErrorCode::unavailable},
  };
  for (const auto& [name, reaction] : kShared) {
    if (name == code) return reaction;
  }
  return otherwise;
}

}  // namespace

const char* to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::ec2query: return "ec2query";
    case Protocol::query: return "query";
    case Protocol::json: return "json";
    case Protocol::rest_json: return "rest_json";
    case Protocol::rest_xml: return "rest_xml";
  }
  return "?";
}

std::optional<Protocol> find_protocol(std::string_view name) {
  for (Protocol protocol : {Protocol::ec2query, Protocol::query, Protocol::json,
                            Protocol::rest_json, Protocol::rest_xml}) {
    if (name == to_string(protocol)) return protocol;
  }
  return std::nullopt;
}

Result<HttpRequest> encode(Protocol protocol, const WireCall& call) {
  switch (protocol) {
    case Protocol::ec2query: return protocol_detail::encode_ec2query(call);
    case Protocol::query: return protocol_detail::encode_query(call);
    case Protocol::json: return protocol_detail::encode_json(call);
    case Protocol::rest_json: return protocol_detail::encode_rest_json(call);
    case Protocol::rest_xml: return protocol_detail::encode_rest_xml(call);
  }
  return fail(ErrorCode::internal, "no such protocol");
}

std::expected<Answer, ServiceError> decode(Protocol protocol, const WireCall& call,
                                           const HttpResponse& response) {
  switch (protocol) {
    case Protocol::ec2query: return protocol_detail::decode_ec2query(call, response);
    case Protocol::query: return protocol_detail::decode_query(call, response);
    case Protocol::json: return protocol_detail::decode_json(call, response);
    case Protocol::rest_json: return protocol_detail::decode_rest_json(call, response);
    case Protocol::rest_xml: return protocol_detail::decode_rest_xml(call, response);
  }
  return std::unexpected(protocol_detail::not_understood(response, "no such protocol"));
}

Error to_error(const ServiceError& error, const WireCall& call) {
  std::string what = fmt::format("{} {}", call.service, call.action);
  std::string why = error.code.empty()      ? error.message
                    : error.message.empty() ? error.code
                                            : fmt::format("{}: {}", error.code, error.message);
  Error result(error.reaction, fmt::format("{} failed with HTTP {}: {}", what, error.http_status,
                                           why.empty() ? "no reason given" : why));
  result.service_code = error.code;
  result.request_id = error.request_id;
  result.http_status = error.http_status;
  bool maybe_done = error.http_status < 300 || error.http_status >= 500;
  if (call.mutation && !error.understood && maybe_done) result.code = ErrorCode::outcome_unknown;
  return result;
}

namespace protocol_detail {

Value bare(const Value& value) {
  if (value.is_secret()) return bare(value.secret_value());
  if (value.is_optional()) {
    const Value* inner = value.optional_value();
    return inner == nullptr ? Value() : bare(*inner);
  }
  return value;
}

bool is_unset(const Value& value) {
  return bare(value).is_null();
}

bool all_unset(const Value& wrapped) {
  Value input = bare(wrapped);
  if (!input.is_map()) return input.is_null();
  for (const auto& [key, value] : input.as_map()) {
    if (!is_unset(value)) return false;
  }
  return true;
}

Result<std::string> scalar_text(const Value& wrapped, const std::string& path) {
  Value value = bare(wrapped);
  switch (value.kind()) {
    case Value::Kind::boolean: return value.as_bool() ? "true" : "false";
    case Value::Kind::integer: return fmt::format("{}", value.as_int());
    case Value::Kind::uinteger: return fmt::format("{}", value.as_uint());
    case Value::Kind::floating: {
      double number = value.as_double();
      if (std::isnan(number)) return "NaN";
      if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
      return fmt::format("{}", number);
    }
    case Value::Kind::string: return value.as_string();
    case Value::Kind::bytes: return base64(value.as_bytes());
    case Value::Kind::timestamp: return format_timestamp(value.as_timestamp());
    case Value::Kind::ip: return format_ip(value.as_ip());
    case Value::Kind::cidr: return format_cidr(value.as_cidr());
    default:
      return fail(ErrorCode::invalid,
                  fmt::format("`{}` is of kind {}, which a request cannot carry", path,
                              to_string(value.kind())));
  }
}

Result<Value> json_tree(const Value& wrapped, const std::string& path) {
  Value value = bare(wrapped);
  switch (value.kind()) {
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::integer:
    case Value::Kind::uinteger:
    case Value::Kind::string: return value;
    case Value::Kind::floating:
      if (std::isfinite(value.as_double())) return value;
      break;
    case Value::Kind::timestamp: {
      Timestamp time = value.as_timestamp();
      if (time.nanos == 0) return Value(time.seconds);
      return Value(static_cast<double>(time.seconds) + time.nanos / 1e9);
    }
    case Value::Kind::list: {
      List list;
      list.reserve(value.as_list().size());
      for (size_t i = 0; i < value.as_list().size(); ++i) {
        auto item = json_tree(value.as_list()[i], fmt::format("{}[{}]", path, i));
        if (!item) return item;
        list.push_back(*std::move(item));
      }
      return Value(std::move(list));
    }
    case Value::Kind::map: {
      Map map;
      map.reserve(value.as_map().size());
      for (const auto& [key, member] : value.as_map()) {
        if (!key.is_string()) {
          return fail(ErrorCode::invalid, fmt::format("a key of `{}` is no text", path));
        }
        if (is_unset(member)) continue;
        auto item = json_tree(member, path + "." + key.as_string());
        if (!item) return item;
        map.set(key, *std::move(item));
      }
      return Value(std::move(map));
    }
    default: break;
  }
  auto text = scalar_text(value, path);
  if (!text) return std::unexpected(text.error());
  return Value(*std::move(text));
}

HttpRequest start_request(const WireCall& call) {
  HttpRequest request;
  request.method = call.http_method;
  Endpoint endpoint = split_endpoint(call.endpoint);
  request.scheme = endpoint.scheme;
  request.host = endpoint.host.empty() ? "" : call.host_prefix + endpoint.host;
  std::string path = call.http_path.empty() ? "/" : call.http_path;
  if (!call.bucket.empty()) {
    path = without_bucket(path, call.bucket);
    if (call.path_style || !fits_in_host(call.bucket) || is_ip_host(endpoint.host)) {
      path = "/" + percent_encode(call.bucket) + (path == "/" ? "" : path);
    } else if (!request.host.empty()) {
      request.host = call.bucket + "." + request.host;
    }
  }
  request.path = endpoint.path + path;
  request.query = call.http_query;
  request.headers = call.headers;
  request.mutation = call.mutation;
  request.service = call.service;
  request.action = call.action;
  return request;
}

void set_body(HttpRequest& request, const WireCall& call, std::string body,
              std::string_view content_type) {
  if (!content_type.empty() && request.header("content-type") == nullptr) {
    request.headers.emplace_back("Content-Type", content_type);
  }
  if (call.content_md5 && request.header("content-md5") == nullptr) {
    request.headers.emplace_back("Content-MD5", md5_base64(body));
  }
  request.body = std::move(body);
}

Map lower_headers(const HttpResponse& response) {
  Map map;
  for (const auto& [name, value] : response.headers) {
    std::string key = lower(name);
    const Value* before = map.find(std::string_view(key));
    map.set(std::string_view(key),
            before == nullptr ? Value(value) : Value(before->as_string() + ", " + value));
  }
  return map;
}

std::string header_request_id(const HttpResponse& response) {
  for (const char* name : {"x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"}) {
    if (const std::string* id = response.header(name)) return *id;
  }
  return "";
}

bool is_success(const HttpResponse& response) {
  return response.status >= 200 && response.status < 300;
}

ServiceError start_error(const HttpResponse& response) {
  ServiceError error;
  error.http_status = response.status;
  error.request_id = header_request_id(response);
  error.headers = lower_headers(response);
  error.reaction = reaction_of(response.status);
  return error;
}

ServiceError not_understood(const HttpResponse& response, const std::string& what) {
  ServiceError error = start_error(response);
  error.understood = false;
  error.message = what;
  error.reaction = response.status < 300    ? ErrorCode::corrupt
                   : response.status >= 500 ? ErrorCode::unavailable
                   : response.status == 429 ? ErrorCode::throttled
                                            : ErrorCode::invalid;
  return error;
}

ServiceError bodyless_error(const HttpResponse& response) {
  ServiceError error = start_error(response);
  error.code = fmt::format("{}", response.status);
  error.message = "the answer has no body";
  return error;
}

std::string bare_code(std::string_view code) {
  code = trim(code);
  if (size_t at = code.find(':'); at != std::string_view::npos) code = code.substr(0, at);
  if (size_t at = code.rfind('#'); at != std::string_view::npos) code = code.substr(at + 1);
  return std::string(code);
}

void fill_error(ServiceError& error, const Map& members) {
  for (const auto& [key, value] : members) {
    if (!key.is_string()) continue;
    const std::string& name = key.as_string();
    if (!value.is_string()) {
      error.extra.set(name, value);
    } else if (name == "__type") {
      if (error.code.empty()) error.code = bare_code(value.as_string());
    } else if (iequals(name, "code") && error.code.empty()) {
      error.code = bare_code(value.as_string());
    } else if (iequals(name, "message") || name == "errorMessage") {
      if (error.message.empty()) error.message = value.as_string();
    } else if (iequals(name, "requestid")) {
      error.request_id = value.as_string();
    } else {
      error.extra.set(name, value);
    }
  }
  error.reaction = reaction_of(error.code, error.reaction);
}

}  // namespace protocol_detail
}  // namespace lf
