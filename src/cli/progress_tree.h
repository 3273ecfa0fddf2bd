// SPDX-License-Identifier: Apache-2.0
// Progress on a terminal: what is done scrolls by as lines that stay; below them a region that is
// redrawn shows what is under way, by block, with its time and the service's state, and a last
// line with the counts. Redrawn at most ten times a second however many events there are; its
// height is bounded, so that a run of 10,000 nodes draws as fast as one of ten.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/world.h"
#include "cli/progress_lines.h"

namespace lf {

struct TreeSize {
  int width = 80;
  int height = 24;
};

class ProgressTree final : public EventSink {
 public:
  // `clock` drives the redrawing while nothing happens; null: only events do. `size` is asked at
  // each drawing, since windows are resized.
  ProgressTree(ProgressOptions options, Clock* clock, std::function<TreeSize()> size, Write write);
  ~ProgressTree() override;  // leaves the lines that stay, and nothing else
  void on_event(const EngineEvent& event) override;
  // Takes the live region off the screen, e.g. before a question is asked.
  void clear();
  // Draws no more: the run is over, or another writes to the terminal from here on.
  void stop();

 private:
  struct Node {
    std::string address, action, state, until;
    MonotonicNs started = 0;
    int64_t usual_ms = 0;
    std::string note;  // of the last retry
  };
  void keep(const ProgressLine& line);
  void changed(MonotonicNs at);
  void draw(MonotonicNs at);
  void arm();
  std::vector<std::string> live_lines(MonotonicNs at, TreeSize size) const;
  std::string node_line(const Node& node, const std::string& name, MonotonicNs at,
                        size_t width) const;
  std::string status_line(MonotonicNs at, size_t width) const;
  bool busy() const { return running_ || !stage_.stage.empty(); }

  ProgressOptions options_;
  Clock* clock_;
  std::function<TreeSize()> size_;
  Write write_;
  ProgressText text_;
  std::list<Node> nodes_;  // under way, oldest first
  std::unordered_map<std::string, std::list<Node>::iterator> index_;
  std::string kept_;  // lines that stay, not written yet
  StageProgress stage_;
  bool running_ = false;
  bool stopping_ = false;
  MonotonicNs run_started_ = 0, drawn_ = 0;
  bool drawn_once_ = false;
  size_t lines_drawn_ = 0;
  uint64_t timer_ = 0;
};

}  // namespace lf
