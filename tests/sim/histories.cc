// SPDX-License-Identifier: Apache-2.0
#include "sim/histories.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "sim/lab.h"

namespace lf::sim {

namespace {

constexpr size_t kShown = 5;

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

int judge(const std::vector<std::string>& wrong) {
  for (const auto& one : wrong) std::printf("WRONG: %s\n", one.c_str());
  std::fflush(stdout);
  return wrong.empty() ? 0 : 1;
}

using Then = std::function<void()>;

void disturbed(Lab& lab, bool destroy, int kills, const Then& then);

// Ends the life at hand and goes on with the next. By value: what holds on_point is gone then.
void die(Lab* lab, bool destroy, int kills, const Then* then, Point point) {
  lab->world().on_point = nullptr;
  lab->world().kill(point);
  disturbed(*lab, destroy, kills - 1, *then);
}

// A command under faults, killed `kills` times, tried again after each. Goes on with `then`, which
// ends the process: a kill never comes back to the life that it ended.
void disturbed(Lab& lab, bool destroy, int kills, const Then& then) {
  SimWorld& sim = lab.world();
  if (kills > 0) {
    const uint64_t at = sim.points() + 1 + sim.random() % 1000;
    sim.on_point = [&lab, destroy, kills, at, &then](const Point& point) {
      if (point.number >= at) die(&lab, destroy, kills, &then, point);
    };
  }
  (void)(destroy ? lab.destroy() : lab.apply());
  sim.on_point = nullptr;
  then();
}

int live_through(uint64_t seed, bool verbose) {
  Lab lab(seed);
  SimWorld& sim = lab.world();
  sim.verbose = verbose;
  sim.model().faults() = faults_of(sim);
  const auto destroyed = [&] {
    sim.model().faults() = {};
    const int runs = lab.destroy_to_the_end();
    _exit(runs == 0 ? judge({"destroy does not succeed in three runs"})
                    : judge(lab.wrong_after_destroy()));
  };
  const Then after_destroy = destroyed;
  const auto applied = [&] {
    sim.model().faults() = {};
    const int runs = lab.apply_to_the_end();
    const int bad = runs == 0 ? judge({"apply does not succeed in three runs"})
                              : judge(lab.wrong_after_apply(nullptr));
    if (bad != 0) _exit(bad);
    sim.model().faults() = faults_of(sim);
    disturbed(lab, true, static_cast<int>(sim.random() % 4), after_destroy);
  };
  const Then after_apply = applied;
  disturbed(lab, false, static_cast<int>(sim.random() % 4), after_apply);
  return 1;
}

}  // namespace

int try_histories(uint64_t first, uint64_t count) {
  const double start = seconds();
  uint64_t good = 0;
  size_t shown = 0;
  Forks forks([&](const Forks::End& end) {
    if (end.status == 0) ++good;
    if (end.status == 0 || ++shown > kShown) return;
    report(fmt::format("\nseed {} does not end well{}:\n{}replay: build/sim_test fault {}\n",
                       end.number,
                       end.status >= 128 ? fmt::format(" (signal {})", end.status - 128) : "",
                       end.printed, end.number));
  });
  for (uint64_t seed = first; seed < first + count; ++seed) {
    forks.run(seed, [seed] { return live_through(seed, false); });
  }
  forks.wait_for_all();
  report(fmt::format("seeded faults: {} of {} histories end well, in {:.1f} s\n", good, count,
                     seconds() - start));
  return good == count ? 0 : 1;
}

int replay_history(uint64_t seed) {
  return live_through(seed, true);
}

}  // namespace lf::sim
