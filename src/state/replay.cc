// SPDX-License-Identifier: Apache-2.0
#include "state/replay.h"

#include <algorithm>

namespace lf {

Replay::Replay(Snapshot base) : state_(std::move(base.state)), next_intent_(base.next_intent) {
  for (OpenIntent& open : base.open_intents) {
    const uint64_t seq = open.intent.seq;
    next_intent_ = std::max(next_intent_, seq + 1);
    open_.emplace(seq, std::move(open));
  }
}

struct Replay::Apply {
  Replay& self;
  std::string problem;

  void operator()(const RunBegin& e) {
    self.last_run_ = e;
    self.run_open_ = true;
  }
  void operator()(const RunEnd&) { self.run_open_ = false; }
  void operator()(const Intent& e) {
    self.next_intent_ = std::max(self.next_intent_, e.seq + 1);
    self.open_[e.seq] = OpenIntent{e, OpenIntent::Reason::no_outcome, {}};
  }
  void operator()(const Outcome& e) {
    const auto it = self.open_.find(e.seq);
    if (it == self.open_.end()) return;  // settled twice
    if (e.kind == Outcome::Kind::error) {
      self.open_.erase(it);
      return;
    }
    it->second.outcome = e;
    it->second.reason =
        e.kind == Outcome::Kind::ok ? OpenIntent::Reason::unrecorded : OpenIntent::Reason::unknown;
  }
  void operator()(const RecordPut& e) { self.state_.put(e.record); }
  void operator()(const RecordRemove& e) { self.state_.remove(e.address, e.generation); }
  void operator()(const RecordMove& e) {
    if (!self.state_.move(e.address, e.generation, e.to_address, e.to_generation)) {
      problem = "`" + e.address + "` cannot move to `" + e.to_address + "`";
      return;
    }
    if (e.to_generation > 0) {
      Record deposed = *self.state_.find(e.to_address, e.to_generation);
      deposed.status = RecordStatus::deposed;
      self.state_.put(std::move(deposed));
    }
    for (auto& [seq, open] : self.open_) {
      if (open.intent.address != e.address || open.intent.generation != e.generation) continue;
      open.intent.address = e.to_address;
      open.intent.generation = e.to_generation;
    }
  }
  void operator()(const OutputsPut& e) { self.state_.outputs = e.outputs; }
  void operator()(const FilesPut& e) { self.state_.files = e.files; }

  // After the whole frame: an outcome and its record may stand in it in either order.
  void close(const std::string& address, uint32_t generation) {
    std::erase_if(self.open_, [&](const auto& item) {
      const OpenIntent& open = item.second;
      return open.reason == OpenIntent::Reason::unrecorded && open.intent.address == address &&
             open.intent.generation == generation;
    });
  }
  void close_recorded(const Entry& entry) {
    if (const auto* put = std::get_if<RecordPut>(&entry)) {
      close(put->record.address, put->record.generation);
    } else if (const auto* gone = std::get_if<RecordRemove>(&entry)) {
      close(gone->address, gone->generation);
    } else if (const auto* move = std::get_if<RecordMove>(&entry)) {
      close(move->to_address, move->to_generation);
    }
  }
};

Result<void> Replay::apply(const Frame& frame) {
  Apply apply{*this, ""};
  for (const Entry& entry : frame) {
    std::visit(apply, entry);
    changed_ = changed_ ||
               !(std::holds_alternative<RunBegin>(entry) || std::holds_alternative<RunEnd>(entry));
  }
  for (const Entry& entry : frame) apply.close_recorded(entry);
  if (!apply.problem.empty()) return fail(ErrorCode::corrupt, apply.problem);
  return {};
}

std::vector<OpenIntent> Replay::open_intents() const {
  std::vector<OpenIntent> all;
  for (const auto& [seq, open] : open_) all.push_back(open);
  return all;
}

Snapshot Replay::snapshot() const {
  Snapshot snapshot;
  snapshot.state = state_;
  snapshot.open_intents = open_intents();
  snapshot.next_intent = next_intent_;
  return snapshot;
}

}  // namespace lf
