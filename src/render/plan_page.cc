// SPDX-License-Identifier: Apache-2.0
#include "render/plan_page.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "plan/cost.h"
#include "plan/render_parts.h"
#include "render/html.h"

namespace lf {

namespace {

constexpr const char* kStyle = R"(
.page { padding: 0 24px 40px; max-width: 1100px; }
.page h2 { font-size: 15px; margin: 28px 0 8px; }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin: 14px 0; }
.chip { border: 1px solid var(--line); border-radius: 999px; padding: 3px 12px; }
.chip b { font-weight: 600; }
.create { color: #1a7f37; } .change { color: #9a6700; } .destroy { color: #cf222e; }
.move { color: #0969da; } .dim { color: var(--faint); } .title { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  .create { color: #4ac26b; } .change { color: #d4a72c; } .destroy { color: #ff7b72; }
  .move { color: #6cb6ff; }
}
.chip.destroy { border-color: currentColor; }
details { border-bottom: 1px solid color-mix(in srgb, var(--line) 45%, transparent); }
summary { cursor: pointer; padding: 5px 0; font: 12.5px/1.5 ui-monospace, monospace; }
pre { font: 12px/1.5 ui-monospace, monospace; margin: 0 0 8px; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; } td, th { text-align: left; padding: 3px 16px 3px 0; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.finding { border-left: 3px solid currentColor; padding: 2px 0 2px 10px; margin: 6px 0; }
.scroll { overflow: auto; border: 1px solid var(--line); border-radius: 6px; }
.planned rect { stroke-width: 2.5; }
)";

const char* class_of(Tone tone) {
  switch (tone) {
    case Tone::destroy: return "destroy";
    case Tone::change: return "change";
    case Tone::create: return "create";
    case Tone::move: return "move";
    case Tone::title: return "title";
    case Tone::dim: return "dim";
    case Tone::plain: break;
  }
  return "plain";
}

std::string span(const PlanLine& line) {
  return fmt::format("<span class=\"{}\">{}</span>", class_of(line.tone), html_text(line.text));
}

class PlanPage {
 public:
  PlanPage(const Plan& plan, const PlanView& view, const CriticalPath& path)
      : plan_(plan), view_(view), path_(path), groups_(group(plan)) {}

  std::string body() {
    chips();
    findings();
    rows("Destroyed or replaced", groups_.destroys);
    rows("Changed", groups_.changes);
    rows("Created", groups_.creates);
    rows("Moved, adopted, let go", groups_.moves);
    drift();
    notes();
    lines("Generated files", file_lines(plan_, view_));
    lines("Outputs", output_lines(plan_, view_));
    cost();
    chain();
    return std::move(out_);
  }

 private:
  void heading(const std::string& text) { out_ += "<h2>" + html_text(text) + "</h2>\n"; }

  void chips() {
    out_ += "<div class=\"chips\">";
    for (const auto& [action, word, tone] : {std::tuple{Action::remove, "to delete", "destroy"},
                                             std::tuple{Action::replace, "to replace", "destroy"},
                                             std::tuple{Action::update, "to change", "change"},
                                             std::tuple{Action::create, "to create", "create"},
                                             std::tuple{Action::adopt, "to adopt", "move"},
                                             std::tuple{Action::move, "to move", "move"},
                                             std::tuple{Action::forget, "to forget", "move"}}) {
      const size_t n = groups_.count(action);
      if (n > 0) out_ += fmt::format("<span class=\"chip {}\"><b>{}</b> {}</span>", tone, n, word);
    }
    if (!plan_.has_changes()) out_ += "<span class=\"chip\">no changes</span>";
    if (!groups_.drift.empty())
      out_ += fmt::format("<span class=\"chip change\"><b>{}</b> changed outside</span>",
                          groups_.drift.size());
    if (!path_.steps.empty())
      out_ += "<span class=\"chip\">about " + html_text(about(path_.total)) + "</span>";
    out_ += "</div>\n";
    if (view_.cost != nullptr) {
      const std::string text = cost_text(*view_.cost);
      if (!text.empty()) out_ += "<p>" + html_text(text) + "</p>\n";
    }
    for (const auto& caveat : caveats(plan_, view_))
      out_ += "<p class=\"dim\">" + html_text(caveat) + "</p>\n";
  }

  void findings() {
    if (view_.findings.empty()) return;
    heading("Policies");
    for (const auto& one : view_.findings) {
      out_ += fmt::format("<div class=\"finding {}\"><b>{}[{}]</b> {}",
                          one.severity == "error" ? "destroy" : "change", html_text(one.severity),
                          html_text(one.code), html_text(one.message));
      if (!one.file.empty())
        out_ += fmt::format("<br><span class=\"dim\">{}:{}:{}</span>", html_text(one.file),
                            one.line, one.column);
      for (const auto& help : one.help)
        out_ += "<br><span class=\"dim\">" + html_text(help) + "</span>";
      out_ += "</div>\n";
    }
  }

  void block(const std::vector<PlanLine>& all, bool open) {
    if (all.empty()) return;
    out_ += fmt::format("<details{}><summary>{}</summary><pre>", open ? " open" : "",
                        span(all.front()));
    for (size_t i = 1; i < all.size(); ++i) out_ += span(all[i]) + "\n";
    out_ += "</pre></details>\n";
  }

  void rows(const std::string& title, const std::vector<PlanRow>& all) {
    if (all.empty()) return;
    heading(fmt::format("{} ({})", title, all.size()));
    const size_t width = address_width(all);
    const bool loud = &all == &groups_.destroys || &all == &groups_.changes;
    for (const auto& row : all) block(row_lines(row, view_, Detail::all, width), loud);
  }

  void drift() {
    if (groups_.drift.empty()) return;
    heading(fmt::format("Changed outside of this spec ({})", groups_.drift.size()));
    for (const auto& row : groups_.drift) block(drift_lines(row, view_), true);
  }

  void notes() {
    if (groups_.runs.empty() && view_.notes.empty()) return;
    heading("Notes");
    for (const auto& row : groups_.runs) {
      out_ +=
          "<p>" + html_text(row.item->address) + ": " + html_text(row.item->run_note) + "</p>\n";
    }
    for (const auto& note : view_.notes) out_ += "<p>" + html_text(note) + "</p>\n";
  }

  void lines(const std::string& title, const std::vector<PlanLine>& all) {
    if (all.empty()) return;
    heading(title);
    out_ += "<pre>";
    for (const auto& line : all) out_ += span(line) + "\n";
    out_ += "</pre>\n";
  }

  void cost() {
    if (view_.cost == nullptr || view_.cost->after.empty()) return;
    heading("Cost by resource, " + view_.cost->currency);
    out_ +=
        "<table><tr><th>resource</th><th class=\"n\">an hour</th><th class=\"n\">a month</th>"
        "<th></th></tr>\n";
    for (const auto& one : view_.cost->after) {
      const bool runs = !one.run.empty();
      double monthly = one.by_use();
      monthly += runs ? 0 : one.hourly() * kHoursPerMonth;
      out_ += fmt::format(
          "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"dim\">{}</td>"
          "</tr>\n",
          html_text(one.address), one.hourly() > 0 ? fmt::format("{:.4f}", one.hourly()) : "",
          runs ? "" : fmt::format("{:.2f}", monthly),
          html_text(one.unknown() > 0 ? "a price is not known"
                    : runs            ? "while run " + one.run + " goes on"
                                      : one.free));
    }
    out_ += "</table>\n<p class=\"dim\">";
    const char* separator = "";
    for (const auto& source : view_.cost->sources) {
      out_ += separator + html_text(source.as_of + " " + source.text);
      separator = "; ";
    }
    out_ += "</p>\n";
  }

  void chain() {
    if (path_.steps.empty()) return;
    heading("The longest chain: about " + about(path_.total));
    out_ += "<table>";
    for (const auto& step : path_.steps) {
      const Operation& operation = plan_.operations[step.operation];
      out_ +=
          fmt::format("<tr><td>{}</td><td class=\"n\">{}</td></tr>\n",
                      html_text(plan_.items[operation.item].address), html_text(about(step.usual)));
    }
    out_ += "</table>\n";
  }

  const Plan& plan_;
  const PlanView& view_;
  const CriticalPath& path_;
  const PlanGroups groups_;
  std::string out_;
};

}  // namespace

std::string plan_page(const Plan& plan, const PlanView& view, const GraphView& graph,
                      const CriticalPath& path) {
  PlanPage page(plan, view, path);
  std::string body = page.body();
  if (!graph.items.empty())
    body += "<h2>The graph</h2>\n<div class=\"scroll\">" + graph_svg(graph) + "</div>\n";
  const std::string title = (view.destroy ? "destroy " : "plan ") + view.stack;
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<style>{1}{2}</style>\n</head>\n<body>\n<header><h1>{0}</h1>"
      "<span>{3}</span><input id=\"find\" type=\"search\" placeholder=\"Find in the graph\" "
      "aria-label=\"Find in the graph\"></header>\n<div class=\"page\">\n{4}</div>\n"
      "<script>{5}</script>\n</body>\n</html>\n",
      html_text(title), graph_style(), kStyle, html_text(scope_text(view)), body,
      graph.items.empty() ? "" : graph_script());
}

}  // namespace lf
