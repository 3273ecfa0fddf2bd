// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace lf {

namespace {

constexpr MonotonicNs kRedrawNs = 100'000'000;
constexpr size_t kRowsMax = 16;
constexpr size_t kRowsMin = 3;

// Code points stand for columns: addresses are ASCII but for odd keys.
std::string cut(const std::string& text, size_t width) {
  if (utf8_length(text) <= width) return text;
  size_t end = 0, points = 0;
  while (end < text.size() && points + 1 < width) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    ++points;
  }
  return text.substr(0, end) + "…";
}

// "network" of `network.vpc`, `buckets["outputs"]` of `buckets["outputs"].bucket`.
std::string block_of(const std::string& address) {
  bool quoted = false;
  for (size_t i = 0; i < address.size(); ++i) {
    if (address[i] == '"') quoted = !quoted;
    if (address[i] == '.' && !quoted) return address.substr(0, i);
  }
  return "";
}

}  // namespace

ProgressTree::ProgressTree(ProgressOptions options, Clock* clock, std::function<TreeSize()> size,
                           Write write)
    : options_(options),
      clock_(clock),
      size_(std::move(size)),
      write_(std::move(write)),
      text_(options.verbose) {}

ProgressTree::~ProgressTree() {
  stop();
}

void ProgressTree::stop() {
  if (clock_ != nullptr && timer_ != 0) clock_->cancel(timer_);
  timer_ = 0;
  running_ = false;
  stage_ = {};
  clear();
}

void ProgressTree::clear() {
  std::string out;
  if (lines_drawn_ > 0) out += fmt::format("\x1b[{}A\r\x1b[J", lines_drawn_);
  lines_drawn_ = 0;
  out += kept_;
  kept_.clear();
  if (!out.empty()) write_(out);
}

void ProgressTree::keep(const ProgressLine& line) {
  if (!line.text.empty()) kept_ += colored(line, options_.color) + "\n";
}

std::string ProgressTree::node_line(const Node& node, const std::string& name, MonotonicNs at,
                                    size_t width) const {
  const std::string time = short_duration(std::max<MonotonicNs>(0, at - node.started));
  std::string text = fmt::format("{} {} {}", name, doing_word(node.action), time);
  if (!node.state.empty()) {
    text += ", " + node.state + " until " + node.until;
    if (node.usual_ms > 0) text += ", usually " + short_duration(node.usual_ms * 1'000'000);
  }
  if (!node.note.empty()) text += ", " + node.note;
  return cut(text, width);
}

std::string ProgressTree::status_line(MonotonicNs at, size_t width) const {
  if (!running_) {
    return cut(stage_text(stage_), width);
  }
  const size_t over = text_.done() + text_.failed() + text_.skipped();
  std::string bar;
  if (width >= 60 && text_.nodes() > 0) {
    constexpr size_t kBar = 20;
    const size_t full = std::min(kBar, over * kBar / text_.nodes());
    bar = "[" + std::string(full, '#') + std::string(kBar - full, '.') + "] ";
  }
  std::string text = fmt::format("{}{}/{}", bar, over, text_.nodes());
  if (text_.failed() > 0) text += fmt::format(", {} failed", text_.failed());
  text += fmt::format(", {} under way", nodes_.size());
  text += ", " + short_duration(std::max<MonotonicNs>(0, at - run_started_));
  if (width >= 60) text += fmt::format(", {} requests", text_.requests());
  if (stopping_) text += ", stopping";
  return cut(text, width);
}

std::vector<std::string> ProgressTree::live_lines(MonotonicNs at, TreeSize size) const {
  // The last column stays free: terminals differ on what happens there.
  const size_t width = static_cast<size_t>(std::max(size.width - 1, 10));
  const size_t rows =
      std::clamp(static_cast<size_t>(std::max(size.height, 6)) / 2, kRowsMin, kRowsMax);
  std::vector<std::string> out;
  // The longest under way first; what belongs to one block stands together.
  std::vector<std::pair<std::string, std::vector<const Node*>>> blocks;
  size_t taken = 0;
  for (const Node& node : nodes_) {
    if (taken == rows) break;
    const std::string block = width < 40 ? "" : block_of(node.address);
    auto found =
        std::find_if(blocks.begin(), blocks.end(), [&](const auto& b) { return b.first == block; });
    if (found == blocks.end()) {
      blocks.emplace_back(block, std::vector<const Node*>{});
      found = blocks.end() - 1;
    }
    found->second.push_back(&node);
    ++taken;
  }
  for (const auto& [block, nodes] : blocks) {
    const bool alone = block.empty() || nodes.size() == 1;
    if (!alone) out.push_back(cut("  " + printable(block), width));
    for (const Node* node : nodes) {
      const std::string name = alone ? "  " + printable(node->address)
                                     : "    " + printable(node->address.substr(block.size() + 1));
      out.push_back(node_line(*node, name, at, width));
    }
  }
  if (nodes_.size() > taken)
    out.push_back(cut(fmt::format("  and {} more", nodes_.size() - taken), width));
  out.push_back(status_line(at, width));
  return out;
}

