// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <catch2/catch.hpp>

using namespace lf;

TEST_CASE("durations", "[units]") {
  for (const char* text :
       {"90d", "1h30m", "0s", "1.5s", "-5m", "12h", "5ms", "1d1h1m1.5s", "7us"}) {
    const auto duration = parse_duration(text);
    REQUIRE(duration);
    CHECK(format_duration(*duration) == text);
  }
  CHECK(parse_duration("90m")->seconds == 5400);
  CHECK(format_duration(*parse_duration("90m")) == "1h30m");
  CHECK(parse_duration("1.5h")->seconds == 5400);
  CHECK(parse_duration("-1.5s")->nanos == -500'000'000);
  for (const char* text : {"", "5", "1w", "1M", "1m1h", "1h1h", "h", "-", "1 h", "1.s", ".5s",
                           "1.5ns", "99999999999999999999d", "4000000d"}) {
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("sizes", "[units]") {
  CHECK(parse_size("200GiB") == 200LL << 30);
  CHECK(parse_size("1.5KiB") == 1536);
  CHECK(parse_size("10 GB") == 10'000'000'000);
  CHECK(parse_size("9223372036854775807B") == INT64_MAX);
  for (const char* text :
       {"", "5", "1.5B", "-1B", "1gb", "1GIB", "9223372036854775808B", "9000PiB"}) {
    CHECK_FALSE(parse_size(text));
  }
  CHECK(format_size(200LL << 30) == "200GiB");
  CHECK(format_size(1500) == "1500B");
  CHECK(format_size(2000) == "2kB");
  CHECK(format_size(0) == "0B");
}

TEST_CASE("money", "[units]") {
  CHECK(parse_money("200 USD")->micros == 200'000'000);
  CHECK(format_money(*parse_money("200 USD")) == "200 USD");
  CHECK(format_money(*parse_money("0.526 USD")) == "0.53 USD");
  CHECK(format_money(*parse_money("0.000004 USD")) == "0.000004 USD");
  CHECK(format_money(*parse_money("-1.50 EUR")) == "-1.50 EUR");
  CHECK(format_money(*parse_money("0 EUR")) == "0 EUR");
  for (const char* text : {"200", "200USD", "200 usd", "200 US", "x USD", "0.0000001 USD", ""}) {
    CHECK_FALSE(parse_money(text));
  }
}

TEST_CASE("timestamps", "[units]") {
  CHECK(parse_timestamp("1970-01-01T00:00:00Z")->seconds == 0);
  CHECK(parse_timestamp("2026-11-23T04:41:04+02:00") == parse_timestamp("2026-11-23T02:41:04Z"));
  for (const char* text :
       {"2026-11-23T04:41:04Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
        "2024-02-29T12:00:00.5Z", "1969-12-31T23:59:59Z"}) {
    REQUIRE(parse_timestamp(text));
    CHECK(format_timestamp(*parse_timestamp(text)) == text);
  }
  for (const char* text : {"2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z",
                           "2026-11-23", "2026-11-23T04:41:04", "0000-01-01T00:00:00Z",
                           "2026-11-23T04:41:04+2:00", "0001-01-01T00:00:00+01:00"}) {
    CHECK_FALSE(parse_timestamp(text));
  }
}

TEST_CASE("addresses", "[units]") {
  for (const char* text : {"10.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::1",
                           "fe80::1:0:0:1", "2001:db8:0:1:1:1:1:1", "::ffff:10.0.0.1", "1::"}) {
    REQUIRE(parse_ip(text));
    CHECK(format_ip(*parse_ip(text)) == text);
  }
  CHECK(format_ip(*parse_ip("2001:0DB8:0:0:0:0:0:1")) == "2001:db8::1");
  CHECK(format_ip(*parse_ip("1:0:0:2:0:0:0:3")) == "1:0:0:2::3");
  for (const char* text :
       {"", "10.0.0", "10.0.0.01", "10.0.0.256", "10.0.0.1.1", "1:2", ":::", "1::2::3",
        "fe80::1%eth0", "12345::", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "10.0.0.1 "}) {
    INFO(text);
    CHECK_FALSE(parse_ip(text));
  }
}

TEST_CASE("networks", "[units]") {
  const Cidr net = *parse_cidr("10.1.0.0/16");
  CHECK(format_cidr(*subnet(net, 8, 1)) == "10.1.1.0/24");
  CHECK(format_cidr(*subnet(net, 0, 0)) == "10.1.0.0/16");
  CHECK_FALSE(subnet(net, 8, 256));
  CHECK_FALSE(subnet(net, 17, 0));
  CHECK(format_ip(*host(net, 5)) == "10.1.0.5");
  CHECK(format_ip(*host(net, -1)) == "10.1.255.255");
  CHECK_FALSE(host(net, 65536));
  CHECK_FALSE(host(net, -65537));
  CHECK(contains(net, *parse_ip("10.1.2.3")));
  CHECK_FALSE(contains(net, *parse_ip("10.2.0.0")));
  CHECK_FALSE(contains(net, *parse_ip("::1")));
  CHECK(contains(net, *parse_cidr("10.1.3.0/24")));
  CHECK_FALSE(contains(*parse_cidr("10.1.3.0/24"), net));
  CHECK(overlaps(net, *parse_cidr("10.0.0.0/8")));
  CHECK_FALSE(overlaps(net, *parse_cidr("10.2.0.0/16")));
  CHECK(overlaps(*parse_cidr("0.0.0.0/0"), net));
  CHECK(format_cidr(masked(*parse_cidr("10.1.2.3/16"))) == "10.1.0.0/16");
  CHECK(format_cidr(*subnet(*parse_cidr("2001:db8::/32"), 32, 0xffffffff)) ==
        "2001:db8:ffff:ffff::/64");
  CHECK(format_cidr(*subnet(*parse_cidr("::/0"), 64, 1)) == "0:0:0:1::/64");
  for (const char* text : {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "::/129"}) {
    CHECK_FALSE(parse_cidr(text));
  }
}
