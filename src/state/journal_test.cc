// SPDX-License-Identifier: Apache-2.0
#include "state/journal.h"

#include <catch2/catch.hpp>

#include "base/digest.h"
#include "state/replay.h"

namespace lf {

namespace {

Frame remove_entry(const std::string& address) {
  return {RecordRemove{address, 0}};
}

// A journal whose frames were acknowledged one by one; `ends` gets each frame's end.
std::string journal_of(int frames, std::vector<size_t>* ends = nullptr) {
  std::string bytes = write_journal_header({std::string(32, 'a'), 7});
  for (int i = 1; i <= frames; ++i) {
    bytes += write_frame(remove_entry("r" + std::to_string(i)), static_cast<uint32_t>(i),
                         static_cast<uint32_t>(i - 1));
    if (ends != nullptr) ends->push_back(bytes.size());
  }
  return bytes;
}

Record sample_record() {
  Record r;
  r.address = "buckets[\"outputs\"].bucket";
  r.generation = 2;
  r.type = "x.y";
  r.schema_version = 3;
  r.provider = {"main", "k", "p", "1234", "here"};
  r.id = "id-1";
  r.parent_id = "p-1";
  r.parent_address = "network.vpc";
  r.applied = {{"", Map{{"size", 5}, {"ttl", Duration{7'776'000, 0}}}}, {"tags", Map{}}};
  r.observed = {{"range", Cidr{Ip{{10, 1}, false}, 16}}};
  r.computed = {{"price", Money{526000, "USD"}}};
  r.private_ = {{"ids", List{"a", "b"}}};
  r.secret_digests = {{"/password", "00ff"}};
  r.dependencies = {"network.vpc", "x[0]"};
  r.protect = r.retain = r.create_before_delete = true;
  r.run = "first";
  r.nonce = "n0";
  r.status = RecordStatus::dirty;
  r.dirty_facets = {"tags"};
  r.created_at = {1'795'000'000, 5};
  r.updated_at = {1'795'000'001, 0};
  r.alternative = {{"zone", "b"}};
  return r;
}

}  // namespace

TEST_CASE("every kind of entry comes back from the journal", "[state]") {
  Intent intent{4,
                "a",
                1,
                "facet:tags",
                "PutTags",
                "ab",
                {{"nonce", "n"}},
                true,
                {9, 0},
                {99, 0},
                "x.y",
                {"main", "k", "", "", ""},
                {{"tags", Map{{"a", "b"}}}}};
  const Frame frame = {RunBegin{"apply", {5, 0}, "me"},
                       intent,
                       Outcome{4, Outcome::Kind::unknown, "outcome_unknown", "Slow", "id", {}},
                       RecordPut{sample_record()},
                       RecordRemove{"a", 3},
                       RecordMove{"a", 0, "b", 1},
                       OutputsPut{{{"x", Value(5), false, ""}, {"y", Value(), true, "ff"}}},
                       OutputsPut{},
                       RunEnd{{6, 0}}};
  const std::string header = write_journal_header({"l", 1});
  const std::string text = write_frame(frame, 1, 0);
  const auto journal = read_journal(header + text, "j");
  if (!journal) FAIL(journal.error().message);
  REQUIRE(journal->frames.size() == 1);
  REQUIRE(journal->frames[0].size() == frame.size());
  CHECK(write_frame(journal->frames[0], 1, 0) == text);
  const auto& record = std::get<RecordPut>(journal->frames[0][3]).record;
  CHECK(record.provider == sample_record().provider);
  CHECK(record.created_at == sample_record().created_at);
  CHECK(Value(record.applied) == Value(sample_record().applied));
  CHECK(record.dirty_facets == sample_record().dirty_facets);
}

TEST_CASE("a journal cut at any byte gives its whole frames, or an error for its header",
          "[state]") {
  std::vector<size_t> ends;
  const std::string whole = journal_of(4, &ends);
  const size_t header = write_journal_header({std::string(32, 'a'), 7}).size();
  for (size_t size = 0; size <= whole.size(); ++size) {
    const auto journal = read_journal(whole.substr(0, size), "j");
    if (size < header) {
      REQUIRE_FALSE(journal.has_value());
      CHECK(journal.error().code == ErrorCode::corrupt);
      continue;
    }
    REQUIRE(journal.has_value());
    size_t expected = 0;
    while (expected < ends.size() && ends[expected] <= size) ++expected;
    CHECK(journal->frames.size() == expected);
    CHECK(journal->valid_bytes + journal->torn_bytes == size);
  }
}

TEST_CASE("any flipped bit of a journal is an error, with file and offset", "[state]") {
  const std::string whole = journal_of(4);
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto journal = read_journal(damaged, "the.journal");
    INFO("bit " << bit);
    REQUIRE_FALSE(journal.has_value());
    CHECK(journal.error().code == ErrorCode::corrupt);
    CHECK(journal.error().message.find("the.journal") != std::string::npos);
    CHECK(journal.error().message.find("at byte") != std::string::npos);
  }
}

TEST_CASE("zeroed sectors in what nobody was promised are a torn tail", "[state]") {
  std::string bytes = journal_of(2);
  const size_t valid = bytes.size();
  // Two frames of one commit, both sent before either was durable; the first lost its data.
  Record large = sample_record();
  large.observed = {{"text", std::string(3000, 'x')}};
  bytes += write_frame({RecordPut{large}}, 3, 2);
  const size_t second = bytes.size();
  bytes += write_frame(remove_entry("r4"), 4, 2);
  std::string torn = bytes;
  for (size_t at = (valid / 512 + 2) * 512; at < (valid / 512 + 3) * 512; ++at) torn[at] = '\0';
  auto journal = read_journal(torn, "j");
  REQUIRE(journal.has_value());
  CHECK(journal->frames.size() == 2);
  CHECK(journal->torn_bytes == bytes.size() - valid);
  // The same hole, but a later frame says that frame 3 had been acknowledged: damage.
  torn.resize(second);
  torn += write_frame(remove_entry("r4"), 4, 3);
  journal = read_journal(torn, "j");
  REQUIRE_FALSE(journal.has_value());
  CHECK(journal.error().code == ErrorCode::corrupt);
  // Zeros behind the end: the file grew, its data never came.
  journal = read_journal(bytes + std::string(100, '\0'), "j");
  REQUIRE(journal.has_value());
  CHECK(journal->frames.size() == 4);
}

TEST_CASE("a frame that was cut short by another is a torn tail", "[state]") {
  std::string bytes = journal_of(1);
  const size_t valid = bytes.size();
  for (const size_t kept : {0u, 3u, 24u, 30u}) {
    std::string cut = bytes + write_frame(remove_entry("lost"), 2, 1).substr(0, kept);
    if (kept > 0) cut += write_frame(remove_entry("behind"), 3, 1);
    const auto journal = read_journal(cut, "j");
    REQUIRE(journal.has_value());
    CHECK(journal->frames.size() == 1);
    CHECK(journal->valid_bytes == valid);
  }
}

TEST_CASE("frames that are missing, doubled or swapped are damage", "[state]") {
  std::vector<size_t> ends;
  const std::string whole = journal_of(3, &ends);
  const std::string second = whole.substr(ends[0], ends[1] - ends[0]);
  const std::string missing = whole.substr(0, ends[0]) + whole.substr(ends[1]);
  CHECK_FALSE(read_journal(missing, "j").has_value());
  CHECK_FALSE(read_journal(whole.substr(0, ends[1]) + second, "j").has_value());
}

TEST_CASE("rubbish is never more than an error", "[state]") {
  uint64_t state = 1;
  const std::string header = write_journal_header({"l", 1});
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = round % 2 == 0 ? header : "";
    for (size_t i = 0; i < static_cast<size_t>(round % 97); ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      bytes += round % 3 == 0 ? "LFf1{}\n "[(state >> 33) % 8] : static_cast<char>(state >> 33);
    }
    const auto journal = read_journal(bytes, "j");
    if (journal) CHECK(journal->frames.empty());
  }
}

TEST_CASE("a newer journal is refused with its version", "[state]") {
  std::string line = R"({"llmforge_journal":2,"shape":["other"])";
  const uint32_t crc = crc32c(line);
  std::string sum;
  for (int shift = 0; shift < 32; shift += 8) sum += static_cast<char>((crc >> shift) & 0xFF);
  line += ",\"crc32c\":\"" + hex(sum) + "\"}\n";
  const auto journal = read_journal(line + "whatever", "j");
  REQUIRE_FALSE(journal.has_value());
  CHECK(journal.error().code == ErrorCode::invalid);
  CHECK(journal.error().message == "`j` has format version 2, this llmforge reads up to 1");
}

TEST_CASE("outcomes close intents once their record is written", "[state]") {
  Replay replay;
  Intent intent;
  intent.seq = 1;
  intent.address = "a";
  const Outcome ok{1, Outcome::Kind::ok, "", "", "id", {}};
  Record record;
  record.address = "a";
  REQUIRE(replay.apply({intent}));
  REQUIRE(replay.open_intents().size() == 1);
  CHECK(replay.open_intents()[0].reason == OpenIntent::Reason::no_outcome);
  CHECK(replay.next_intent() == 2);
  SECTION("ok without a record stays open: what was made is in no record") {
    REQUIRE(replay.apply({ok}));
    REQUIRE(replay.open_intents().size() == 1);
    CHECK(replay.open_intents()[0].reason == OpenIntent::Reason::unrecorded);
    CHECK(replay.open_intents()[0].outcome.id == "id");
    REQUIRE(replay.apply({RecordPut{record}}));
    CHECK(replay.open_intents().empty());
  }
  SECTION("in one frame, in either order") {
    REQUIRE(replay.apply({RecordPut{record}, ok}));
    CHECK(replay.open_intents().empty());
  }
  SECTION("an error closes at once, unknown never by itself") {
    REQUIRE(replay.apply({Outcome{1, Outcome::Kind::unknown, "", "", "", {}}}));
    CHECK(replay.open_intents()[0].reason == OpenIntent::Reason::unknown);
    REQUIRE(replay.apply({RecordPut{record}}));
    CHECK(replay.open_intents().size() == 1);
    REQUIRE(replay.apply({Outcome{1, Outcome::Kind::error, "invalid", "", "", {}}}));
    CHECK(replay.open_intents().empty());
  }
  SECTION("a deposed record takes its intents with it") {
    REQUIRE(replay.apply({RecordPut{record}}));
    REQUIRE(replay.apply({RecordMove{"a", 0, "a", 1}}));
    CHECK(replay.open_intents()[0].intent.generation == 1);
    CHECK(replay.state().find("a", 1)->status == RecordStatus::deposed);
    CHECK(replay.state().find("a") == nullptr);
    CHECK_FALSE(replay.apply({RecordMove{"nowhere", 0, "a", 2}}).has_value());
  }
}

}  // namespace lf
