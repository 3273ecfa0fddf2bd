// SPDX-License-Identifier: Apache-2.0
// The form for programs; docs/plan-json.md is its contract. Add members freely, change or remove
// one only with a new version.
#include "base/json.h"
#include "base/list_of.h"
#include "base/strings.h"
#include "plan/render_parts.h"

namespace lf {

namespace {

constexpr int64_t kFormatVersion = 1;

const char* cause_word(Cause cause) {
  switch (cause) {
    case Cause::spec: return "spec";
    case Cause::drift: return "drift";
    case Cause::unset: return "unset";
    case Cause::unknown: return "unknown";
    case Cause::unsure: return "interrupted";
  }
  return "spec";
}

const char* kind_word(Operation::Kind kind) {
  switch (kind) {
    case Operation::Kind::create: return "create";
    case Operation::Kind::update: return "update";
    case Operation::Kind::facet: return "facet";
    case Operation::Kind::empty: return "empty";
    case Operation::Kind::remove: return "delete";
    case Operation::Kind::depose: return "depose";
    case Operation::Kind::move: return "move";
    case Operation::Kind::forget: return "forget";
    case Operation::Kind::adopt: return "adopt";
  }
  return "";
}

Value number(size_t n) {
  return Value(static_cast<int64_t>(n));
}

// Where in `value` the unknowns are, as [{"path": […], "origins": […]}].
void find_unknowns(const Value& value, List& path, List& out) {
  if (value.is_unknown()) {
    Map one;
    one.set("path", Value(path));
    one.set("origins", list_of(value.as_unknown().origins));
    one.set("type", Value(value.as_unknown().type));
    out.emplace_back(std::move(one));
  } else if (value.is_optional() && value.optional_value() != nullptr) {
    find_unknowns(*value.optional_value(), path, out);
  } else if (value.is_list()) {
    for (size_t i = 0; i < value.as_list().size(); ++i) {
      path.push_back(number(i));
      find_unknowns(value.as_list()[i], path, out);
      path.pop_back();
    }
  } else if (value.is_map()) {
    for (const auto& [key, element] : value.as_map()) {
      path.push_back(key);
      find_unknowns(element, path, out);
      path.pop_back();
    }
  }
}

// A resource stands for its id wherever a value holds one.
Value plain(const Value& value) {
  if (value.is_object()) {
    const auto identity = value.as_object()->identity();
    return identity && !identity->is_object() ? *identity : Value();
  }
  if (value.is_list()) {
    List out;
    for (const auto& element : value.as_list()) out.push_back(plain(element));
    return Value(std::move(out));
  }
  if (value.is_map()) {
    Map out;
    for (const auto& [key, element] : value.as_map()) out.set(key, plain(element));
    return Value(std::move(out));
  }
  return value;
}

void put_sides(const Value& before, const Value& after, bool secret, Map& out) {
  const bool hide = secret || contains_secret(before) || contains_secret(after);
  auto side = [&](const Value& value) {
    if (value.is_unset()) return Value();
    if (secret) return Value("(secret)");
    return plain(value);
  };
  out.set("before", side(before));
  out.set("after", side(after));
  if (hide) out.set("secret", Value(true));
  List unknown, path;
  find_unknowns(after, path, unknown);
  if (!unknown.empty()) out.set("after_unknown", Value(std::move(unknown)));
}

void write_change(const Change& change, Map& out) {
  out.set("path", Value(change.path));
  out.set("property", Value(change.property));
  put_sides(change.before, change.after, change.secret, out);
  out.set("cause", Value(cause_word(change.cause)));
  if (change.forces_replace) out.set("forces_replacement", Value(true));
}

// One map for each of `all`, which `write` fills.
template <class T, class Write>
Value rows(const std::vector<T>& all, Write write) {
  List out;
  for (const T& each : all) {
    Map one;
    write(each, one);
    out.emplace_back(std::move(one));
  }
  return Value(std::move(out));
}

void write_item(const PlanItem& item, Map& out) {
  out.set("address", Value(item.address));
  out.set("generation", Value(static_cast<int64_t>(item.generation)));
  out.set("type", Value(item.type));
  out.set("provider", Value(item.provider));
  out.set("action", Value(to_string(item.action)));
  out.set("id", item.record && !item.record->id.empty() ? Value(item.record->id) : Value());
  out.set("reasons", list_of(item.replace_because));
  if (item.action == Action::replace) {
    out.set("replace_if_changed", Value(item.replace_if_changed));
    out.set("create_before_delete", Value(item.create_before_delete));
  }
  out.set("changes", rows(item.changes, write_change));
  out.set("drift", rows(item.drift, write_change));
  if (!item.facets.empty()) out.set("facets", list_of(item.facets));
  const bool used = item.uses_existing || (item.record && only_used(*item.record));
  if (used) out.set("used", Value(true));
  if (!item.run_note.empty()) out.set(used ? "note" : "run", Value(item.run_note));
  if (!item.pending.empty()) out.set("pending", Value(item.pending));
  if (!item.moved_from.empty()) out.set("moved_from", Value(item.moved_from));
  if (!item.adopt_id.empty()) out.set("adopt_id", Value(item.adopt_id));
  if (item.excluded) out.set("excluded", Value(true));
}

Value operations_json(const Plan& plan) {
  return rows(plan.operations, [&](const auto& operation, Map& one) {
    one.set("kind", Value(kind_word(operation.kind)));
    one.set("address", Value(plan.items[operation.item].address));
    one.set("generation", Value(static_cast<int64_t>(operation.generation)));
    if (!operation.facet.empty()) one.set("facet", Value(operation.facet));
    List after;
    for (const size_t index : operation.after) after.push_back(number(index));
    one.set("after", Value(std::move(after)));
  });
}

Value outputs_json(const Plan& plan) {
  return rows(plan.outputs, [&](const auto& output, Map& one) {
    one.set("name", Value(output.name));
    put_sides(output.before, output.after, output.secret, one);
    one.set("changed", Value(output.changed));
  });
}

Value files_json(const Plan& plan) {
  return rows(plan.files, [&](const auto& file, Map& one) {
    one.set("path", Value(file.path));
    if (!file.address.empty()) one.set("address", Value(file.address));
    one.set("action", Value(to_string(file.action)));
    one.set("known", Value(!file.content.is_unknown()));
    if (file.content.is_string()) one.set("content", file.content);
    one.set("edited", Value(file.edited));
  });
}

Value findings_json(const PlanView& view) {
  return rows(view.findings, [&](const auto& finding, Map& one) {
    one.set("severity", Value(finding.severity));
    one.set("code", Value(finding.code));
    one.set("message", Value(finding.message));
    one.set("file", finding.file.empty() ? Value() : Value(finding.file));
    if (!finding.file.empty()) {
      one.set("line", Value(finding.line));
      one.set("column", Value(finding.column));
    }
    one.set("help", list_of(finding.help));
  });
}

Value summary_json(const Plan& plan, const PlanGroups& groups) {
  Map out;
  for (const Action action : {Action::create, Action::update, Action::replace, Action::remove,
                              Action::adopt, Action::move, Action::forget}) {
    out.set(to_string(action), number(groups.count(action)));
  }
  out.set("unchanged",
          number(groups.unchanged.size() + groups.runs.size() + groups.waiting.size()));
  out.set("changed_outside", number(groups.drift.size()));
  out.set("left_out", number(groups.excluded.size()));
  size_t outputs = 0;
  for (const auto& output : plan.outputs) outputs += output.changed ? 1 : 0;
  out.set("outputs", number(outputs));
  out.set("has_changes", Value(plan.has_changes()));
  out.set("text", Value(summary_text(plan, groups)));
  return Value(std::move(out));
}

}  // namespace

std::string render_json(const Plan& plan, const PlanView& view) {
  Map out;
  out.set("format", Value("llmforge.plan"));
  out.set("version", Value(kFormatVersion));
  out.set("stack", Value(view.stack));
  out.set("environment", Value(view.environment));
  out.set("provider", Value(view.provider));
  out.set("region", Value(view.region));
  out.set("account", view.account.empty() ? Value() : Value(view.account));
  out.set("destroy", Value(view.destroy));
  out.set("sandbox", Value(view.sandbox));
  out.set("refreshed", Value(view.refreshed));
  out.set("requests", Value(static_cast<int64_t>(view.requests)));
  std::vector<const PlanItem*> shown;
  for (const auto& item : plan.items) {
    const bool quiet = item.action == Action::none && item.drift.empty() && item.run_note.empty() &&
                       item.pending.empty() && !item.excluded;
    if (!quiet || view.verbose) shown.push_back(&item);
  }
  out.set("resources", rows(shown, [](const PlanItem* item, Map& one) { write_item(*item, one); }));
  out.set("operations", operations_json(plan));
  out.set("outputs", outputs_json(plan));
  out.set("files", files_json(plan));
  out.set("selection", rows(plan.left_out, [](const auto& left_out, Map& one) {
            one.set("address", Value(left_out.first));
            one.set("why", Value(left_out.second));
          }));
  out.set("findings", findings_json(view));
  out.set("notes", list_of(view.notes));
  if (view.cost != nullptr && !view.cost->empty()) out.set("cost", cost_value(*view.cost));
  out.set("summary", summary_json(plan, group(plan)));
  return to_json(Value(std::move(out))) + "\n";
}

}  // namespace lf
