// SPDX-License-Identifier: Apache-2.0
// EC2's own form of the query protocol: lists are numbered without `.member`, an empty list has no
// form, and the answer's members stand directly under the root beside `requestId`.
#include <fmt/format.h>

#include "base/strings.h"
#include "provider/protocol_detail.h"
#include "provider/xml.h"

namespace lf::protocol_detail {

Result<HttpRequest> encode_ec2query(const WireCall& call) {
  auto body = form_body(call, "");
  if (!body) return std::unexpected(body.error());
  HttpRequest request = start_request(call);
  set_body(request, call, *std::move(body), "application/x-www-form-urlencoded; charset=utf-8");
  return request;
}

namespace {

// Calls for many things answer 200 and list what was not done under `unsuccessful` (Amazon EC2 API
// Reference, "Error codes": "the response includes a list of the unsuccessful items"). Every call
// here is for one thing, so its item is the call's error.
std::optional<ServiceError> failed_item(const Answer& answer) {
  Value item = answer.body["unsuccessful"];
  if (item.is_map() && !item["item"].is_unset()) item = item["item"];
  if (item.is_list() && !item.as_list().empty()) item = Value(item.as_list().front());
  const Value& error = item["error"];
  if (!error.is_map()) return std::nullopt;
  ServiceError out;
  out.http_status = 400;
  out.code = error["code"].string_or();
  out.message = error["message"].string_or();
  out.request_id = answer.request_id;
  return out;
}

}  // namespace

Decoded decode_ec2query(const WireCall& call, const HttpResponse& response) {
  if (!is_success(response)) return std::unexpected(xml_error(response));
  auto document = parse_xml(response.body);
  if (!document) {
    return std::unexpected(not_understood(
        response, fmt::format("the answer is no XML or cut off ({})", document.error().message)));
  }
  if (document->root == "Response") return std::unexpected(xml_error(response));
  if (!document->root.ends_with("Response")) {
    return std::unexpected(not_understood(
        response,
        fmt::format("the answer is a `{}`, not a `{}Response`", document->root, call.action)));
  }
  Answer answer;
  answer.headers = lower_headers(response);
  answer.request_id = header_request_id(response);
  for (const char* name : {"requestId", "RequestId"}) {
    const Value* id = document->content.find(name);
    if (id == nullptr || !id->is_string()) continue;
    answer.request_id = id->as_string();
    document->content.erase(name);
  }
  answer.body = Value(std::move(document->content));
  if (auto failed = failed_item(answer)) return std::unexpected(std::move(*failed));
  return answer;
}

}  // namespace lf::protocol_detail
