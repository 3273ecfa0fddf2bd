// SPDX-License-Identifier: Apache-2.0
#include "state/snapshot.h"

#include "base/digest.h"
#include "base/timestamp.h"
#include "state/file_errors.h"
#include "state/json_writer.h"

namespace lf {

namespace {

constexpr const char* kReasons[] = {"no_outcome", "unknown", "unrecorded"};
constexpr std::string_view kEndMark = "{\"sha256\":\"";

struct Counts {
  uint64_t outputs = 0;
  uint64_t files = 0;
  uint64_t intents = 0;
  uint64_t records = 0;
};

void write_header(std::string& out, const Snapshot& s) {
  const StateIdentity& id = s.state.identity;
  ObjectWriter w(out);
  w.number("llmforge_state", kSnapshotVersion);
  w.text("lineage", id.lineage);
  w.number("serial", id.serial);
  w.text("stack", id.stack);
  w.text("environment", id.environment);
  w.text("written_by", s.written_by);
  w.time("written_at", s.written_at);
  w.text("secret_key", hex(id.secret_key));
  w.number("next_intent", s.next_intent);
  w.number("folded_base", s.folded_base);
  w.number("folded_bytes", s.folded_bytes);
  w.number("outputs", s.state.outputs.size());
  if (!s.state.files.empty()) w.number("files", s.state.files.size());
  w.number("intents", s.open_intents.size());
  w.number("records", s.state.size());
  w.end();
}

bool read_header(JsonReader& in, uint64_t& version, Snapshot& s, Counts& counts) {
  StateIdentity& id = s.state.identity;
  return in.object([&](std::string_view key) {
    if (key == "llmforge_state") return in.natural(version);
    if (version > kSnapshotVersion) {  // its members are none of ours
      Value ignored;
      return in.value(ignored);
    }
    if (key == "lineage") return in.string(id.lineage);
    if (key == "serial") return in.natural(id.serial);
    if (key == "stack") return in.string(id.stack);
    if (key == "environment") return in.string(id.environment);
    if (key == "written_by") return in.string(s.written_by);
    if (key == "written_at") return in.timestamp(s.written_at);
    if (key == "next_intent") return in.natural(s.next_intent);
    if (key == "folded_base") return in.natural(s.folded_base);
    if (key == "folded_bytes") return in.natural(s.folded_bytes);
    if (key == "outputs") return in.natural(counts.outputs);
    if (key == "files") return in.natural(counts.files);
    if (key == "intents") return in.natural(counts.intents);
    if (key == "records") return in.natural(counts.records);
    if (key != "secret_key") return in.fail("unknown key");
    std::string text;
    if (!in.string(text)) return false;
    const auto raw = unhex(text);
    if (raw) id.secret_key = *raw;
    return raw.has_value() || in.fail("a key that is no hex");
  });
}

void write_open_intent(std::string& out, const OpenIntent& open) {
  ObjectWriter w(out);
  w.text("open", kReasons[static_cast<size_t>(open.reason)]);
  write_intent(w.key("intent"), open.intent);
  if (open.reason != OpenIntent::Reason::no_outcome) write_outcome(w.key("outcome"), open.outcome);
  w.end();
}

bool read_open_intent(JsonReader& in, OpenIntent& out) {
  return in.object([&](std::string_view key) {
    if (key == "intent") return read_intent(in, out.intent);
    if (key == "outcome") return read_outcome(in, out.outcome);
    if (key != "open") return in.fail("unknown key");
    std::string name;
    if (!in.string(name)) return false;
    for (size_t i = 0; i < std::size(kReasons); ++i) {
      if (name != kReasons[i]) continue;
      out.reason = static_cast<OpenIntent::Reason>(i);
      return true;
    }
    return in.fail("unknown reason");
  });
}

// Takes `text` apart, line by line.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  size_t offset() const { return at_; }
  std::string_view next() {
    const size_t end = text_.find('\n', at_);
    const std::string_view line = text_.substr(at_, end - at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
    return line;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// What the last line, `{"sha256":"…"}`, vouches for; an error if it does not.
Result<std::string_view> checked_content(std::string_view text, const std::string& path) {
  if (text.empty()) return corrupt_file(path, "it is empty", 0);
  const size_t end = text.rfind(kEndMark);
  if (end == std::string_view::npos || (end > 0 && text[end - 1] != '\n')) {
    return corrupt_file(path, "its last line is missing, so it was cut short", text.size());
  }
  const std::string_view content = text.substr(0, end);
  if (text.substr(end + kEndMark.size()) != hex(sha256(content)) + "\"}\n") {
    return corrupt_file(path, "the content does not fit its checksum", end);
  }
  return content;
}

// The format's version even where the rest has a newer form. 0: none.
uint64_t version_of(std::string_view text) {
  constexpr std::string_view kStart = "{\"llmforge_state\":";
  uint64_t version = 0;
  if (text.substr(0, kStart.size()) != kStart) return 0;
  for (size_t i = kStart.size(); i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    if (version > UINT32_MAX) return 0;
    version = version * 10 + static_cast<uint64_t>(text[i] - '0');
  }
  return version;
}

}  // namespace

std::string write_snapshot(const Snapshot& s) {
  std::string out;
  out.reserve(1024 + s.state.size() * 1024);
  write_header(out, s);
  out += '\n';
  for (const Output& output : s.state.outputs) {
    write_output(out, output);
    out += '\n';
  }
  for (const WrittenFile& file : s.state.files) {
    write_file(out, file);
    out += '\n';
  }
  for (const OpenIntent& open : s.open_intents) {
    write_open_intent(out, open);
    out += '\n';
  }
  for (const Record* record : s.state.records()) {
    write_record(out, *record);
    out += '\n';
  }
  const std::string sum = hex(sha256(out));
  out += kEndMark;
  out += sum;
  out += "\"}\n";
  return out;
}

Result<Snapshot> read_snapshot(std::string_view text, const std::string& path) {
  const auto content = checked_content(text, path);
  if (!content) {
    // A newer format may have another ending: then its version is what to say.
    const bool foreign = text.rfind(kEndMark) == std::string_view::npos;
    const uint64_t version = foreign ? version_of(text) : 0;
    if (version > kSnapshotVersion) return newer_format(path, version, kSnapshotVersion);
    return std::unexpected(content.error());
  }
  Snapshot snapshot;
  Counts counts;
  StringPool pool;
  Lines lines(*content);
  size_t at = 0;
  auto read_line = [&](auto&& read) -> std::string {
    at = lines.offset();
    JsonReader in(lines.next(), pool);
    return read(in) && in.at_end() ? "" : in.problem();
  };
  uint64_t version = 0;
  auto problem = read_line([&](auto& in) { return read_header(in, version, snapshot, counts); });
  if (version > kSnapshotVersion) return newer_format(path, version, kSnapshotVersion);
  if (problem.empty() && version == 0) problem = "no format version";
  for (uint64_t i = 0; problem.empty() && i < counts.outputs; ++i) {
    problem =
        read_line([&](auto& in) { return read_output(in, snapshot.state.outputs.emplace_back()); });
  }
  for (uint64_t i = 0; problem.empty() && i < counts.files; ++i) {
    problem =
        read_line([&](auto& in) { return read_file(in, snapshot.state.files.emplace_back()); });
  }
  for (uint64_t i = 0; problem.empty() && i < counts.intents; ++i) {
    problem = read_line(
        [&](auto& in) { return read_open_intent(in, snapshot.open_intents.emplace_back()); });
  }
  for (uint64_t i = 0; problem.empty() && i < counts.records; ++i) {
    Record record;
    problem = read_line([&](auto& in) { return read_record(in, record); });
    if (problem.empty()) snapshot.state.put(std::move(record));
  }
  if (problem.empty() && lines.offset() != content->size()) problem = "more lines than announced";
  if (problem.empty() && snapshot.state.size() != counts.records) problem = "a record twice";
  if (!problem.empty()) return corrupt_file(path, problem, at);
  return snapshot;
}

void end_by(OpenIntent& open, Timestamp done_by) {
  Intent& intent = open.intent;
  intent.time = later(done_by, millis(intent.time) - millis(intent.deadline));
  intent.deadline = done_by;
}

}  // namespace lf
