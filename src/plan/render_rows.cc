// SPDX-License-Identifier: Apache-2.0
// The lines of one resource and of one change.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "plan/render_parts.h"
#include "plan/text_diff.h"

namespace lf {

namespace {

constexpr size_t kDocumentLinesMax = 40;
constexpr size_t kValueMin = 24;

size_t view_width(const PlanView& view) {
  return static_cast<size_t>(std::max(view.width, 40));
}

Tone tone_of(Action action) {
  switch (action) {
    case Action::remove:
    case Action::replace: return Tone::destroy;
    case Action::update: return Tone::change;
    case Action::create: return Tone::create;
    case Action::adopt:
    case Action::move:
    case Action::forget: return Tone::move;
    case Action::none: return Tone::plain;
  }
  return Tone::plain;
}

std::string show_side(const Value& value, const Change& change, size_t width) {
  if (value.is_unset()) return "(not set)";
  return change.secret ? "(secret)" : show_value(value, width, change.type);
}

std::string change_note(const Change& change, const PlanItem& item) {
  std::string out;
  if (change.forces_replace && item.action == Action::replace) {
    out += item.replace_if_changed ? " forces replacement if it turns out different"
                                   : " forces replacement";
  }
  if (change.cause == Cause::drift) out += " (changed outside)";
  if (change.cause == Cause::unset) out += " (left the spec)";
  if (change.cause == Cause::unsure) out += " (an interrupted update; sent again)";
  return out;
}

// Words for why a resource goes or is replaced, beyond the properties that are listed anyway.
std::string reason(const PlanRow& row, const PlanView& view) {
  const PlanItem& item = *row.item;
  if (row.action == Action::remove) {
    if (item.generation > 0) return "replaced earlier, its deletion is still to be done";
    if (item.record && item.record->status == RecordStatus::deleting)
      return "an interrupted deletion";
    return view.destroy ? "" : "no longer in the spec";
  }
  if (row.action == Action::forget) {
    return item.record && only_used(*item.record)
               ? "was only used: leaves the state, stays in the cloud"
               : "leaves the state, stays in the cloud";
  }
  if (row.action == Action::adopt && item.uses_existing)
    return "uses existing " + printable(item.adopt_id) + ", neither changed nor deleted";
  if (row.action == Action::adopt) return "takes in " + printable(item.adopt_id);
  if (row.action != Action::replace) return "";
  std::vector<std::string> words;
  for (const auto& because : item.replace_because) {
    const bool listed = std::any_of(item.changes.begin(), item.changes.end(), [&](const Change& c) {
      return c.forces_replace && c.property == because;
    });
    if (!listed) words.push_back(printable(because));
  }
  std::string out = join(words, ", ");
  if (item.create_before_delete) {
    out += std::string(out.empty() ? "" : "; ") + "the new one is made before the old one goes";
  }
  return out;
}

// The properties that tell most about a new resource, as "cidr 10.1.0.0/16, zones 3": set and known
// ones in the descriptor's order, which puts what matters first.
std::string telling(const PlanItem& item, size_t room) {
  const size_t width = room < 3 ? 0 : room - 3;  // ", …"
  std::string out;
  size_t left = 0;
  for (const auto& change : item.changes) {
    const Value& value = change.after;
    if (change.secret || change.property == "tags" || value.is_unset()) continue;
    if (value.is_bool() && !value.as_bool()) continue;
    if (value.is_string() && value.as_string().find('\n') != std::string::npos) continue;
    if (contains_unknown(value) || contains_secret(value)) {
      ++left;
      continue;
    }
    std::string text = value.is_string() && value.as_string().find(' ') == std::string::npos
                           ? printable(value.as_string())
                           : show_value(value, width, change.type);
    if (value.is_cidr() || value.is_ip()) text = to_text(value);
    if (value.is_bool()) text.clear();
    const std::string part =
        (out.empty() ? "" : ", ") + printable(change.path) + (text.empty() ? "" : " ") + text;
    if (utf8_length(out) + utf8_length(part) > width || utf8_length(text) > 48) {
      ++left;
      continue;
    }
    out += part;
  }
  if (left > 0 && !out.empty()) out += ", …";
  return out;
}

void document_change(const Change& change, const std::vector<std::string>& before,
                     const std::vector<std::string>& after, Detail detail, size_t indent,
                     std::vector<PlanLine>& out) {
  (void)change;
  const std::string space(indent + 2, ' ');
  const std::vector<DiffLine> diff = line_diff(before, after, 1);
  size_t shown = 0;
  for (const auto& line : diff) {
    if (detail != Detail::all && shown == kDocumentLinesMax) {
      out.push_back(
          {space + fmt::format("… {} more lines (-v shows all)", diff.size() - shown), Tone::dim});
      break;
    }
    ++shown;
    const Tone tone = line.mark == '-'   ? Tone::destroy
                      : line.mark == '+' ? Tone::create
                                         : Tone::dim;
    out.push_back({space +
                       (line.mark == '@' ? std::string("… ") : std::string(1, line.mark) + " ") +
                       line.text,
                   tone});
  }
}

// Of a create, one property; documents in full only with all details.
void property_line(const Change& change, const PlanView& view, size_t indent,
                   std::vector<PlanLine>& out) {
  const std::string name = printable(change.path);
  const size_t width = view_width(view);
  const size_t room =
      std::max(kValueMin, width > indent + name.size() + 4 ? width - indent - name.size() - 4 : 0);
  if (!change.secret && !change.after.is_string()) {
    const std::vector<std::string> lines = document_lines(change.after, room, change.type);
    if (!lines.empty()) {
      out.push_back({std::string(indent, ' ') + "+ " + name + ": " + lines.front(), Tone::plain});
      for (size_t i = 1; i < lines.size(); ++i) {
        out.push_back({std::string(indent + 2, ' ') + lines[i], Tone::plain});
      }
      return;
    }
  }
  std::string text = show_side(change.after, change, room);
  if (!change.secret && change.after.is_string() &&
      change.after.as_string().find('\n') != std::string::npos) {
    text = "(" + digest_line(change.after.as_string()) + ")";
  }
  out.push_back({std::string(indent, ' ') + "+ " + name + ": " + text, Tone::plain});
}

void update_lines(const PlanItem& item, const PlanView& view, Detail detail, size_t indent,
                  std::vector<PlanLine>& out) {
  std::set<std::string> told;
  for (const auto& change : item.changes) {
    // Mended drift is told apart, unless it is why the resource is replaced.
    if (change.cause == Cause::drift &&
        !(change.forces_replace && item.action == Action::replace)) {
      continue;
    }
    change_lines(change, item, view, detail, indent, out);
    told.insert(change.property);
  }
  if (item.action == Action::update && item.changes.empty() && item.record) {
    const bool creating = item.record->status == RecordStatus::creating;
    const bool dirty = item.record->status == RecordStatus::dirty || !item.facets.empty();
    if (creating)
      out.push_back(
          {std::string(indent, ' ') + "its creation was interrupted and goes on", Tone::plain});
    else if (dirty)
      out.push_back({std::string(indent, ' ') + "an update was interrupted; sent again" +
                         (item.facets.empty() || item.facets.front().empty()
                              ? ""
                              : ": " + printable(join(item.facets, ", "))),
                     Tone::plain});
  }
}

}  // namespace

void change_lines(const Change& change, const PlanItem& item, const PlanView& view, Detail detail,
                  size_t indent, std::vector<PlanLine>& out) {
  const std::string name = printable(change.path);
  const std::string note = change_note(change, item);
  const std::string space(indent, ' ');
  const Tone tone =
      change.forces_replace && item.action == Action::replace ? Tone::destroy : Tone::plain;
  const size_t width = view_width(view);
  const size_t used = indent + 4 + utf8_length(name);
  const size_t room = std::max(kValueMin, width > used ? width - used : 0);
  const bool added = change.before.is_unset(), removed = change.after.is_unset();
  const char mark = added ? '+' : removed ? '-' : '~';
  if (change.secret || contains_unknown(change.after)) {
    if (change.secret && !added && !removed) {
      out.push_back({fmt::format("{}~ {}: (secret, changed){}", space, name, note), tone});
      return;
    }
    const std::string before = show_side(change.before, change, room);
    const std::string after = show_side(change.after, change, SIZE_MAX);
    out.push_back({fmt::format("{}{} {}: {}{}{}", space, mark, name,
                               added && !change.secret ? "" : before + " -> ", after, note),
                   tone});
    return;
  }
  if (added || removed) {
    const Value& value = added ? change.after : change.before;
    const std::vector<std::string> lines = document_lines(value, room, change.type);
    if (lines.empty() || value.is_string()) {
      std::string text = show_value(value, room, change.type);
      if (!lines.empty()) text = "(" + digest_line(value.as_string()) + ")";
      out.push_back({fmt::format("{}{} {}: {}{}", space, mark, name, text, note), tone});
      if (lines.empty() || detail != Detail::all) return;
    } else {
      out.push_back({fmt::format("{}{} {}:{}", space, mark, name, note), tone});
    }
    document_change(change, added ? std::vector<std::string>{} : lines,
                    added ? lines : std::vector<std::string>{}, detail, indent, out);
    return;
  }
  const std::string before = show_value(change.before, SIZE_MAX, change.type),
                    after = show_value(change.after, SIZE_MAX, change.type);
  const size_t length = utf8_length(before) + utf8_length(after) + 4;
  const std::vector<std::string> old_lines = document_lines(change.before, room / 2, change.type);
  const std::vector<std::string> new_lines = document_lines(change.after, room / 2, change.type);
  const bool documents = !old_lines.empty() && !new_lines.empty();
  if (documents && length > room) {
    out.push_back({fmt::format("{}{} {}:{}", space, mark, name, note), tone});
    document_change(change, old_lines, new_lines, detail, indent, out);
  } else if (length <= room) {
    out.push_back(
        {fmt::format("{}{} {}: {} -> {}{}", space, mark, name, before, after, note), tone});
  } else {
    // Too long for one line: one above the other.
    out.push_back({fmt::format("{}{} {}:{}", space, mark, name, note), tone});
    out.push_back({space + "  - " + show_value(change.before, room, change.type), Tone::destroy});
    out.push_back({space + "  + " + show_value(change.after, room, change.type), Tone::create});
  }
}

std::vector<PlanLine> row_lines(const PlanRow& row, const PlanView& view, Detail detail,
                                size_t address_width, size_t type_width) {
  const PlanItem& item = *row.item;
  const Tone tone = tone_of(row.action);
  const std::string address = printable(item.address);
  const size_t length = utf8_length(address);
  const std::string padding(length < address_width ? address_width - length : 0, ' ');
  std::string first = fmt::format("  {} {}{}  {}", action_symbol(row.action), address, padding,
                                  printable(item.type));
  const size_t type_length = utf8_length(printable(item.type));
  const std::string id = item.record ? item.record->id : "";
  if (row.action == Action::remove || row.action == Action::replace) {
    first += fmt::format("  {}{}{}", row.action == Action::remove ? "delete" : "replace",
                         id.empty() ? "" : " ", printable(id));
    if (row.action == Action::replace && item.replace_if_changed) first += " if changed";
  } else if (row.action == Action::move || !item.moved_from.empty()) {
    first += "  moved from " + printable(item.moved_from);
  }
  // In a narrow window what goes is told by address and id; its type is dispensable.
  const bool goes = row.action == Action::remove || row.action == Action::replace;
  if (goes && utf8_length(first) > view_width(view)) {
    const size_t type_at = first.find(printable(item.type), 4 + address.size());
    first.erase(type_at, printable(item.type).size() + 2);
    if (utf8_length(first) > view_width(view)) first.erase(4 + address.size(), padding.size());
    // Of a long id the end tells it apart: an ARN's last part.
    const size_t id_at = id.find(':') == std::string::npos ? std::string::npos : first.rfind(id);
    if (utf8_length(first) > view_width(view) && id_at != std::string::npos)
      first.replace(id_at, id.rfind(':') + 1, "…");
  }
  if (!item.run_note.empty()) first += "  " + printable(item.run_note);
  if (!item.pending.empty()) first += "  pending: " + printable(item.pending);
  std::vector<PlanLine> out;
  const std::string why = reason(row, view);
  if (row.action == Action::create && detail == Detail::usual) {
    const size_t used = utf8_length(first) + 2 + std::max(type_width, type_length) - type_length;
    const size_t width = view_width(view);
    const std::string tell = telling(item, width > used ? width - used : 0);
    const std::string gap(type_length < type_width ? type_width - type_length : 0, ' ');
    out.push_back({first + (tell.empty() ? "" : gap + "  " + tell), tone});
    return out;
  }
  out.push_back({first + (why.empty() ? "" : ": " + why), tone});
  if (detail == Detail::brief) return out;
  if (row.action == Action::create) {
    for (const auto& change : item.changes) property_line(change, view, 6, out);
    return out;
  }
  if (row.action == Action::remove || row.action == Action::forget) return out;
  if (item.drift.size() == 1 && item.drift.front().path == "(resource)") return out;  // made anew
  if (row.action == Action::adopt) return out;
  update_lines(item, view, detail, 6, out);
  for (const PlanItem* late : row.late) update_lines(*late, view, detail, 6, out);
  return out;
}

std::vector<PlanLine> drift_lines(const PlanRow& row, const PlanView& view) {
  std::vector<PlanLine> out;
  std::string first = "  " + printable(row.item->address) + "  " + printable(row.item->type);
  if (row.item->record && !row.item->record->id.empty())
    first += "  " + printable(row.item->record->id);
  out.push_back({first, Tone::change});
  auto tell = [&](const PlanItem& item) {
    for (const auto& drift : item.drift) {
      if (drift.path == "(resource)") {
        out.push_back({"      changed outside: it is gone (was " + show_value(drift.before, 60) +
                           ")" + (row.action == Action::none ? "" : ", will be made again"),
                       Tone::plain});
        continue;
      }
      if (drift.path == "(marks of this stack)") {
        out.push_back({"      changed outside: the marks of this stack are gone, will be put back",
                       Tone::plain});
        continue;
      }
      bool mended = false, spec = false;
      for (const auto& change : item.changes) {
        if (change.property != drift.property) continue;
        (change.cause == Cause::drift ? mended : spec) = true;
      }
      const char* end = spec            ? "; the spec sets it anew"
                        : mended        ? ", will be put back"
                        : item.excluded ? ", left out of this run"
                                        : ", left as it is";
      const size_t width = view_width(view);
      const size_t room = std::max(kValueMin, (width > 60 ? width - 40 : 20) / 2);
      out.push_back({"      changed outside: " + printable(drift.path) + ": " +
                         show_side(drift.before, drift, room) + " -> " +
                         show_side(drift.after, drift, room) + end,
                     Tone::plain});
    }
  };
  tell(*row.item);
  for (const PlanItem* late : row.late) tell(*late);
  return out;
}

}  // namespace lf
