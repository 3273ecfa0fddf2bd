// SPDX-License-Identifier: Apache-2.0
// Snapshot and journal as files that somebody or something damaged, through the whole of loading: a
// clear error that names the file, or what had been acknowledged; never less without a word.
#include <catch2/catch.hpp>

#include "state/load.h"
#include "state/local_backend.h"
#include "state/store.h"
#include "support/fake_files.h"
#include "support/fake_time.h"

namespace lf {

namespace {

const StateOptions kOptions{"lab", "default", "0.1.0"};

struct Damaged {
  FakeFiles files{1};
  FakeClock clock;
  FakeRandom random{1};
  StatePaths paths = default_state_paths("spec", "lab", "default");
  std::string snapshot, journal;      // as they were written
  std::vector<size_t> journal_sizes;  // after each append

  // Two records in the snapshot, two more in the journal.
  explicit Damaged(const StateOptions& options = kOptions) {
    write({"a", "b"}, true, options);
    write({"c", "d"}, false, options);
    snapshot = *files.content(paths.snapshot);
    journal = *files.content(paths.journal);
  }

  Result<std::unique_ptr<Store>> open(const StateOptions& options = kOptions) {
    const LockOwner owner{"host", 17, {1'795'000'000, 0}, "llmforge apply"};
    auto backend = std::make_unique<LocalBackend>(files, paths);
    return *run_task(files, clock,
                     Store::open(std::move(backend), clock, random, options, owner, 0));
  }
  Result<LoadedState> load() {
    LocalBackend backend(files, paths);
    return *run_task(files, clock, load_state(backend, kOptions));
  }
  void write(const std::vector<std::string>& addresses, bool compact, const StateOptions& options) {
    auto store = open(options);
    REQUIRE(store.has_value());
    for (const std::string& address : addresses) {
      Record record;
      record.address = address;
      record.id = "id-" + address;
      record.status = RecordStatus::ready;
      Frame frame = {RecordPut{record}};
      REQUIRE(*run_task(files, clock, (*store)->append(std::move(frame))));
      if (!compact) journal_sizes.push_back(files.content(paths.journal)->size());
    }
    if (compact) REQUIRE(*run_task(files, clock, (*store)->compact()));
  }

  // Neither a reader nor a writer goes by it, and both leave it as it is.
  void refused(const std::string& path, const std::string& words = "") {
    const auto before = files.content(path);
    const auto loaded = load();
    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().message.find(path) != std::string::npos);
    CHECK(loaded.error().message.find(words) != std::string::npos);
    CHECK_FALSE(open().has_value());
    CHECK(files.content(path) == before);
  }
  // The first `records` are there, and no other; `told`: what was cut off is said.
  void recovered(size_t records, bool told) {
    const auto loaded = load();
    if (!loaded) FAIL(loaded.error().message);
    const State& state = loaded->replay.state();
    CHECK(state.size() == records);
    for (size_t i = 0; i < records; ++i) {
      const std::string address(1, static_cast<char>('a' + i));
      REQUIRE(state.find(address) != nullptr);
      CHECK(state.find(address)->id == "id-" + address);
    }
    CHECK(loaded->notes.empty() != told);
  }
};

std::string flipped(std::string bytes, size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  return bytes;
}

}  // namespace

TEST_CASE("a state whose journal is cut at any byte", "[state]") {
  Damaged s;
  const size_t header = s.journal.find('\n') + 1;
  for (size_t size = 0; size < s.journal.size(); ++size) {
    INFO("cut at byte " << size);
    s.files.place(s.paths.journal, s.journal.substr(0, size));
    if (size < header) {
      s.refused(s.paths.journal);
      continue;
    }
    // A cut right between two frames leaves no trace (docs/state.md, "The limit").
    size_t whole = 0;
    while (whole < s.journal_sizes.size() && s.journal_sizes[whole] <= size) ++whole;
    const bool between = size == header || (whole > 0 && s.journal_sizes[whole - 1] == size);
    s.recovered(2 + whole, !between);
  }
  s.files.place(s.paths.journal, s.journal);
  s.recovered(4, false);
}

TEST_CASE("a state whose snapshot is cut at any byte", "[state]") {
  Damaged s;
  for (size_t size = 0; size < s.snapshot.size(); ++size) {
    INFO("cut at byte " << size);
    s.files.place(s.paths.snapshot, s.snapshot.substr(0, size));
    s.refused(s.paths.snapshot);
  }
}

TEST_CASE("a state with one bit flipped, any of both files", "[state]") {
  Damaged s;
  for (size_t bit = 0; bit < s.journal.size() * 8; ++bit) {
    INFO("bit " << bit << " of the journal");
    s.files.place(s.paths.journal, flipped(s.journal, bit));
    s.refused(s.paths.journal);
  }
  s.files.place(s.paths.journal, s.journal);
  for (size_t bit = 0; bit < s.snapshot.size() * 8; ++bit) {
    INFO("bit " << bit << " of the snapshot");
    s.files.place(s.paths.snapshot, flipped(s.snapshot, bit));
    s.refused(s.paths.snapshot);
  }
  s.files.place(s.paths.snapshot, s.snapshot);
  s.recovered(4, false);
}

TEST_CASE("what stands where the journal should be", "[state]") {
  Damaged s;
  s.files.faults.unreadable = {s.paths.journal};
  s.refused(s.paths.journal, "permission denied");
  s.files.faults = {};
  s.files.place(s.paths.journal, "{\"llmforge_journal\":9,\"new\":true}\n");
  s.refused(s.paths.journal);
  REQUIRE(s.files.remove(s.paths.journal));
  s.recovered(2, true);
  s.files.place_folder(s.paths.journal);
  s.refused(s.paths.journal, "is a folder");
}

TEST_CASE("a journal without its snapshot", "[state]") {
  Damaged s;
  REQUIRE(s.files.remove(s.paths.snapshot));
  const auto loaded = s.load();
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().message.find(s.paths.snapshot) != std::string::npos);
  CHECK_FALSE(s.open().has_value());
}

}  // namespace lf
