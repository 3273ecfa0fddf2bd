// SPDX-License-Identifier: Apache-2.0
// JSON 1.0 and 1.1: one path, the action in X-Amz-Target, a JSON body both ways. The error document
// is shared with protocol_rest_json.cc.
#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "provider/protocol_detail.h"
#include "provider/protocol_json_error.h"

namespace lf::protocol_detail {

Result<HttpRequest> encode_json(const WireCall& call) {
  auto tree = json_tree(call.input, call.action);
  if (!tree) return std::unexpected(tree.error());
  if (!tree->is_map() && !tree->is_null()) {
    return fail(ErrorCode::invalid, "the input is no map");
  }
  HttpRequest request = start_request(call);
  request.headers.emplace_back("X-Amz-Target", call.target_prefix + "." + call.action);
  if (call.query_compatible) request.headers.emplace_back("x-amzn-query-mode", "true");
  set_body(request, call, tree->is_null() ? "{}" : to_json(*tree),
           "application/x-amz-json-" + call.json_version);
  return request;
}

ServiceError json_error(const HttpResponse& response) {
  const std::string* type = response.header("x-amzn-errortype");
  std::string_view text = trim(response.body);
  if (text.empty() && type == nullptr) return bodyless_error(response);
  ServiceError error = start_error(response);
  if (type != nullptr) error.code = bare_code(*type);
  if (!text.empty()) {
    auto body = parse_json(text);
    if (!body || !body->is_map()) {
      if (type != nullptr) {
        fill_error(error, {});
        return error;
      }
      return not_understood(response, body ? "the answer is no error document"
                                           : fmt::format("the answer is no error document ({})",
                                                         body.error().message));
    }
    // `__type` is the protocol's own; a member called `code` may be the service's.
    const Value& named = (*body)["__type"];
    if (error.code.empty() && named.is_string()) error.code = bare_code(named.as_string());
    fill_error(error, body->as_map());
  } else {
    fill_error(error, {});
  }
  // "Code;Sender": the code that the service had when it spoke the query protocol, which its
  // clients still know.
  if (const std::string* query = response.header("x-amzn-query-error")) {
    std::string code(trim(std::string_view(*query).substr(0, query->find(';'))));
    if (!code.empty() && code != error.code) {
      error.extra.set("QueryErrorCode", Value(error.code));
      error.code = code;
      fill_error(error, {});
    }
  }
  if (error.code.empty()) {
    return not_understood(response,
                          error.message.empty() ? "the answer names no error code" : error.message);
  }
  return error;
}

Decoded json_answer(const HttpResponse& response) {
  Answer answer;
  answer.headers = lower_headers(response);
  answer.request_id = header_request_id(response);
  if (trim(response.body).empty()) {
    answer.body = Value(Map{});
    return answer;
  }
  auto body = parse_json(response.body);
  if (!body) {
    return std::unexpected(not_understood(
        response, fmt::format("the answer is no JSON or cut off ({})", body.error().message)));
  }
  answer.body = *std::move(body);
  return answer;
}

Decoded decode_json(const WireCall&, const HttpResponse& response) {
  if (!is_success(response)) return std::unexpected(json_error(response));
  Decoded answer = json_answer(response);
  if (!answer || answer->body.is_map()) return answer;
  return std::unexpected(not_understood(response, "the answer is JSON, but no object"));
}

}  // namespace lf::protocol_detail