void ProgressTree::draw(MonotonicNs at) {
  drawn_ = at;
  drawn_once_ = true;
  std::string out;
  if (lines_drawn_ > 0) out += fmt::format("\x1b[{}A\r\x1b[J", lines_drawn_);
  lines_drawn_ = 0;
  out += kept_;
  kept_.clear();
  if (busy()) {
    for (const auto& line : live_lines(at, size_())) {
      out += options_.color ? "\x1b[2m" + line + "\x1b[0m\n" : line + "\n";
      ++lines_drawn_;
    }
  }
  if (!out.empty()) write_(out);  // one write: nothing flickers
}

// One timer at a time, and none while nothing is under way.
void ProgressTree::arm() {
  if (clock_ == nullptr || timer_ != 0 || !busy()) return;
  timer_ = clock_->after(kRedrawNs, [this] {
    timer_ = 0;
    const MonotonicNs now = clock_->monotonic();
    if (busy() && now - drawn_ >= kRedrawNs) draw(now);
    arm();
  });
}

void ProgressTree::changed(MonotonicNs at) {
  if (!drawn_once_ || at - drawn_ >= kRedrawNs || !busy()) draw(at);
  arm();
}

void ProgressTree::on_event(const EngineEvent& event) {
  if (const auto* run = std::get_if<RunStarted>(&event.what)) {
    (void)run;
    running_ = true;
    stage_ = {};
    run_started_ = event.at;
  } else if (const auto* stage = std::get_if<StageProgress>(&event.what)) {
    // In a run it is about one of the nodes: a create whose answer was lost.
    const auto found = index_.find(stage->address);
    if (running_ && found != index_.end()) {
      found->second->state.clear();
      found->second->note = fmt::format("looking whether it was made, at most {} more",
                                        short_duration(stage->left_ms * 1'000'000));
    }
    if (!running_) stage_ = *stage;
    if (stage_.done >= stage_.total) stage_ = {};
  } else if (const auto* started = std::get_if<NodeStarted>(&event.what)) {
    const auto again = index_.find(started->address);
    if (again != index_.end()) nodes_.erase(again->second);
    Node node;
    node.address = started->address;
    node.action = started->action;
    node.started = event.at;
    nodes_.push_back(std::move(node));
    index_[started->address] = std::prev(nodes_.end());
  } else if (const auto* waiting = std::get_if<Waiting>(&event.what)) {
    const auto found = index_.find(waiting->address);
    if (found != index_.end()) {
      found->second->state = printable(waiting->state);
      found->second->until = printable(waiting->until);
      found->second->usual_ms = waiting->usual_ms;
      found->second->note.clear();
    }
  } else if (const auto* retrying = std::get_if<Retrying>(&event.what)) {
    const auto found = index_.find(retrying->address);
    if (found != index_.end()) {
      found->second->note = fmt::format("attempt {} after {}", retrying->attempt + 1,
                                        to_string(retrying->error.code));
    }
  } else if (std::holds_alternative<RunEnded>(event.what)) {
    running_ = false;
    nodes_.clear();
    index_.clear();
  }
  for (const std::string* over :
       {std::get_if<NodeDone>(&event.what) != nullptr ? &std::get<NodeDone>(event.what).address
                                                      : nullptr,
        std::get_if<NodeFailed>(&event.what) != nullptr ? &std::get<NodeFailed>(event.what).address
                                                        : nullptr}) {
    if (over == nullptr) continue;
    const auto found = index_.find(*over);
    if (found == index_.end()) continue;
    nodes_.erase(found->second);
    index_.erase(found);
  }
  if (const auto* skipped = std::get_if<NodeSkipped>(&event.what))
    stopping_ = stopping_ || skipped->culprit.empty();
  ProgressLine line = text_.line(event);
  if (const auto* done = std::get_if<NodeDone>(&event.what)) {
    line.text = done_text(*done, static_cast<size_t>(std::max(size_().width, 10)));
  }
  keep(line);
  if (!std::holds_alternative<CallSent>(event.what)) changed(event.at);
}

}  // namespace lf
