// SPDX-License-Identifier: Apache-2.0
#include "cli/test_run.h"

#include <algorithm>

#include "base/strings.h"
#include "cli/test_expect.h"
#include "cli/test_world.h"
#include "spec/files.h"

namespace lf {

size_t FileOutcome::count(TestOutcome::Kind kind) const {
  return static_cast<size_t>(std::count_if(
      runs.begin(), runs.end(), [&](const TestOutcome& one) { return one.kind == kind; }));
}

namespace {

constexpr int64_t kNsOfSecond = 1'000'000'000;

// The provider that a spec is for, read from its head alone: the spec itself may be wrong, and the
// test expect just that.
std::string provider_of(FileSystem& files, const std::string& spec) {
  Sources sources;
  Diagnostics unheard;
  SyntaxTree tree(sources);
  const SpecFiles read = read_spec_files(files, spec, sources, tree, unheard);
  if (!read.root.is_map()) return "";
  const Node named = read.root.find("provider");
  const Node many = read.root.find("providers");
  const std::string name = named ? std::string(named.text()) : "";
  if (!many.is_map() || many.size() == 0) return name;
  const Node chosen = many.find(name);
  return std::string((chosen ? chosen : many.entry(0).value).find("kind").text());
}

class FileRun {
 public:
  FileRun(const CommandContext& context, const TestFile& file, FileOutcome& out)
      : context_(context),
        file_(file),
        out_(out),
        set_(std::make_shared<PackageSet>(context.world.files, nullptr)) {}

  void run(const std::string& filter) {
    Package* package = set_->packages.find(provider_of(context_.world.files, file_.spec));
    if (package == nullptr || package->info().sandbox_account.empty()) package = any_cloud();
    if (package == nullptr) return;
    const Timestamp start = file_.now.value_or(context_.world.clock.now());
    world_ = std::make_unique<TestWorld>(*package, set_->sources, context_.world.files, start,
                                         file_.seed, file_.surroundings);
    const bool whole = filter.empty() || glob_match(filter, file_.path);
    size_t last = 0;
    for (size_t i = 0; i < file_.runs.size(); ++i) {
      if (whole || glob_match(filter, file_.runs[i].name)) last = i + 1;
    }
    std::string broken;
    for (size_t i = 0; i < last; ++i) {
      TestOutcome outcome;
      outcome.name = file_.runs[i].name;
      if (!broken.empty()) {
        outcome.kind = TestOutcome::Kind::skipped;
        outcome.why = "`" + broken + "` before it ended otherwise than expected";
      } else if (!one(file_.runs[i], outcome)) {
        broken = outcome.name;
      }
      const bool wanted = whole || glob_match(filter, outcome.name);
      if (wanted || outcome.kind == TestOutcome::Kind::failed)
        out_.runs.push_back(std::move(outcome));
    }
  }

 private:
  // A spec without a known provider: its errors need some world to be told in.
  Package* any_cloud() {
    for (const auto& name : set_->packages.names()) {
      Package* one = set_->packages.find(name);
      if (one != nullptr && !one->info().sandbox_account.empty()) return one;
    }
    return nullptr;
  }

  Options options_of(const TestRun& run) const {
    Options out;
    out.command = run.command;
    out.spec = file_.spec;
    out.environment = run.environment.empty() ? file_.environment : run.environment;
    for (const auto& [name, value] : file_.variables) {
      const bool again = std::any_of(run.variables.begin(), run.variables.end(),
                                     [&](const auto& other) { return other.first == name; });
      if (!again) out.variables.emplace_back(name, value);
    }
    out.variables.insert(out.variables.end(), run.variables.begin(), run.variables.end());
    out.targets = run.targets;
    out.excludes = run.excludes;
    out.replace = run.replace;
    out.auto_approve = true;
    out.state = ".llmforge/test/" + out.environment + ".llmforge.json";  // not where the spec says
    out.provider_dirs = context_.options.provider_dirs;
    out.shared = set_;
    return out;
  }

  // False: it ended otherwise than expected.
  bool one(const TestRun& run, TestOutcome& outcome) {
    const MonotonicNs start = context_.world.clock.monotonic();
    const Options options = options_of(run);
    world_->model().faults() = run.faults.value_or(file_.faults);
    world_->clock().pass(run.wait_s);
    Expectations expectations(run, outcome.problems);
    CommandContext inside{world_->clock(), world_->world(), options, Terminal{}};
    inside.observer = &expectations;
    Capture said;
    capture_output(&said);
    const int code = run.command == "plan"       ? run_plan(inside)
                     : run.command == "validate" ? run_validate(inside)
                                                 : run_apply(inside);
    capture_output(nullptr);
    const bool as_expected = expectations.judge(code, said);
    if (!as_expected) outcome.said = said.err;
    outcome.kind = outcome.problems.empty() ? TestOutcome::Kind::passed : TestOutcome::Kind::failed;
    outcome.seconds =
        static_cast<double>(context_.world.clock.monotonic() - start) / double(kNsOfSecond);
    return as_expected;
  }

  const CommandContext& context_;
  const TestFile& file_;
  FileOutcome& out_;
  const std::shared_ptr<PackageSet> set_;  // all runs', and the model cloud's
  std::unique_ptr<TestWorld> world_;
};

}  // namespace

FileOutcome run_test_file(const CommandContext& context, const std::string& path,
                          const std::string& filter) {
  FileOutcome out;
  out.path = path;
  out.sources = std::make_unique<Sources>();
  const TestFile file = read_test_file(context.world.files, path, *out.sources, out.invalid);
  if (file.sound) FileRun(context, file, out).run(filter);
  return out;
}

}  // namespace lf
