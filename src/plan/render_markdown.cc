// SPDX-License-Identifier: Apache-2.0
// The form for pull requests: the summary as a table, what is destroyed open, the rest folded.
// Where it must be cut, it is cut in the middle of the folded part; destroys and summary stay.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "plan/render.h"
#include "plan/render_parts.h"

namespace lf {

namespace {

// What may be left out: one resource's block of lines.
struct Block {
  size_t section = 0;
  std::string text;
  bool kept = true;
};

struct Section {
  std::string title;
  std::string what;  // "to create", for the note of what was left out
};

// Table cells and headings: nothing of ours or the user's may start markup.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (std::string_view("\\`*_{}[]<>#|!~@&").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// In a diff fence a line's first character gives its colour; ours stands after the indentation.
std::string fence_line(const PlanLine& line) {
  const size_t at = line.text.find_first_not_of(' ');
  if (at == std::string::npos) return "\n";
  char mark = line.text[at];
  if (mark == '~') mark = '!';
  const bool marked = (mark == '+' || mark == '-' || mark == '!') && at + 1 < line.text.size() &&
                      line.text[at + 1] == ' ';
  if (!marked) return "  " + line.text + "\n";
  return std::string(1, mark) + std::string(at, ' ') + line.text.substr(at + 1) + "\n";
}

std::string fence_for(const std::string& text) {
  size_t longest = 0, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(std::max<size_t>(3, longest + 1), '`');
}

std::string fenced(const std::string& text) {
  const std::string fence = fence_for(text);
  return fence + "diff\n" + text + fence + "\n";
}

class MarkdownPlan {
 public:
  MarkdownPlan(const Plan& plan, const PlanView& view)
      : plan_(plan), view_(view), groups_(group(plan)) {
    view_.color = false;
    view_.width = std::max(view.width, 100);
  }

  std::string render() {
    collect();
    std::string whole = assemble(Detail::usual);
    if (view_.bytes_max <= 0 || fits(whole)) return whole;
    cut(Detail::usual);
    whole = assemble(Detail::usual);
    if (fits(whole)) return whole;
    // Destroys alone are too long: their addresses stay, their details go.
    cut(Detail::brief);
    return assemble(Detail::brief);
  }

 private:
  bool fits(const std::string& text) const {
    return text.size() <= static_cast<size_t>(view_.bytes_max);
  }

  std::string head() const {
    std::string out = "## llmforge plan: " + escaped(view_.stack);
    if (!view_.environment.empty() && view_.environment != "default")
      out += " (" + escaped(view_.environment) + ")";
    out += "\n\n" + escaped(scope_text(view_)) + "\n\n";
    if (!plan_.has_changes()) {
      out += view_.destroy ? "**Nothing to destroy.**\n" : "**No changes.**\n";
      return out;
    }
    std::string names = "|", rule = "|", numbers = "|";
    for (const auto& [action, word] :
         {std::pair{Action::create, "create"}, std::pair{Action::update, "change"},
          std::pair{Action::replace, "replace"}, std::pair{Action::remove, "delete"},
          std::pair{Action::adopt, "adopt"}, std::pair{Action::move, "move"},
          std::pair{Action::forget, "forget"}}) {
      const size_t n = groups_.count(action);
      const bool rare =
          action == Action::adopt || action == Action::move || action == Action::forget;
      if (rare && n == 0) continue;
      const bool loud = n > 0 && (action == Action::replace || action == Action::remove);
      names += fmt::format(" {} |", word);
      rule += " ---: |";
      numbers += loud ? fmt::format(" **{}** |", n) : fmt::format(" {} |", n);
    }
    out += names + "\n" + rule + "\n" + numbers + "\n";
    const std::string cost = view_.cost == nullptr ? "" : cost_text(*view_.cost);
    return cost.empty() ? out : out + "\n" + escaped(cost) + "\n";
  }

  // Never cut: what refuses the plan is what its reader has to know.
  std::string findings() const {
    if (view_.findings.empty()) return "";
    size_t refused = 0;
    for (const auto& finding : view_.findings) refused += finding.severity == "error" ? 1 : 0;
    std::string out = refused > 0
                          ? fmt::format("\n### Refused: {}\n\n", refused)
                          : fmt::format("\n### Policies and checks: {}\n\n", view_.findings.size());
    for (const char* severity : {"error", "warning", "note"}) {
      for (const auto& finding : view_.findings) {
        if (finding.severity != severity) continue;
        out += fmt::format("- **{}** {}: {}", severity, finding.code, escaped(finding.message));
        if (!finding.file.empty())
          out += fmt::format(" ({}:{})", escaped(finding.file), finding.line);
        out += "\n";
        for (const auto& help : finding.help) out += "  - " + escaped(help) + "\n";
      }
    }
    return out;
  }

  std::string destroys(Detail detail) const {
    if (groups_.destroys.empty()) return "";
    std::string text;
    const size_t width = address_width(groups_.destroys);
    for (const auto& row : groups_.destroys) {
      for (const auto& line : row_lines(row, view_, detail, width)) {
        // A replaced thing goes as well: all first lines are red.
        PlanLine shown = line;
        if (shown.text.starts_with("  ! ")) shown.text = "  - " + shown.text.substr(4);
        text += fence_line(shown);
      }
    }
    return fmt::format("\n### Destroyed or replaced: {}\n\n{}", groups_.destroys.size(),
                       fenced(text));
  }

