// SPDX-License-Identifier: Apache-2.0
#include "sandbox/answer_writer.h"

#include <fmt/format.h>

#include "base/json.h"
#include "provider/xml.h"

namespace lf::sandbox {

namespace {

// A map as the query protocols answer it; elsewhere it is as it is.
Value with_entries(const Value& map, const std::string& member) {
  if (member.empty() || !map.is_map()) return map;
  List entries;
  for (const auto& [key, value] : map.as_map()) {
    if (value.is_unset()) continue;
    entries.push_back(Value(Map{{Value("key"), key}, {Value("value"), Value(to_text(value))}}));
  }
  Map out;
  if (!entries.empty()) out.set("entry", Value(std::move(entries)));
  return Value(std::move(out));
}

// Lists get their members' element: `item`, `member`, or "" for repeated elements.
Value with_members(const Value& value, const std::string& member) {
  if (value.is_secret()) return with_members(value.secret_value(), member);
  if (value.is_list()) {
    List items;
    for (const Value& item : value.as_list()) items.push_back(with_members(item, member));
    if (member.empty()) return Value(std::move(items));
    Map out;
    if (!items.empty()) out.set(member, Value(std::move(items)));
    return Value(std::move(out));
  }
  if (value.is_map()) {
    if (const Value* document = value.as_map().find("#json")) return Value(to_json(*document));
    if (const Value* map = value.as_map().find("#map")) return with_entries(*map, member);
    Map out;
    for (const auto& [key, entry] : value.as_map()) {
      if (entry.is_unset()) continue;
      out.set(key, with_members(entry, member));
    }
    return Value(std::move(out));
  }
  if (value.is_duration()) return Value(value.as_duration().seconds);
  return value;
}

// JSON has times as seconds.
Value with_epochs(const Value& value) {
  if (value.is_timestamp()) return Value(value.as_timestamp().seconds);
  if (value.is_list()) {
    List out;
    for (const Value& item : value.as_list()) out.push_back(with_epochs(item));
    return Value(std::move(out));
  }
  if (!value.is_map()) return value;
  Map out;
  for (const auto& [key, entry] : value.as_map()) out.set(key, with_epochs(entry));
  return Value(std::move(out));
}

std::string xml(const std::string& root, const std::string& xmlns, const Value& content) {
  auto text = write_xml(root, xmlns, content);
  if (!text)
    text = write_xml(root, xmlns, Value(Map{{Value("Problem"), Value(text.error().message)}}));
  return text ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + *text : "";
}

int usual_status(const Service& service, ErrorCode reaction) {
  const bool plain = service.protocol == Protocol::ec2query || service.protocol == Protocol::json;
  switch (reaction) {
    case ErrorCode::auth: return service.protocol == Protocol::ec2query ? 401 : plain ? 400 : 403;
    case ErrorCode::unavailable: return 503;
    case ErrorCode::throttled: return service.protocol == Protocol::rest_xml ? 503 : 400;
    case ErrorCode::not_found: return plain ? 400 : 404;
    case ErrorCode::exists:
    case ErrorCode::conflict:
    case ErrorCode::dependency: return plain ? 400 : 409;
    default: return 400;
  }
}

}  // namespace

HttpResponse write_answer(const Service& service, const std::string& action, const Reply& reply,
                          const std::string& request_id) {
  HttpResponse out;
  out.status = 200;
  switch (service.protocol) {
    case Protocol::ec2query: {
      Map content;
      content.set("requestId", Value(request_id));
      for (const auto& [key, value] : reply.body) content.set(key, with_members(value, "item"));
      out.headers.emplace_back("Content-Type", "text/xml;charset=UTF-8");
      out.body = xml(action + "Response", service.xmlns, Value(std::move(content)));
      break;
    }
    case Protocol::query: {
      Map content;
      content.set(action + "Result", with_members(Value(reply.body), "member"));
      content.set("ResponseMetadata", Value(Map{{Value("RequestId"), Value(request_id)}}));
      out.headers.emplace_back("Content-Type", "text/xml");
      out.body = xml(action + "Response", service.xmlns, Value(std::move(content)));
      break;
    }
    case Protocol::json:
    case Protocol::rest_json:
      out.headers.emplace_back("Content-Type",
                               service.protocol == Protocol::json
                                   ? "application/x-amz-json-" + service.json_version
                                   : "application/json");
      out.body =
          reply.is_raw ? reply.raw : to_json(with_epochs(with_members(Value(reply.body), "")));
      break;
    case Protocol::rest_xml:
      if (reply.is_raw) {
        out.body = reply.raw;
      } else if (!reply.body.empty() || !reply.root.empty()) {
        out.headers.emplace_back("Content-Type", "application/xml");
        out.body = xml(reply.root.empty() ? action + "Result" : reply.root, service.xmlns,
                       with_members(Value(reply.body), ""));
      }
      break;
  }
  for (const auto& [name, value] : reply.headers) {
    out.headers.emplace_back(name.as_string(), to_text(value));
  }
  out.headers.emplace_back(
      service.protocol == Protocol::rest_xml ? "x-amz-request-id" : "x-amzn-RequestId", request_id);
  return out;
}

HttpResponse write_refusal(const Service& service, const Refusal& refusal, bool head,
                           const std::string& request_id) {
  HttpResponse out;
  out.status = refusal.status != 0 ? refusal.status : usual_status(service, refusal.reaction);
  const Value code(refusal.code), message(refusal.message), id(request_id);
  switch (service.protocol) {
    case Protocol::ec2query:
      out.headers.emplace_back("Content-Type", "text/xml;charset=UTF-8");
      out.body = xml(
          "Response", "",
          Value(Map{{Value("Errors"),
                     Value(Map{{Value("Error"),
                                Value(Map{{Value("Code"), code}, {Value("Message"), message}})}})},
                    {Value("RequestID"), id}}));
      break;
    case Protocol::query:
      out.headers.emplace_back("Content-Type", "text/xml");
      out.body =
          xml("ErrorResponse", service.xmlns,
              Value(Map{{Value("Error"),
                         Value(Map{{Value("Type"), Value(out.status < 500 ? "Sender" : "Receiver")},
                                   {Value("Code"), code},
                                   {Value("Message"), message}})},
                        {Value("RequestId"), id}}));
      break;
    case Protocol::json:
    case Protocol::rest_json:
      out.headers.emplace_back("Content-Type",
                               "application/x-amz-json-" +
                                   (service.json_version.empty() ? "1.1" : service.json_version));
      if (service.protocol == Protocol::rest_json) {
        out.headers.emplace_back("x-amzn-ErrorType", refusal.code);
      }
      if (service.query_compatible && !refusal.query_code.empty()) {
        out.headers.emplace_back("x-amzn-query-error", refusal.query_code + ";Sender");
      }
      out.body = to_json(Value(Map{{Value("__type"), code}, {Value("message"), message}}));
      break;
    case Protocol::rest_xml:
      if (head) break;
      out.headers.emplace_back("Content-Type", "application/xml");
      out.body = xml(
          "Error", "",
          Value(Map{{Value("Code"), code}, {Value("Message"), message}, {Value("RequestId"), id}}));
      break;
  }
  out.headers.emplace_back(
      service.protocol == Protocol::rest_xml ? "x-amz-request-id" : "x-amzn-RequestId", request_id);
  return out;
}

}  // namespace lf::sandbox
