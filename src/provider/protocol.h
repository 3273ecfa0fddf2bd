// SPDX-License-Identifier: Apache-2.0
// The wire protocols of the REST APIs that llmforge calls, each once: one call as data becomes an
// HTTP request, one HTTP response becomes a value tree or the service's error.
//
// The codecs know no schemas. A call's input is a map in wire names whose values already have their
// wire types (the descriptors see to that); an answer comes back as a tree of maps, lists and
// scalars, text where the protocol only has text, and the descriptors coerce it to their types.
// Nothing here does I/O or signs.
//
// How an input says what a map alone cannot:
//   null, optional.none()   not sent (inside JSON lists: null)
//   {"#flat": [..]}         query: a list as `K.1`, `K.2` instead of `K.member.1`
//   {"#flat": {..}}         query: a map as `K.1.key`, `K.1.value`
//   {"#map": {..}}          query: a map as `K.entry.1.key`, `K.entry.1.value`; XML the same way
//   "@name", "#text"        XML: an attribute; the text of an element that has attributes
// Timestamps go out in the protocol's own form, bytes as base64, secrets as what they hold.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/http.h"
#include "base/value.h"

namespace lf {

enum class Protocol : uint8_t { ec2query, query, json, rest_json, rest_xml };

const char* to_string(Protocol protocol);  // "ec2query", "query", "json", "rest_json", "rest_xml"
std::optional<Protocol> find_protocol(std::string_view name);

struct WireCall {
  std::string service;      // for messages and traces
  std::string action;       // "CreateVpc"
  std::string endpoint;     // "https://host[:port][/prefix]"; empty: request without host
  std::string host_prefix;  // put before the endpoint's host, e.g. "api."; may be empty
  // A bucket goes into the host ("virtual-host style") or, with `path_style` or where its name
  // cannot stand there, is the first segment of the path, whether or not `http_path` has it
  // already.
  std::string bucket;
  bool path_style = false;

  std::string http_method = "POST";
  std::string http_path = "/";  // template filled in and percent-encoded
  std::string http_query;       // percent-encoded, without "?"
  std::vector<std::pair<std::string, std::string>> headers;

  Value input;                             // a map, or null: nothing (REST: no body)
  std::optional<std::string> raw_payload;  // REST: the body as it is, `input` unused
  bool omit_empty_payload = false;         // REST: no body if nothing in `input` is set
  bool content_md5 = false;                // add Content-MD5 over the body

  std::string payload_root;   // REST-XML: name of the root element
  std::string xmlns;          // REST-XML: the root's namespace; may be empty
  std::string target_prefix;  // JSON: "AmazonSSM" of `X-Amz-Target: AmazonSSM.GetParameter`
  std::string json_version = "1.1";
  bool query_compatible = false;  // JSON: ask for the error codes of the former query API
  std::string api_version;        // ec2query, query: "2016-11-15"

  bool raw_answer = false;  // REST: Answer.body is the body's text as it is
  bool mutation = false;
};

// invalid: the input holds something that the protocol cannot carry; the message names its path.
Result<HttpRequest> encode(Protocol protocol, const WireCall& call);

struct Answer {
  Value body;              // a map (empty: no content); JSON may have other roots; raw: a string
  std::string request_id;  // may be empty
  Map headers;             // lower-case names; values of one name joined by ", "
};

// What a service answered instead of a result.
struct ServiceError {
  std::string code;     // without namespace; "404" for an answer without body; may be empty
  std::string message;  // may be empty
  std::string request_id;
  int http_status = 0;
  // False: no error document of this protocol (an HTML page, a truncated or empty body). Such an
  // answer is no statement of the service: a 404 of this kind proves no absence.
  bool understood = true;
  Map extra;    // the other members of the error document, e.g. "BucketName", "Type"
  Map headers;  // as in Answer

  // By HTTP status and by what every such API shares; the descriptors' classes by code and message
  // come before it. Not understood: corrupt below 300, unavailable from 500, else invalid.
  ErrorCode reaction = ErrorCode::internal;
};

std::expected<Answer, ServiceError> decode(Protocol protocol, const WireCall& call,
                                           const HttpResponse& response);

// One sentence that names service, action, code and message. A mutation whose answer with a status
// below 300 could not be read, or that met a 5xx without a document, is outcome_unknown.
Error to_error(const ServiceError& error, const WireCall& call);

}  // namespace lf
