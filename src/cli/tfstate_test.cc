// SPDX-License-Identifier: Apache-2.0
#include "cli/tfstate.h"

#include <catch2/catch.hpp>

#include "cli/spec_writer.h"

using namespace lf;

namespace {

constexpr const char* kState = R"({
  "version": 4, "terraform_version": "1.9.8", "serial": 3, "lineage": "l", "outputs": {},
  "resources": [
    {"module": "module.net[\"a.b\"].module.sub[0]", "mode": "managed",
     "type": "aws_vpc", "name": "main",
     "provider": "module.net.provider[\"registry.opentofu.org/hashicorp/aws\"].west",
     "instances": [
       {"index_key": "x", "schema_version": 1,
        "attributes": {"id": "vpc-1", "tags": {"t": "secret!"}, "l": ["s2"]},
        "sensitive_attributes": [
          [{"type": "get_attr", "value": "tags"},
           {"type": "index", "value": {"value": "t", "type": "string"}}],
          [{"type": "get_attr", "value": "l"},
           {"type": "index", "value": {"value": 0, "type": "number"}}],
          [{"type": "get_attr", "value": "gone"}]]},
       {"index_key": "y", "status": "tainted", "attributes": {"id": "vpc-2"}}]},
    {"mode": "data", "type": "aws_ami", "name": "u", "provider": "provider.aws",
     "instances": [{"attributes": {}}]},
    {"mode": "managed", "type": "aws_sqs_queue", "name": "q",
     "provider": "provider[\"example.com/me/own\"]",
     "instances": [{"index_key": 0, "deposed": "0011aabb", "attributes": null}]}]})";

}  // namespace

TEST_CASE("a state's instances", "[tfstate]") {
  const auto read = read_tfstate(kState, "s");
  REQUIRE(read);
  REQUIRE(read->size() == 4);
  const TfInstance& x = read->at(0);
  CHECK(x.address == R"(module.net["a.b"].module.sub[0].aws_vpc.main["x"])");
  CHECK(x.names == std::vector<std::string>{"net", "a.b", "sub", "0", "main", "x"});
  CHECK(x.provider == "hashicorp/aws");
  CHECK(x.secrets == std::vector<std::string>{"secret!", "s2"});
  CHECK_FALSE(x.tainted);
  CHECK(read->at(1).tainted);
  CHECK(read->at(2).data);
  CHECK(read->at(2).address == "data.aws_ami.u");
  CHECK(read->at(2).provider == "hashicorp/aws");
  CHECK(read->at(3).provider == "me/own");
  CHECK(read->at(3).deposed);
  CHECK(read->at(3).address == "aws_sqs_queue.q[0]");
}

TEST_CASE("what is no state of version 4 is refused with what to give instead", "[tfstate]") {
  for (const char* text :
       {"", "[]", "{}", R"({"version": 3})", R"({"version": "4"})", R"({"version": 4.5})",
        R"({"format_version": "1.0"})", R"({"encrypted_data": "x"})"}) {
    INFO(text);
    const auto read = read_tfstate(text, "s");
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::invalid);
    CHECK(read.error().help.size() == 1);
  }
  // Odd ones inside are passed over, never a crash.
  CHECK(read_tfstate(R"({"version": 4, "resources": [{}, 1, {"instances": [1, {}]}]})", "s"));
}

TEST_CASE("entries are added to a spec without touching the rest", "[tfstate]") {
  const std::string entries = "  b:\n    type: t\n";
  size_t at = 0;
  SECTION("no resources yet") {
    const auto out = add_resources("stack: s\n", entries, &at);
    REQUIRE(out);
    CHECK(*out == "stack: s\n\nresources:\n" + entries);
    CHECK(at == 3);
  }
  SECTION("between others, with comments and no line end") {
    const auto out = add_resources("resources:\n  a: {type: t}  # one\noutputs: {}", entries, &at);
    REQUIRE(out);
    CHECK(*out == "resources:\n  a: {type: t}  # one\n" + entries + "outputs: {}\n");
    CHECK(at == 2);
  }
  SECTION("after a block text") {
    const auto out = add_resources("resources:\n  a:\n    x: |\n      1\n      2\n", entries, &at);
    REQUIRE(out);
    CHECK(*out == "resources:\n  a:\n    x: |\n      1\n      2\n" + entries);
  }
  SECTION("an empty one") {
    CHECK(*add_resources("resources:\noutputs: {}\n", entries, &at) ==
          "resources:\n" + entries + "outputs: {}\n");
  }
  SECTION("not in a flow map") {
    CHECK_FALSE(add_resources("resources: {a: {}}\n", entries, &at));
  }
  CHECK(resource_indent("resources:\n    a: {}\n") == 4);
  CHECK(resource_indent("stack: s\n") == 2);
}

TEST_CASE("adopt words leave a spec line by line", "[tfstate]") {
  const std::string text =
      "resources:\n  a:\n    type: t\n    adopt: \"i-$${1}\"\n    x: 1\n  b:\n    adopt: i-2\n  c: "
      "{adopt: i-3}\n";
  const std::string out = without_adopt(text, [](const std::string& key, const std::string& id) {
    return key != "b" && id == "i-${1}";
  });
  CHECK(out ==
        "resources:\n  a:\n    type: t\n    x: 1\n  b:\n    adopt: i-2\n  c: {adopt: i-3}\n");
}
