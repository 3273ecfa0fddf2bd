// SPDX-License-Identifier: Apache-2.0
// REST with JSON bodies: method, path, query and headers say which action it is; the call brings
// them filled in.
#include "base/json.h"
#include "provider/protocol_detail.h"
#include "provider/protocol_json_error.h"

namespace lf::protocol_detail {

Result<HttpRequest> encode_rest_json(const WireCall& call) {
  HttpRequest request = start_request(call);
  if (call.raw_payload) {
    set_body(request, call, *call.raw_payload, "application/octet-stream");
    return request;
  }
  if (is_unset(call.input) || (call.omit_empty_payload && all_unset(call.input))) return request;
  auto tree = json_tree(call.input, call.action);
  if (!tree) return std::unexpected(tree.error());
  set_body(request, call, to_json(*tree), "application/json");
  return request;
}

Decoded decode_rest_json(const WireCall& call, const HttpResponse& response) {
  if (!is_success(response)) return std::unexpected(json_error(response));
  if (!call.raw_answer) return json_answer(response);
  Answer answer;
  answer.headers = lower_headers(response);
  answer.request_id = header_request_id(response);
  answer.body = Value(response.body);
  return answer;
}

}  // namespace lf::protocol_detail
