// SPDX-License-Identifier: Apache-2.0
// What the text and the Markdown form of a plan share: resources in the reader's groups, and the
// lines that tell each of them. Who prints adds colours, fences and cuts.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"
#include "plan/render.h"

namespace lf {

enum class Tone : uint8_t { plain, title, destroy, change, create, move, dim };

struct PlanLine {
  std::string text;  // with its indentation; no line end, no control characters
  Tone tone = Tone::plain;
};

// One resource with its late facets.
struct PlanRow {
  const PlanItem* item = nullptr;
  std::vector<const PlanItem*> late;  // those with work, where the resource itself is not made anew
  Action action = Action::none;       // update where only late facets have work
};

struct PlanGroups {
  std::vector<PlanRow> destroys;  // deletes, then replaces
  std::vector<PlanRow> changes, creates;
  std::vector<PlanRow> moves;    // move, adopt, forget
  std::vector<PlanRow> drift;    // something changed outside; may be in another group as well
  std::vector<PlanRow> runs;     // only a note to tell
  std::vector<PlanRow> waiting;  // as the spec says, but a person has to do something
  std::vector<PlanRow> unchanged, excluded;
  size_t count(Action action) const;
};
PlanGroups group(const Plan& plan);

// The block of one resource: a first line, details below. `brief`: the first line alone, and of a
// create nothing but its address and type.
enum class Detail : uint8_t { brief, usual, all };
std::vector<PlanLine> row_lines(const PlanRow& row, const PlanView& view, Detail detail,
                                size_t address_width, size_t type_width = 0);
// What others changed on one resource, and what becomes of it.
std::vector<PlanLine> drift_lines(const PlanRow& row, const PlanView& view);
std::vector<PlanLine> output_lines(const Plan& plan, const PlanView& view);
// Generated files with something to do: a line each, and how the text differs.
std::vector<PlanLine> file_lines(const Plan& plan, const PlanView& view);

// "3 to create, 1 to change": what there is any of.
std::string summary_text(const Plan& plan, const PlanGroups& groups);
// "stack llm-tuning-lab, environment prod, aws us-west-2, account 123456789012"
std::string scope_text(const PlanView& view);
// What limits what this plan can know; empty: nothing does.
std::vector<std::string> caveats(const Plan& plan, const PlanView& view);
// The widest address of these rows within reason, for columns.
size_t address_width(const std::vector<PlanRow>& rows);
// A line of a change: `~ cidr: "a" -> "b" forces replacement`, documents as a diff below it.
void change_lines(const Change& change, const PlanItem& item, const PlanView& view, Detail detail,
                  size_t indent, std::vector<PlanLine>& out);

// The three forms; render_plan picks.
std::string render_text(const Plan& plan, const PlanView& view);
std::string render_markdown(const Plan& plan, const PlanView& view);
std::string render_json(const Plan& plan, const PlanView& view);

}  // namespace lf
