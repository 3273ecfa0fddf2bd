// SPDX-License-Identifier: Apache-2.0
// Lets a test in another language call the codecs and the signer: one JSON object a line in, one a
// line out. {"op": "encode"|"decode"|"sign"|"presign"|"verify"|"rules"|"endpoint", ...}
// In inputs {"$time": seconds}, {"$bytes": base64} and {"$double": "NaN"} stand for what JSON
// lacks.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <limits>

#include "base/digest.h"
#include "base/json.h"
#include "provider/endpoints.h"
#include "provider/protocol.h"
#include "provider/sigv4.h"

namespace lf {
namespace {

Value untag(const Value& value) {
  if (value.is_list()) {
    List list;
    for (const Value& item : value.as_list()) list.push_back(untag(item));
    return Value(std::move(list));
  }
  if (!value.is_map()) return value;
  if (const Value& bytes = value["$bytes"]; bytes.is_string()) {
    return Value(Bytes{unbase64(bytes.as_string()).value_or("")});
  }
  if (const Value& text = value["$double"]; text.is_string()) {
    double infinity = std::numeric_limits<double>::infinity();
    if (text.as_string() == "Infinity") return Value(infinity);
    if (text.as_string() == "-Infinity") return Value(-infinity);
    return Value(std::nan(""));
  }
  if (const Value& time = value["$time"]; time.is_number()) {
    if (time.is_int()) return Value(Timestamp{time.as_int(), 0});
    double whole = std::floor(time.as_double());
    double micros = std::round((time.as_double() - whole) * 1e6);
    return Value(Timestamp{static_cast<int64_t>(whole), static_cast<int32_t>(micros) * 1000});
  }
  Map map;
  for (const auto& [key, member] : value.as_map()) map.set(key, untag(member));
  return Value(std::move(map));
}

std::vector<std::pair<std::string, std::string>> headers_of(const Value& list) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (!list.is_list()) return headers;
  for (const Value& pair : list.as_list()) {
    headers.emplace_back(pair.as_list()[0].as_string(), pair.as_list()[1].as_string());
  }
  return headers;
}

Value headers_value(const std::vector<std::pair<std::string, std::string>>& headers) {
  List list;
  for (const auto& [name, value] : headers) list.push_back(Value(List{Value(name), Value(value)}));
  return Value(std::move(list));
}

bool flag(const Value& value) {
  return value.is_bool() && value.as_bool();
}

WireCall call_of(const Value& v) {
  WireCall call;
  call.service = v["service"].string_or("svc");
  call.action = v["action"].string_or();
  call.endpoint = v["endpoint"].string_or("https://example.com");
  call.host_prefix = v["host_prefix"].string_or();
  call.bucket = v["bucket"].string_or();
  call.path_style = flag(v["path_style"]);
  call.http_method = v["http_method"].string_or("POST");
  call.http_path = v["http_path"].string_or("/");
  call.http_query = v["http_query"].string_or();
  call.headers = headers_of(v["headers"]);
  call.input = untag(v["input"]);
  if (v["raw_payload"].is_string()) {
    call.raw_payload = unbase64(v["raw_payload"].as_string()).value_or("");
  }
  call.omit_empty_payload = flag(v["omit_empty_payload"]);
  call.content_md5 = flag(v["content_md5"]);
  call.payload_root = v["payload_root"].string_or();
  call.xmlns = v["xmlns"].string_or();
  call.target_prefix = v["target_prefix"].string_or();
  call.json_version = v["json_version"].string_or("1.1");
  call.query_compatible = flag(v["query_compatible"]);
  call.api_version = v["api_version"].string_or();
  call.raw_answer = flag(v["raw_answer"]);
  return call;
}

HttpRequest request_of(const Value& v) {
  HttpRequest request;
  request.method = v["method"].string_or("GET");
  request.scheme = v["scheme"].string_or("https");
  request.host = v["host"].string_or();
  request.path = v["path"].string_or("/");
  request.query = v["query"].string_or();
  request.headers = headers_of(v["headers"]);
  request.body = unbase64(v["body"].string_or()).value_or("");
  return request;
}

Value request_value(const HttpRequest& request) {
  return Value(Map{{"method", request.method},
                   {"host", request.host},
                   {"path", request.path},
                   {"query", request.query},
                   {"headers", headers_value(request.headers)},
                   {"body", base64(request.body)}});
}

Value error_value(const Error& error) {
  return Value(Map{{"code", error.service_code}, {"message", error.message}});
}

Value run_encode(const Value& v) {
  auto protocol = find_protocol(v["protocol"].string_or());
  if (!protocol) return Value(Map{{"error", Value("no such protocol")}});
  auto request = encode(*protocol, call_of(v["call"]));
  if (!request) return Value(Map{{"error", error_value(request.error())}});
  return request_value(*request);
}

Value run_decode(const Value& v) {
  auto protocol = find_protocol(v["protocol"].string_or());
  if (!protocol) return Value(Map{{"error", Value("no such protocol")}});
  HttpResponse response{static_cast<int>(v["status"].as_int()), headers_of(v["headers"]),
                        unbase64(v["body"].string_or()).value_or("")};
  auto answer = decode(*protocol, call_of(v["call"]), response);
  if (answer) {
    return Value(Map{{"body", answer->body},
                     {"request_id", answer->request_id},
                     {"headers", Value(answer->headers)}});
  }
  const ServiceError& error = answer.error();
  return Value(Map{{"error", Value(Map{{"code", error.code},
                                       {"message", error.message},
                                       {"request_id", error.request_id},
                                       {"understood", error.understood},
                                       {"reaction", to_string(error.reaction)},
                                       {"extra", Value(error.extra)},
                                       {"headers", Value(error.headers)}})}});
}

SigningScope scope_of(const Value& v) {
  return {v["region"].string_or(), v["service"].string_or(),
          flag(v["raw"]) ? SigningForm::raw : SigningForm::standard, flag(v["unsigned_payload"])};
}

Value run_sign(const Value& v, bool in_query) {
  HttpRequest request = request_of(v["request"]);
  Credentials credentials{v["access_key"].string_or(),
                          v["secret_key"].string_or(),
                          v["session_token"].string_or(),
                          {},
                          "",
                          ""};
  SigningScope scope = scope_of(v);
  Timestamp now{v["now"].as_int(), 0};
  if (in_query) {
    presign(request, credentials, scope, now, v["expires_s"].as_int());
    return request_value(request);
  }
  sign(request, credentials, scope, now);
  auto info = signature_info(request);
  std::string canonical =
      canonical_request(request, scope, info->signed_headers, hex(sha256(request.body)));
  Map result = request_value(request).as_map();
  result.set("canonical", Value(canonical));
  result.set("to_sign", Value(string_to_sign(scope, info->amz_date, canonical)));
  result.set("authorization", Value(*request.header("authorization")));
  return Value(std::move(result));
}

Value run_verify(const Value& v) {
  KnownKey key{v["secret_key"].string_or(), v["session_token"].string_or(), scope_of(v).form};
  std::string access_key = v["access_key"].string_or();
  KeyLookup lookup = [&](const SignatureInfo& info) -> std::optional<KnownKey> {
    if (info.access_key != access_key) return std::nullopt;
    return key;
  };
  auto verified =
      verify_signature(request_of(v["request"]), lookup, Timestamp{v["now"].as_int(), 0});
  if (!verified) return Value(Map{{"error", error_value(verified.error())}});
  return Value(Map{{"region", verified->region}, {"service", verified->service}});
}

// The rules that "rules" loads, for "endpoint".
EndpointRules& rules() {
  static EndpointRules loaded;
  return loaded;
}

Value run_rules(const Value& v) {
  auto loaded = EndpointRules::load(v["file"]);
  if (!loaded) return Value(Map{{"error", error_value(loaded.error())}});
  rules() = *std::move(loaded);
  return Value(Map{});
}

Value run_endpoint(const Value& v) {
  auto endpoint = rules().resolve(v["service"].string_or(), v["region"].string_or(), "", {});
  if (!endpoint) return Value(Map{{"error", error_value(endpoint.error())}});
  return Value(Map{{"url", endpoint->url},
                   {"partition", endpoint->partition},
                   {"signing_region", endpoint->signing_region},
                   {"signing_name", endpoint->signing_name}});
}

Value run(const Value& v) {
  std::string op = v["op"].string_or();
  if (op == "encode") return run_encode(v);
  if (op == "decode") return run_decode(v);
  if (op == "sign") return run_sign(v, false);
  if (op == "presign") return run_sign(v, true);
  if (op == "rules") return run_rules(v);
  if (op == "endpoint") return run_endpoint(v);
  if (op == "verify") return run_verify(v);
  return Value(Map{{"error", Value("no such op")}});
}

}  // namespace
}  // namespace lf

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    auto value = lf::parse_json(line);
    lf::Value answer =
        value ? lf::run(*value) : lf::Value(lf::Map{{"error", lf::Value(value.error().message)}});
    std::cout << lf::to_json(answer) << '\n' << std::flush;
  }
}
