// SPDX-License-Identifier: Apache-2.0
#include "state/store.h"

#include <catch2/catch.hpp>
#include <set>

#include "state/load.h"
#include "state/local_backend.h"
#include "support/fake_files.h"
#include "support/fake_time.h"

namespace lf {

namespace {

const StateOptions kOptions{"lab", "default", "0.1.0"};
const LockOwner kOwner{"host", 17, {1'795'000'000, 0}, "llmforge apply"};

struct Setting {
  explicit Setting(uint64_t seed = 1) : files(seed), random(seed) {}
  FakeFiles files;
  FakeClock clock;
  FakeRandom random;
  StatePaths paths = default_state_paths("spec", "lab", "default");

  Result<std::unique_ptr<Store>> open(int64_t timeout_ns = 0, StateOptions options = kOptions) {
    auto backend = std::make_unique<LocalBackend>(files, paths);
    return *run_task(files, clock,
                     Store::open(std::move(backend), clock, random, options, kOwner, timeout_ns));
  }
  Result<LoadedState> load(StateOptions options = kOptions) {
    LocalBackend backend(files, paths);
    return *run_task(files, clock, load_state(backend, options));
  }
  Result<void> append(Store& store, Frame frame) {
    return *run_task(files, clock, store.append(std::move(frame)));
  }
  Result<void> compact(Store& store) { return *run_task(files, clock, store.compact()); }
};

Frame put(const std::string& address, const std::string& id) {
  Record record;
  record.address = address;
  record.id = id;
  record.status = RecordStatus::ready;
  return {RecordPut{record}};
}

Intent intent(uint64_t seq, const std::string& address) {
  Intent i;
  i.seq = seq;
  i.address = address;
  i.step = "create";
  return i;
}

// One run as an engine would make it; stops at the first error. `acknowledged` has the ids of all
// records whose append was confirmed, `begun` those that were started.
struct Ran {
  std::map<std::string, std::string> acknowledged;
  std::map<std::string, std::string> begun;
  bool finished = false;
};

Task<void> append_counted(Store& store, Ran& ran, std::string address, std::string id) {
  ran.begun[address] = id;
  auto appending = store.append(put(address, id));
  auto done = co_await std::move(appending);
  if (done) ran.acknowledged[address] = id;
}

void run_once(Setting& s, Ran& ran, const std::string& round) {
  auto store = s.open();
  if (!store) return;
  if (!s.append(**store, {RunBegin{"apply", s.clock.now(), "me"}})) return;
  for (int group = 0; group < 3; ++group) {
    std::vector<Task<void>> tasks;
    for (int i = 0; i < 3; ++i) {  // under way together: one group commit
      const std::string address = "r" + std::to_string(group * 3 + i);
      tasks.push_back(append_counted(**store, ran, address, address + round));
    }
    for (auto& task : tasks) std::move(task).detach();
    while (s.files.pump()) {
    }
    if (s.files.crashed()) return;
  }
  if (!s.append(**store, {RunEnd{s.clock.now()}})) return;
  ran.finished = s.compact(**store).has_value();
}

// What must hold after any crash: all that was acknowledged is there; nothing is there that was
// never begun; a second recovery sees the same.
void check_recovered(Setting& s, const Ran& ran) {
  const auto loaded = s.load();
  if (!loaded) FAIL(loaded.error().message);
  const State& state = loaded->replay.state();
  for (const auto& [address, id] : ran.acknowledged) {
    const Record* record = state.find(address);
    REQUIRE(record != nullptr);
    const bool same = record->id == id || record->id == ran.begun.at(address);
    CHECK(same);
  }
  for (const Record* record : state.records()) REQUIRE(ran.begun.contains(record->address));
  auto store = s.open();
  if (!store) FAIL(store.error().message);
  CHECK((*store)->state().size() == state.size());
  CHECK(s.append(**store, put("after", "x")).has_value());
  CHECK(s.compact(**store).has_value());
  store->reset();
  const auto again = s.load();
  if (!again) FAIL(again.error().message);
  CHECK(again->replay.state().size() == state.size() + 1);
  CHECK(again->notes.empty());
}

}  // namespace

TEST_CASE("a new state comes to the disk with its first append", "[state]") {
  Setting s;
  {
    auto store = s.open();
    REQUIRE(store.has_value());
    CHECK((*store)->state().identity.lineage.size() == 32);
    CHECK_FALSE(s.files.content(s.paths.snapshot));
    REQUIRE(s.append(**store, put("a", "1")));
    CHECK((*store)->state().find("a")->id == "1");
    CHECK(s.files.content("spec/.llmforge/.gitignore") == "*\n");
    CHECK(s.files.content("spec/.llmforge/lab.llmforge.json"));
    CHECK(s.files.content("spec/.llmforge/lab.llmforge.journal"));
  }
  const auto loaded = s.load();
  REQUIRE(loaded.has_value());
  CHECK(loaded->exists);
  CHECK(loaded->replay.state().find("a")->id == "1");
  CHECK(loaded->replay.state().identity.serial == 1);
}

TEST_CASE("reading takes no lock and writes nothing", "[state]") {
  Setting s;
  auto store = s.open();
  REQUIRE(s.append(**store, put("a", "1")));
  const size_t before = s.files.calls().size();
  REQUIRE(s.load().has_value());
  for (size_t i = before; i < s.files.calls().size(); ++i) {
    const std::string& call = s.files.calls()[i];
    CHECK((call.starts_with("read ") || call.starts_with("stat ")));
  }
}

TEST_CASE("a second writer is refused and told who holds the lock", "[state]") {
  Setting s;
  auto first = s.open();
  REQUIRE(first.has_value());
  const auto second = s.open();
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::locked);
  CHECK(second.error().message ==
        "the state `spec/.llmforge/lab.llmforge.json` is locked by `llmforge apply` (pid 17 on "
        "host, since 2026-11-18T11:06:40Z)");
  // With a timeout it waits, in virtual time, until the other is gone.
  s.clock.after(1'000'000'000, [&] { first->reset(); });
  CHECK(s.open(5'000'000'000).has_value());
  CHECK(s.clock.monotonic() >= 1'000'000'000);
  CHECK(s.clock.monotonic() < 2'000'000'000);
}

TEST_CASE("compaction raises the serial, keeps ten copies and open intents", "[state]") {
  Setting s;
  for (int i = 0; i < 13; ++i) {
    auto store = s.open();
    REQUIRE(s.append(**store, put("a", std::to_string(i))));
    if (i == 12) {
      const uint64_t seq = (*store)->next_intent();
      REQUIRE(s.append(**store, {intent(seq, "b")}));
    }
    REQUIRE(s.compact(**store));
    CHECK((*store)->state().identity.serial == static_cast<uint64_t>(i + 2));
  }
  LocalBackend backend(s.files, s.paths);
  const auto serials = *run_task(s.files, s.clock, backend.history());
  CHECK(serials.value() == std::vector<uint64_t>{5, 6, 7, 8, 9, 10, 11, 12, 13, 14});
  auto store = s.open();
  REQUIRE((*store)->open_intents().size() == 1);
  CHECK((*store)->open_intents()[0].intent.address == "b");
  CHECK((*store)->next_intent() == 2);
  REQUIRE(s.append(**store, {RunBegin{"apply", s.clock.now(), "me"}}));
  REQUIRE(s.compact(**store));
  CHECK((*store)->state().identity.serial == 14);  // nothing changed
}

TEST_CASE("a crash at any call loses nothing that was acknowledged", "[state]") {
  uint64_t steps_max = 0;
  for (const bool during : {false, true}) {
    for (uint64_t at = 0;; ++at) {
      bool crashed = false;
      for (uint64_t seed = 1; seed <= 6; ++seed) {
        Setting s(seed * 1000 + at);
        Ran ran;
        run_once(s, ran, "-1");  // a first run, so that there is something to lose
        REQUIRE(ran.finished);
        const uint64_t before = s.files.steps();
        s.files.faults.crash_at = before + at;
        s.files.faults.during = during;
        run_once(s, ran, "-2");
        crashed = s.files.crashed();
        if (!crashed) break;
        s.files.restart();
        INFO("crash at " << at << " during " << during << " seed " << seed);
        check_recovered(s, ran);
      }
      steps_max = std::max(steps_max, at);
      if (!crashed) break;
    }
  }
  CHECK(steps_max > 20);
}

TEST_CASE("a crash at any call of the very first run", "[state]") {
  for (const bool during : {false, true}) {
    for (uint64_t at = 0;; ++at) {
      bool crashed = false;
      for (uint64_t seed = 1; seed <= 6; ++seed) {
        Setting s(seed * 1000 + at);
        Ran ran;
        s.files.place_folder("spec");
        s.files.faults.crash_at = at;
        s.files.faults.during = during;
        run_once(s, ran, "-1");
        crashed = s.files.crashed();
        if (!crashed) break;
        s.files.restart();
        INFO("crash at " << at << " during " << during << " seed " << seed);
        check_recovered(s, ran);
      }
      if (!crashed) break;
    }
  }
}

TEST_CASE("any single failing call leaves the state as it was, and the store goes on", "[state]") {
  for (uint64_t at = 0;; ++at) {
    Setting s(at);
    Ran ran;
    run_once(s, ran, "-1");
    REQUIRE(ran.finished);
    const uint64_t before = s.files.steps();
    s.files.faults.fail_at[before + at] = "input/output error";
    run_once(s, ran, "-2");
    const bool reached = s.files.steps() > before + at;
    if (!reached) break;
    INFO("failing call " << at << ": " << s.files.calls()[before + at]);
    check_recovered(s, ran);
  }
}

TEST_CASE("a full disk is an io error, and appending goes on once there is room", "[state]") {
  for (uint64_t room = 0; room < 1500; room += 7) {
    Setting s;
    auto store = s.open();
    REQUIRE(s.append(**store, put("a", "1")));
    s.files.faults.disk_left = room;
    std::map<std::string, std::string> acknowledged{{"a", "1"}};
    bool failed = false;
    for (int i = 0; i < 4; ++i) {
      const std::string address = "b" + std::to_string(i);
      const auto done = s.append(**store, put(address, "2"));
      if (done) acknowledged[address] = "2";
      if (done) continue;
      failed = true;
      CHECK(done.error().code == ErrorCode::io);
      CHECK(done.error().message.find("lab.llmforge.journal") != std::string::npos);
    }
    const auto compacted = s.compact(**store);
    if (!compacted) CHECK(compacted.error().code == ErrorCode::io);
    CHECK((failed || !compacted || room > 700));
    auto loaded = s.load();
    if (!loaded) FAIL(loaded.error().message);
    for (const auto& [address, id] : acknowledged) CHECK(loaded->replay.state().find(address));
    s.files.faults.disk_left.reset();
    REQUIRE(s.append(**store, put("c", "3")));
    REQUIRE(s.compact(**store));
    store->reset();
    loaded = s.load();
    if (!loaded) FAIL(loaded.error().message);
    CHECK(loaded->replay.state().find("c"));
    CHECK(loaded->replay.state().size() == acknowledged.size() + 1);
  }
}

TEST_CASE("appends behind a failed one do not count", "[state]") {
  Setting s;
  auto store = s.open();
  REQUIRE(s.append(**store, put("a", "1")));
  Ran ran;
  s.files.faults.disk_left = 30;
  Task<void> first = append_counted(**store, ran, "b", "1");
  std::move(first).detach();
  s.files.pump();
  s.files.faults.disk_left.reset();
  CHECK(ran.acknowledged.empty());
  // A crash now: the file holds a piece of a frame that nobody was promised.
  store->reset();
  s.files.restart();
  const auto loaded = s.load();
  REQUIRE(loaded.has_value());
  CHECK(loaded->replay.state().size() == 1);
}

TEST_CASE("a read-only folder is a clear error", "[state]") {
  Setting s;
  s.files.place_folder("spec/.llmforge");
  s.files.faults.read_only = {"spec"};
  const auto store = s.open();
  REQUIRE_FALSE(store.has_value());
  CHECK(store.error().code == ErrorCode::io);
  CHECK(store.error().message.find("read-only file system") != std::string::npos);
  CHECK(s.load().has_value());
}

TEST_CASE("what stands where the state file should be", "[state]") {
  Setting s;
  {
    auto store = s.open();
    REQUIRE(s.append(**store, put("a", "1")));
    REQUIRE(s.compact(**store));
  }
  const std::string good = *s.files.content(s.paths.snapshot);
  auto refused = [&](ErrorCode code, const std::string& words) {
    const auto loaded = s.load();
    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().code == code);
    CHECK(loaded.error().message.find(s.paths.snapshot) != std::string::npos);
    CHECK(loaded.error().message.find(words) != std::string::npos);
    bool offered = false;
    for (const auto& line : loaded.error().help) {
      offered = offered || line.find("llmforge state restore") != std::string::npos;
    }
    CHECK((offered || code == ErrorCode::invalid));
  };
  s.files.place(s.paths.snapshot, "");
  refused(ErrorCode::corrupt, "empty");
  s.files.place(s.paths.snapshot, good.substr(0, good.size() / 2));
  refused(ErrorCode::corrupt, "cut short");
  s.files.place(s.paths.snapshot, "{\"llmforge_state\":7,\"new\":true}\n");
  refused(ErrorCode::invalid, "format version 7");
  s.files.place(s.paths.snapshot, good);
  s.files.faults.unreadable = {s.paths.snapshot};
  refused(ErrorCode::io, "permission denied");
  s.files.faults = {};
  REQUIRE(s.files.remove(s.paths.snapshot));
  s.files.place_folder(s.paths.snapshot);
  refused(ErrorCode::io, "is a folder");
}

TEST_CASE("a state of another stack or environment is refused", "[state]") {
  Setting s;
  {
    auto store = s.open();
    REQUIRE(s.append(**store, put("a", "1")));
  }
  const auto loaded = s.load({"lab", "prod", ""});
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().code == ErrorCode::refused);
  CHECK(s.load({"", "", ""}).has_value());
}

TEST_CASE("restore puts a copy back, with the journal where it still fits", "[state]") {
  Setting s;
  {
    auto store = s.open();
    REQUIRE(s.append(**store, put("a", "1")));
    REQUIRE(s.compact(**store));
    REQUIRE(s.append(**store, put("b", "1")));  // only in the journal
  }
  s.files.place(s.paths.snapshot, "rubbish");
  LocalBackend backend(s.files, s.paths);
  auto restored = *run_task(s.files, s.clock, restore_state(backend, s.clock, kOptions, kOwner, 2));
  REQUIRE(restored.has_value());
  CHECK(*restored == 2);
  CHECK(s.load()->replay.state().size() == 2);
  // An older one gets a serial above all others; the journal is kept aside.
  restored = *run_task(s.files, s.clock, restore_state(backend, s.clock, kOptions, kOwner, 1));
  REQUIRE(restored.has_value());
  CHECK(*restored == 3);
  CHECK(s.load()->replay.state().empty());
  CHECK(s.load()->replay.state().identity.serial == 3);
  CHECK(s.files.content(s.paths.history + "/3.journal"));
  const auto none =
      *run_task(s.files, s.clock, restore_state(backend, s.clock, kOptions, kOwner, 99));
  CHECK(none.error().code == ErrorCode::not_found);
}

}  // namespace lf
