// SPDX-License-Identifier: Apache-2.0
// The words that every view of a run's progress uses, one event a line at most.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "engine/events.h"

namespace lf {

// Where a view writes: stderr in the program, a string in tests.
using Write = std::function<void(std::string_view)>;

std::string short_duration(int64_t ns);           // "0.3s", "12s", "3m20s", "2h05m"
std::string doing_word(std::string_view action);  // "create" -> "creating"
std::string done_word(std::string_view action);   // "create" -> "created"
// "reading what is there, 120 of 400"
std::string stage_text(const StageProgress& stage);

enum class ProgressTone : uint8_t { plain, good, bad, warn, dim };
struct ProgressLine {
  std::string text;
  ProgressTone tone = ProgressTone::plain;
};
// "network.vpc: created vpc-1 (0.3s)"; without the id where that is wider than `width`.
std::string done_text(const NodeDone& done, size_t width = SIZE_MAX);
std::string colored(const ProgressLine& line, bool color);

// Turns events into lines that stay: what was done, what failed, what was tried. Keeps a flood
// short: throttles are told once per service and 5 s with their number, skipped nodes after the
// first ten only as a number. Events without a line of their own (starts, waits) give "".
class ProgressText {
 public:
  explicit ProgressText(bool verbose) : verbose_(verbose) {}
  ProgressLine line(const EngineEvent& event);

  size_t nodes() const { return nodes_; }  // of the run; 0: none began
  size_t done() const { return done_; }
  size_t failed() const { return failed_; }
  size_t skipped() const { return skipped_; }
  uint64_t requests() const { return requests_; }

 private:
  struct Throttle {
    MonotonicNs told = 0;
    size_t untold = 0;
    bool any = false;
  };
  struct Sent {
    std::string address, service, action;
    int attempt = 1;
    int64_t queued_ns = 0;
  };
  ProgressLine begin(const RunStarted& run);
  ProgressLine retry(const Retrying& retry, MonotonicNs at);
  ProgressLine call_done(const CallDone& done);

  bool verbose_;
  size_t nodes_ = 0, done_ = 0, failed_ = 0, skipped_ = 0;
  uint64_t requests_ = 0;
  std::map<std::string, Throttle> throttles_;
  std::map<uint64_t, Sent> sent_;  // only with -v
};

}  // namespace lf