  void add_rows(const std::string& title, const std::string& what, const std::vector<PlanRow>& rows,
                bool drift = false) {
    if (rows.empty()) return;
    sections_.push_back({title, what});
    const size_t width = address_width(rows);
    for (const auto& row : rows) {
      Block block;
      block.section = sections_.size() - 1;
      const Detail detail = view_.verbose ? Detail::all : Detail::usual;
      for (const auto& line :
           drift ? drift_lines(row, view_) : row_lines(row, view_, detail, width)) {
        block.text += fence_line(line);
      }
      blocks_.push_back(std::move(block));
    }
  }

  void add_costs() {
    if (view_.cost == nullptr || view_.cost->after.empty() || !plan_.has_changes()) return;
    sections_.push_back({"Cost by resource", "lines of the cost"});
    for (const auto& one : view_.cost->after) {
      const std::string& currency = view_.cost->currency;
      const std::string text =
          one.unknown() > 0 ? "unknown"
          : one.run.empty()
              ? show_amount(one.hourly() * kHoursPerMonth + one.by_use(), currency) + "/month"
              : show_amount(one.hourly(), currency) + "/h while it runs";
      blocks_.push_back(
          {sections_.size() - 1, "  " + printable(one.address) + "  " + text + "\n", true});
    }
  }

  void collect() {
    add_rows(fmt::format("{} to change", groups_.changes.size()), "to change", groups_.changes);
    add_rows(fmt::format("{} to create", groups_.creates.size()), "to create", groups_.creates);
    add_rows(fmt::format("{} to move, adopt or forget", groups_.moves.size()),
             "to move, adopt or forget", groups_.moves);
    add_rows(fmt::format("{} changed outside of this spec", groups_.drift.size()),
             "changed outside", groups_.drift, true);
    add_rows("Runs that have ended", "runs", groups_.runs);
    add_rows("Pending", "pending", groups_.waiting);
    const std::vector<PlanLine> files = file_lines(plan_, view_);
    if (!files.empty()) {
      sections_.push_back({"Generated files", "lines of generated files"});
      for (const auto& line : files)
        blocks_.push_back({sections_.size() - 1, fence_line(line), true});
    }
    add_costs();
    const std::vector<PlanLine> outputs = output_lines(plan_, view_);
    if (!outputs.empty()) {
      sections_.push_back({"Outputs", "outputs"});
      for (const auto& line : outputs)
        blocks_.push_back({sections_.size() - 1, fence_line(line), true});
    }
    if (!plan_.left_out.empty()) {
      sections_.push_back({"By --target and --exclude", "lines of the selection"});
      for (const auto& [address, why] : plan_.left_out) {
        blocks_.push_back(
            {sections_.size() - 1, "  " + printable(address) + "  " + printable(why) + "\n", true});
      }
    }
  }

  std::string foot() const {
    std::string out;
    std::map<size_t, size_t> left;
    for (const auto& block : blocks_) {
      if (!block.kept) ++left[block.section];
    }
    if (!left.empty()) {
      out += "\n> Left out for length: ";
      const char* separator = "";
      for (const auto& [section, n] : left) {
        out += fmt::format("{}{} {}", separator, n, sections_[section].what);
        separator = ", ";
      }
      out += ". The whole plan: `llmforge plan`.\n";
    }
    for (const auto& caveat : caveats(plan_, view_)) out += "\n> " + escaped(caveat) + "\n";
    for (const auto& note : view_.notes) out += "\n> note: " + escaped(note) + "\n";
    if (plan_.has_changes()) out += "\n" + escaped("plan: " + summary_text(plan_, groups_)) + "\n";
    return out;
  }

  std::string assemble(Detail destroy_detail) const {
    std::string out = head() + findings() + destroys(destroy_detail);
    for (size_t s = 0; s < sections_.size(); ++s) {
      std::string text;
      size_t gap = 0;
      bool any = false;
      auto close_gap = [&] {
        if (gap > 0) text += fmt::format("  … {} left out …\n", gap);
        gap = 0;
      };
      for (const auto& block : blocks_) {
        if (block.section != s) continue;
        if (!block.kept) {
          ++gap;
          continue;
        }
        close_gap();
        any = true;
        text += block.text;
      }
      close_gap();
      if (!any) continue;  // the note at the end tells
      out += fmt::format("\n<details><summary>{}</summary>\n\n{}\n</details>\n", sections_[s].title,
                         fenced(text));
    }
    return out + foot();
  }

  // Keeps blocks from both ends until the rest of the space is used; the middle goes.
  void cut(Detail destroy_detail) {
    for (auto& block : blocks_) block.kept = false;
    const size_t fixed = assemble(destroy_detail).size();
    // Each section costs its frame and a note of its gap.
    const size_t frames = sections_.size() * 160;
    const size_t limit = static_cast<size_t>(view_.bytes_max);
    size_t room = limit > fixed + frames ? limit - fixed - frames : 0;
    size_t front = 0, back = blocks_.size();
    bool from_front = true;
    while (front < back) {
      Block& block = from_front ? blocks_[front] : blocks_[back - 1];
      if (block.text.size() > room) break;
      room -= block.text.size();
      block.kept = true;
      if (from_front)
        ++front;
      else
        --back;
      from_front = !from_front;
    }
  }

  const Plan& plan_;
  PlanView view_;
  const PlanGroups groups_;
  std::vector<Section> sections_;
  std::vector<Block> blocks_;
};

}  // namespace

std::string render_markdown(const Plan& plan, const PlanView& view) {
  return MarkdownPlan(plan, view).render();
}

}  // namespace lf
