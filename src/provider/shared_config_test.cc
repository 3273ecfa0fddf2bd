// SPDX-License-Identifier: Apache-2.0
#include "provider/shared_config.h"

#include <catch2/catch.hpp>

namespace lf {
namespace {

TEST_CASE("profiles of both files are merged, credentials last", "[shared_config]") {
  SharedConfig config;
  REQUIRE(parse_shared_config("[default]\nregion = us-west-2\n"
                              "[profile dev] ; mine\r\nRegion=eu-central-1 # near\r\n"
                              "aws_access_key_id = OLD\nrole_arn=arn:aws:iam::1:role/x#y\n"
                              "# comment\n  ; comment\n"
                              "[profile \"two words\"]\nk = v\n"
                              "[sso-session s]\nsso_region=us-east-1\n[unknown]\nk=1\n[x y]\n",
                              ConfigKind::config, "config", config)
              .has_value());
  REQUIRE(parse_shared_config("[dev]\naws_access_key_id=NEW\n", ConfigKind::credentials,
                              "credentials", config)
              .has_value());
  const ConfigSection* dev = config.profile("dev");
  REQUIRE(dev != nullptr);
  CHECK(config_value(dev, "region") == "eu-central-1");
  CHECK(config_value(dev, "aws_access_key_id") == "NEW");
  CHECK(config_value(dev, "role_arn") == "arn:aws:iam::1:role/x#y");
  CHECK(config_value(config.profile("two words"), "k") == "v");
  CHECK(config.sso_sessions.at("s").at("sso_region") == "us-east-1");
  CHECK(config.profile("unknown") == nullptr);
  CHECK(config_value(nullptr, "x").empty());
}

TEST_CASE("nested keys and values that go on", "[shared_config]") {
  SharedConfig config;
  REQUIRE(parse_shared_config("[services local]\ncloudwatch_logs =\n  endpoint_url = http://l:1\n"
                              "s3 =\n  endpoint_url = http://s:2\n"
                              "[default]\nlong = one\n  two\nempty = \n",
                              ConfigKind::config, "config", config)
              .has_value());
  CHECK(config.services.at("local").at("cloudwatch_logs.endpoint_url") == "http://l:1");
  CHECK(config.services.at("local").at("s3.endpoint_url") == "http://s:2");
  CHECK(config.profile("default")->at("long") == "one\ntwo");
  CHECK(config.profile("default")->at("empty").empty());
}

TEST_CASE("broken files name file and line", "[shared_config]") {
  for (const char* text :
       {"\n[default\nk=v", "\nk = v\n", "[default]\nnonsense\n", "[default]\n= v\n"}) {
    SharedConfig config;
    auto result = parse_shared_config(text, ConfigKind::config, "/home/u/config", config);
    INFO(text);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == ErrorCode::corrupt);
    CHECK(result.error().message.starts_with("/home/u/config:2:"));
  }
}

}  // namespace
}  // namespace lf
