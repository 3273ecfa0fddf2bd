// SPDX-License-Identifier: Apache-2.0
#include "sim/planted.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/histories.h"

namespace lf::sim {

namespace {

constexpr const char* kOrphan = "lives in the cloud, but state does not know it";
constexpr const char* kSeeds = "histories";  // instead of a scenario

struct PlantedBug {
  std::string name, doc;
  Hunt hunted;
};

// --- journals of wrong engines

// Mutations are sent without a word in the journal before them.
void without_intents(std::vector<Frame>& frames) {
  std::vector<Frame> kept;
  for (Frame& frame : frames) {
    const bool intent = !frame.empty() && std::holds_alternative<Intent>(frame.front());
    if (!intent) kept.push_back(std::move(frame));
  }
  frames = std::move(kept);
}

// Intents whose outcomes are missing are closed as not done: nobody looks for their effect.
void without_settling(std::vector<Frame>& frames) {
  std::map<uint64_t, const Intent*> open;
  for (const Frame& frame : frames) {
    for (const Entry& entry : frame) {
      if (const auto* intent = std::get_if<Intent>(&entry)) open[intent->seq] = intent;
      if (const auto* outcome = std::get_if<Outcome>(&entry)) open.erase(outcome->seq);
    }
  }
  std::vector<Frame> closing;
  for (const auto& [seq, intent] : open) {
    if (intent->step != "create") continue;
    Outcome outcome;
    outcome.seq = seq;
    outcome.kind = Outcome::Kind::error;
    outcome.error_code = "not_found";
    closing.push_back({outcome, RecordRemove{intent->address, intent->generation}});
  }
  for (Frame& frame : closing) frames.push_back(std::move(frame));
}

// Nobody waits for requests that are still on the wire.
void without_window(std::vector<Frame>& frames) {
  for (Frame& frame : frames) {
    for (Entry& entry : frame) {
      auto* intent = std::get_if<Intent>(&entry);
      if (intent != nullptr) intent->deadline.seconds -= 7200;
    }
  }
}

// The record leaves the state when its deletion is sent, not when it is proven.
void removed_when_asked(std::vector<Frame>& frames) {
  for (Frame& frame : frames) {
    const auto* intent = frame.empty() ? nullptr : std::get_if<Intent>(&frame.front());
    if (intent == nullptr || !intent->step.starts_with("delete")) continue;
    Outcome outcome;
    outcome.seq = intent->seq;
    const RecordRemove remove{intent->address, intent->generation};
    frame.emplace_back(outcome);
    frame.emplace_back(remove);
  }
}

// What is replaced is not kept as a deposed generation.
void without_deposed(std::vector<Frame>& frames) {
  for (Frame& frame : frames) {
    for (Entry& entry : frame) {
      const auto* move = std::get_if<RecordMove>(&entry);
      if (move != nullptr && move->to_generation > 0)
        entry = RecordRemove{move->address, move->generation};
    }
  }
}

// The id that a create's answer names is not recorded with it.
void without_ids(std::vector<Frame>& frames) {
  for (Frame& frame : frames) {
    const auto* outcome = frame.empty() ? nullptr : std::get_if<Outcome>(&frame.front());
    if (outcome == nullptr || outcome->kind != Outcome::Kind::ok) continue;
    for (Entry& entry : frame) {
      auto* put = std::get_if<RecordPut>(&entry);
      if (put != nullptr && put->record.status == RecordStatus::creating) put->record.id.clear();
    }
  }
}

// The intent does not say which mark, token and name its effect carries.
void without_clues(std::vector<Frame>& frames) {
  for (Frame& frame : frames) {
    for (Entry& entry : frame) {
      if (auto* intent = std::get_if<Intent>(&entry)) {
        intent->find_by = {};
        intent->desired = {};
      }
      if (auto* put = std::get_if<RecordPut>(&entry)) put->record.nonce.clear();
    }
  }
}

std::vector<PlantedBug> bugs() {
  std::vector<PlantedBug> out;
  const auto add = [&](const char* name, const char* doc, const char* scenario, uint64_t stride,
                       const char* expected) -> Plant& {
    PlantedBug bug{name, doc, {}};
    bug.hunted.scenario = scenario;
    bug.hunted.stride = stride;
    bug.hunted.expected = expected;
    out.push_back(std::move(bug));
    return out.back().hunted.plant;
  };
  add("unsynced-journal", "appends are called durable before they are synced", "apply", 7, kOrphan)
      .appends_unsynced = true;
  add("unsynced-folder", "a new file's name is never synced", "apply", 7, kOrphan)
      .folders_unsynced = true;
  add("no-intent", "a mutation is sent without its intent in the journal", "apply", 7, kOrphan)
      .journal = without_intents;
  add("no-settling", "open intents count as not done", "apply", 7, kOrphan).journal =
      without_settling;
  add("short-settling", "settling ends before the last request can have come", "apply", 1, kOrphan)
      .journal = without_window;
  add("no-clues", "the intent does not say what finds its effect", "apply", 7, kOrphan).journal =
      without_clues;
  add("no-id", "a create's id is not recorded with its outcome", "apply", 7, kOrphan).journal =
      without_ids;
  add("early-removal", "a record goes when its deletion is sent, not when it is proven", "destroy",
      5, kOrphan)
      .journal = removed_when_asked;
  add("lost-deposed", "a replaced thing is not kept as a deposed generation", "replace-beside", 5,
      kOrphan)
      .journal = without_deposed;
  add("lost-is-not-done", "a lost answer counts as a request that was not sent", kSeeds, 2000,
      kOrphan)
      .lost_is_not_done = true;
  add("new-token", "a create that is sent again has another token", kSeeds, 2000, kOrphan)
      .tokens_change = true;
  add("sent-twice", "the transport repeats a mutation", "apply", 7, kOrphan).mutations_repeat =
      true;
  add("no-lock", "the state's lock is given to a second writer", "second writer", 23, "")
      .locks_granted = true;
  add("segment-late", "a remote journal's segment is uploaded after the request that it announces",
      "remote-apply", 11, kOrphan)
      .segments_late = true;
  add("sleeping-clock", "the clock of a lease stands still while the machine sleeps", "pause", 5,
      "sends mutations")
      .clock_sleeps = true;
  Plant& unfenced = add("no-fence", "whoever lost a remote state can still write its journal",
                        "pause", 23, "sends mutations");
  unfenced.creates_replace = unfenced.clock_sleeps = true;
  return out;
}

}  // namespace

int try_planted_bugs() {
  const double start = seconds();
  size_t noticed = 0;
  const auto all = bugs();
  for (const PlantedBug& bug : all) {
    uint64_t tried = 0;
    const bool seeds = bug.hunted.scenario == kSeeds;
    const std::string how = seeds ? hunt_by_seeds(bug.hunted, tried) : hunt(bug.hunted, tried);
    if (!how.empty()) ++noticed;
    report(fmt::format("{} ({}): {}\n", bug.name, bug.doc,
                       how.empty() ? fmt::format("NOT NOTICED in {} tries", tried)
                                   : fmt::format("noticed in {}, after {} tries, {}",
                                                 bug.hunted.scenario, tried, how)));
  }
  report(fmt::format("planted bugs noticed: {} of {} in {:.1f} s\n", noticed, all.size(),
                     seconds() - start));
  return noticed == all.size() ? 0 : 1;
}

}  // namespace lf::sim
