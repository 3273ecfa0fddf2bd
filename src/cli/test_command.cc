// SPDX-License-Identifier: Apache-2.0
// `test`: tests of specs, in a simulated cloud, without credentials, network or state.
#include <fmt/format.h>

#include "base/replace_file.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "cli/test_run.h"

namespace lf {

namespace {

std::string time_text(double seconds) {
  return seconds < 1 ? fmt::format("{:.0f} ms", seconds * 1000) : fmt::format("{:.1f} s", seconds);
}

class Report {
 public:
  explicit Report(const CommandContext& context) : context_(context) {
    const bool color = context.terminal.color_out;
    red_ = color ? "\x1b[1;31m" : "";
    green_ = color ? "\x1b[32m" : "";
    dim_ = color ? "\x1b[2m" : "";
    reset_ = color ? "\x1b[0m" : "";
  }

  void file(const FileOutcome& file) {
    if (context_.options.json) return;
    print(printable(file.path) + "\n");
    if (!file.invalid.empty())
      show_diagnostics(file.invalid, *file.sources, false, context_.terminal);
    for (const auto& one : file.runs) run(one, *file.sources);
    if (file.runs.empty() && file.invalid.empty()) print("  no run matches\n");
  }

  void totals(const TestTotals& all) {
    if (context_.options.json) return;
    const bool good = all.failed + all.invalid == 0;
    std::string text =
        fmt::format("\n{}{}: {} passed", good ? green_ : red_, good ? "ok" : "FAILED", all.passed);
    text += reset_;
    if (all.failed > 0) text += fmt::format(", {} failed", all.failed);
    if (all.skipped > 0) text += fmt::format(", {} skipped", all.skipped);
    if (all.invalid > 0)
      text += fmt::format(", {} file{} not valid", all.invalid, all.invalid == 1 ? "" : "s");
    print(text + fmt::format(" in {} file{} ({})\n", all.files, all.files == 1 ? "" : "s",
                             time_text(all.seconds)));
  }

 private:
  void run(const TestOutcome& one, const Sources& sources) {
    const std::string name = printable(one.name);
    if (one.kind == TestOutcome::Kind::skipped) {
      print(fmt::format("  {}skipped{}  {}: {}\n", dim_, reset_, name, printable(one.why)));
      return;
    }
    const bool passed = one.kind == TestOutcome::Kind::passed;
    print(fmt::format("  {}{}{}  {} {}({}){}\n", passed ? green_ : red_,
                      passed ? "ok     " : "FAILED ", reset_, name, dim_, time_text(one.seconds),
                      reset_));
    if (passed) return;
    RenderOptions options;
    options.color = context_.terminal.color_err;
    options.width = context_.terminal.width;
    for (const auto& d : one.problems.sorted()) print_error(render(d, sources, options) + "\n");
    if (one.said.empty()) return;
    std::string said = fmt::format("  {}what the command said:{}\n", dim_, reset_);
    for (const auto& line : split(trim(one.said), '\n'))
      said += line.empty() ? "\n" : "  | " + line + "\n";
    print_error(said + "\n");
  }

  const CommandContext& context_;
  std::string red_, green_, dim_, reset_;
};

}  // namespace

int run_test(CommandContext& context) {
  const MonotonicNs start = context.world.clock.monotonic();
  auto paths = find_test_files(context.world.files, context.options.arguments);
  if (!paths) {
    show_error(paths.error(), context.options.json, context.terminal);
    return kUsage;
  }
  Report report(context);
  TestTotals totals;
  std::vector<FileOutcome> files;
  for (const auto& path : *paths) {
    FileOutcome file = run_test_file(context, path, context.options.filter);
    if (file.runs.empty() && file.invalid.empty() && !context.options.filter.empty()) continue;
    ++totals.files;
    totals.passed += file.count(TestOutcome::Kind::passed);
    totals.failed += file.count(TestOutcome::Kind::failed);
    totals.skipped += file.count(TestOutcome::Kind::skipped);
    totals.invalid += file.invalid.has_errors() ? 1 : 0;
    report.file(file);
    files.push_back(std::move(file));
  }
  totals.seconds = static_cast<double>(context.world.clock.monotonic() - start) / 1e9;
  if (files.empty() && !context.options.filter.empty()) {
    show_error(
        Error(ErrorCode::not_found, "no run and no file matches `" + context.options.filter + "`"),
        context.options.json, context.terminal);
    return kUsage;
  }
  report.totals(totals);
  if (context.options.json) print(test_report_json(files, totals));
  if (!context.options.junit.empty()) {
    Result<void> written = replace_file(context.world.files, context.options.junit,
                                        test_report_junit(files, totals), 0644);
    if (!written) {
      show_error(written.error(), context.options.json, context.terminal);
      return kFailed;
    }
  }
  return totals.invalid > 0 ? kUsage : totals.failed > 0 ? kFailed : kDone;
}

}  // namespace lf
