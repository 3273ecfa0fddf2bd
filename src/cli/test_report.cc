// SPDX-License-Identifier: Apache-2.0
// Results of spec tests for programs: JSON, and the XML that CI systems read.
#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "cli/test_run.h"
#include "render/html.h"

namespace lf {

namespace {

const char* word(TestOutcome::Kind kind) {
  switch (kind) {
    case TestOutcome::Kind::passed: return "passed";
    case TestOutcome::Kind::failed: return "failed";
    case TestOutcome::Kind::skipped: return "skipped";
  }
  return "";
}

List problems_of(const Diagnostics& problems, const Sources& sources) {
  List out;
  for (const auto& d : problems.sorted()) {
    auto parsed = parse_json(render_json(d, sources));
    if (parsed) out.push_back(std::move(*parsed));
  }
  return out;
}

// Text of an attribute or an element; what XML cannot hold becomes a visible escape.
std::string xml(std::string_view text) {
  std::string out;
  for (const std::string& line : split(text, '\n')) {
    if (!out.empty()) out += '\n';
    out += html_text(line);
    if (out.empty()) out += ' ';
  }
  return out;
}

std::string texts_of(const Diagnostics& problems, const Sources& sources) {
  std::string out;
  for (const auto& d : problems.sorted()) out += render(d, sources, {}) + "\n";
  return out;
}

}  // namespace

std::string problems_text(const TestOutcome& one, const Sources& sources) {
  return texts_of(one.problems, sources) + one.said;
}

std::string test_report_json(const std::vector<FileOutcome>& files, const TestTotals& totals) {
  List all;
  for (const auto& file : files) {
    Map entry;
    entry.set("file", Value(file.path));
    entry.set("errors", Value(problems_of(file.invalid, *file.sources)));
    List runs;
    for (const auto& one : file.runs) {
      Map run;
      run.set("name", Value(one.name));
      run.set("result", Value(word(one.kind)));
      run.set("seconds", Value(one.seconds));
      if (!one.why.empty()) run.set("because", Value(one.why));
      run.set("problems", Value(problems_of(one.problems, *file.sources)));
      if (!one.said.empty()) run.set("said", Value(one.said));
      runs.emplace_back(std::move(run));
    }
    entry.set("runs", Value(std::move(runs)));
    all.emplace_back(std::move(entry));
  }
  Map out;
  out.set("passed", Value(static_cast<int64_t>(totals.passed)));
  out.set("failed", Value(static_cast<int64_t>(totals.failed)));
  out.set("skipped", Value(static_cast<int64_t>(totals.skipped)));
  out.set("invalid", Value(static_cast<int64_t>(totals.invalid)));
  out.set("seconds", Value(totals.seconds));
  out.set("files", Value(std::move(all)));
  return to_json(Value(std::move(out))) + "\n";
}

std::string test_report_junit(const std::vector<FileOutcome>& files, const TestTotals& totals) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format(
      "<testsuites name=\"llmforge test\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
      "time=\"{:.3f}\">\n",
      totals.passed + totals.failed + totals.skipped + totals.invalid, totals.failed,
      totals.invalid, totals.seconds);
  for (const auto& file : files) {
    const bool invalid = file.invalid.has_errors();
    double seconds = 0;
    for (const auto& one : file.runs) seconds += one.seconds;
    out += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
        "time=\"{:.3f}\">\n",
        xml(file.path), file.runs.size() + (invalid ? 1 : 0), file.count(TestOutcome::Kind::failed),
        invalid ? 1 : 0, file.count(TestOutcome::Kind::skipped), seconds);
    if (invalid) {
      out += fmt::format(
          "    <testcase classname=\"{0}\" name=\"(the file)\" time=\"0.000\">\n"
          "      <error type=\"invalid\" message=\"the test file is not valid\">{1}</error>\n"
          "    </testcase>\n",
          xml(file.path), xml(texts_of(file.invalid, *file.sources)));
    }
    for (const auto& one : file.runs) {
      out += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                         xml(file.path), xml(one.name), one.seconds);
      if (one.kind == TestOutcome::Kind::passed) {
        out += "/>\n";
        continue;
      }
      out += ">\n";
      if (one.kind == TestOutcome::Kind::skipped) {
        out += fmt::format("      <skipped message=\"{}\"/>\n", xml(one.why));
      } else {
        const auto problems = one.problems.sorted();
        out += fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                           problems.empty() ? "LF0801" : info(problems.front().code).name,
                           xml(problems.empty() ? "" : problems.front().message),
                           xml(problems_text(one, *file.sources)));
      }
      out += "    </testcase>\n";
    }
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace lf
