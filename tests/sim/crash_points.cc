// SPDX-License-Identifier: Apache-2.0
#include "sim/crash_points.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

#include "sim/lab.h"

namespace lf::sim {

namespace {

constexpr int kSecondRun = 10, kThirdRun = 11;  // exit statuses of children: recovered, but late
constexpr size_t kShown = 10;

struct Reference {
  Picture applied;
  uint64_t points = 0, hash = 0;
  int64_t virtual_s = 0;
};

// The history that nothing disturbs. Ends the program if even that goes wrong.
Reference undisturbed(const std::string& command, uint64_t seed) {
  Lab lab(seed);
  SimWorld& sim = lab.world();
  Reference out;
  std::vector<std::string> wrong;
  const auto apply = [&] {
    if (lab.apply() != 0) wrong.push_back("an undisturbed apply fails");
  };
  if (command == "destroy") apply();
  const uint64_t before = sim.points();
  const int64_t start = sim.now().seconds;
  if (command == "apply")
    apply();
  else if (lab.destroy() != 0)
    wrong.push_back("an undisturbed destroy fails");
  out.points = sim.points() - before;
  out.hash = sim.trace_hash();
  out.virtual_s = sim.now().seconds - start;
  if (wrong.empty()) {
    wrong = command == "apply" ? lab.wrong_after_apply(nullptr) : lab.wrong_after_destroy();
    if (command == "apply") out.applied = lab.picture();
  }
  if (wrong.empty()) return out;
  for (const auto& one : wrong) report(one + "\n");
  std::exit(1);
}

// From the crash on. The exit status.
int recover(Lab& lab, const Point& point, const std::string& command, const Reference& reference) {
  SimWorld& sim = lab.world();
  sim.on_point = nullptr;
  sim.kill(point);
  const int runs = command == "apply" ? lab.apply_to_the_end() : lab.destroy_to_the_end();
  std::vector<std::string> wrong;
  if (runs == 0)
    wrong.push_back(command + " does not succeed in three runs");
  else
    wrong =
        command == "apply" ? lab.wrong_after_apply(&reference.applied) : lab.wrong_after_destroy();
  for (const auto& one : wrong) std::printf("WRONG: %s\n", one.c_str());
  std::fflush(stdout);
  if (!wrong.empty()) return 1;
  return runs == 1 ? 0 : runs == 2 ? kSecondRun : kThirdRun;
}

std::string replay_line(const std::string& command, uint64_t number, uint64_t seed) {
  return fmt::format("build/sim_test points {} {}{}", command, number,
                     seed == 1 ? "" : fmt::format(" {}", seed));
}

}  // namespace

int try_crash_points(const std::string& command, uint64_t only, uint64_t seed) {
  const double start = seconds();
  const Reference reference = undisturbed(command, seed);
  const double one_history = seconds() - start;
  std::map<std::string, uint64_t> kinds;
  std::map<uint64_t, std::string> names;
  uint64_t recovered = 0, late = 0;
  size_t shown = 0;
  Forks forks([&](const Forks::End& end) {
    if (end.status == 0 || end.status == kSecondRun || end.status == kThirdRun) ++recovered;
    if (end.status == kSecondRun || end.status == kThirdRun) ++late;
    const bool failed = end.status != 0 && end.status != kSecondRun && end.status != kThirdRun;
    if (!failed || ++shown > kShown) return;
    report(fmt::format("\ncrash point {} ({}) is not recovered{}:\n{}replay: {}\n", end.number,
                       names[end.number],
                       end.status >= 128 ? fmt::format(", signal {}", end.status - 128) : "",
                       end.printed, replay_line(command, end.number, seed)));
  });

  Lab lab(seed);
  SimWorld& sim = lab.world();
  if (command == "destroy") lab.apply();
  const uint64_t before = sim.points();
  sim.on_point = [&](const Point& absolute) {
    Point point = absolute;
    point.number -= before;
    if (only != 0 && point.number != only) return;
    if (only != 0) {
      const int status = recover(lab, point, command, reference);
      report(fmt::format("crash point {} ({} {}): {}\n", point.number, point.kind, point.what,
                         status == 1 ? "not recovered" : "recovered"));
      std::fflush(stderr);
      _exit(status == 1 ? 1 : 0);
    }
    ++kinds[point.kind];
    names[point.number] = std::string(point.kind) + " " + point.what;
    forks.run(point.number, [&] { return recover(lab, point, command, reference); });
  };
  sim.verbose = only != 0;
  if (command == "apply")
    lab.apply();
  else
    lab.destroy();
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
  report(fmt::format("{}: {} points ({})\n", command, reference.points, by_kind));
  report(
      fmt::format("{}: one undisturbed history takes {:.0f} ms ({} s of virtual time); {} of the "
                  "recoveries took more than one run\n",
                  command, one_history * 1000, reference.virtual_s, late));
  report(fmt::format("{}: crash points recovered: {} of {} in {:.1f} s\n", command, recovered,
                     reference.points, seconds() - start));
  return same && recovered == tried && tried == reference.points ? 0 : 1;
}

}  // namespace lf::sim
