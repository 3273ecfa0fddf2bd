// SPDX-License-Identifier: Apache-2.0
#include "state/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "state/file_errors.h"
#include "state/json_writer.h"

namespace lf {

namespace {

constexpr std::array<std::pair<Segment::Kind, std::string_view>, 6> kKinds = {{
    {Segment::Kind::head, "head"},
    {Segment::Kind::journal, "journal"},
    {Segment::Kind::fresh, "fresh"},
    {Segment::Kind::snapshot, "snapshot"},
    {Segment::Kind::mark, "mark"},
    {Segment::Kind::end, "end"},
}};

// Takes a number of ten digits or more off the front.
std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = static_cast<size_t>(parsed.ptr - text.data());
  if (parsed.ec != std::errc() || digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

}  // namespace

std::string write_segment(const Segment& segment) {
  std::string line;
  ObjectWriter w(line);
  w.number("llmforge_segment", kSegmentVersion);
  for (const auto& [kind, word] : kKinds) {
    if (kind == segment.kind) w.text("kind", word);
  }
  w.number("epoch", segment.epoch);
  w.number("number", segment.number);
  w.text("writer", segment.writer);
  w.number("at", segment.at);
  w.text("snapshot", segment.snapshot);
  w.text("mark", segment.mark);
  w.text("owner", segment.owner);
  w.number("lease_ms", segment.lease_ms);
  w.number("request_ms", segment.request_ms);
  w.number("next", segment.next);
  w.number("size", segment.bytes.size());
  w.end();
  line += '\n';
  return line + segment.bytes;
}

Result<Segment> read_segment(std::string_view text, const std::string& path) {
  const size_t line_end = text.find('\n');
  if (line_end == std::string_view::npos) return corrupt_file(path, "it has no first line", 0);
  Segment out;
  uint64_t version = 0, size = 0;
  std::string kind;
  StringPool pool;
  JsonReader in(text.substr(0, line_end), pool);
  bool unknown = false;
  const bool read = in.object([&](std::string_view key) {
    if (key == "llmforge_segment") return in.natural(version);
    if (key == "kind") return in.string(kind);
    if (key == "epoch") return in.natural(out.epoch);
    if (key == "number") return in.natural(out.number);
    if (key == "writer") return in.string(out.writer);
    if (key == "at") return in.natural(out.at);
    if (key == "snapshot") return in.string(out.snapshot);
    if (key == "mark") return in.string(out.mark);
    if (key == "owner") return in.string(out.owner);
    if (key == "lease_ms") return in.natural(out.lease_ms);
    if (key == "request_ms") return in.natural(out.request_ms);
    if (key == "next") return in.natural(out.next);
    if (key == "size") return in.natural(size);
    unknown = true;
    Value ignored;
    return in.value(ignored);
  });
  if (!read || !in.at_end()) return corrupt_file(path, in.problem(), in.offset());
  if (version > kSegmentVersion) return newer_format(path, version, kSegmentVersion);
  const auto known = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const auto& one) { return one.second == kind; });
  if (version == 0 || unknown || known == kKinds.end())
    return corrupt_file(path, "its first line is no segment's", 0);
  out.kind = known->first;
  out.bytes = text.substr(line_end + 1);
  if (out.bytes.size() != size)
    return corrupt_file(path,
                        fmt::format("it should have {} bytes after its first line and has {}", size,
                                    out.bytes.size()),
                        line_end + 1);
  return out;
}

std::string SegmentName::text() const {
  return fmt::format("journal/{:010}/{:010}", epoch, number);
}

std::optional<SegmentName> segment_name(std::string_view name) {
  SegmentName out;
  if (!take(name, "journal/")) return std::nullopt;
  const auto epoch = take_number(name);
  if (!epoch || !take(name, "/")) return std::nullopt;
  const auto number = take_number(name);
  if (!number || !name.empty()) return std::nullopt;
  out.epoch = *epoch;
  out.number = *number;
  return out;
}

std::string lease_name(uint64_t epoch) {
  return fmt::format("leases/{:010}", epoch);
}

std::string SnapshotName::text() const {
  return turn == 0 ? fmt::format("snapshots/{:010}-{:010}.json", serial, epoch)
                   : fmt::format("snapshots/{:010}-{:010}.{}.json", serial, epoch, turn);
}

std::optional<SnapshotName> snapshot_name(std::string_view name) {
  SnapshotName out;
  if (!take(name, "snapshots/")) return std::nullopt;
  const auto serial = take_number(name);
  if (!serial || !take(name, "-")) return std::nullopt;
  const auto epoch = take_number(name);
  if (!epoch) return std::nullopt;
  out.serial = *serial;
  out.epoch = *epoch;
  if (name == ".json") return out;
  if (!take(name, ".")) return std::nullopt;
  const auto turn = take_number(name);
  if (!turn || name != ".json") return std::nullopt;
  out.turn = *turn;
  return out;
}

std::string kept_journal_name(uint64_t serial) {
  return fmt::format("snapshots/{:010}.journal", serial);
}

}  // namespace lf
