// SPDX-License-Identifier: Apache-2.0
// Tests of specs, as they stand in `*.test.yaml`. docs/spec-tests.md has the form.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/world.h"
#include "sandbox/faults.h"
#include "spec/tree.h"
#include "yaml/syntax.h"

namespace lf {

// An expected value, where it stands, and what it is expected of.
struct Expected {
  std::string of;  // an expression, an output's name, an address, a glob
  Span of_span;
  std::shared_ptr<const cel::Interpolation> expression;  // `values`, `assert`, `unknown`
  Value value;
  Span span;
  std::vector<std::pair<std::string, Span>> parts;  // of a map: where each value stands
};

struct TestRun {
  std::string name;
  Span span;
  std::string command = "plan";  // plan | apply | destroy | validate
  std::string environment;       // "": the file's
  std::vector<std::pair<std::string, std::string>> variables;
  std::vector<std::string> targets, excludes, replace;
  std::optional<sandbox::Faults> faults;
  int64_t wait_s = 0;  // how much time passes before it
  std::optional<int64_t> exit;
  Span exit_span;
  std::vector<Expected> plan;                   // address glob -> action
  std::vector<Expected> counts;                 // action -> number
  std::vector<Expected> properties;             // address -> some of its properties
  std::vector<Expected> values;                 // expression -> value
  std::vector<Expected> unknown;                // expressions that only apply can tell
  std::vector<Expected> outputs;                // name -> value
  std::vector<Expected> asserts;                // conditions
  std::vector<Expected> failed;                 // address glob -> class of its error
  std::vector<Expected> diagnostics, failures;  // codes: reported; reported as errors, and no other
  bool expects_failure() const { return !failures.empty() || (exit && *exit != 0); }
};

struct TestFile {
  std::string path, spec;
  std::string environment = "default";
  std::vector<std::pair<std::string, std::string>> variables;
  Environment surroundings;  // environment variables, e.g. for secret.env
  std::optional<Timestamp> now;
  uint64_t seed = 1;
  sandbox::Faults faults;
  std::vector<TestRun> runs;
  bool sound = false;  // it could be read
};

// Reads one; what is wrong is reported as in specs. `text` is added to `sources`.
TestFile read_test_file(FileSystem& files, const std::string& path, Sources& sources,
                        Diagnostics& diagnostics);

// The test files that `wanted` (files, folders, specs; none: here) names. not_found.
Result<std::vector<std::string>> find_test_files(FileSystem& files,
                                                 const std::vector<std::string>& wanted);
// The spec that a test file is about, where it does not say: the one in the folder above `tests/`,
// or beside it. "" where there is none, or several.
std::string spec_of_test(FileSystem& files, const std::string& test_path);

}  // namespace lf
