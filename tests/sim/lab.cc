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

#include "cli/commands.h"

namespace lf::sim {

namespace {

constexpr const char* kSpec = "work/spec.yaml";
constexpr const char* kStack = "llm-tuning-lab";
constexpr unsigned kSecondsAtMost = 120;  // of real time, for one history

std::string reference_spec() {
  std::ifstream file(std::string(LLMFORGE_SOURCE_DIR) + "/specs/aws-finetune.yaml");
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
  if (original_output < 0) original_output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  const int into = fd >= 0 ? fd : open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(into, STDOUT_FILENO);
  dup2(into, STDERR_FILENO);
}

double seconds() {
  static const auto start = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// --- the lab

Lab::Lab(uint64_t seed)
    : packages_(sources_, diagnostics_),
      package_(packages_.find("aws")),
      sim_(new SimWorld(*package_, sources_, seed)) {
  sim_->files().place(kSpec, reference_spec());
  sim_->on_stuck = [](const std::string& why) {
    std::printf("%s\n", why.c_str());
    std::fflush(stdout);
    _exit(1);
  };
}

int Lab::command(const std::string& name) {
  Options options;
  options.command = name;
  options.spec = kSpec;
  options.auto_approve = true;
  options.detailed_exitcode = true;
  options.variables = {{"create_instance", "true"}};
  sim_->trace("$ llmforge " + name);
  return sim_->run_process([&](World& world, Runner& runner) {
    CommandContext context{runner, world, options, Terminal{}};
    return name == "plan" ? run_plan(context) : run_apply(context);
  });
}

int Lab::to_the_end(const std::string& name) {
  for (int runs = 1; runs <= 3; ++runs) {
    const int code = command(name);
    if (code == 0) return runs;
    std::printf("(run %d of %s ended with exit code %d)\n", runs, name.c_str(), code);
  }
  return 0;
}

std::vector<std::string> Lab::wrong_after_apply(const Picture* expected) {
  std::vector<std::string> wrong;
  const int code = plan();
  if (code != 0) wrong.push_back(fmt::format("the next plan ends with exit code {}", code));
  Finding finding = compare_state_and_cloud(*sim_, *package_, kStack);
  wrong.insert(wrong.end(), finding.problems.begin(), finding.problems.end());
  if (expected != nullptr) {
    const auto differs = difference(*expected, finding.picture);
    wrong.insert(wrong.end(), differs.begin(), differs.end());
  }
  return wrong;
}

std::vector<std::string> Lab::wrong_after_destroy() {
  Finding finding = compare_state_and_cloud(*sim_, *package_, kStack);
  for (const auto& [address, text] : finding.picture) {
    finding.problems.push_back("`" + address + "` is still there");
  }
  return finding.problems;
}

Picture Lab::picture() {
  return compare_state_and_cloud(*sim_, *package_, kStack).picture;
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
