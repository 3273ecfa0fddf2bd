// SPDX-License-Identifier: Apache-2.0
#include "engine/observe.h"

#include <catch2/catch.hpp>

using namespace lf;

namespace {

// A type of several parts, each with a state.
ResourceType several() {
  ResourceType out;
  out.wait_create.declared = true;
  out.wait_create.path = {"parts", "*", "state"};
  out.wait_create.until = {"up"};
  out.wait_create.failed = {"broken"};
  out.del.gone_path = {"parts", "*", "state"};
  out.del.gone_states = {"gone"};
  return out;
}

Observation seen(const ResourceType& type, std::initializer_list<const char*> states) {
  List parts;
  for (const char* state : states) parts.push_back(Value(Map{{Value("state"), Value(state)}}));
  Observation out;
  out.presence = Observation::Presence::present;
  read_states(type, Value(Map{{Value("parts"), Value(std::move(parts))}}), out);
  return out;
}

}  // namespace

TEST_CASE("the state of several is one that all of them have", "[observe]") {
  const ResourceType type = several();
  CHECK(seen(type, {"up", "up"}).note == "up");
  const Observation mixed = seen(type, {"up", "broken", "up"});
  CHECK(mixed.note == "broken, up");
  CHECK_FALSE(mixed.failed);
  CHECK(seen(type, {"broken", "broken"}).failed);
  CHECK(seen(type, {"gone", "up"}).presence == Observation::Presence::present);
  CHECK(seen(type, {"gone", "gone"}).presence == Observation::Presence::gone);
  CHECK(seen(type, {}).note.empty());
  CHECK(seen(type, {}).presence == Observation::Presence::present);
}

TEST_CASE("a run of several has ended when all have", "[observe]") {
  ResourceType type = several();
  type.ends.emplace();
  type.ends->path = {"parts", "*", "state"};
  type.ends->states = {"gone"};
  CHECK(seen(type, {"gone", "up"}).presence == Observation::Presence::present);
  CHECK(seen(type, {"gone", "gone"}).presence == Observation::Presence::ended);
}

TEST_CASE("states are asked for in a list", "[observe]") {
  const std::vector<std::string> list = {"up", "idle"};
  CHECK(all_states_in("up", list));
  CHECK(all_states_in("idle, up", list));
  CHECK_FALSE(all_states_in("broken, up", list));
  CHECK_FALSE(all_states_in("", list));
  CHECK(any_state_in("broken, up", list));
  CHECK_FALSE(any_state_in("broken", list));
  CHECK_FALSE(any_state_in("", list));
}
