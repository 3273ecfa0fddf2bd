// SPDX-License-Identifier: Apache-2.0
// The journal's bytes (docs/state.md, "The journal"): a header line, then frames. A frame is
// appended and synced as a whole, so the entries in it happened together or not at all.
//
// The reader is total. What it must tell apart is the rest of an append that a crash cut short
// (nobody was told that it was durable: cut it off, say so) from damage to what was acknowledged
// (an error). Each frame says how many frames were durable when it was sent; and an append that
// was cut short is short, or has whole sectors of zeros. Anything else is damage.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "state/entry.h"

namespace lf {

inline constexpr uint32_t kJournalVersion = 1;

struct JournalHeader {
  std::string lineage;
  uint64_t base_serial = 0;  // of the snapshot that its entries follow
};

using Frame = std::vector<Entry>;

struct Journal {
  JournalHeader header;
  std::vector<Frame> frames;
  std::vector<uint64_t> frame_ends;  // byte offset of each frame's end
  uint64_t valid_bytes = 0;          // header and whole frames
  uint64_t torn_bytes = 0;           // of an append that a crash cut short
};

std::string write_journal_header(const JournalHeader& header);

// `number`: from 1, one more with each frame. `durable`: how many frames of this journal had been
// acknowledged when this one was sent.
std::string write_frame(const Frame& entries, uint32_t number, uint32_t durable);

// `path` is for messages. Errors: corrupt (with file, byte offset and the way out), or refused as
// invalid where a newer llmforge wrote it.
Result<Journal> read_journal(std::string_view bytes, const std::string& path);

}  // namespace lf
