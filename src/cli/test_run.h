// SPDX-License-Identifier: Apache-2.0
// Carries out the runs of one test file in a world of its own, and compares.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/test_files.h"

namespace lf {

struct TestOutcome {
  enum class Kind : uint8_t { passed, failed, skipped } kind = Kind::passed;
  std::string name;
  double seconds = 0;
  Diagnostics problems;  // LF0801, at the expectations that are not met
  std::string said;      // what the command said where it ended otherwise than expected
  std::string why;       // skipped: because
};

struct FileOutcome {
  std::string path;
  std::unique_ptr<Sources> sources;
  Diagnostics invalid;  // the file itself
  std::vector<TestOutcome> runs;
  size_t count(TestOutcome::Kind kind) const;
};

// `filter`: a glob over the names of runs and files, "": all. Earlier runs of the same file are
// made for those that match, and not reported.
FileOutcome run_test_file(const CommandContext& context, const std::string& path,
                          const std::string& filter);

// The reports, test_report.cc.
struct TestTotals {
  size_t files = 0, passed = 0, failed = 0, skipped = 0, invalid = 0;
  double seconds = 0;
};
std::string test_report_json(const std::vector<FileOutcome>& files, const TestTotals& totals);
// In the form that CI systems read.
std::string test_report_junit(const std::vector<FileOutcome>& files, const TestTotals& totals);
// What is wrong, as text without colours.
std::string problems_text(const TestOutcome& one, const Sources& sources);

}  // namespace lf
