// SPDX-License-Identifier: Apache-2.0
#include "plan/render_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "base/units.h"
#include "plan/text_diff.h"

namespace lf {

namespace {

constexpr size_t kAddressColumnMax = 44;

std::string owner_address(const PlanItem& item) {
  return item.address.substr(0, item.address.find('#'));
}
bool is_late(const PlanItem& item) {
  return item.address.find('#') != std::string::npos;
}

size_t count_action(const std::vector<PlanRow>& rows, Action action) {
  return static_cast<size_t>(std::count_if(rows.begin(), rows.end(),
                                           [&](const PlanRow& r) { return r.action == action; }));
}

// Everything that differs is somebody else's doing: it is told under drift alone.
bool only_drift(const PlanRow& row) {
  bool any = false;
  auto all_drift = [&](const PlanItem& item) {
    for (const auto& change : item.changes) {
      if (change.cause != Cause::drift) return false;
      any = true;
    }
    return true;
  };
  if (row.action != Action::update || !all_drift(*row.item)) return false;
  return std::all_of(row.late.begin(), row.late.end(),
                     [&](const PlanItem* late) { return all_drift(*late); }) &&
         any;
}

bool any_drift(const PlanRow& row) {
  return !row.item->drift.empty() ||
         std::any_of(row.late.begin(), row.late.end(),
                     [](const PlanItem* late) { return !late->drift.empty(); });
}

}  // namespace

size_t PlanGroups::count(Action action) const {
  size_t sum = count_action(destroys, action) + count_action(changes, action) +
               count_action(creates, action) + count_action(moves, action);
  // Rows that are told under drift alone.
  for (const auto& row : drift) {
    if (row.action == action && only_drift(row)) ++sum;
  }
  return sum;
}

PlanGroups group(const Plan& plan) {
  std::vector<PlanRow> rows;
  std::map<std::string_view, size_t> current;
  rows.reserve(plan.items.size());
  for (const auto& item : plan.items) {
    if (is_late(item)) continue;
    PlanRow row;
    row.item = &item;
    row.action = item.action;
    if (item.generation == 0) current.emplace(item.address, rows.size());
    rows.push_back(std::move(row));
  }
  for (const auto& item : plan.items) {
    if (!is_late(item)) continue;
    const auto owner = current.find(owner_address(item));
    if (owner == current.end()) {
      rows.push_back({&item, {}, item.action});
      continue;
    }
    PlanRow& row = rows[owner->second];
    // What is made anew shows all of its properties already.
    if (row.action == Action::create || row.action == Action::replace) continue;
    if (item.action == Action::none && item.drift.empty()) continue;
    row.late.push_back(&item);
    if (row.action == Action::none && item.action != Action::none) row.action = item.action;
  }
  PlanGroups out;
  for (auto& row : rows) {
    if (any_drift(row)) out.drift.push_back(row);
    if (row.item->excluded) {
      out.excluded.push_back(std::move(row));
      continue;
    }
    switch (row.action) {
      case Action::remove: out.destroys.push_back(std::move(row)); break;
      case Action::replace: out.destroys.push_back(std::move(row)); break;
      case Action::create: out.creates.push_back(std::move(row)); break;
      case Action::update:
        if (!only_drift(row)) out.changes.push_back(std::move(row));
        break;
      case Action::adopt:
      case Action::move:
      case Action::forget: out.moves.push_back(std::move(row)); break;
      case Action::none:
        if (!row.item->run_note.empty())
          out.runs.push_back(std::move(row));
        else if (!row.item->pending.empty())
          out.waiting.push_back(std::move(row));
        else
          out.unchanged.push_back(std::move(row));
        break;
    }
  }
  std::stable_partition(out.destroys.begin(), out.destroys.end(),
                        [](const PlanRow& r) { return r.action == Action::remove; });
  return out;
}

std::string summary_text(const Plan& plan, const PlanGroups& groups) {
  std::vector<std::string> parts;
  for (const auto& [action, word] :
       {std::pair{Action::create, "create"}, std::pair{Action::update, "change"},
        std::pair{Action::replace, "replace"}, std::pair{Action::remove, "delete"},
        std::pair{Action::adopt, "adopt"}, std::pair{Action::move, "move"},
        std::pair{Action::forget, "forget"}}) {
    const size_t n = groups.count(action);
    if (n > 0) parts.push_back(fmt::format("{} to {}", n, word));
  }
  if (parts.empty()) parts.emplace_back("no resource to change");
  std::string out = join(parts, ", ");
  const auto outputs = std::count_if(plan.outputs.begin(), plan.outputs.end(),
                                     [](const PlanOutput& o) { return o.changed; });
  if (outputs > 0) out += fmt::format(", {} output{}", outputs, outputs == 1 ? "" : "s");
  const auto files = std::count_if(plan.files.begin(), plan.files.end(), [](const PlanFile& f) {
    return f.action != Action::none || f.unnoted;
  });
  if (files > 0) out += fmt::format(", {} file{}", files, files == 1 ? "" : "s");
  if (!groups.drift.empty()) out += fmt::format("; {} changed outside", groups.drift.size());
  if (!groups.excluded.empty()) out += fmt::format("; {} left out", groups.excluded.size());
  return out;
}

std::string scope_text(const PlanView& view) {
  std::string out = "stack " + printable(view.stack);
  if (!view.environment.empty() && view.environment != "default") {
    out += ", environment " + printable(view.environment);
  }
  if (!view.provider.empty()) {
    out += ", " + printable(view.provider);
    if (!view.region.empty()) out += " " + printable(view.region);
  }
  if (!view.account.empty()) out += ", account " + printable(view.account);
  if (view.sandbox) out += ", on the sandbox";
  return out;
}

std::vector<std::string> caveats(const Plan& plan, const PlanView& view) {
  std::vector<std::string> out;
  if (!view.refreshed) {
    Timestamp oldest;
    for (const auto& item : plan.items) {
      if (!item.record || item.record->updated_at == Timestamp{}) continue;
      if (oldest == Timestamp{} || item.record->updated_at < oldest)
        oldest = item.record->updated_at;
    }
    oldest.nanos = 0;  // seconds are what people read
    out.push_back(oldest == Timestamp{}
                      ? "not refreshed: the cloud was not asked"
                      : "not refreshed: compared with what state remembers, the oldest of " +
                            format_timestamp(oldest));
  }
  return out;
}

size_t address_width(const std::vector<PlanRow>& rows) {
  size_t widest = 0;
  for (const auto& row : rows) {
    const size_t n = utf8_length(row.item->address);
    if (n <= kAddressColumnMax) widest = std::max(widest, n);
  }
  return widest;
}

std::vector<PlanLine> file_lines(const Plan& plan, const PlanView& view) {
  constexpr size_t kShown = 40;  // lines of a difference; the whole text is what `-v` is for
  std::vector<PlanLine> out;
  for (const auto& file : plan.files) {
    if (file.action == Action::none && !file.unnoted && !view.verbose) continue;
    const std::string path = printable(file.path);
    const bool writes = file.action == Action::create || file.action == Action::update;
    std::string note;
    if (file.content.is_unknown()) note = "  " + show_value(file.content, 60);
    if (file.content.is_string() && file.action == Action::create)
      note = fmt::format("  ({})", digest_line(file.content.as_string()));
    if (file.edited)
      note += writes ? "  edited since it was written" : "  edited since, so it stays";
    switch (file.action) {
      case Action::create: out.push_back({"  + " + path + note, Tone::create}); break;
      case Action::update: out.push_back({"  ~ " + path + note, Tone::change}); break;
      case Action::remove: out.push_back({"  - " + path + note, Tone::destroy}); break;
      case Action::forget: out.push_back({"  . " + path + note, Tone::move}); break;
      default: {
        const char* word = file.unnoted ? "  < " : "    ";
        out.push_back({word + path + (file.unnoted ? "  stands there already" : ""), Tone::dim});
      }
    }
    if (!writes || !file.content.is_string()) continue;
    if (file.action == Action::create && !view.verbose) continue;
    const auto lines = [](std::string_view text) {
      if (text.ends_with('\n')) text.remove_suffix(1);
      return split(text, '\n');
    };
    const auto diff = line_diff(lines(file.before), lines(file.content.as_string()), 2);
    size_t shown = 0;
    for (const auto& line : diff) {
      if (++shown > kShown && !view.verbose) {
        out.push_back({fmt::format("      … {} more lines", diff.size() - kShown), Tone::dim});
        break;
      }
      const Tone tone = line.mark == '+'   ? Tone::create
                        : line.mark == '-' ? Tone::destroy
                                           : Tone::dim;
      out.push_back({fmt::format("      {} {}", line.mark, printable(line.text)), tone});
    }
  }
  return out;
}

std::vector<PlanLine> output_lines(const Plan& plan, const PlanView& view) {
  std::vector<PlanLine> out;
  const size_t width = static_cast<size_t>(std::max(view.width, 40));
  for (const auto& output : plan.outputs) {
    if (!output.changed && !view.verbose) continue;
    const std::string name = printable(output.name);
    auto text = [&](const Value& value, bool present) -> std::string {
      if (!present) return "(not set)";
      return output.secret
                 ? "(secret)"
                 : show_value(value, width > name.size() + 20 ? width - name.size() - 8 : 20);
    };
    const std::string before = text(output.before, !output.before.is_unset());
    const std::string after = text(output.after, !output.after.is_unset());
    if (!output.changed) {
      out.push_back({"    " + name + ": " + after, Tone::dim});
    } else if (output.before.is_unset()) {
      out.push_back({"  + " + name + ": " + after, Tone::create});
    } else if (output.after.is_unset()) {
      out.push_back({"  - " + name + ": " + before, Tone::destroy});
    } else {
      out.push_back(
          {"  ~ " + name + ": " + before + " -> " + after + (output.secret ? " (changed)" : ""),
           Tone::change});
    }
  }
  return out;
}

}  // namespace lf
