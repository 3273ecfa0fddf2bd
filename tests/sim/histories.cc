// SPDX-License-Identifier: Apache-2.0
#include "sim/histories.h"

#include <fmt/format.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "sim/lab.h"

namespace lf::sim {

namespace {

constexpr size_t kShown = 5;
constexpr uint64_t kPlatformEvery = 16;  // seeds; the others take parts of the menu
// Of four seeds one has its state in a bucket; of eight one moves it there, and back.
constexpr uint64_t kRemoteEvery = 4, kRemoteAt = 2, kMovingEvery = 8, kMovingAt = 5;

sandbox::Faults faults_of(SimWorld& sim) {
  sandbox::Faults out;
  const auto sometimes = [&](double most) {
    return sim.random() % 3 == 0 ? 0.0 : sim.share() * most;
  };
  out.throttle = sometimes(0.2);
  out.unavailable = sometimes(0.15);
  out.lost_answer = sometimes(0.15);
  out.invisible_ms = sim.random() % 2 == 0 ? 0 : static_cast<int64_t>(sim.random() % 10'000);
  if (sim.random() % 3 == 0) {
    Map first;
    first.set("instance_type", Value("g5.xlarge"));
    out.no_capacity.push_back(std::move(first));
  }
  return out;
}

// One seed's life. A kill never comes back to the life that it ended, so each step goes on with
// the next from inside and the last one ends the process.
struct History {
  History(uint64_t seed, const std::string& spec) : lab(seed, spec) {}
  Lab lab;
  std::vector<Command> commands;
  size_t at = 0;                       // in commands
  bool remote = false, moves = false;  // where the state lies; whether that changes
};

[[noreturn]] void next_command(History* history);

// The command's faults are over: it must come to its end, and all must hold.
[[noreturn]] void end_command(History* history) {
  Lab& lab = history->lab;
  const Command& command = history->commands[history->at];
  lab.world().model().faults() = {};
  lab.world().store_faults = {};
  lab.world().tell("(no more faults)");
  std::vector<std::string> wrong;
  if (lab.run_to_the_end(command) == 0) {
    wrong.push_back(command.name + " does not succeed in three runs");
  } else {
    if (command.name == "apply") {
      Command plan = command;
      plan.name = "plan";
      const int code = lab.run(plan);
      if (code != 0) wrong.push_back(fmt::format("the next plan ends with exit code {}", code));
    }
    const Finding finding = lab.finding();
    wrong.insert(wrong.end(), finding.problems.begin(), finding.problems.end());
    if (command.name == "destroy") {
      for (const auto& [address, text] : finding.picture)
        wrong.push_back("`" + address + "` is still there");
    }
  }
  if (!wrong.empty()) _exit(lab.judge(wrong));
  ++history->at;
  next_command(history);
}

// Lives through the command until a kill or its end; tries again after a kill.
[[noreturn]] void live(History* history, int ends) {
  SimWorld& sim = history->lab.world();
  if (ends > 0) {
    const uint64_t at = sim.points() + 1 + sim.random() % 1000;
    const bool interrupted = sim.random() % 4 == 0;
    sim.on_point = [history, ends, at, interrupted](const Point& point) {
      if (point.number < at) return;
      if (interrupted) {
        history->lab.interrupts = 1;
        return;
      }
      // By value from here on: on_point goes.
      History* const here = history;
      const int left = ends - 1;
      const Point now = point;
      here->lab.world().on_point = nullptr;
      here->lab.world().kill(now);
      live(here, left);
    };
  }
  (void)history->lab.run(history->commands[history->at]);
  sim.on_point = nullptr;
  end_command(history);
}

void next_command(History* history) {
  if (history->at == history->commands.size()) _exit(0);
  SimWorld& sim = history->lab.world();
  if (history->moves && history->at > 0) {
    const bool back = history->remote;
    history->lab.edit_spec(back ? in_bucket() : kHere, back ? kHere : in_bucket());
    history->remote = !back;
    sim.tell(back ? "(the spec says: the state lies here)"
                  : "(the spec says: it lies in a bucket)");
  }
  const sandbox::Faults faults = faults_of(sim);
  sim.model().faults() = faults;
  if (history->remote || history->moves) {
    sim.store_faults.unavailable = sim.random() % 2 == 0 ? 0.0 : sim.share() * 0.2;
    sim.store_faults.lost_answer = sim.random() % 2 == 0 ? 0.0 : sim.share() * 0.1;
    sim.tell(fmt::format("(faults of the store: unavailable {:.2f}, answers lost {:.2f})",
                         sim.store_faults.unavailable, sim.store_faults.lost_answer));
  }
  sim.tell(fmt::format(
      "(faults: throttled {:.2f}, unavailable {:.2f}, answers lost {:.2f}, new things unseen for "
      "{} ms{})",
      faults.throttle, faults.unavailable, faults.lost_answer, faults.invisible_ms,
      faults.no_capacity.empty() ? "" : ", no capacity for the first choice"));
  live(history, static_cast<int>(sim.random() % 4));
}

[[noreturn]] void live_through(uint64_t seed, bool verbose, const Plant& plant) {
  // Small specs show as much in a tenth of the time; the platform has what only many together show.
  const bool platform = seed % kPlatformEvery == 0;
  History history(seed, platform ? platform_spec() : spec_from_menu(seed));
  SimWorld& sim = history.lab.world();
  sim.verbose = verbose;
  sim.plant = plant;
  auto& commands = history.commands;
  history.remote = seed % kRemoteEvery == kRemoteAt;
  history.moves = seed % kMovingEvery == kMovingAt;
  if (history.remote) history.lab.edit_spec(kHere, in_bucket());
  if (platform) {
    commands.push_back({.name = "apply", .create_instance = sim.random() % 4 != 0});
    if (sim.random() % 2 == 0) commands.push_back({.name = "apply", .instance_type = "g6.xlarge"});
    if (sim.random() % 4 == 0) commands.push_back({.name = "apply", .create_instance = false});
    commands.push_back({.name = "destroy"});
  } else {
    commands.push_back({.name = "apply", .variant = 1});
    if (sim.random() % 4 != 0) commands.push_back({.name = "apply", .variant = 2});
    if (sim.random() % 2 == 0) commands.push_back({.name = "destroy", .variant = 1});
  }
  // Who was killed holds a lease for a while.
  if (history.remote || history.moves) {
    for (Command& command : commands) command.lock_timeout = "10m";
  }
  next_command(&history);
}

}  // namespace

int try_histories(uint64_t first, uint64_t count) {
  const double start = seconds();
  uint64_t good = 0;
  size_t shown = 0;
  warm_up();
  Forks forks([&](const Forks::End& end) {
    if (end.status == 0) ++good;
    if (end.status == 0 || ++shown > kShown) return;
    report(fmt::format("\nseed {} does not end well{}:\n{}replay: build/sim_test fault {}\n",
                       end.number,
                       end.status >= 128 ? fmt::format(" (signal {})", end.status - 128) : "",
                       end.printed, end.number));
  });
  for (uint64_t seed = first; seed < first + count; ++seed) {
    forks.run(seed, [seed]() -> int { live_through(seed, false, {}); });
  }
  forks.wait_for_all();
  report(fmt::format("seeded faults: {} of {} histories end well, in {:.1f} s\n", good, count,
                     seconds() - start));
  return good == count ? 0 : 1;
}

int replay_history(uint64_t seed) {
  live_through(seed, true, {});
}

std::string hunt_by_seeds(const Hunt& hunted, uint64_t& tried) {
  std::string noticed;
  tried = 0;
  warm_up();
  Forks forks([&](const Forks::End& end) {
    const std::string line = noticed.empty() ? noticed_in(end, hunted.expected) : "";
    if (!line.empty()) noticed = fmt::format("with seed {}: {}", end.number, line);
  });
  for (uint64_t seed = 1; seed <= hunted.stride && noticed.empty(); ++seed) {
    ++tried;
    forks.run(seed, [&]() -> int { live_through(seed, false, hunted.plant); });
  }
  forks.wait_for_all();
  return noticed;
}

}  // namespace lf::sim
