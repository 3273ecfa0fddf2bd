// SPDX-License-Identifier: Apache-2.0
#include "sim/lab.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "base/seeded_random.h"
#include "cli/commands.h"

namespace lf::sim {

namespace {

constexpr const char* kSpec = "work/spec.yaml";
constexpr const char* kStack = "llm-tuning-lab";
constexpr unsigned kSecondsAtMost = 120;  // of real time, for one history

std::string text_of(const char* name) {
  std::ifstream file(std::string(LLMFORGE_SOURCE_DIR) + "/tests/sim/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

int original_output = -1;

}  // namespace

void report(const std::string& text) {
  std::fflush(stdout);
  const int fd = original_output >= 0 ? original_output : STDOUT_FILENO;
  for (size_t at = 0; at < text.size();) {
    const ssize_t n = write(fd, text.data() + at, text.size() - at);
    if (n <= 0) return;
    at += static_cast<size_t>(n);
  }
}

void silence(int fd) {
  std::fflush(stdout);
  std::fflush(stderr);
  if (fd >= 0)
    original_output = fd;
  else if (original_output < 0)
    original_output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, STDOUT_FILENO);
  dup2(fd >= 0 ? fd : nowhere, STDERR_FILENO);
  close(nowhere);
}

double seconds() {
  static const auto start = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// --- the lab

namespace {

std::shared_ptr<PackageSet> packages_of_all() {
  static FakeFiles no_files;
  static const auto set = std::make_shared<PackageSet>(no_files, nullptr);
  return set;
}

}  // namespace

std::string platform_spec() {
  return text_of("platform.yaml");
}

std::string spec_from_menu(uint64_t seed) {
  constexpr std::string_view kPart = "# --- ";
  static const std::string menu = text_of("menu.yaml");
  std::vector<std::string> parts;
  for (size_t at = menu.find(kPart); at != std::string::npos;) {
    const size_t next = menu.find(kPart, at + kPart.size());
    parts.push_back(menu.substr(at, next == std::string::npos ? next : next - at));
    at = next;
  }
  SeededRandom random(seed);
  std::string out = fmt::format(
      "llmforge: 1\nstack: {}\nprovider: aws\nregion: us-west-2\n"
      "variables: {{variant: {{type: int, default: 1}}}}\nresources:\n",
      kStack);
  for (uint64_t left = 1 + random.next() % 3; left > 0; --left) {
    const size_t chosen = random.next() % parts.size();
    out += parts[chosen];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(chosen));
  }
  return out;
}

std::string in_bucket() {
  return fmt::format("{}backend: {{s3: {{bucket: {}, key: lab}}}}\n", kHere, kStateBucket);
}

void warm_up() {
  Lab lab(1, platform_spec());
  for (const char* name : {"apply", "plan", "destroy"}) lab.run({.name = name});
  // Every part of the menu, so that every type was met.
  const std::string head = spec_from_menu(1);
  Lab all(1, head.substr(0, head.find("# --- ")) + text_of("menu.yaml"));
  for (const char* name : {"apply", "plan", "destroy"}) all.run({.name = name, .variant = 1});
}

Lab::Lab(uint64_t seed, const std::string& spec)
    : set_(packages_of_all()),
      package_(set_->packages.find("aws")),
      sim_(new SimWorld(*package_, set_->sources, seed)) {
  sim_->files().place(kSpec, spec);
  sim_->on_stuck = [this](const std::string& why) { _exit(judge({why})); };
}

bool Lab::edit_spec(const std::string& from, const std::string& to) {
  std::string text = sim_->files().content(kSpec).value_or("");
  const size_t at = text.find(from);
  if (at == std::string::npos) return false;
  text.replace(at, from.size(), to);
  sim_->files().place(kSpec, std::move(text));
  return true;
}

int Lab::run(const Command& command) {
  Options options;
  options.command = command.name;
  options.spec = kSpec;
  options.auto_approve = true;
  options.shared = set_;
  options.detailed_exitcode = true;
  options.refresh = command.refresh;
  if (!command.lock_timeout.empty()) options.lock_timeout = command.lock_timeout;
  if (command.variant > 0)
    options.variables = {{"variant", std::to_string(command.variant)}};
  else
    options.variables = {{"create_instance", command.create_instance ? "true" : "false"}};
  std::string told = "$ llmforge " + command.name;
  if (!command.instance_type.empty()) {
    options.variables.emplace_back("instance_type", command.instance_type);
  }
  for (const auto& [name, value] : options.variables) told += " --var " + name + "=" + value;
  if (command.refresh != "true") told += " --refresh=" + command.refresh;
  sim_->tell(told);
  interrupts = 0;
  return sim_->run_process([&](World& world, Runner& runner) {
    CommandContext context{runner, world, options, Terminal{}};
    context.interrupts = &interrupts;
    return command.name == "plan" ? run_plan(context) : run_apply(context);
  });
}

int Lab::run_to_the_end(const Command& command, int code) {
  for (int runs = 1; runs <= 3; ++runs) {
    if (run(command) == code) return runs;
  }
  return 0;
}

Finding Lab::finding() {
  return compare_state_and_cloud(*sim_, *package_, kStack);
}

std::map<std::string, std::string> Lab::files() {
  std::map<std::string, std::string> out;
  for (const std::string& path : sim_->files().paths()) {
    if (path.find("/llmforge.lock") == std::string::npos)
      out[path] = sim_->files().content(path).value_or("");
  }
  return out;
}

std::string Lab::fingerprint(bool with_files) {
  std::string out;
  for (const sandbox::Thing* thing : sim_->model().things().all()) {
    if (thing->deleted || thing->gone_at) continue;
    out += thing->type_name + " " + thing->id + " " + to_text(Value(thing->properties)) + "\n";
  }
  if (!with_files) return out;
  for (const auto& [path, content] : files()) out += path + "\n" + content + "\n";
  return out;
}

int Lab::judge(const std::vector<std::string>& wrong) {
  if (wrong.empty()) return 0;
  constexpr size_t kLines = 60;
  for (const auto& one : wrong) report("WRONG: " + one + "\n");
  if (sim_->verbose) return 1;
  const auto& history = sim_->history();
  const size_t first = history.size() > kLines ? history.size() - kLines : 0;
  report(fmt::format("what happened{}:\n", first > 0 ? ", the end of it" : ""));
  for (size_t i = first; i < history.size(); ++i) report(history[i] + "\n");
  return 1;
}

// --- processes

Forks::Forks(std::function<void(const End&)> on_end)
    : on_end_(std::move(on_end)),
      jobs_(static_cast<size_t>(std::max<long>(1, sysconf(_SC_NPROCESSORS_ONLN)))) {}

void Forks::run(uint64_t number, const std::function<int()>& body) {
  while (children_.size() >= jobs_) wait_for_one();
  const int output = memfd_create("output", MFD_CLOEXEC);
  std::fflush(stdout);
  std::fflush(stderr);
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(kSecondsAtMost);
    silence(output);
    const int status = body();
    std::fflush(stdout);
    _exit(status);
  }
  if (pid < 0) {
    close(output);
    on_end_({number, 1, "cannot fork"});
    return;
  }
  children_[pid] = {number, output};
}

void Forks::wait_for_one() {
  int status = 0;
  const pid_t pid = waitpid(-1, &status, 0);
  const auto found = children_.find(pid);
  if (found == children_.end()) return;
  End end;
  end.number = found->second.number;
  end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (end.status != 0) {
    char buffer[4096];
    lseek(found->second.output, 0, SEEK_SET);
    for (ssize_t n; (n = read(found->second.output, buffer, sizeof buffer)) > 0;) {
      end.printed.append(buffer, static_cast<size_t>(n));
    }
  }
  close(found->second.output);
  children_.erase(found);
  on_end_(end);
}

void Forks::wait_for_all() {
  while (!children_.empty()) wait_for_one();
}

}  // namespace lf::sim
