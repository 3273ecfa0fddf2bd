// SPDX-License-Identifier: Apache-2.0
// REST with XML bodies (S3 and its like). Two traps of S3's live here: an error may come with
// status 200, because the status went out before the work was done (CompleteMultipartUpload,
// CopyObject), and such an answer may be cut off; both are errors, never results.
#include <fmt/format.h>

#include "base/strings.h"
#include "provider/protocol_detail.h"
#include "provider/xml.h"

namespace lf::protocol_detail {

Result<HttpRequest> encode_rest_xml(const WireCall& call) {
  HttpRequest request = start_request(call);
  if (call.raw_payload) {
    set_body(request, call, *call.raw_payload, "application/octet-stream");
    return request;
  }
  if (is_unset(call.input) || (call.omit_empty_payload && all_unset(call.input))) return request;
  if (call.payload_root.empty()) {
    return fail(ErrorCode::internal, "a body without a name for its root element");
  }
  auto body = write_xml(call.payload_root, call.xmlns, call.input);
  if (!body) return std::unexpected(body.error());
  set_body(request, call, *std::move(body), "application/xml");
  return request;
}

Decoded decode_rest_xml(const WireCall& call, const HttpResponse& response) {
  if (!is_success(response)) return std::unexpected(xml_error(response));
  Answer answer;
  answer.headers = lower_headers(response);
  answer.request_id = header_request_id(response);
  if (call.raw_answer) {
    answer.body = Value(response.body);
    return answer;
  }
  if (trim(response.body).empty()) {
    answer.body = Value(Map{});
    return answer;
  }
  auto document = parse_xml(response.body);
  if (!document) {
    return std::unexpected(not_understood(
        response, fmt::format("the answer is no XML or cut off ({})", document.error().message)));
  }
  if (document->root == "Error" || document->root == "ErrorResponse") {
    return std::unexpected(xml_error(response));
  }
  if (iequals(document->root, "html")) {
    return std::unexpected(not_understood(response, "the answer is an HTML page"));
  }
  answer.body = Value(std::move(document->content));
  return answer;
}

}  // namespace lf::protocol_detail
