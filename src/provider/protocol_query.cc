// SPDX-License-Identifier: Apache-2.0
// The query protocol (IAM, STS, CloudWatch, ...): a form body with lists as `K.member.N`, XML back.
// The form body and the error document are shared with protocol_ec2query.cc.
#include <fmt/format.h>

#include "base/digest.h"
#include "base/strings.h"
#include "provider/protocol_detail.h"
#include "provider/xml.h"

namespace lf::protocol_detail {
namespace {

constexpr int kDepthMax = 100;

class FormWriter {
 public:
  explicit FormWriter(std::string_view member) : member_(member) {}
  std::string out;

  void pair(const std::string& name, std::string_view value) {
    if (!out.empty()) out += '&';
    out += percent_encode(name) + "=" + percent_encode(value);
  }

  Result<void> write(const std::string& name, const Value& wrapped, int depth) {
    if (depth > kDepthMax) return fail(ErrorCode::invalid, "the input is nested too deeply");
    Value value = bare(wrapped);
    if (value.is_null()) return {};
    if (value.is_list()) return list(name, value.as_list(), !member_.empty(), depth);
    if (value.is_map()) {
      const Map& map = value.as_map();
      if (const Value* flat = map.find("#flat"); flat != nullptr && map.size() == 1) {
        Value content = bare(*flat);
        if (content.is_map()) return entries(name, content.as_map(), depth);
        if (content.is_list()) return list(name, content.as_list(), false, depth);
        if (content.is_null()) return {};
        return fail(ErrorCode::invalid, fmt::format("`{}`: #flat wants a list or a map", name));
      }
      if (const Value* entry_map = map.find("#map"); entry_map != nullptr && map.size() == 1) {
        Value content = bare(*entry_map);
        if (content.is_map()) return entries(name + ".entry", content.as_map(), depth);
        if (content.is_null()) return {};
        return fail(ErrorCode::invalid, fmt::format("`{}`: #map wants a map", name));
      }
      return members(name, map, depth);
    }
    auto text = scalar_text(value, name);
    if (!text) return std::unexpected(text.error());
    pair(name, *text);
    return {};
  }

  Result<void> members(const std::string& prefix, const Map& map, int depth) {
    for (const auto& [key, value] : map) {
      if (!key.is_string()) {
        return fail(ErrorCode::invalid, fmt::format("a key of `{}` is no text", prefix));
      }
      std::string name = prefix.empty() ? key.as_string() : prefix + "." + key.as_string();
      auto done = write(name, value, depth + 1);
      if (!done) return done;
    }
    return {};
  }

 private:
  // An empty list is sent as an empty value by the query protocol ("no elements", as against "not
  // set"); EC2's has no form for it.
  Result<void> list(const std::string& name, const List& items, bool with_member, int depth) {
    if (items.empty() && !member_.empty()) pair(name, "");
    std::string prefix = with_member ? fmt::format("{}.{}", name, member_) : name;
    size_t number = 0;
    for (const Value& item : items) {
      auto done = write(fmt::format("{}.{}", prefix, ++number), item, depth + 1);
      if (!done) return done;
    }
    return {};
  }

  Result<void> entries(const std::string& name, const Map& map, int depth) {
    size_t number = 0;
    for (const auto& [key, value] : map) {
      if (is_unset(value)) continue;
      std::string prefix = fmt::format("{}.{}", name, ++number);
      auto done = write(prefix + ".key", key, depth + 1);
      if (!done) return done;
      done = write(prefix + ".value", value, depth + 1);
      if (!done) return done;
    }
    return {};
  }

