// SPDX-License-Identifier: Apache-2.0
// What the protocols share; for protocol_*.cc only.
#pragma once

#include <string>
#include <string_view>

#include "provider/protocol.h"

namespace lf::protocol_detail {

enum class TimestampForm { iso8601, epoch_seconds };

// Takes off secrets and optionals. Null stays null.
Value bare(const Value& value);
bool is_unset(const Value& value);  // null or none, also inside a secret
// The text of one scalar. invalid names `path`.
Result<std::string> scalar_text(const Value& value, const std::string& path);
// `value` as JSON protocols carry it: timestamps as seconds, bytes as base64, unset members gone.
Result<Value> json_tree(const Value& value, const std::string& path);
bool all_unset(const Value& input);

// Method, URL, headers and the facts for traces; no body.
HttpRequest start_request(const WireCall& call);
// Sets the body and its Content-Type where the call has not set one, and Content-MD5 if wanted.
void set_body(HttpRequest& request, const WireCall& call, std::string body,
              std::string_view content_type);

Map lower_headers(const HttpResponse& response);
std::string header_request_id(const HttpResponse& response);
// An error with status, headers and the id from the headers; reaction by status.
ServiceError start_error(const HttpResponse& response);
// The answer is no document of the protocol: `what` says why ("the answer is no XML: ...").
ServiceError not_understood(const HttpResponse& response, const std::string& what);
// An error answer without a body (HEAD): its code is the status.
ServiceError bodyless_error(const HttpResponse& response);
// Strips "namespace#" before and ":url" behind a code.
std::string bare_code(std::string_view code);
// Sets code, message, id and extra from an error's members, whatever their case.
void fill_error(ServiceError& error, const Map& members);

using Decoded = std::expected<Answer, ServiceError>;

Result<HttpRequest> encode_ec2query(const WireCall& call);
Result<HttpRequest> encode_query(const WireCall& call);
Result<HttpRequest> encode_json(const WireCall& call);
Result<HttpRequest> encode_rest_json(const WireCall& call);
Result<HttpRequest> encode_rest_xml(const WireCall& call);

Decoded decode_ec2query(const WireCall& call, const HttpResponse& response);
Decoded decode_query(const WireCall& call, const HttpResponse& response);
Decoded decode_json(const WireCall& call, const HttpResponse& response);
Decoded decode_rest_json(const WireCall& call, const HttpResponse& response);
Decoded decode_rest_xml(const WireCall& call, const HttpResponse& response);

// The form body of the query family. `member` is what stands between a list's name and its
// numbers ("" or "member").
Result<std::string> form_body(const WireCall& call, std::string_view member);
// The error document of the query family and REST-XML, at any of the places it may have; a document
// of another kind is not understood.
ServiceError xml_error(const HttpResponse& response);
bool is_success(const HttpResponse& response);

}  // namespace lf::protocol_detail
