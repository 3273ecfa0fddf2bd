// SPDX-License-Identifier: Apache-2.0
#include "state/journal.h"

#include <algorithm>
#include <optional>

#include "base/assert.h"
#include "base/digest.h"
#include "state/file_errors.h"
#include "state/json_writer.h"

namespace lf {

namespace {

// A frame: magic, length of the body, CRC32C of the body, number, durable, CRC32C of these 20
// bytes; numbers little-endian. The magic's bytes have more than one bit set each, and a body ends
// with a line feed, so that no single flipped bit makes a part of a frame look like zeros.
constexpr std::string_view kMagic = "LFf1";
constexpr size_t kHeadSize = 24;
constexpr size_t kSector = 512;
constexpr size_t kBodyMax = size_t{1} << 30;

void put32(std::string& out, uint32_t n) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((n >> shift) & 0xFF);
}

uint32_t get32(std::string_view bytes, size_t at) {
  uint32_t n = 0;
  for (size_t i = 0; i < 4; ++i) {
    n |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return n;
}

struct Head {
  uint32_t length = 0;
  uint32_t body_crc = 0;
  uint32_t number = 0;
  uint32_t durable = 0;
};

// The head at `at`, if one is there whole and unharmed.
std::optional<Head> head_at(std::string_view bytes, size_t at) {
  if (bytes.size() - at < kHeadSize || bytes.substr(at, 4) != kMagic) return std::nullopt;
  if (crc32c(bytes.substr(at, kHeadSize - 4)) != get32(bytes, at + 20)) return std::nullopt;
  return Head{get32(bytes, at + 4), get32(bytes, at + 8), get32(bytes, at + 12),
              get32(bytes, at + 16)};
}

std::optional<std::string_view> body_at(std::string_view bytes, size_t at, const Head& head) {
  if (bytes.size() - at - kHeadSize < head.length) return std::nullopt;
  const std::string_view body = bytes.substr(at + kHeadSize, head.length);
  if (crc32c(body) != head.body_crc) return std::nullopt;
  return body;
}

// A sector-sized, sector-aligned part of [begin, end) that holds nothing but zeros.
bool has_hole(std::string_view bytes, size_t begin, size_t end) {
  while (begin < end) {
    const size_t sector_end = std::min(end, (begin / kSector + 1) * kSector);
    const std::string_view part = bytes.substr(begin, sector_end - begin);
    if (part.find_first_not_of('\0') == std::string_view::npos) return true;
    begin = sector_end;
  }
  return false;
}

// Another frame starts before the one at `at` ends: an append failed half-way (disk full), and one
// that was already under way came after it.
bool overtaken(std::string_view bytes, size_t at) {
  const auto head = head_at(bytes, at);
  const size_t end = std::min(bytes.size(), at + kHeadSize + (head ? head->length : 0));
  for (size_t next = bytes.find(kMagic, at + 1); next < end; next = bytes.find(kMagic, next + 1)) {
    if (head_at(bytes, next)) return true;
  }
  return false;
}

// The file ends before the frame at `at` would, or has holes there: an append that did not finish.
bool looks_torn(std::string_view bytes, size_t at) {
  if (bytes.size() - at < kHeadSize) return true;
  const auto head = head_at(bytes, at);
  if (head && bytes.size() - at - kHeadSize < head->length) return true;
  return has_hole(bytes, at, bytes.size()) || overtaken(bytes, at);
}

// Whether a whole frame after `at` says that frame `number` had been acknowledged.
bool acknowledged_later(std::string_view bytes, size_t at, uint32_t number) {
  for (at = bytes.find(kMagic, at + 1); at != std::string_view::npos;
       at = bytes.find(kMagic, at + 1)) {
    const auto head = head_at(bytes, at);
    // The head has its own checksum, so it can be believed even where its body is cut.
    if (head && head->durable >= number) return true;
  }
  return false;
}

Result<Frame> read_body(std::string_view body, StringPool& pool, const std::string& path,
                        size_t offset) {
  Frame frame;
  while (!body.empty()) {
    const size_t end = body.find('\n');
    const std::string_view line = body.substr(0, end);
    const size_t space = line.find(' ');
    if (end == std::string_view::npos || space == std::string_view::npos) {
      return corrupt_file(path, "an entry without its kind", offset);
    }
    JsonReader reader(line.substr(space + 1), pool);
    if (!read_entry(reader, line.substr(0, space), frame.emplace_back()) || !reader.at_end()) {
      return corrupt_file(path, "an entry cannot be read: " + reader.problem(), offset);
    }
    body.remove_prefix(end + 1);
  }
  return frame;
}

// The header line: {"llmforge_journal":1,…,"crc32c":"…"}, the checksum over all before `,"crc32c`.
Result<JournalHeader> read_header(std::string_view line, StringPool& pool,
                                  const std::string& path) {
  constexpr std::string_view kMark = ",\"crc32c\":\"";
  const size_t mark = line.rfind(kMark);
  if (mark == std::string_view::npos) return corrupt_file(path, "no journal's header", 0);
  std::string sum;
  put32(sum, crc32c(line.substr(0, mark)));
  if (line.substr(mark + kMark.size()) != hex(sum) + "\"}") {
    return corrupt_file(path, "its header is damaged", 0);
  }
  JournalHeader header;
  uint64_t version = 0;
  JsonReader reader(line, pool);
  std::string checked;
  const bool good = reader.object([&](std::string_view key) {
    if (key == "llmforge_journal") return reader.natural(version);
    if (version > kJournalVersion) {  // its members are none of ours
      Value ignored;
      return reader.value(ignored);
    }
    if (key == "lineage") return reader.string(header.lineage);
    if (key == "base") return reader.natural(header.base_serial);
    if (key == "crc32c") return reader.string(checked);
    return reader.fail("unknown key");
  });
  if (version > kJournalVersion) return newer_format(path, version, kJournalVersion);
  if (!good || version == 0) return corrupt_file(path, "its header cannot be read", 0);
  return header;
}

}  // namespace

std::string write_journal_header(const JournalHeader& header) {
  std::string line;
  ObjectWriter w(line);
  w.number("llmforge_journal", kJournalVersion);
  w.text("lineage", header.lineage);
  w.number("base", header.base_serial);
  std::string sum;
  put32(sum, crc32c(line));
  w.text("crc32c", hex(sum));
  w.end();
  return line + "\n";
}

std::string write_frame(const Frame& entries, uint32_t number, uint32_t durable) {
  LF_ASSERT(!entries.empty() && durable < number);
  std::string body;
  for (const Entry& entry : entries) {
    body += kind_name(entry);
    body += ' ';
    write_entry(body, entry);
    body += '\n';
  }
  LF_ASSERT(body.size() <= kBodyMax);
  std::string frame(kMagic);
  put32(frame, static_cast<uint32_t>(body.size()));
  put32(frame, crc32c(body));
  put32(frame, number);
  put32(frame, durable);
  put32(frame, crc32c(frame));
  return frame + body;
}

Result<Journal> read_journal(std::string_view bytes, const std::string& path) {
  Journal journal;
  StringPool pool;
  const size_t line_end = bytes.find('\n');
  // The file is put in place whole, header and all: a cut header is no crash of ours.
  if (line_end == std::string_view::npos) {
    return corrupt_file(path, bytes.empty() ? "it is empty" : "its header is cut", 0);
  }
  auto header = read_header(bytes.substr(0, line_end), pool, path);
  if (!header) return std::unexpected(std::move(header.error()));
  journal.header = std::move(*header);
  size_t at = line_end + 1;
  while (at < bytes.size()) {
    const auto number = static_cast<uint32_t>(journal.frames.size() + 1);
    const auto head = head_at(bytes, at);
    std::optional<std::string_view> body;
    if (head && head->number == number) body = body_at(bytes, at, *head);
    if (!body) {
      const bool misplaced = head && head->number != number;
      if (misplaced || acknowledged_later(bytes, at, number) || !looks_torn(bytes, at)) {
        return corrupt_file(path, "entry group " + std::to_string(number) + " is damaged", at);
      }
      journal.torn_bytes = bytes.size() - at;
      break;
    }
    auto frame = read_body(*body, pool, path, at);
    if (!frame) return std::unexpected(std::move(frame.error()));
    journal.frames.push_back(std::move(*frame));
    at += kHeadSize + body->size();
    journal.frame_ends.push_back(at);
  }
  journal.valid_bytes = at;
  return journal;
}

}  // namespace lf
