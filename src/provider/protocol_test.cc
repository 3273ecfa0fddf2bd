// SPDX-License-Identifier: Apache-2.0
#include "provider/protocol.h"

#include <catch2/catch.hpp>

namespace lf {
namespace {

WireCall call_of(const char* action, Value input) {
  WireCall call;
  call.service = "svc";
  call.action = action;
  call.endpoint = "https://svc.example.com";
  call.api_version = "2020-01-01";
  call.input = std::move(input);
  return call;
}

std::string body_of(Protocol protocol, const WireCall& call) {
  auto request = encode(protocol, call);
  REQUIRE(request.has_value());
  return request->body;
}

HttpResponse response(int status, std::string body,
                      std::vector<std::pair<std::string, std::string>> headers = {}) {
  return HttpResponse{status, std::move(headers), std::move(body)};
}

TEST_CASE("ec2query numbers lists without a wrapper", "[protocol]") {
  Map filter{{"Name", "vpc id"}, {"Value", Value(List{Value("a"), Value("b")})}};
  WireCall call = call_of("Do", Value(Map{{"Filter", Value(List{Value(filter)})},
                                          {"DryRun", false},
                                          {"Blob", Bytes{"hi"}},
                                          {"None", Value()},
                                          {"Empty", Value(List{})}}));
  auto request = encode(Protocol::ec2query, call);
  REQUIRE(request.has_value());
  CHECK(request->method == "POST");
  CHECK(request->host == "svc.example.com");
  CHECK(request->body ==
        "Action=Do&Version=2020-01-01&Filter.1.Name=vpc%20id&Filter.1.Value.1=a&Filter.1.Value.2=b"
        "&DryRun=false&Blob=aGk%3D");
}

TEST_CASE("query wraps lists in member unless they are flat", "[protocol]") {
  Map input{{"L", Value(List{Value("x")})},
            {"E", Value(List{})},
            {"F", Value(Map{{"#flat", Value(List{Value("y")})}})},
            {"M", Value(Map{{"#map", Value(Map{{"k", "v"}})}})},
            {"N", Value(Map{{"#flat", Value(Map{{"k", 1}})}})},
            {"S", Value::secret(Value("p"))}};
  CHECK(body_of(Protocol::query, call_of("Do", Value(input))) ==
        "Action=Do&Version=2020-01-01&L.member.1=x&E=&F.1=y&M.entry.1.key=k&M.entry.1.value=v"
        "&N.1.key=k&N.1.value=1&S=p");
}

TEST_CASE("JSON carries the target and seconds since 1970", "[protocol]") {
  WireCall call = call_of("Put", Value(Map{{"At", Timestamp{1'400'000'000, 0}},
                                           {"B", Bytes{"hi"}},
                                           {"None", Value::none()},
                                           {"L", Value(List{Value(1), Value()})}}));
  call.target_prefix = "Svc_2020";
  call.json_version = "1.0";
  auto request = encode(Protocol::json, call);
  REQUIRE(request.has_value());
  CHECK(request->body == R"({"At":1400000000,"B":"aGk=","L":[1,null]})");
  CHECK(*request->header("x-amz-target") == "Svc_2020.Put");
  CHECK(*request->header("content-type") == "application/x-amz-json-1.0");
  call.input = Value();
  CHECK(body_of(Protocol::json, call) == "{}");
}

TEST_CASE("REST-XML writes its root and Content-MD5", "[protocol]") {
  WireCall call = call_of("Put", Value(Map{{"Status", "Enabled"}}));
  call.http_method = "PUT";
  call.payload_root = "V";
  call.xmlns = "http://x/";
  call.content_md5 = true;
  auto request = encode(Protocol::rest_xml, call);
  REQUIRE(request.has_value());
  CHECK(request->body == "<V xmlns=\"http://x/\"><Status>Enabled</Status></V>");
  CHECK(request->header("content-md5") != nullptr);
  call.input = Value(Map{{"Status", Value()}});
  call.omit_empty_payload = true;
  CHECK(body_of(Protocol::rest_xml, call).empty());
  call.raw_payload = "{}";
  CHECK(body_of(Protocol::rest_xml, call) == "{}");
}

TEST_CASE("a bucket goes into host or path", "[protocol]") {
  WireCall call = call_of("Get", Value());
  call.bucket = "my-bucket";
  call.http_path = "/my-bucket/key";
  auto request = encode(Protocol::rest_xml, call);
  CHECK(request->host == "my-bucket.svc.example.com");
  CHECK(request->path == "/key");
  call.path_style = true;
  CHECK(encode(Protocol::rest_xml, call)->path == "/my-bucket/key");
  call.path_style = false;
  call.bucket = "with.dot";
  call.http_path = "/";
  CHECK(encode(Protocol::rest_xml, call)->path == "/with.dot");
  call.bucket = "my-bucket";
  call.endpoint = "http://127.0.0.1:5000/";
  request = encode(Protocol::rest_xml, call);
  CHECK(request->url() == "http://127.0.0.1:5000/my-bucket");
}

TEST_CASE("what cannot travel is named", "[protocol]") {
  WireCall call = call_of("Do", Value(Map{{"A", Value(Map{{"B", Value(Unknown{})}})}}));
  for (Protocol protocol : {Protocol::ec2query, Protocol::query, Protocol::json}) {
    auto request = encode(protocol, call);
    REQUIRE_FALSE(request.has_value());
    CHECK(request.error().code == ErrorCode::invalid);
    CHECK(request.error().message.find("A.B") != std::string::npos);
  }
}

TEST_CASE("query answers are unwrapped", "[protocol]") {
  WireCall call = call_of("GetRole", Value());
  auto answer =
      decode(Protocol::query, call,
             response(200,
                      "<GetRoleResponse xmlns='u'><GetRoleResult><Role><RoleName>r"
                      "</RoleName></Role></GetRoleResult><ResponseMetadata><RequestId>id-1"
                      "</RequestId></ResponseMetadata></GetRoleResponse>",
                      {{"Content-Type", "text/xml"}}));
  REQUIRE(answer.has_value());
  CHECK(answer->request_id == "id-1");
  CHECK(answer->body["Role"]["RoleName"] == Value("r"));
  CHECK(answer->headers.find("content-type")->string_or() == "text/xml");
  answer = decode(Protocol::query, call,
                  response(200,
                           "<DeleteRoleResponse><ResponseMetadata><RequestId>i</RequestId>"
                           "</ResponseMetadata></DeleteRoleResponse>"));
  REQUIRE(answer.has_value());
  CHECK(answer->body.as_map().empty());
}

TEST_CASE("ec2query answers lose their request id", "[protocol]") {
  auto answer =
      decode(Protocol::ec2query, call_of("DescribeVpcs", Value()),
             response(200,
                      "<DescribeVpcsResponse><requestId>r</requestId><vpcSet><item><vpcId>v"
                      "</vpcId></item></vpcSet></DescribeVpcsResponse>"));
  REQUIRE(answer.has_value());
  CHECK(answer->request_id == "r");
  CHECK(answer->body.as_map().size() == 1);
  CHECK(answer->body["vpcSet"].as_list()[0]["vpcId"] == Value("v"));
}

TEST_CASE("error documents of the XML protocols", "[protocol]") {
  WireCall call = call_of("Do", Value());
  auto error =
      decode(Protocol::ec2query, call,
             response(400,
                      "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>m"
                      "</Message></Error></Errors><RequestID>r</RequestID></Response>"))
          .error();
  CHECK(error.code == "InvalidVpcID.NotFound");
  CHECK(error.message == "m");
  CHECK(error.request_id == "r");
  CHECK(error.understood);
  error = decode(Protocol::query, call,
                 response(403,
                          "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
                          "<Message>no</Message></Error><RequestId>q</RequestId></ErrorResponse>"))
              .error();
  CHECK(error.code == "AccessDenied");
  CHECK(error.reaction == ErrorCode::auth);
  CHECK(error.extra.find("Type")->string_or() == "Sender");
  CHECK(error.request_id == "q");
  error = decode(Protocol::rest_xml, call,
                 response(404,
                          "<Error><Code>NoSuchBucket</Code><Message>m</Message><BucketName>b"
                          "</BucketName><RequestId>s</RequestId></Error>"))
              .error();
  CHECK(error.code == "NoSuchBucket");
  CHECK(error.extra.find("BucketName")->string_or() == "b");
  CHECK(error.request_id == "s");
}

TEST_CASE("error documents of the JSON protocols", "[protocol]") {
  WireCall call = call_of("Do", Value());
  auto error = decode(Protocol::json, call,
                      response(400, R"({"__type":"com.x#NotFoundException","message":"m","n":1})"))
                   .error();
  CHECK(error.code == "NotFoundException");
  CHECK(error.message == "m");
  CHECK(*error.extra.find("n") == Value(1));
  error = decode(Protocol::rest_json, call,
                 response(400, R"({"Message":"m"})",
                          {{"x-amzn-ErrorType", "Foo:http://x/"}, {"x-amzn-RequestId", "r"}}))
              .error();
  CHECK(error.code == "Foo");
  CHECK(error.request_id == "r");
  error = decode(Protocol::json, call,
                 response(400, R"({"__type":"x#QueueDoesNotExist","message":"m"})",
                          {{"x-amzn-query-error", "AWS.NonExistentQueue;Sender"}}))
              .error();
  CHECK(error.code == "AWS.NonExistentQueue");
  CHECK(error.extra.find("QueryErrorCode")->string_or() == "QueueDoesNotExist");
}

TEST_CASE("what is no document of the protocol is no statement of the service", "[protocol]") {
  WireCall call = call_of("Do", Value());
  call.mutation = true;
  const char* kHtml = "<html><body><h1>500 oops</h1></body></html>";
  for (Protocol protocol : {Protocol::ec2query, Protocol::query, Protocol::json,
                            Protocol::rest_json, Protocol::rest_xml}) {
    INFO(to_string(protocol));
    for (const char* text : {kHtml, "<a><b>", "{\"a\":", "<!doctype html><p>x<br>"}) {
      INFO(text);
      auto error = decode(protocol, call, response(500, text)).error();
      CHECK_FALSE(error.understood);
      CHECK(error.reaction == ErrorCode::unavailable);
      CHECK_FALSE(error.message.empty());
      CHECK(to_error(error, call).code == ErrorCode::outcome_unknown);
      error = decode(protocol, call, response(404, text)).error();
      CHECK_FALSE(error.understood);
      CHECK(error.reaction == ErrorCode::invalid);
      auto ok = decode(protocol, call, response(200, text));
      REQUIRE_FALSE(ok.has_value());
      CHECK(ok.error().reaction == ErrorCode::corrupt);
      CHECK(to_error(ok.error(), call).code == ErrorCode::outcome_unknown);
    }
    auto empty = decode(protocol, call, response(404, "")).error();
    CHECK(empty.code == "404");
  }
  call.mutation = false;
  auto error = decode(Protocol::query, call, response(200, "<AResponse><AResult>")).error();
  CHECK(to_error(error, call).code == ErrorCode::corrupt);
}

TEST_CASE("a status of 200 does not make an error a result", "[protocol]") {
  WireCall call = call_of("CompleteMultipartUpload", Value());
  auto answer = decode(Protocol::rest_xml, call,
                       response(200,
                                "<?xml version=\"1.0\"?>\n  <Error><Code>InternalError</Code>"
                                "<Message>m</Message></Error>"));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == "InternalError");
  CHECK(answer.error().reaction == ErrorCode::unavailable);
}

TEST_CASE("an empty answer is an empty map", "[protocol]") {
  for (Protocol protocol : {Protocol::json, Protocol::rest_json, Protocol::rest_xml}) {
    auto answer = decode(protocol, call_of("Do", Value()), response(204, ""));
    REQUIRE(answer.has_value());
    CHECK(answer->body.as_map().empty());
  }
}

TEST_CASE("a raw answer stays as it is", "[protocol]") {
  WireCall call = call_of("GetBucketPolicy", Value());
  call.raw_answer = true;
  auto answer = decode(Protocol::rest_xml, call, response(200, "{\"Version\":1"));
  CHECK(answer->body == Value("{\"Version\":1"));
}

}  // namespace
}  // namespace lf
