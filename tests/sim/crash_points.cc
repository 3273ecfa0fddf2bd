// SPDX-License-Identifier: Apache-2.0
#include "sim/crash_points.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "cli/session.h"

namespace lf::sim {

namespace {

// Exit statuses of children that ended well, but not in one run.
constexpr int kSecondRun = 10, kThirdRun = 11;
constexpr size_t kShown = 10;
// After every so manieth kill a plan comes first, which must leave everything as it is.
constexpr uint64_t kPlansEach = 5;

bool ended_well(int status) {
  return status == 0 || status == kSecondRun || status == kThirdRun;
}

std::vector<std::string> changed_files(std::map<std::string, std::string> before,
                                       const std::map<std::string, std::string>& after) {
  std::vector<std::string> out;
  for (const auto& [path, content] : after) {
    const auto found = before.find(path);
    if (found == before.end() || found->second != content) out.push_back(path);
    if (found != before.end()) before.erase(found);
  }
  for (const auto& [path, content] : before) out.push_back(path);
  return out;
}

std::vector<std::string> wrong_with_plan(Lab& lab, const Scenario& scenario) {
  SimWorld& sim = lab.world();
  const uint64_t mutations = sim.mutations() + sim.state_mutations();
  const auto before = lab.files();
  Command plan = scenario.tested;
  plan.name = "plan";
  plan.refresh = "true";
  (void)lab.run(plan);
  if (sim.mutations() + sim.state_mutations() != mutations)
    return {"a plan after the kill sends mutations"};
  std::vector<std::string> wrong;
  for (const std::string& path : changed_files(before, lab.files()))
    wrong.push_back("a plan after the kill changes `" + path + "`");
  return wrong;
}

// From the crash on. The exit status.
int recover(Lab& lab, const Point& point, const Scenario& scenario, const Reference& reference,
            const std::string& fingerprint) {
  SimWorld& sim = lab.world();
  sim.on_point = nullptr;
  sim.kill(point);
  std::vector<std::string> wrong;
  if (scenario.only_reads && lab.fingerprint(scenario.silent) != fingerprint) {
    wrong.push_back("a command that only reads changed something before it was killed");
  }
  if (point.number % kPlansEach == 0 && wrong.empty()) wrong = wrong_with_plan(lab, scenario);
  if (!wrong.empty()) return lab.judge(wrong);
  const int runs = lab.run_to_the_end(scenario.tested, scenario.code);
  if (runs == 0) wrong.push_back(scenario.tested.name + " does not succeed in three runs");
  const auto after = wrong_after(lab, scenario, reference);
  wrong.insert(wrong.end(), after.begin(), after.end());
  if (!wrong.empty()) return lab.judge(wrong);
  return runs == 1 ? 0 : runs == 2 ? kSecondRun : kThirdRun;
}

std::string replay_line(const std::string& what, uint64_t number, uint64_t seed) {
  return fmt::format("build/sim_test {} {}{}", what, number,
                     seed == 1 ? "" : fmt::format(" {}", seed));
}

std::string signal_of(int status) {
  return status >= 128 ? fmt::format(", signal {}", status - 128) : "";
}

}  // namespace

int try_crash_points(const Scenario& scenario, uint64_t only, uint64_t seed) {
  const double start = seconds();
  const Reference reference = undisturbed(scenario, seed);
  const double one_history = seconds() - start;
  std::map<std::string, uint64_t> kinds;
  std::map<uint64_t, std::string> names;
  uint64_t recovered = 0, late = 0;
  size_t shown = 0;
  warm_up();
  Forks forks([&](const Forks::End& end) {
    if (end.status == kSecondRun || end.status == kThirdRun) ++late;
    if (ended_well(end.status)) ++recovered;
    if (ended_well(end.status) || ++shown > kShown) return;
    report(fmt::format("\ncrash point {} ({}) is not recovered{}:\n{}replay: {}\n", end.number,
                       names[end.number], signal_of(end.status), end.printed,
                       replay_line("points " + scenario.name, end.number, seed)));
  });

  Lab lab(seed, platform_spec());
  SimWorld& sim = lab.world();
  prepare(lab, scenario);
  const uint64_t before = sim.points();
  const std::string fingerprint = lab.fingerprint(scenario.silent);
  sim.on_point = [&](const Point& absolute) {
    Point point = absolute;
    point.number -= before;
    if (only != 0 && point.number != only) return;
    if (only != 0) {
      const int status = recover(lab, point, scenario, reference, fingerprint);
      report(fmt::format("crash point {} ({} {}): {}\n", point.number, point.kind, point.what,
                         status == 1 ? "not recovered" : "recovered"));
      std::fflush(stderr);
      _exit(status == 1 ? 1 : 0);
    }
    ++kinds[point.kind];
    names[point.number] = std::string(point.kind) + " " + point.what;
    forks.run(point.number, [&] { return recover(lab, point, scenario, reference, fingerprint); });
  };
  sim.verbose = only != 0;
  (void)lab.run(scenario.tested);
  sim.on_point = nullptr;
  if (only != 0) {
    report(fmt::format("there is no point {}: {} points in all\n", only, reference.points));
    return 3;
  }
  const bool same = sim.trace_hash() == reference.hash;
  forks.wait_for_all();

  const uint64_t tried = names.size();
  if (!same) report("the same seed gave two different histories\n");
  std::string by_kind;
  for (const auto& [kind, count] : kinds)
    by_kind += fmt::format("{}{} {}", by_kind.empty() ? "" : ", ", kind, count);
  report(fmt::format("{} ({}): {} points ({})\n", scenario.name, scenario.doc, reference.points,
                     by_kind));
  report(
      fmt::format("{}: one undisturbed history takes {:.0f} ms ({} s of virtual time); {} of the "
                  "recoveries took more than one run\n",
                  scenario.name, one_history * 1000, reference.virtual_s, late));
  report(fmt::format("{}: crash points recovered: {} of {} in {:.1f} s\n", scenario.name, recovered,
                     reference.points, seconds() - start));
  return same && recovered == tried && tried == reference.points ? 0 : 1;
}

// --- two writers

namespace {

// Whether one of both was refused and the other did all.
std::vector<std::string> wrong_with_two(Lab& lab, const Scenario& scenario,
                                        const Reference& reference, int first, int second) {
  std::vector<std::string> wrong;
  if (first != 0 && first != kLocked)
    wrong.push_back(fmt::format("the first ends with exit code {}", first));
  if (second != 0 && second != kLocked)
    wrong.push_back(fmt::format("the second ends with exit code {}", second));
  if (first == kLocked && second == kLocked)
    wrong.push_back("each is refused because of the other");
  const auto after = wrong_after(lab, scenario, reference);
  wrong.insert(wrong.end(), after.begin(), after.end());
  return wrong;
}

// Lives through the scenario with a second writer at `number`. The exit status.
int with_second_writer(const Scenario& scenario, const Reference& reference, uint64_t seed,
                       uint64_t number, bool verbose, const Plant& plant) {
  Lab lab(seed, platform_spec());
  SimWorld& sim = lab.world();
  prepare(lab, scenario);
  sim.verbose = verbose;
  sim.plant = plant;
  const uint64_t before = sim.points();
  bool started = false;
  int second = -1;
  sim.on_point = [&](const Point& point) {
    if (started || point.number - before < number || !point.between_calls) return;
    started = true;
    sim.tell("(a second llmforge starts)");
    second = lab.run(scenario.tested);
  };
  const int first = lab.run(scenario.tested);
  sim.on_point = nullptr;
  if (!started) return 0;  // there is no such point any more
  return lab.judge(wrong_with_two(lab, scenario, reference, first, second));
}

}  // namespace

namespace {

// The first process stands still at `number` while a second takes over. The exit status.
int with_pause(const Scenario& scenario, const Reference& reference, uint64_t seed, uint64_t number,
               bool verbose, const Plant& plant) {
  Lab lab(seed, platform_spec());
  SimWorld& sim = lab.world();
  prepare(lab, scenario);
  sim.verbose = verbose;
  sim.plant = plant;
  const uint64_t before = sim.points();
  bool started = false;
  int second = -1;
  uint64_t mutations = 0;
  sim.on_point = [&](const Point& point) {
    if (started || point.number - before < number || !point.between_calls) return;
    if (sim.objects().objects.empty()) return;  // it has no lease to lose yet
    started = true;
    sim.tell("(it stands still, and a second llmforge starts)");
    sim.while_paused([&] { second = lab.run(scenario.tested); });
    mutations = sim.mutations();
    sim.tell("(it goes on)");
  };
  const int first = lab.run(scenario.tested);
  sim.on_point = nullptr;
  if (!started) return 0;  // there is no such point any more
  std::vector<std::string> wrong;
  if (sim.mutations() != mutations) wrong.push_back("what has lost its lease sends mutations");
  if (second != 0) wrong.push_back(fmt::format("the second ends with exit code {}", second));
  // Whoever was paused after its last word to the state was done already; what it looks at before
  // it writes or sends anything may refuse it, too.
  if (first != kLocked && first != kDone && first != kRefused)
    wrong.push_back(fmt::format("the first ends with exit code {}", first));
  const auto after = wrong_after(lab, scenario, reference);
  wrong.insert(wrong.end(), after.begin(), after.end());
  return lab.judge(wrong);
}

}  // namespace

int try_pauses(uint64_t only, uint64_t stride, uint64_t seed) {
  const double start = seconds();
  const Scenario& scenario = *find_scenario("remote-apply");
  const Reference reference = undisturbed(scenario, seed);
  if (only != 0) {
    const int status = with_pause(scenario, reference, seed, only, true, {});
    report(status == 0 ? "ends well\n" : "does not end well\n");
    return status;
  }
  uint64_t good = 0, tried = 0;
  size_t shown = 0;
  Forks forks([&](const Forks::End& end) {
    if (end.status == 0) ++good;
    if (end.status == 0 || ++shown > kShown) return;
    report(fmt::format("\na pause at point {} does not end well{}:\n{}replay: {}\n", end.number,
                       signal_of(end.status), end.printed,
                       replay_line("pauses", end.number, seed)));
  });
  for (uint64_t number = 1; number <= reference.points; number += stride) {
    ++tried;
    forks.run(number, [&] { return with_pause(scenario, reference, seed, number, false, {}); });
  }
  forks.wait_for_all();
  report(fmt::format("pauses beyond the lease: {} of {} end well, in {:.1f} s\n", good, tried,
                     seconds() - start));
  return good == tried ? 0 : 1;
}

int try_second_writers(const std::string& name, uint64_t only, uint64_t stride, uint64_t seed) {
  const double start = seconds();
  Scenario scenario = *find_scenario(name);
  scenario.tested.lock_timeout = "";
  const Reference reference = undisturbed(scenario, seed);
  if (only != 0) {
    const int status = with_second_writer(scenario, reference, seed, only, true, {});
    report(status == 0 ? "ends well\n" : "does not end well\n");
    return status;
  }
  uint64_t good = 0, tried = 0;
  size_t shown = 0;
  warm_up();
  Forks forks([&](const Forks::End& end) {
    if (end.status == 0) ++good;
    if (end.status == 0 || ++shown > kShown) return;
    report(fmt::format("\na second writer from point {} on does not end well{}:\n{}replay: {}\n",
                       end.number, signal_of(end.status), end.printed,
                       replay_line("writers " + name, end.number, seed)));
  });
  for (uint64_t number = 1; number <= reference.points; number += stride) {
    ++tried;
    forks.run(number,
              [&] { return with_second_writer(scenario, reference, seed, number, false, {}); });
  }
  forks.wait_for_all();
  report(fmt::format("second writers, {}: {} of {} end well, in {:.1f} s\n", name, good, tried,
                     seconds() - start));
  return good == tried ? 0 : 1;
}

// --- planted bugs

std::string noticed_in(const Forks::End& end, const std::string& expected) {
  if (ended_well(end.status)) return "";
  for (size_t at = 0; at < end.printed.size();) {
    const size_t line_end = std::min(end.printed.find('\n', at), end.printed.size());
    const std::string line = end.printed.substr(at, line_end - at);
    at = line_end + 1;
    if (line.starts_with("WRONG: ") && line.find(expected) != std::string::npos) {
      return line.substr(7);
    }
  }
  return "";
}

std::string hunt(const Hunt& hunted, uint64_t& tried) {
  const bool pause = hunted.scenario == "pause";
  const bool writers = hunted.scenario == "second writer" || pause;
  const Scenario& scenario = *find_scenario(pause     ? "remote-apply"
                                            : writers ? "apply"
                                                      : hunted.scenario);
  const uint64_t seed = 1;
  const Reference reference = undisturbed(scenario, seed);
  std::string noticed;
  tried = 0;
  warm_up();
  Forks forks([&](const Forks::End& end) {
    const std::string line = noticed.empty() ? noticed_in(end, hunted.expected) : "";
    if (!line.empty()) noticed = fmt::format("at point {}: {}", end.number, line);
  });
  if (writers) {
    for (uint64_t number = 1; number <= reference.points && noticed.empty();
         number += hunted.stride) {
      ++tried;
      forks.run(number, [&] {
        return pause ? with_pause(scenario, reference, seed, number, false, hunted.plant)
                     : with_second_writer(scenario, reference, seed, number, false, hunted.plant);
      });
    }
    forks.wait_for_all();
    return noticed;
  }
  Lab lab(seed, platform_spec());
  SimWorld& sim = lab.world();
  prepare(lab, scenario);
  sim.plant = hunted.plant;
  const uint64_t before = sim.points();
  const uint64_t mutations = sim.mutations();
  const std::string fingerprint = lab.fingerprint(scenario.silent);
  sim.on_point = [&](const Point& absolute) {
    Point point = absolute;
    point.number -= before;
    if (sim.mutations() == mutations) return;  // nothing to lose yet
    if (!noticed.empty() || point.number % hunted.stride != 0) return;
    ++tried;
    forks.run(point.number, [&] { return recover(lab, point, scenario, reference, fingerprint); });
  };
  (void)lab.run(scenario.tested);
  sim.on_point = nullptr;
  forks.wait_for_all();
  return noticed;
}

}  // namespace lf::sim
