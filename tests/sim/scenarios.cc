// SPDX-License-Identifier: Apache-2.0
#include "sim/scenarios.h"

#include <fmt/format.h>

#include <cstdlib>

namespace lf::sim {

namespace {

// A machine whose replacement comes before its deletion.
constexpr const char* kSpare = R"(
resources:
  spare:
    type: aws.ec2.instance
    create_before_delete: true
    image: ami-0d1e2a3f4b5c60002
    instance_type: ${vars.instance_type}
    subnet: ${network.subnets[0]}
)";

// Somebody tags one thing by hand.
void drift(Lab& lab) {
  for (sandbox::Thing* thing : lab.world().model().things().all()) {
    const Value* tags = thing->properties.find("tags");
    if (tags == nullptr || !tags->is_map() || thing->deleted || thing->gone_at) continue;
    Map more = tags->as_map();
    more.set("Owner", Value("somebody"));
    thing->properties.set("tags", Value(std::move(more)));
    return;
  }
}

std::vector<Scenario> make_scenarios() {
  const Command apply{.name = "apply"};
  const Command without_machine{.name = "apply", .create_instance = false};
  const Command other_type{.name = "apply", .instance_type = "g6.xlarge"};
  std::vector<Scenario> out;
  Scenario one;
  one.name = "apply";
  one.doc = "the first apply of all of it";
  one.tested = apply;
  out.push_back(one);

  one.before = {apply};
  one.name = "destroy";
  one.doc = "the destruction of all of it";
  one.tested = {.name = "destroy"};
  out.push_back(one);

  one.name = "replace";
  one.doc = "another machine type: the machine is deleted, a new one is made";
  one.tested = other_type;
  out.push_back(one);

  one.name = "replace-beside";
  one.doc = "another machine type: one machine is replaced in place, one beside itself";
  one.spec_from = "\noutputs:\n";
  one.spec_to = std::string(kSpare) + one.spec_from;
  out.push_back(one);
  one.spec_from = one.spec_to = "";

  one.name = "remove";
  one.doc = "the machine leaves the spec, the rest stays";
  one.tested = without_machine;
  out.push_back(one);

  one.name = "plan";
  one.doc = "a plan with changes pending and drift";
  one.meanwhile = drift;
  one.tested = {.name = "plan", .instance_type = "g6.xlarge"};
  one.code = 2;
  one.only_reads = one.silent = true;
  out.push_back(one);

  one.name = "refresh";
  one.doc = "apply --refresh=only with drift";
  one.tested = {.name = "apply", .refresh = "only"};
  one.code = 0;
  one.silent = false;
  out.push_back(one);

  Scenario remote;
  remote.remote = true;
  remote.spec_from = kHere;
  remote.spec_to = in_bucket();
  remote.name = "remote-apply";
  remote.doc = "the first apply of all of it, with the state in a bucket";
  remote.tested = {.name = "apply", .lock_timeout = "10m"};
  out.push_back(remote);

  remote.before = {{.name = "apply"}};
  remote.name = "remote-replace";
  remote.doc = "another machine type, with the state in a bucket";
  remote.tested = {.name = "apply", .instance_type = "g6.xlarge", .lock_timeout = "10m"};
  out.push_back(remote);

  // The local state of the first apply moves in the second.
  remote.name = "migrate";
  remote.doc = "the state moves into a bucket, and the machine is replaced";
  remote.before = {};
  remote.meanwhile = [](Lab& lab) {
    if (lab.run({.name = "apply"}) != 0) std::exit(1);
    lab.edit_spec(kHere, in_bucket());
  };
  remote.spec_from = remote.spec_to = "";
  out.push_back(remote);
  return out;
}

[[noreturn]] void give_up(const Scenario& scenario, const std::vector<std::string>& wrong) {
  for (const auto& line : wrong) report(scenario.name + ", undisturbed: " + line + "\n");
  std::exit(1);
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = make_scenarios();
  return all;
}

const Scenario* find_scenario(const std::string& name) {
  for (const Scenario& scenario : scenarios()) {
    if (scenario.name == name) return &scenario;
  }
  return nullptr;
}

void prepare(Lab& lab, const Scenario& scenario) {
  if (!scenario.spec_from.empty() && !lab.edit_spec(scenario.spec_from, scenario.spec_to)) {
    give_up(scenario, {"the spec has no line `" + scenario.spec_from + "`"});
  }
  for (const Command& command : scenario.before) {
    const int code = lab.run(command);
    if (code != 0) {
      give_up(scenario, {fmt::format("{} ends with exit code {}", command.name, code)});
    }
  }
  if (scenario.meanwhile) scenario.meanwhile(lab);
}

Reference undisturbed(const Scenario& scenario, uint64_t seed) {
  Lab lab(seed, platform_spec());
  SimWorld& sim = lab.world();
  prepare(lab, scenario);
  Reference out;
  const uint64_t points = sim.points();
  const int64_t start = sim.now().seconds;
  const auto fingerprint = lab.fingerprint(scenario.silent);
  const int code = lab.run(scenario.tested);
  out.points = sim.points() - points;
  out.hash = sim.trace_hash();
  out.virtual_s = sim.now().seconds - start;
  std::vector<std::string> wrong;
  if (code != scenario.code) wrong.push_back(fmt::format("it ends with exit code {}", code));
  if (scenario.only_reads && lab.fingerprint(scenario.silent) != fingerprint) {
    wrong.push_back("it changes something");
  }
  Command plan = scenario.tested;
  plan.name = "plan";
  plan.refresh = "true";
  plan.lock_timeout = "";
  out.plan_code = lab.run(plan);
  const bool converges = scenario.tested.name == "apply" && !scenario.only_reads;
  if (out.plan_code != (converges ? 0 : 2)) {
    wrong.push_back(fmt::format("the next plan ends with exit code {}", out.plan_code));
  }
  Finding finding = lab.finding();
  wrong.insert(wrong.end(), finding.problems.begin(), finding.problems.end());
  out.picture = std::move(finding.picture);
  if (scenario.tested.name == "destroy" && !out.picture.empty()) wrong.push_back("things are left");
  if (!wrong.empty()) give_up(scenario, wrong);
  return out;
}

std::vector<std::string> wrong_after(Lab& lab, const Scenario& scenario,
                                     const Reference& reference) {
  std::vector<std::string> wrong;
  if (scenario.tested.name != "destroy") {
    Command plan = scenario.tested;
    plan.name = "plan";
    plan.refresh = "true";
    const int code = lab.run(plan);
    if (code != reference.plan_code) {
      wrong.push_back(
          fmt::format("the next plan ends with exit code {}, not {}", code, reference.plan_code));
    }
  }
  const Finding finding = lab.finding();
  wrong.insert(wrong.end(), finding.problems.begin(), finding.problems.end());
  const auto differs = difference(reference.picture, finding.picture);
  wrong.insert(wrong.end(), differs.begin(), differs.end());
  return wrong;
}

}  // namespace lf::sim
