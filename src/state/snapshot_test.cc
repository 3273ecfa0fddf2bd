// SPDX-License-Identifier: Apache-2.0
#include "state/snapshot.h"

#include <catch2/catch.hpp>

namespace lf {

namespace {

Snapshot sample() {
  Snapshot s;
  s.state.identity = {std::string(32, 'c'), 12, "lab", "prod", std::string("\x01\xFF", 2)};
  s.state.outputs = {{"bucket", Value("b"), false, ""}, {"password", Value(), true, "ab12"}};
  for (const char* address : {"b", "a", "a[0]"}) {
    Record r;
    r.address = address;
    r.type = "x.y";
    r.status = RecordStatus::ready;
    r.applied = {{"", Map{{"size", 5}, {"name", "käse \"q\"\n"}}}};
    s.state.put(r);
  }
  OpenIntent open;
  open.intent.seq = 4;
  open.intent.address = "c";
  open.reason = OpenIntent::Reason::unrecorded;
  open.outcome = {4, Outcome::Kind::ok, "", "", "id-7", {}};
  s.open_intents = {open};
  s.next_intent = 5;
  s.written_by = "0.1.0";
  s.written_at = {1'795'000'000, 0};
  s.folded_base = 11;
  s.folded_bytes = 4711;
  return s;
}

}  // namespace

TEST_CASE("a snapshot comes back as it was", "[state]") {
  const std::string text = write_snapshot(sample());
  const auto read = read_snapshot(text, "f");
  if (!read) FAIL(read.error().message);
  CHECK(write_snapshot(*read) == text);
  CHECK(read->state.identity.secret_key == std::string("\x01\xFF", 2));
  CHECK(read->state.records()[0]->address == "a");
  CHECK(read->state.output("password")->digest == "ab12");
  CHECK(read->state.output("nothing") == nullptr);
  CHECK(read->open_intents[0].outcome.id == "id-7");
  CHECK(read->folded_bytes == 4711);
}

TEST_CASE("a snapshot cut at any byte is an error", "[state]") {
  const std::string text = write_snapshot(sample());
  for (size_t size = 0; size < text.size(); ++size) {
    const auto read = read_snapshot(text.substr(0, size), "the.json");
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == ErrorCode::corrupt);
    CHECK(read.error().message.find("the.json") != std::string::npos);
    CHECK_FALSE(read.error().help.empty());
  }
}

TEST_CASE("any flipped bit of a snapshot is an error", "[state]") {
  const std::string text = write_snapshot(sample());
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string damaged = text;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto read = read_snapshot(damaged, "the.json");
    INFO("bit " << bit);
    REQUIRE_FALSE(read.has_value());
  }
}

TEST_CASE("a newer snapshot is refused with its version", "[state]") {
  const auto read = read_snapshot("{\"llmforge_state\":2,\"form\":\"other\"}\nrest\n", "f");
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == ErrorCode::invalid);
  CHECK(read.error().message == "`f` has format version 2, this llmforge reads up to 1");
}

TEST_CASE("records move, are deposed and renamed with what refers to them", "[state]") {
  State state;
  Record a;
  a.address = "a";
  Record b;
  b.address = "b";
  b.dependencies = {"a"};
  b.parent_address = "a";
  state.put(a);
  state.put(b);
  REQUIRE(state.move("a", 0, "a", state.next_generation("a")));
  CHECK(state.find("a") == nullptr);
  CHECK(state.deposed("a").size() == 1);
  CHECK(state.find("b")->parent_address == "a");
  state.put(a);
  CHECK(state.next_generation("a") == 2);
  CHECK_FALSE(state.move("a", 0, "a", 1));
  REQUIRE(state.rename("a", "c"));
  CHECK(state.find("c") != nullptr);
  CHECK(state.find("c", 1) != nullptr);
  CHECK(state.find("b")->parent_address == "c");
  CHECK(state.find("b")->dependencies == std::vector<std::string>{"c"});
  CHECK_FALSE(state.rename("c", "b"));
  CHECK_FALSE(state.rename("nothing", "x"));
  CHECK(state.remove("c", 1));
  CHECK_FALSE(state.remove("c", 1));
  CHECK(state.size() == 2);
}

}  // namespace lf