  std::string_view member_;
};

const Map* map_at(const Map& map, std::string_view key) {
  const Value* value = map.find(key);
  return value != nullptr && value->is_map() ? &value->as_map() : nullptr;
}

}  // namespace

Result<std::string> form_body(const WireCall& call, std::string_view member) {
  FormWriter writer(member);
  writer.pair("Action", call.action);
  writer.pair("Version", call.api_version);
  Value input = bare(call.input);
  if (input.is_null()) return std::move(writer.out);
  if (!input.is_map()) return fail(ErrorCode::invalid, "the input is no map");
  auto done = writer.members("", input.as_map(), 0);
  if (!done) return std::unexpected(done.error());
  return std::move(writer.out);
}

Result<HttpRequest> encode_query(const WireCall& call) {
  auto body = form_body(call, "member");
  if (!body) return std::unexpected(body.error());
  HttpRequest request = start_request(call);
  set_body(request, call, *std::move(body), "application/x-www-form-urlencoded; charset=utf-8");
  return request;
}

// The places of the error element:
//   <ErrorResponse><Error>..</Error><RequestId/></ErrorResponse>          query, REST-XML
//   <Response><Errors><Error>..</Error></Errors><RequestID/></Response>   EC2
//   <Error>..<RequestId/></Error>                                         S3
ServiceError xml_error(const HttpResponse& response) {
  if (trim(response.body).empty()) return bodyless_error(response);
  auto document = parse_xml(response.body);
  if (!document) {
    return not_understood(
        response, fmt::format("the answer is no error document ({})", document.error().message));
  }
  const Map* element = nullptr;
  if (document->root == "Error") element = &document->content;
  if (element == nullptr) element = map_at(document->content, "Error");
  if (element == nullptr) {
    const Map* errors = map_at(document->content, "Errors");
    if (errors != nullptr) {
      element = map_at(*errors, "Error");
      // Several errors: the first names the cause.
      const Value* several = errors->find("Error");
      if (several != nullptr && several->is_list() && several->as_list()[0].is_map()) {
        element = &several->as_list()[0].as_map();
      }
    }
  }
  // Old services answer `<Response><Code/><Message/></Response>` with nothing around.
  if (element == nullptr && document->content.find("Code") != nullptr) element = &document->content;
  if (element == nullptr) {
    return not_understood(
        response, fmt::format("the answer is a `{}` and no error document", document->root));
  }
  ServiceError error = start_error(response);
  for (const auto& [key, value] : document->content) {
    if (key.is_string() && iequals(key.as_string(), "requestid") && value.is_string()) {
      error.request_id = value.as_string();
    }
  }
  fill_error(error, *element);
  return error;
}

Decoded decode_query(const WireCall& call, const HttpResponse& response) {
  if (!is_success(response)) return std::unexpected(xml_error(response));
  Answer answer;
  answer.headers = lower_headers(response);
  answer.request_id = header_request_id(response);
  auto document = parse_xml(response.body);
  if (!document) {
    return std::unexpected(not_understood(
        response, fmt::format("the answer is no XML or cut off ({})", document.error().message)));
  }
  if (document->root == "ErrorResponse" || document->root == "Error") {
    return std::unexpected(xml_error(response));
  }
  if (!document->root.ends_with("Response")) {
    return std::unexpected(not_understood(
        response,
        fmt::format("the answer is a `{}`, not a `{}Response`", document->root, call.action)));
  }
  const Map* metadata = map_at(document->content, "ResponseMetadata");
  if (metadata != nullptr) {
    const Value* id = metadata->find("RequestId");
    if (id != nullptr && id->is_string()) answer.request_id = id->as_string();
  }
  std::string result_name = document->root.substr(0, document->root.size() - 8) + "Result";
  if (const Value* result = document->content.find(std::string_view(result_name))) {
    if (result->is_string()) {
      Map text;
      if (!trim(result->as_string()).empty()) text.set("#text", *result);
      answer.body = Value(std::move(text));
    } else {
      answer.body = *result;
    }
  } else {
    document->content.erase("ResponseMetadata");
    answer.body = Value(std::move(document->content));
  }
  return answer;
}

}  // namespace lf::protocol_detail
