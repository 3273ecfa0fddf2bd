// SPDX-License-Identifier: Apache-2.0
#include "state/remote_backend.h"

#include <catch2/catch.hpp>

#include "state/load.h"
#include "state/local_backend.h"
#include "state/migrate.h"
#include "state/push.h"
#include "state/store.h"
#include "support/fake_files.h"
#include "support/fake_objects.h"
#include "support/fake_time.h"

namespace lf {

namespace {

const StateOptions kOptions{"lab", "default", "0.1.0"};
const LockOwner kOwner{"host-a", 17, {1'795'000'000, 0}, "llmforge apply"};
const LockOwner kOther{"host-b", 23, {1'795'000'000, 0}, "llmforge destroy"};

// One bucket and several who use it.
struct Setting {
  FakeFiles files{1};
  FakeClock clock;
  FakeRandom random{1};
  std::shared_ptr<FakeObjects> objects = std::make_shared<FakeObjects>();
  FakeObjectStore* last = nullptr;  // of the last backend() that was made

  std::unique_ptr<RemoteBackend> backend() {
    auto store = std::make_unique<FakeObjectStore>(objects, clock);
    last = store.get();
    return std::make_unique<RemoteBackend>(std::move(store), clock, random);
  }
  template <class T>
  T run(Task<T> task) {
    auto done = run_task(files, clock, std::move(task));
    REQUIRE(done.has_value());
    return std::move(*done);
  }
  void run(Task<void> task) {
    bool done = false;
    Task<void> flagged = flag(std::move(task), &done);
    std::move(flagged).detach();
    while (!done && clock.advance()) {
    }
    REQUIRE(done);
  }
  static Task<void> flag(Task<void> task, bool* done) {
    co_await std::move(task);
    *done = true;
  }
  // Time goes on, and what waits for it happens.
  void pass(int64_t seconds) {
    const MonotonicNs end = clock.monotonic() + seconds * 1'000'000'000;
    clock.after(seconds * 1'000'000'000, [] {});
    while (clock.monotonic() < end && clock.advance()) {
    }
  }
  Result<std::unique_ptr<Store>> open(LockOwner owner = kOwner, int64_t timeout_ns = 0) {
    return run(Store::open(backend(), clock, random, kOptions, owner, timeout_ns));
  }
  Result<LoadedState> load() {
    auto reader = backend();
    return run(load_state(*reader, kOptions));
  }
  Result<void> append(Store& store, Frame frame) { return run(store.append(std::move(frame))); }
  void close(std::unique_ptr<Store>& store) {
    run(store->close());
    store.reset();
  }
  size_t count(const std::string& prefix) const {
    size_t n = 0;
    for (const auto& [name, object] : objects->all) n += name.starts_with(prefix) ? 1 : 0;
    return n;
  }
};

Frame put(const std::string& address, const std::string& id) {
  Record record;
  record.address = address;
  record.id = id;
  record.status = RecordStatus::ready;
  return {RecordPut{record}};
}

}  // namespace

TEST_CASE("a state in a store is written, compacted and read again", "[remote]") {
  Setting s;
  {
    auto store = s.open();
    REQUIRE(store.has_value());
    CHECK(s.append(**store, put("a", "1")).has_value());
    CHECK(s.append(**store, put("b", "2")).has_value());
    auto loaded = s.load();  // beside the writer
    REQUIRE(loaded.has_value());
    CHECK(loaded->replay.state().size() == 2);
    CHECK(s.run((*store)->compact()).has_value());
    s.close(*store);
  }
  auto loaded = s.load();
  REQUIRE(loaded.has_value());
  CHECK(loaded->notes.empty());
  CHECK(loaded->replay.state().size() == 2);
  CHECK(loaded->replay.state().identity.serial == 2);
  auto again = s.open(kOther);
  REQUIRE(again.has_value());
  CHECK(s.append(**again, put("a", "3")).has_value());
  s.close(*again);
  loaded = s.load();
  REQUIRE(loaded.has_value());
  CHECK(loaded->replay.state().find("a")->id == "3");
  CHECK(s.run(s.backend()->history()).value() == std::vector<uint64_t>{1, 2});
}

TEST_CASE("appends that wait go together, and what failed is cut", "[remote]") {
  Setting s;
  auto store = s.open();
  REQUIRE(store.has_value());
  FakeObjectStore* const objects = s.last;
  REQUIRE(s.append(**store, put("a", "1")).has_value());
  const size_t segments = s.count("journal/");
  std::vector<Task<void>> tasks;
  std::vector<Result<void>> done(8);
  struct One {
    static Task<void> append(Store* to, std::string address, Result<void>* out) {
      auto appending = to->append(put(address, "x"));
      *out = co_await std::move(appending);
    }
  };
  for (size_t i = 0; i < done.size(); ++i) {
    Task<void> one = One::append(store->get(), "r" + std::to_string(i), &done[i]);
    tasks.push_back(std::move(one));
  }
  s.run(all(std::move(tasks)));
  for (const auto& one : done) CHECK(one.has_value());
  CHECK(s.count("journal/") <= segments + 2);
  for (const auto fault :
       {FakeObjectStore::Fault::lost_request, FakeObjectStore::Fault::lost_answer}) {
    objects->fault = fault;
    objects->faults_left = 1;
    const auto failed = s.append(**store, put("lost", "x"));
    REQUIRE(!failed.has_value());
    CHECK(failed.error().code == ErrorCode::io);
    CHECK(s.append(**store, put("after", "y")).has_value());
    CHECK((*store)->state().find("lost") == nullptr);
    const auto loaded = s.load();
    REQUIRE(loaded.has_value());
    CHECK(loaded->replay.state().find("lost") == nullptr);
    CHECK(loaded->replay.state().find("after") != nullptr);
  }
  s.close(*store);
}

TEST_CASE("a second writer is refused, and takes over when the lease and a request are over",
          "[remote]") {
  Setting s;
  auto first = s.open();
  REQUIRE(first.has_value());
  REQUIRE(s.append(**first, put("a", "1")).has_value());
  s.pass(200);  // renewed all the time
  CHECK((*first)->may_send().has_value());
  auto second = s.open(kOther);
  REQUIRE(!second.has_value());
  CHECK(second.error().code == ErrorCode::locked);
  CHECK(second.error().message.find("host-a") != std::string::npos);
  CHECK(second.error().message.find("llmforge apply") != std::string::npos);
  CHECK(second.error().message.find("2026-11-18") != std::string::npos);
  first->reset();  // dies: nobody renews
  CHECK(!s.open(kOther).has_value());
  s.pass(118);
  CHECK(!s.open(kOther).has_value());
  s.pass(10);
  second = s.open(kOther);
  REQUIRE(second.has_value());
  CHECK((*second)->state().find("a") != nullptr);
  s.close(*second);
  // Given back: free at once.
  second = s.open();
  CHECK(second.has_value());
  s.close(*second);
}

TEST_CASE("who lost the lease sends nothing and writes nothing", "[remote]") {
  Setting s;
  auto paused = s.open();
  REQUIRE(paused.has_value());
  FakeObjectStore* const objects = s.last;
  REQUIRE(s.append(**paused, put("a", "1")).has_value());
  // Its renewals do not get through, as if it stood still.
  objects->fault = FakeObjectStore::Fault::lost_request;
  objects->faults_left = 1'000;
  s.pass(59);
  CHECK((*paused)->may_send().has_value());
  s.pass(2);
  REQUIRE(!(*paused)->may_send().has_value());
  CHECK((*paused)->may_send().error().code == ErrorCode::locked);
  objects->faults_left = 0;
  s.pass(30);
  CHECK(!(*paused)->may_send().has_value());  // it does not come back by itself
  s.pass(60);
  auto other = s.open(kOther);
  REQUIRE(other.has_value());
  REQUIRE(s.append(**other, put("b", "2")).has_value());
  const auto refused = s.append(**paused, put("c", "3"));
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == ErrorCode::locked);
  CHECK(refused.error().message.find("host-b") != std::string::npos);
  CHECK(!s.run((*paused)->compact()).has_value());
  CHECK(!s.run((*paused)->take_again()).has_value());
  s.close(*paused);
  CHECK(s.append(**other, put("d", "4")).has_value());
  CHECK(s.run((*other)->compact()).has_value());
  s.close(*other);
  const auto loaded = s.load();
  REQUIRE(loaded.has_value());
  CHECK(loaded->replay.state().size() == 3);
  CHECK(loaded->replay.state().find("c") == nullptr);
}

TEST_CASE("a lease that ran out while somebody was asked is taken again", "[remote]") {
  Setting s;
  auto store = s.open();
  REQUIRE(store.has_value());
  REQUIRE(s.append(**store, put("a", "1")).has_value());
  FakeObjectStore* const objects = s.last;
  objects->fault = FakeObjectStore::Fault::lost_request;
  objects->faults_left = 1'000;
  s.pass(300);
  objects->faults_left = 0;
  REQUIRE(!(*store)->may_send().has_value());
  REQUIRE(s.run((*store)->take_again()).has_value());
  CHECK((*store)->may_send().has_value());
  CHECK(s.append(**store, put("b", "2")).has_value());
  CHECK(!s.open(kOther).has_value());
  s.close(*store);
  CHECK(s.load()->replay.state().size() == 2);
}

TEST_CASE("the end of a run puts segments together and keeps ten snapshots", "[remote]") {
  Setting s;
  for (int i = 0; i < 14; ++i) {
    auto store = s.open();
    REQUIRE(store.has_value());
    REQUIRE(s.append(**store, put("r" + std::to_string(i), "1")).has_value());
    REQUIRE(s.run((*store)->compact()).has_value());
    s.close(*store);
  }
  CHECK(s.run(s.backend()->history()).value().size() == kHistoryKept);
  CHECK(s.count("journal/") <= 6);
  CHECK(s.count("leases/") <= 2);
  // Runs that end without a snapshot leave segments, but not for ever.
  for (int i = 0; i < 60; ++i) {
    auto store = s.open();
    REQUIRE(store.has_value());
    s.close(*store);
  }
  CHECK(s.count("journal/") <= 40);
  CHECK(s.load()->replay.state().size() == 14);
}

TEST_CASE("an earlier snapshot is restored over a store, and a state is pushed", "[remote]") {
  Setting s;
  for (int i = 0; i < 2; ++i) {
    auto store = s.open();
    REQUIRE(s.append(**store, put("r" + std::to_string(i), "1")).has_value());
    REQUIRE(s.run((*store)->compact()).has_value());
    s.close(*store);
  }
  auto backend = s.backend();
  auto restored = s.run(restore_state(*backend, s.clock, kOptions, kOwner, 2));
  REQUIRE(restored.has_value());
  CHECK(*restored == 4);
  auto loaded = s.load();
  REQUIRE(loaded.has_value());
  CHECK(loaded->replay.state().size() == 1);
  // The newest, with what its journal adds: nothing is lost.
  {
    auto store = s.open();
    REQUIRE(s.append(**store, put("more", "1")).has_value());
    s.close(*store);
  }
  backend = s.backend();
  restored = s.run(restore_state(*backend, s.clock, kOptions, kOwner, 4));
  REQUIRE(restored.has_value());
  CHECK(*restored == 5);
  CHECK(s.load()->replay.state().size() == 2);
  Snapshot pushed = s.load()->replay.snapshot();
  pushed.state.identity.serial = 9;
  Record record;
  record.address = "pushed";
  pushed.state.put(record);
  backend = s.backend();
  const auto now = s.run(push_state(*backend, s.clock, kOptions, kOwner, pushed));
  REQUIRE(now.has_value());
  CHECK(*now == 9);
  CHECK(s.load()->replay.state().size() == 3);
}

TEST_CASE("damage to a chain is said", "[remote]") {
  Setting s;
  auto store = s.open();
  REQUIRE(s.append(**store, put("a", "1")).has_value());
  REQUIRE(s.append(**store, put("b", "1")).has_value());
  REQUIRE(s.append(**store, put("c", "1")).has_value());
  s.close(*store);
  auto copy = s.objects->all;
  std::vector<std::string> segments;
  for (const auto& [name, object] : copy) {
    if (name.starts_with("journal/")) segments.push_back(name);
  }
  // One in the middle is gone, or cut at any byte.
  const std::string middle = segments[segments.size() - 3];
  s.objects->all.erase(middle);
  auto loaded = s.load();
  REQUIRE(!loaded.has_value());
  CHECK(loaded.error().code == ErrorCode::corrupt);
  const std::string whole = copy[middle].bytes;
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    s.objects->all = copy;
    s.objects->all[middle].bytes.resize(cut);
    CHECK(!s.load().has_value());
  }
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    s.objects->all = copy;
    s.objects->all[middle].bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    const auto flipped = s.load();  // an error, or what it was
    const bool right = !flipped || flipped->replay.state().size() == 3;
    CHECK(right);
  }
}

// --- moving

namespace {

struct Moving : Setting {
  StatePaths paths = default_state_paths("spec", "lab", "default");
  std::unique_ptr<LocalBackend> local() { return std::make_unique<LocalBackend>(files, paths); }

  Result<Counts> bring(Backend& here, Backend& there) {
    MoveEnd to{&here, "{\"to\":1}", "to"}, from{&there, "{\"from\":1}", "from"};
    return run(bring_state(to, from, clock, kOptions, kOwner, 0));
  }
  void fill_local() {
    auto store = run(Store::open(local(), clock, random, kOptions, kOwner, 0));
    REQUIRE(store.has_value());
    REQUIRE(append(**store, put("a", "1")).has_value());
    REQUIRE(run((*store)->compact()).has_value());
    REQUIRE(append(**store, put("b", "2")).has_value());
    run((*store)->close());
  }
  size_t counting(Backend& backend) {
    const auto loaded = run(load_state(backend, kOptions));
    return loaded && loaded->exists ? loaded->replay.state().size() : 0;
  }
};

}  // namespace

TEST_CASE("a state moves to a store and back", "[remote]") {
  Moving s;
  s.fill_local();
  auto remote = s.backend();
  CHECK(s.bring(*remote, *s.local()).value() == Counts::there);
  CHECK(s.counting(*s.backend()) == 2);
  const auto refused = s.run(load_state(*s.local(), kOptions));
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == ErrorCode::refused);
  CHECK(s.bring(*s.backend(), *s.local()).value() == Counts::here);
  // And back, over what lies there still.
  CHECK(s.bring(*s.local(), *s.backend()).value() == Counts::there);
  CHECK(s.counting(*s.local()) == 2);
  CHECK(!s.run(load_state(*s.backend(), kOptions)).has_value());
  CHECK(s.bring(*s.backend(), *s.local()).value() == Counts::there);
  CHECK(s.counting(*s.backend()) == 2);
}

TEST_CASE("two states that both count are refused", "[remote]") {
  Moving s;
  s.fill_local();
  auto store = s.open();
  REQUIRE(s.append(**store, put("x", "1")).has_value());
  s.close(*store);
  const auto both = s.bring(*s.backend(), *s.local());
  REQUIRE(!both.has_value());
  CHECK(both.error().code == ErrorCode::refused);
  CHECK(s.counting(*s.local()) == 2);
  CHECK(s.counting(*s.backend()) == 1);
}

TEST_CASE("a move that is cut off anywhere leaves one state that counts", "[remote]") {
  for (const bool to_store : {true, false}) {
    for (int cut = 0;; ++cut) {
      Moving s;
      s.fill_local();
      if (!to_store) REQUIRE(s.bring(*s.backend(), *s.local()).has_value());
      auto remote = s.backend();
      auto local = s.local();
      Backend& here = to_store ? static_cast<Backend&>(*remote) : *local;
      Backend& there = to_store ? static_cast<Backend&>(*local) : *remote;
      MoveEnd to{&here, "{\"to\":1}", "to"}, from{&there, "{\"from\":1}", "from"};
      bool done = false;
      struct One {
        static Task<void> bring(MoveEnd to, MoveEnd from, Clock* clock, bool* done) {
          auto bringing = bring_state(to, from, *clock, kOptions, kOwner, 0);
          (void)co_await std::move(bringing);
          *done = true;
        }
      };
      // The process ends after so many calls to the store: its task is never resumed.
      const uint64_t calls = s.objects->calls;
      Task<void> one = One::bring(to, from, &s.clock, &done);
      std::move(one).detach();
      while (!done && s.objects->calls < calls + static_cast<uint64_t>(cut) &&
             (s.files.pump() || s.clock.advance())) {
      }
      const bool whole = done;
      // Its locks go with it, or run out; what it waited for never comes.
      s.files.restart();
      remote.release();  // NOLINT: a dead process's memory
      local.release();   // NOLINT
      s.clock = FakeClock();
      for (auto& [name, object] : s.objects->all) object.written_s -= 1'000;
      INFO("to the store: " << to_store << ", cut after " << cut);
      auto other_remote = s.backend();
      auto other_local = s.local();
      Backend& again_here = to_store ? static_cast<Backend&>(*other_remote) : *other_local;
      Backend& again_there = to_store ? static_cast<Backend&>(*other_local) : *other_remote;
      const auto brought = s.bring(again_here, again_there);
      if (!brought) FAIL(brought.error().message);
      CHECK(s.counting(to_store ? static_cast<Backend&>(*s.backend()) : *s.local()) == 2);
      const bool old_counts =
          s.run(load_state(to_store ? static_cast<Backend&>(*s.local()) : *s.backend(), kOptions))
              .has_value();
      CHECK(!old_counts);
      if (whole) break;
    }
  }
}

}  // namespace lf
