// SPDX-License-Identifier: Apache-2.0
// The form for terminals and logs.
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "plan/render.h"
#include "plan/render_parts.h"

namespace lf {

namespace {

class TextPlan {
 public:
  TextPlan(const Plan& plan, const PlanView& view)
      : plan_(plan), view_(view), groups_(group(plan)) {}

  std::string render() {
    const bool nothing = !plan_.has_changes();
    if (!nothing || view_.verbose || !groups_.drift.empty()) {
      line({scope_text(view_), Tone::dim});
    }
    section(view_.destroy ? "will be destroyed" : "will be destroyed or replaced", Tone::destroy,
            groups_.destroys, Detail::usual);
    section("will be changed", Tone::change, groups_.changes, Detail::usual);
    section("will be created", Tone::create, groups_.creates, Detail::usual);
    section("moves, adoptions and what is let go", Tone::move, groups_.moves, Detail::usual);
    drift();
    runs();
    waiting();
    files();
    selection();
    outputs();
    if (view_.verbose) section("stays as it is", Tone::dim, groups_.unchanged, Detail::brief);
    end(nothing);
    return std::move(out_);
  }

 private:
  const char* color(Tone tone) const {
    if (!view_.color) return "";
    switch (tone) {
      case Tone::destroy: return "\x1b[31m";
      case Tone::change: return "\x1b[33m";
      case Tone::create: return "\x1b[32m";
      case Tone::move: return "\x1b[36m";
      case Tone::title: return "\x1b[1m";
      case Tone::dim: return "\x1b[2m";
      case Tone::plain: return "";
    }
    return "";
  }

  void line(const PlanLine& l) {
    const std::string_view start = color(l.tone);
    out_ += start;
    out_ += l.text;
    if (!start.empty()) out_ += "\x1b[0m";
    out_ += '\n';
  }

  void title(std::string_view text, Tone tone) {
    out_ += '\n';
    if (view_.color) {
      out_ += fmt::format("\x1b[1m{}{}:\x1b[0m\n", color(tone), text);
    } else {
      out_ += fmt::format("{}:\n", text);
    }
  }

  void section(std::string_view name, Tone tone, const std::vector<PlanRow>& rows, Detail detail) {
    if (rows.empty()) return;
    title(name, tone);
    const size_t width = address_width(rows);
    // A column of its own for the types where there is room for what is told behind them.
    size_t types = 0;
    for (const auto& row : rows) types = std::max(types, row.item->type.size());
    if (view_.width < 100) types = 0;
    const Detail how = view_.verbose && detail == Detail::usual ? Detail::all : detail;
    for (const auto& row : rows) {
      for (const auto& l : row_lines(row, view_, how, width, types)) line(l);
    }
  }

  void drift() {
    if (groups_.drift.empty()) return;
    title("changed outside of this spec", Tone::change);
    for (const auto& row : groups_.drift) {
      for (const auto& l : drift_lines(row, view_)) line(l);
    }
  }

  void runs() {
    for (const bool used : {false, true}) {
      bool any = false;
      for (const auto& row : groups_.runs) {
        if ((row.item->record && only_used(*row.item->record)) != used) continue;
        if (!any) title(used ? "used, not owned" : "runs", Tone::plain);
        any = true;
        line({"    " + printable(row.item->address) + "  " + printable(row.item->run_note),
              Tone::plain});
      }
    }
  }

  void files() {
    const std::vector<PlanLine> lines = file_lines(plan_, view_);
    if (lines.empty()) return;
    title("generated files", Tone::plain);
    for (const auto& l : lines) line(l);
  }

  void waiting() {
    if (groups_.waiting.empty()) return;
    title("pending", Tone::plain);
    for (const auto& row : groups_.waiting) {
      line({"    " + printable(row.item->address) + "  " + printable(row.item->pending),
            Tone::plain});
    }
  }

  void selection() {
    if (plan_.left_out.empty() && groups_.excluded.empty()) return;
    title("by --target and --exclude", Tone::plain);
    for (const auto& [address, why] : plan_.left_out) {
      line({"    " + printable(address) + "  " + printable(why), Tone::plain});
    }
    if (!view_.verbose && groups_.excluded.size() > 10) {
      line({fmt::format("    {} resources with changes are left out (-v lists them)",
                        groups_.excluded.size()),
            Tone::plain});
      return;
    }
    for (const auto& row : groups_.excluded) {
      line(
          {"    " + printable(row.item->address) + "  has changes that are left out", Tone::plain});
    }
  }

  void outputs() {
    const std::vector<PlanLine> lines = output_lines(plan_, view_);
    if (lines.empty()) return;
    title("outputs", Tone::plain);
    for (const auto& l : lines) line(l);
  }

  // Over as many lines as the window needs.
  void wrapped(const std::string& text) {
    const auto width = static_cast<size_t>(std::max(view_.width, 40));
    std::string row;
    for (const std::string& word : split(text, ' ')) {
      if (!row.empty() && utf8_length(row) + 1 + utf8_length(word) > width) {
        line({row, Tone::plain});
        row = "   ";
      }
      row += (row.empty() ? "" : " ") + word;
    }
    line({row, Tone::plain});
  }

  void end(bool nothing) {
    for (const auto& caveat : caveats(plan_, view_)) line({"note: " + caveat, Tone::dim});
    const std::string requests =
        view_.requests == 0
            ? ""
            : fmt::format(" ({} request{})", view_.requests, view_.requests == 1 ? "" : "s");
    if (nothing) {
      const size_t n = groups_.unchanged.size() + groups_.runs.size() + groups_.waiting.size();
      std::string text = view_.destroy ? "nothing to destroy"
                         : n == 0      ? "no changes"
                                  : fmt::format("no changes: {} resource{} as the spec says", n,
                                                n == 1 ? " is" : "s are");
      if (!groups_.drift.empty()) text += fmt::format("; {} changed outside", groups_.drift.size());
      if (!groups_.excluded.empty()) text += fmt::format("; {} left out", groups_.excluded.size());
      line({text + requests, Tone::title});
      return;
    }
    out_ += '\n';
    const std::string cost = view_.cost == nullptr ? "" : cost_text(*view_.cost);
    if (!cost.empty()) wrapped(cost);
    line({"plan: " + summary_text(plan_, groups_) + requests, Tone::title});
  }

  const Plan& plan_;
  const PlanView& view_;
  const PlanGroups groups_;
  std::string out_;
};

}  // namespace

std::string render_text(const Plan& plan, const PlanView& view) {
  return TextPlan(plan, view).render();
}

std::string render_plan(const Plan& plan, const PlanView& view) {
  if (view.format == "markdown") return render_markdown(plan, view);
  if (view.format == "json") return render_json(plan, view);
  return render_text(plan, view);
}

}  // namespace lf
