// SPDX-License-Identifier: Apache-2.0
#include "base/strings.h"

#include <catch2/catch.hpp>

#include "base/http.h"

using namespace lf;

TEST_CASE("split and join", "[strings]") {
  CHECK(split("a..b", '.') == std::vector<std::string>{"a", "", "b"});
  CHECK(split("", '.') == std::vector<std::string>{""});
  CHECK(join({"a", "b"}, ", ") == "a, b");
  CHECK(trim(" \t a b\n") == "a b");
  CHECK(trim("  ").empty());
  CHECK(replace_all("aaa", "a", "aa") == "aaaaaa");
  CHECK(replace_all("abc", "", "x") == "abc");
}

TEST_CASE("snake case of wire names", "[strings]") {
  CHECK(snake_case("VisibilityTimeout") == "visibility_timeout");
  CHECK(snake_case("DBInstance") == "db_instance");
  CHECK(snake_case("SubnetIDs") == "subnet_ids");
  CHECK(snake_case("Ipv6CidrBlock") == "ipv6_cidr_block");
  CHECK(snake_case("kebab-case") == "kebab_case");
}

TEST_CASE("globs know only stars and question marks", "[strings]") {
  CHECK(glob_match("**", ""));
  CHECK(glob_match("a*c", "abbc"));
  CHECK(glob_match("a[1]", "a[1]"));
  CHECK_FALSE(glob_match("a[1]", "a1"));
  CHECK(glob_match("?", "é"));
  CHECK_FALSE(glob_match("?", ""));
  CHECK_FALSE(glob_match("*a", "ab"));
  CHECK_FALSE(glob_match(std::string(50, '*') + "x", std::string(5000, 'a')));
}

TEST_CASE("UTF-8 and what terminals must not see", "[strings]") {
  size_t bad = 99;
  CHECK(valid_utf8("aé€😀"));
  CHECK_FALSE(valid_utf8("a\xc0\x80", &bad));
  CHECK(bad == 1);
  CHECK_FALSE(valid_utf8("\xed\xa0\x80"));
  CHECK_FALSE(valid_utf8("\xf4\x90\x80\x80"));
  CHECK_FALSE(valid_utf8("\xe2\x82"));
  CHECK(utf8_length("aé€😀") == 4);
  CHECK(printable("a\x1b[31m\tb") == "a\\x1b[31m\\tb");
  CHECK(printable("x\u202ey") == "x\\u202ey");
  CHECK(printable("\xff") == "\\xff");
  CHECK(printable("é😀") == "é😀");
}

TEST_CASE("headers ignore case", "[http]") {
  HttpResponse response;
  response.headers = {{"Content-Type", "text/xml"}};
  REQUIRE(response.header("content-type") != nullptr);
  CHECK(*response.header("CONTENT-TYPE") == "text/xml");
  CHECK(response.header("content") == nullptr);
}
