// SPDX-License-Identifier: Apache-2.0
// What a run of a test expects, against what came.
#pragma once

#include <string>

#include "cli/commands.h"
#include "cli/test_files.h"

namespace lf {

class Expectations final : public RunObserver {
 public:
  // Problems go to `problems`, with places in the test file.
  Expectations(const TestRun& run, Diagnostics& problems) : run_(run), problems_(problems) {}
  void planned(Session& session, const Plan& plan) override;
  void applied(Session& session, const Plan& plan, const ApplyResult& result) override;
  void ended(Session& session) override;
  // When the command is over: its code, and what it reported. False: it ended otherwise than
  // expected, so that what follows makes no sense.
  bool judge(int code, const Capture& said);

 private:
  void values(Session& session, const AttributeSource& source);
  enum class Wanted : uint8_t { equal, unknown, holds };
  void value(Session& session, const AttributeSource& source, const Expected& one, Wanted wanted);
  void compare(const Expected& one, const std::string& what, const Value& actual);
  void properties(const Expected& one, const Value& actual);
  void never_came(const std::vector<Expected>& all, const char* what);
  Diagnostic& miss(Span span, std::string message, std::string label = "");

  const TestRun& run_;
  Diagnostics& problems_;
  bool planned_ = false, applied_ = false, evaluated_ = false;
};

// Whether a value is what a test's YAML says: durations, sizes, addresses and the like by their
// text, numbers by value, maps and lists all through.
bool is_expected(const Value& expected, const Value& actual);

}  // namespace lf
