// SPDX-License-Identifier: Apache-2.0
#include "cli/test_world.h"

#include <catch2/catch.hpp>

#include "cli/test_expect.h"
#include "support/fake_files.h"

namespace lf {
namespace {

TEST_CASE("a test's files lie over the user's and change nothing there", "[spec_test]") {
  FakeFiles real;
  real.place("spec.yaml", "stack: lab\n");
  real.place(".llmforge/lab.llmforge.json", "the real state");
  real.place("a/.llmforge/x", "another");
  real.place("a/y", "y");
  VirtualClock clock({1'795'000'000, 0});
  TestFiles files(real, clock);
  CHECK(files.read("spec.yaml").value() == "stack: lab\n");
  CHECK_FALSE(files.read(".llmforge/lab.llmforge.json").has_value());
  CHECK_FALSE(files.stat("./.llmforge/lab.llmforge.json")->exists);
  CHECK_FALSE(files.stat(".llmforge")->exists);
  CHECK(files.list("a").value() == std::vector<std::string>{"y"});

  REQUIRE(files.make_folders(".llmforge/sub"));
  REQUIRE(files.write(".llmforge/sub/new", "1", 0600));
  REQUIRE(files.write("spec.yaml", "changed", 0600));
  REQUIRE(files.rename(".llmforge/sub/new", ".llmforge/sub/renamed"));
  CHECK(files.list(".llmforge/sub").value() == std::vector<std::string>{"renamed"});
  CHECK(files.read("spec.yaml").value() == "changed");
  REQUIRE(files.remove("a/y"));
  CHECK_FALSE(files.stat("a/y")->exists);
  bool done = false;
  files.append_durably(".llmforge/journal", "ab", [&](Result<void> ok) { done = ok.has_value(); });
  CHECK_FALSE(done);  // never from inside the call
  clock.run_until(done);
  CHECK(files.read(".llmforge/journal").value() == "ab");
  REQUIRE(files.truncate(".llmforge/journal", 1));
  CHECK(files.read(".llmforge/journal").value() == "a");

  CHECK(real.content("spec.yaml") == "stack: lab\n");
  CHECK(real.content("a/y") == "y");
  CHECK_FALSE(real.content(".llmforge/journal").has_value());
}

TEST_CASE("a lock in a test is one", "[spec_test]") {
  FakeFiles real;
  VirtualClock clock({1'795'000'000, 0});
  TestFiles files(real, clock);
  auto first = files.lock("x", "me");
  REQUIRE(first);
  CHECK(files.lock("x", "you").error().code == ErrorCode::locked);
  first->reset();
  CHECK(files.lock("x", "you").has_value());
}

TEST_CASE("virtual time goes to what is due", "[spec_test]") {
  VirtualClock clock({1'000, 0});
  std::string order;
  bool done = false;
  clock.after(60'000'000'000, [&] {
    order += "b";
    done = true;
  });
  clock.after(1'000'000'000, [&] { order += "a"; });
  const uint64_t never = clock.after(2'000'000'000, [&] { order += "x"; });
  clock.cancel(never);
  clock.run_until(done);
  CHECK(order == "ab");
  CHECK(clock.now() == Timestamp{1'060, 0});
  clock.pass(3600);
  CHECK(clock.now() == Timestamp{4'660, 0});
}

TEST_CASE("expected values are compared by what they mean", "[spec_test]") {
  CHECK(is_expected(Value("90d"), Value(Duration{90 * 86'400, 0})));
  CHECK_FALSE(is_expected(Value("91d"), Value(Duration{90 * 86'400, 0})));
  CHECK(is_expected(Value("200GiB"), Value(int64_t{200} << 30)));
  CHECK(is_expected(Value(2), Value(2.0)));
  CHECK_FALSE(is_expected(Value("2"), Value(true)));
  CHECK_FALSE(is_expected(Value("null"), Value()));
  CHECK(is_expected(Value(), Value::none()));
  CHECK(is_expected(Value("a"), Value::secret(Value("a"))));
  CHECK_FALSE(is_expected(Value("a"), Value(Unknown{"string", {"x.id"}, false})));
  CHECK(is_expected(Value(List{Value("1h")}), Value(List{Value(Duration{3600, 0})})));
  CHECK_FALSE(is_expected(Value(Map{{"a", 1}}), Value(Map{{"a", 1}, {"b", 2}})));
}

}  // namespace
}  // namespace lf
