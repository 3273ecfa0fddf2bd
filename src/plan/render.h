// SPDX-License-Identifier: Apache-2.0
// A plan for its readers: text for terminals, Markdown for pull requests, JSON for programs. What
// is destroyed or replaced comes first and is never cut; the summary comes last and is never cut.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "plan/cost.h"
#include "plan/plan.h"

namespace lf {

// What policies and checks say of a plan.
struct PlanFinding {
  std::string severity;  // error (it refuses the plan), warning or note
  std::string code, message;
  std::string file;  // "": no place
  int64_t line = 0, column = 0;
  std::vector<std::string> help;
};

struct PlanView {
  std::string stack, environment, region, account, provider;
  std::string format = "text";  // text | markdown | json
  bool color = false;
  bool verbose = false;  // every property of what is created, unchanged resources too
  int width = 100;
  int64_t bytes_max = 0;  // markdown: 0 is no limit
  bool refreshed = true;  // false: --refresh=false; the plan says how old its data is
  bool destroy = false;
  bool sandbox = false;
  uint64_t requests = 0;  // sent to plan
  // Said in Markdown and JSON; with text they go to stderr by themselves.
  std::vector<PlanFinding> findings;
  std::vector<std::string> notes;        // about renames
  std::shared_ptr<const PlanCost> cost;  // null: not told
};

std::string render_plan(const Plan& plan, const PlanView& view);
// One value on one line, cut to `width`; secrets as (secret), unknowns with their origin. `type`
// tells what an int means: a size is shown as specs write it, "200GiB".
std::string show_value(const Value& value, size_t width, const Type& type = Type());

}  // namespace lf
