// SPDX-License-Identifier: Apache-2.0
// The readers of state on any bytes. Promises: what was read is written to the same meaning, and a
// journal is read up to a place inside it.
#include "fuzz_support.h"
#include "state/journal.h"
#include "state/snapshot.h"

using namespace lf;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto journal = read_journal(text, "a.journal"); journal) {
    fuzz::must(journal->valid_bytes + journal->torn_bytes <= size, "a journal ends inside itself");
    fuzz::must(journal->frames.size() == journal->frame_ends.size(), "each frame has an end");
  }
  if (const auto snapshot = read_snapshot(text, "a.json"); snapshot) {
    const std::string written = write_snapshot(*snapshot);
    const auto again = read_snapshot(written, "a.json");
    fuzz::must(again.has_value(), "a written snapshot can be read", written);
    fuzz::must(write_snapshot(*again) == written, "a snapshot is written in one way", written);
  }
  return 0;
}
