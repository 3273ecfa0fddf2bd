// SPDX-License-Identifier: Apache-2.0
// The rules' mechanics; the real data is compared with botocore's in tests/conformance/wire.
#include "provider/endpoints.h"

#include <catch2/catch.hpp>

#include "base/json.h"

namespace lf {
namespace {

const char* kRules = R"({
  "variables": {"url": "X_URL", "ignore": "X_IGNORE"},
  "host": "{service}.{region}.{suffix}",
  "partitions": {
    "one": {"suffix": "one.com", "prefixes": ["us", "eu"], "regions": ["us-west-2"]},
    "gov": {"suffix": "gov.com", "prefixes": ["us-gov"], "regions": ["us-gov-west-1"]}},
  "services": {
    "vm": {"id": "VM"},
    "logs": {"id": "Cloud Logs"},
    "api.reg": {"id": "REG", "signing": "reg"},
    "obj": {"id": "Obj", "path_style_at_custom_endpoint": true},
    "who": {"id": "Who", "global": {"one": {"host": "who.one.com", "region": "us-east-1"}}}}})";

EndpointRules rules() {
  auto file = parse_json(kRules);
  REQUIRE(file.has_value());
  auto loaded = EndpointRules::load(*file);
  REQUIRE(loaded.has_value());
  return *loaded;
}

std::string url(const EndpointRules& r, const std::string& service, const std::string& region) {
  auto endpoint = r.resolve(service, region, "", {});
  return endpoint ? endpoint->url : endpoint.error().message;
}

TEST_CASE("hosts follow the pattern, partition and exceptions", "[endpoints]") {
  EndpointRules r = rules();
  CHECK(url(r, "vm", "us-west-2") == "https://vm.us-west-2.one.com");
  CHECK(url(r, "vm", "eu-new-17") == "https://vm.eu-new-17.one.com");
  CHECK(url(r, "vm", "us-gov-east-1") == "https://vm.us-gov-east-1.gov.com");
  CHECK(url(r, "unlisted", "us-west-2") == "https://unlisted.us-west-2.one.com");
  CHECK(url(r, "who", "us-gov-west-1") == "https://who.us-gov-west-1.gov.com");
  auto who = r.resolve("who", "us-west-2", "", {});
  CHECK(who->url == "https://who.one.com");
  CHECK(who->signing_region == "us-east-1");
  CHECK(who->partition == "one");
  CHECK(r.resolve("api.reg", "us-west-2", "", {})->signing_name == "reg");
  CHECK(r.resolve("api.reg", "us-west-2", "own", {})->signing_name == "own");
}

TEST_CASE("a region of no partition is refused with the nearest", "[endpoints]") {
  EndpointRules r = rules();
  for (const char* region : {"us-wset-2x", "", "us-west", "us-west-2-a", "US-WEST-2", "a/b-c-1",
                             "us-we.st-2", "moon-1-1"}) {
    INFO(region);
    auto endpoint = r.resolve("vm", region, "", {});
    REQUIRE_FALSE(endpoint.has_value());
    CHECK(endpoint.error().code == ErrorCode::invalid);
  }
  CHECK(r.resolve("vm", "us-west-", "", {}).error().help.at(0) == "did you mean `us-west-2`?");
}

TEST_CASE("the user's endpoints win in their order", "[endpoints]") {
  EndpointRules r = rules();
  SharedConfig config;
  config.services["s"] = {{"cloud_logs.endpoint_url", "http://section:1"}};
  config.profiles["p"] = {{"endpoint_url", "http://profile:2"}, {"services", "s"}};
  const ConfigSection* profile = config.profile("p");
  auto at = [&](const Environment& environment, const std::string& service) {
    auto overrides = r.overrides(environment, config, profile);
    REQUIRE(overrides.has_value());
    return r.resolve(service, "us-west-2", "", *overrides)->url;
  };
  CHECK(at({}, "vm") == "http://profile:2");
  CHECK(at({}, "logs") == "http://section:1");
  CHECK(at({{"X_URL", "http://all:3"}}, "logs") == "http://all:3");
  CHECK(at({{"X_URL", "http://all:3"}, {"X_URL_CLOUD_LOGS", "http://own:4"}}, "logs") ==
        "http://own:4");
  CHECK(at({{"X_URL_CLOUD_LOGS", "http://own:4"}}, "vm") == "http://profile:2");
  CHECK(at({{"X_IGNORE", "true"}, {"X_URL", "http://all:3"}}, "vm") ==
        "https://vm.us-west-2.one.com");
  config.profiles["p"]["ignore_configured_endpoint_urls"] = "true";
  CHECK(at({}, "logs") == "https://logs.us-west-2.one.com");
}

TEST_CASE("an own endpoint keeps signing and takes any region", "[endpoints]") {
  EndpointRules r = rules();
  auto overrides = r.overrides({{"X_URL", "http://127.0.0.1:5000"}}, {}, nullptr);
  REQUIRE(overrides.has_value());
  auto obj = r.resolve("obj", "nowhere", "", *overrides);
  CHECK(obj->path_style);
  CHECK(obj->custom);
  CHECK(obj->signing_region == "nowhere");
  CHECK(r.resolve("who", "us-west-2", "", *overrides)->signing_region == "us-east-1");
  CHECK_FALSE(r.resolve("obj", "us-west-2", "", {})->path_style);
}

TEST_CASE("an endpoint that is none is refused with its source", "[endpoints]") {
  EndpointRules r = rules();
  for (const char* text :
       {"localhost:5000", "ftp://x", "http://", "http://u:p@h", "http://h?q=1"}) {
    auto overrides = r.overrides({{"X_URL", text}}, {}, nullptr);
    REQUIRE_FALSE(overrides.has_value());
    CHECK(overrides.error().message.find("X_URL") != std::string::npos);
  }
}

TEST_CASE("a malformed file is refused", "[endpoints]") {
  for (
      const char* text :
      {"[]", "{}", R"({"host":"h","partitions":[],"services":{}})",
       R"({"host":"h","partitions":{"a":{"suffix":"s","prefixes":[],"regions":1}},"services":{}})",
       R"({"host":"h","partitions":{},"services":{"a":{}}})",
       R"({"host":"h","partitions":{},"services":{"a":{"id":"A","global":{"x":{"host":"h"}}}}})"}) {
    INFO(text);
    auto loaded = EndpointRules::load(*parse_json(text));
    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().code == ErrorCode::invalid);
  }
}

}  // namespace
}  // namespace lf
