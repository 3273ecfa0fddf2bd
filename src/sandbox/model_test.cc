// SPDX-License-Identifier: Apache-2.0
// The model cloud under the client's own codecs; other people's clients are in tests/sandbox.
#include "sandbox/model.h"

#include <catch2/catch.hpp>

#include "base/strings.h"
#include "engine/manual_clock.h"
#include "provider/request.h"
#include "provider/sigv4.h"
#include "sandbox/saved.h"
#include "sandbox/scaled_clock.h"

namespace lf::sandbox {
namespace {

class Client {
 public:
  Client()
      : package_("aws", std::shared_ptr<const PackageFiles>(&embedded_packages(), [](auto*) {}),
                 sources_, diagnostics_) {
    ModelOptions options;
    options.keys["KEY"] = {"secret", "111122223333"};
    model_ = std::make_unique<Model>(package_, sources_, std::move(options));
  }

  std::expected<Answer, ServiceError> call(const std::string& service_name,
                                           const std::string& action, Map input,
                                           const std::string& secret = "secret") {
    const Service& service = *package_.service(service_name);
    WireCall wire;
    wire.service = service.name;
    wire.action = action;
    wire.endpoint = "https://" + service.endpoint + ".us-west-2.amazonaws.com";
    wire.api_version = service.api_version;
    wire.json_version = service.json_version;
    wire.target_prefix = service.target_prefix;
    wire.query_compatible = service.query_compatible;
    wire.input = Value(std::move(input));
    auto request = encode(service.protocol, wire);
    REQUIRE(request);
    Credentials who;
    who.access_key = "KEY";
    who.secret_key = secret;
    SigningScope scope;
    scope.region = "us-west-2";
    scope.service = service.signing_name;
    sign(*request, who, scope, now);
    return decode(service.protocol, wire, model_->handle(*request, now, now));
  }

  Timestamp now{1'763'856'000, 0};
  Model& model() { return *model_; }
  Package& package() { return package_; }

 private:
  Sources sources_;
  Diagnostics diagnostics_;
  Package package_;
  std::unique_ptr<Model> model_;
};

Map one(const char* name, Value value) {
  Map out;
  out.set(name, std::move(value));
  return out;
}

TEST_CASE("a thing is made, passes its states and is read back", "[sandbox]") {
  Client client;
  auto made = client.call("ec2", "CreateVpc", one("CidrBlock", Value("10.0.0.0/16")));
  REQUIRE(made);
  const std::string id = to_text(made->body["vpc"]["vpcId"]);
  CHECK(id.starts_with("vpc-"));
  CHECK(to_text(made->body["vpc"]["state"]) == "pending");
  client.now.seconds += 3;
  auto listed = client.call("ec2", "DescribeVpcs", one("VpcId", Value(List{Value(id)})));
  REQUIRE(listed);
  CHECK(to_text(listed->body["vpcSet"].as_list()[0]["state"]) == "available");
  CHECK(to_text(listed->body["vpcSet"].as_list()[0]["cidrBlock"]) == "10.0.0.0/16");
}

TEST_CASE("refused: wrong keys, unknown actions, things that are not there", "[sandbox]") {
  Client client;
  auto wrong = client.call("ec2", "DescribeVpcs", {}, "other");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == "SignatureDoesNotMatch");
  CHECK(wrong.error().understood);
  auto unknown = client.call("ec2", "FlyToTheMoon", {});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == "InvalidAction");
  auto absent = client.call("ec2", "DeleteVpc", one("VpcId", Value("vpc-1")));
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == "InvalidVpcID.NotFound");
  CHECK_FALSE(absent.error().request_id.empty());
}

TEST_CASE("what others refer to is not deleted", "[sandbox]") {
  Client client;
  auto vpc = client.call("ec2", "CreateVpc", one("CidrBlock", Value("10.0.0.0/16")));
  REQUIRE(vpc);
  const Value id = vpc->body["vpc"]["vpcId"];
  Map input = one("CidrBlock", Value("10.0.1.0/24"));
  input.set("VpcId", id);
  REQUIRE(client.call("ec2", "CreateSubnet", input));
  auto overlap = client.call("ec2", "CreateSubnet", input);
  REQUIRE_FALSE(overlap);
  CHECK(overlap.error().code == "InvalidSubnet.Conflict");
  auto used = client.call("ec2", "DeleteVpc", one("VpcId", id));
  REQUIRE_FALSE(used);
  CHECK(used.error().code == "DependencyViolation");
}

TEST_CASE("what comes with a thing goes with it and does not hold it up", "[sandbox]") {
  Client client;
  auto vpc = client.call("ec2", "CreateVpc", one("CidrBlock", Value("10.0.0.0/16")));
  REQUIRE(vpc);
  const Value id = vpc->body["vpc"]["vpcId"];
  const Map filter{{Value("Name"), Value("vpc-id")}, {Value("Value"), Value(List{id})}};
  const Map of_it = one("Filter", Value(List{Value(filter)}));
  auto with_it = client.call("ec2", "DescribeNetworkAcls", of_it);
  REQUIRE(with_it);
  REQUIRE(with_it->body["networkAclSet"].is_list());
  const Value acl = with_it->body["networkAclSet"].as_list()[0];
  CHECK(to_text(acl["default"]) == "true");
  CHECK(acl["entrySet"].as_list().size() == 2);  // one list, of two properties
  REQUIRE(client.call("ec2", "DeleteVpc", one("VpcId", id)));
  auto without = client.call("ec2", "DescribeNetworkAcls", of_it);
  REQUIRE(without);
  CHECK_FALSE(without->body["networkAclSet"].is_list());
}

TEST_CASE("faults on demand", "[sandbox]") {
  Client client;
  client.model().faults().throttle = 1;
  auto refused = client.call("ec2", "DescribeVpcs", {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reaction == ErrorCode::throttled);
}

TEST_CASE("the cloud survives its file", "[sandbox]") {
  Client client;
  REQUIRE(client.call("ec2", "CreateVpc", one("CidrBlock", Value("10.0.0.0/16"))));
  const std::string text = save_things(client.model().things());
  Things loaded;
  REQUIRE(load_things(text, loaded));
  CHECK(save_things(loaded) == text);
  Things broken;
  CHECK(load_things("{", broken).error().code == ErrorCode::corrupt);
  CHECK(load_things("{\"format\": 2}", broken).error().code == ErrorCode::corrupt);
  const Value odd(Map{{Value("$x"), Value(Duration{90, 0})},
                      {Value("l"), Value(List{Value(true), Value(1.5)})}});
  CHECK(from_plain(to_plain(odd)) == odd);
}

TEST_CASE("a scaled clock", "[sandbox]") {
  ManualClock base;
  ScaledClock fast(base, 60);
  const Timestamp before = fast.now();
  bool rung = false;
  fast.after(60'000'000'000, [&] { rung = true; });
  base.advance(999'000'000);
  CHECK_FALSE(rung);
  base.advance(2'000'000);
  CHECK(rung);
  CHECK(fast.now().seconds - before.seconds == 60);
}

}  // namespace
}  // namespace lf::sandbox
