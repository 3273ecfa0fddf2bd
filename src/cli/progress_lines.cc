// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_lines.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace lf {

namespace {
constexpr size_t kStartsToldMax = 200;  // runs with more nodes tell only what is done
constexpr MonotonicNs kStageQuietNs = 5'000'000'000;
}  // namespace

void ProgressLines::put(const ProgressLine& line) {
  if (!line.text.empty()) write_(colored(line, options_.color) + "\n");
}

std::string ProgressLines::counter() const {
  if (text_.nodes() == 0) return "";
  return fmt::format("[{}/{}] ", text_.done() + text_.failed() + text_.skipped(), text_.nodes());
}

// Only stages that take long are worth lines: one each five seconds, and their end. A wait is told
// when it begins.
void ProgressLines::stage(const StageProgress& stage, MonotonicNs at) {
  const std::string what = stage.stage + (stage.left_ms > 0 ? stage.address : "");
  if (stage_ != what) {
    stage_ = what;
    stage_told_ = at;
    if (stage.left_ms > 0) put({stage_text(stage), ProgressTone::dim});
    return;
  }
  const bool ends = stage.done >= stage.total;
  if (at - stage_told_ < kStageQuietNs) {
    if (ends) stage_.clear();
    return;
  }
  stage_told_ = at;
  put({stage_text(stage), ProgressTone::dim});
  if (ends) stage_.clear();
}

void ProgressLines::on_event(const EngineEvent& event) {
  if (const auto* progress = std::get_if<StageProgress>(&event.what)) {
    stage(*progress, event.at);
    return;
  }
  if (const auto* started = std::get_if<NodeStarted>(&event.what)) {
    if (text_.nodes() <= kStartsToldMax || options_.verbose) {
      put({fmt::format("{}: {} ({})", printable(started->address), doing_word(started->action),
                       printable(started->type)),
           ProgressTone::dim});
    }
    return;
  }
  if (const auto* waiting = std::get_if<Waiting>(&event.what)) {
    put({fmt::format("{}: waits: {} until {}{}", printable(waiting->address),
                     printable(waiting->state), printable(waiting->until),
                     waiting->usual_ms > 0
                         ? ", usually " + short_duration(waiting->usual_ms * 1'000'000)
                         : ""),
         ProgressTone::dim});
    return;
  }
  ProgressLine line = text_.line(event);
  if (line.text.empty()) return;
  const bool counted = std::holds_alternative<NodeDone>(event.what) ||
                       std::holds_alternative<NodeFailed>(event.what);
  if (counted) line.text = counter() + line.text;
  put(line);
}

}  // namespace lf
