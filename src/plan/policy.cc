// SPDX-License-Identifier: Apache-2.0
#include "plan/policy.h"

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "graph/context.h"
#include "plan/policy_view.h"

namespace lf {

namespace {

constexpr size_t kWholePlan = SIZE_MAX;

bool matches(const std::vector<std::string>& globs, const std::string& text) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
           return glob_match(glob, text);
         });
}

// What is there afterwards and was not as it is: what a rule looks at unless it says otherwise.
bool wanted_action(const PolicyRule& rule, const std::string& action) {
  static const std::vector<std::string> kUsual = {"create", "update", "replace", "adopt"};
  const auto& wanted = rule.actions.empty() ? kUsual : rule.actions;
  return std::find(wanted.begin(), wanted.end(), action) != wanted.end();
}

struct Verdict {
  enum class Kind : uint8_t { fine, refused, open, failed, secret } kind = Kind::fine;
  std::string error;
  std::vector<std::string> waits_for;
};

Verdict verdict_of(Value value) {
  if (value.is_optional())
    value = value.optional_value() == nullptr ? Value(false) : Value(*value.optional_value());
  if (value.is_error()) return {Verdict::Kind::failed, value.error_message(), {}};
  if (contains_secret(value)) return {Verdict::Kind::secret, "", {}};
  if (contains_unknown(value)) return {Verdict::Kind::open, "", unknown_origins(value)};
  if (!value.is_bool()) {
    return {Verdict::Kind::failed,
            std::string("it must be true or false, not ") + to_string(value.kind()),
            {}};
  }
  return {value.as_bool() ? Verdict::Kind::refused : Verdict::Kind::fine, "", {}};
}

// Lines of what may be absent here: exemptions in there may have nothing to exempt today.
void conditional_lines(const ModuleInstance& module, const Sources& sources,
                       std::set<SourceLine>& out) {
  const auto add = [&](Span key, const std::vector<Tree::Entry>& entries, const Lifecycle& words) {
    if (!words.when && !words.for_each) return;
    Span all = key;
    for (const auto& entry : entries) {
      if (entry.value.span.source == key.source) all.end = std::max(all.end, entry.value.span.end);
    }
    const Source& source = sources.get(all.source);
    const uint32_t last = source.position(all.end).line;
    for (uint32_t line = source.position(all.begin).line; line <= last; ++line)
      out.emplace(all.source, line);
  };
  for (const auto& decl : module.module->resources) add(decl.span, decl.properties, decl.lifecycle);
  for (const auto& call : module.module->calls) add(call.key_span, call.inputs, call.lifecycle);
  for (const auto& group : module.calls) {
    for (const auto& [key, instance] : group.instances) conditional_lines(*instance, sources, out);
  }
}

}  // namespace

struct PolicyRun::Rep {
  Rep(const std::vector<PolicyRule>& all, PolicyNames names, const Graph& graph, const Plan& plan,
      Packages& packages, const Sources& texts)
      : rules(all), view(std::move(names), graph, plan, packages), sources(texts) {}

  const std::vector<PolicyRule>& rules;
  PolicyView view;
  const Sources& sources;
  std::vector<Exemption> exemptions;
  std::set<size_t> used;                        // exemptions
  std::set<std::pair<size_t, size_t>> open;     // rule, resource: undecided before apply
  std::set<std::pair<size_t, size_t>> exempt;   // rule, resource
  std::set<std::pair<size_t, size_t>> refused;  // during apply

  bool applies(const PolicyRule& rule) const {
    return matches(rule.environments, view.names().environment);
  }
  bool covers(const PolicyRule& rule, size_t index) const {
    const PlanItem& item = view.item(index);
    return matches(rule.types, item.type) && matches(rule.addresses, item.address);
  }
  Verdict judge_one(const PolicyRule& rule, size_t index) const {
    return verdict_of(cel::evaluate(*rule.condition.text, PolicyActivation(view, index)));
  }

  std::vector<std::string> properties_of(const PolicyRule& rule, size_t index) const;
  PolicyPlace place(const PolicyRule& rule, size_t index) const;
  std::string message(const PolicyRule& rule, size_t index, Diagnostics* diagnostics) const;
  bool exempted(const PolicyRule& rule, const PolicyPlace& place, Diagnostics& diagnostics,
                const std::string& address);
  void report(const PolicyRule& rule, size_t index, const PolicyPlace& place,
              Diagnostics& diagnostics) const;
  void report_open(const PolicyRule& rule, const std::vector<size_t>& where,
                   const std::vector<std::string>& waits_for, Diagnostics& diagnostics) const;
  void report_failed(const PolicyRule& rule, const std::vector<size_t>& where,
                     const Verdict& verdict, Diagnostics& diagnostics) const;
  void judge_rule(size_t at, Diagnostics& diagnostics);
  void check_exemptions(Diagnostics& diagnostics) const;
  std::string origin_text(const PolicyRule& rule) const;
};

// The properties that a rule is about, the one to be shown first.
std::vector<std::string> PolicyRun::Rep::properties_of(const PolicyRule& rule, size_t index) const {
  std::vector<std::string> out;
  const auto add = [&](const std::string& name) {
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  };
  if (!rule.at.empty()) add(rule.at);
  for (const auto& entry : rule.set) add(entry.key);
  const ResourceType* type = view.type_of(index);
  for_each_expression(rule.condition, [&](const cel::Expression& expression) {
    for (const auto& reference : expression.references()) {
      if (reference.root != "resource" || reference.path.size() < 2) continue;
      if (reference.path[0] == "properties" || reference.path[0] == "prior") add(reference.path[1]);
      if (reference.path[0] != "findings" || type == nullptr) continue;
      for (const auto& check : type->security) {
        if (check.id != reference.path[1]) continue;
        for (const auto& part : check.when.parts()) {
          if (!part.expression) continue;
          for (const auto& inner : part.expression->references()) {
            if (inner.root == "self" && !inner.path.empty()) add(inner.path[0]);
          }
        }
      }
    }
  });
  return out;
}

PolicyPlace PolicyRun::Rep::place(const PolicyRule& rule, size_t index) const {
  if (index != kWholePlan && view.item(index).node != kNoGraphId) {
    return place_of(view.graph().nodes[view.item(index).node], properties_of(rule, index), sources);
  }
  PolicyPlace out;
  out.at = rule.built_in || !rule.origin.empty() ? rule.use_span : rule.span;
  out.lines.emplace(out.at.source, sources.get(out.at.source).position(out.at.begin).line);
  return out;
}

std::string PolicyRun::Rep::message(const PolicyRule& rule, size_t index,
                                    Diagnostics* diagnostics) const {
  if (rule.message) {
    std::vector<TreeError> errors;
    const Value text = evaluate(*rule.message, PolicyActivation(view, index), errors);
    if (!contains_secret(text) && !text.is_error()) return to_text(text);
    if (diagnostics != nullptr && text.is_error()) {
      diagnostics->add(Code::LF0513, rule.message->span,
                       "the message of policy `" + rule.name + "` fails: " + text.error_message());
    } else if (diagnostics != nullptr) {
      diagnostics->add(Code::LF0406, rule.message->span, "a message may not show a secret");
    }
    return "";
  }
  std::string out;
  for_each_expression(rule.condition, [&](const cel::Expression& expression) {
    for (const auto& reference : expression.references()) {
      const bool finding = reference.root == "resource" && reference.path.size() >= 2 &&
                           reference.path[0] == "findings";
      if (!finding || !out.empty() || index == kWholePlan) continue;
      const Value found = view.finding(index, reference.path[1]);
      if (found.is_bool() && found.as_bool()) out = view.finding_message(index, reference.path[1]);
    }
  });
  return out.empty() && !rule.doc.empty() ? rule.doc : out;
}

// Whether a comment in force exempts what stands at `place`. One that has run out is reported.
bool PolicyRun::Rep::exempted(const PolicyRule& rule, const PolicyPlace& place,
                              Diagnostics& diagnostics, const std::string& address) {
  bool said = false;
  for (size_t i = 0; i < exemptions.size(); ++i) {
    const Exemption& one = exemptions[i];
    if (one.rule != rule.name || !one.complete) continue;
    if (!place.lines.contains({one.span.source, one.line})) continue;
    used.insert(i);
    if (!one.over) return true;
    auto& d = diagnostics.add(Code::LF0515, one.span,
                              "the exemption of `" + address + "` from policy `" + rule.name +
                                  "` ran out on " + one.until);
    d.others.push_back({place.at, "the policy holds here again"});
    d.help.push_back("mend it, or renew the date if it is still right: " + one.reason);
    said = true;
  }
  return said;
}

std::string PolicyRun::Rep::origin_text(const PolicyRule& rule) const {
  return rule.origin.empty() ? "" : "policy `" + rule.name + "` is of " + rule.origin;
}

void PolicyRun::Rep::report(const PolicyRule& rule, size_t index, const PolicyPlace& place,
                            Diagnostics& diagnostics) const {
  const std::string text = message(rule, index, &diagnostics);
  const std::string subject =
      index == kWholePlan ? "this plan" : "`" + view.item(index).address + "`";
  const bool deletes = index != kWholePlan && view.action(index) == to_string(Action::remove);
  auto& d = diagnostics.add(rule.deny ? Code::LF0511 : Code::LF0512, place.at,
                            "policy `" + rule.name + "` " + (rule.deny ? "refuses " : "warns of ") +
                                (deletes ? "the deletion of " : "") + subject +
                                (text.empty() ? "" : ": " + text));
  if (place.via.valid() && index != kWholePlan) {
    d.others.push_back({place.via, "which becomes `" + place.property + "` of " + subject});
  }
  if (!rule.built_in && !(place.at == rule.span)) d.others.push_back({rule.span, "the policy"});
  for (const auto& entry : rule.set) {
    const Span span = entry.value.span;
    const std::string wanted(
        sources.get(span.source).text().substr(span.begin, span.end - span.begin));
    const bool here = place.value != nullptr && place.property == entry.key &&
                      place.value->is_static() && place.value->span == place.at;
    if (here)
      d.fixes.push_back({"write", place.at, wanted, false});
    else if (index != kWholePlan)
      d.help.push_back("right would be `" + entry.key + ": " + wanted + "`");
  }
  if (!rule.doc.empty() && rule.doc != text) d.help.push_back(rule.doc);
  if (rule.built_in) d.help.push_back(origin_text(rule));
  if (rule.deny && !place.lines.empty() && !deletes) {
    d.help.push_back("to allow it: # allow " + rule.name + ": REASON until YYYY-MM-DD");
  }
}

void PolicyRun::Rep::report_open(const PolicyRule& rule, const std::vector<size_t>& where,
                                 const std::vector<std::string>& waits_for,
                                 Diagnostics& diagnostics) const {
  const size_t first = where.front();
  std::string subject = first == kWholePlan ? "this plan" : "`" + view.item(first).address + "`";
  if (where.size() > 1) subject += " and " + std::to_string(where.size() - 1) + " more";
  diagnostics.add(Code::LF0514, place(rule, first).at,
                  "policy `" + rule.name + "` is decided during apply for " + subject,
                  "known only after apply: " + join(waits_for, ", "));
}

void PolicyRun::Rep::report_failed(const PolicyRule& rule, const std::vector<size_t>& where,
                                   const Verdict& verdict, Diagnostics& diagnostics) const {
  const size_t first = where.front();
  std::string subject = first == kWholePlan ? "this plan" : "`" + view.item(first).address + "`";
  if (where.size() > 1) subject += " and " + std::to_string(where.size() - 1) + " more";
  const Span at =
      rule.built_in ? rule.use_span : rule.condition.text->parts()[0].expression->span();
  if (verdict.kind == Verdict::Kind::secret) {
    diagnostics.add(Code::LF0406, at,
                    "a secret of " + subject + " may not decide policy `" + rule.name + "`");
    return;
  }
  auto& d =
      diagnostics.add(Code::LF0513, at,
                      "policy `" + rule.name + "` cannot judge " + subject + ": " + verdict.error);
  if (verdict.error.find("no such key") != std::string::npos ||
      verdict.error.find("no such field") != std::string::npos) {
    d.help.push_back(
        "a property that is not set is absent: ask with `has(resource.properties.x)`, or "
        "`resource.properties.?x.orValue(…)`");
  }
}

void PolicyRun::Rep::judge_rule(size_t at, Diagnostics& diagnostics) {
  const PolicyRule& rule = rules[at];
  const bool has_exemptions =
      std::any_of(exemptions.begin(), exemptions.end(),
                  [&](const Exemption& one) { return one.rule == rule.name; });
  std::vector<size_t> where = rule.per_resource ? view.resources() : std::vector{kWholePlan};
  std::vector<size_t> undecided, failed;
  std::vector<std::string> waits_for;
  Verdict failure;
  for (const size_t index : where) {
    const bool whole = index == kWholePlan;
    if (!whole && !covers(rule, index)) continue;
    const bool counts = whole || wanted_action(rule, view.action(index));
    // What is not judged may still be what an exemption is for.
    const bool stays = !whole && view.item(index).node != kNoGraphId;
    if (!counts && !(has_exemptions && stays)) continue;
    const Verdict verdict = judge_one(rule, index);
    if (verdict.kind == Verdict::Kind::refused) {
      const PolicyPlace found = place(rule, index);
      Diagnostics silent;
      const std::string address = whole ? rule.name : view.item(index).address;
      if (exempted(rule, found, counts ? diagnostics : silent, address)) {
        exempt.emplace(at, index);
        continue;
      }
      if (counts) report(rule, index, found, diagnostics);
    }
    if (!counts) continue;
    if (verdict.kind == Verdict::Kind::open) {
      open.emplace(at, index);
      undecided.push_back(index);
      for (const auto& origin : verdict.waits_for) {
        if (std::find(waits_for.begin(), waits_for.end(), origin) == waits_for.end())
          waits_for.push_back(origin);
      }
    }
    const bool broken =
        verdict.kind == Verdict::Kind::failed || verdict.kind == Verdict::Kind::secret;
    if (broken && failed.empty()) failure = verdict;
    if (broken) failed.push_back(index);
  }
  if (!undecided.empty()) report_open(rule, undecided, waits_for, diagnostics);
  if (!failed.empty()) report_failed(rule, failed, failure, diagnostics);
}

void PolicyRun::Rep::check_exemptions(Diagnostics& diagnostics) const {
  std::set<SourceLine> conditional;
  if (view.graph().context != nullptr)
    conditional_lines(*view.graph().context->root, sources, conditional);
  std::vector<std::string> names;
  for (const auto& rule : rules) names.push_back(rule.name);
  for (size_t i = 0; i < exemptions.size(); ++i) {
    const Exemption& one = exemptions[i];
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const PolicyRule& candidate) {
      return candidate.name == one.rule;
    });
    if (rule == rules.end()) {
      // Without a date it may be prose: `# allow me: …`.
      if (one.until.empty()) continue;
      auto& d =
          diagnostics.add(Code::LF0516, one.span,
                          "this exempts from `" + one.rule + "`, and there is no such policy");
      const std::string near = nearest(one.rule, names);
      if (!near.empty()) d.help.push_back("did you mean `" + near + "`?");
      continue;
    }
    if (!one.complete) {
      auto& d = diagnostics.add(
          Code::LF0518, one.span,
          "this exemption is not in force: it " +
              std::string(one.reason.empty()  ? "gives no reason"
                          : one.until.empty() ? "has no end"
                                              : "ends on no date: `" + one.until + "`"));
      d.help.push_back("write: # allow " + one.rule + ": REASON until YYYY-MM-DD");
      continue;
    }
    const size_t at = static_cast<size_t>(rule - rules.begin());
    const bool undecided =
        std::any_of(open.begin(), open.end(), [&](const auto& pair) { return pair.first == at; });
    const bool quiet = used.contains(i) || undecided || !applies(*rule) ||
                       conditional.contains({one.span.source, one.line});
    if (quiet) continue;
    auto& d = diagnostics.add(Code::LF0517, one.span,
                              "this exemption from `" + one.rule + "` exempts nothing" +
                                  (one.over ? ", and ran out on " + one.until : ""));
    d.help.push_back(
        "take it out; it counts on or above the line of a property, a resource or a block");
  }
}

PolicyRun::PolicyRun(const std::vector<PolicyRule>& rules, PolicyNames names, const Graph& graph,
                     const Plan& plan, Packages& packages, const Sources& sources)
    : rep_(std::make_unique<Rep>(rules, std::move(names), graph, plan, packages, sources)) {}
PolicyRun::~PolicyRun() = default;

void PolicyRun::judge(Diagnostics& diagnostics) {
  Rep& rep = *rep_;
  if (rep.rules.empty()) return;
  rep.exemptions = find_exemptions(rep.sources, rep.view.names().now);
  for (size_t i = 0; i < rep.rules.size(); ++i) {
    if (rep.applies(rep.rules[i])) rep.judge_rule(i, diagnostics);
  }
  if (!rep.view.names().destroy) rep.check_exemptions(diagnostics);
}

Result<void> PolicyRun::approve(const PlanItem& item, const Map& desired) {
  Rep& rep = *rep_;
  const size_t index = rep.view.index_of(item);
  if (rep.rules.empty() || index == SIZE_MAX) return {};
  rep.view.set_properties(index, desired);
  for (size_t at = 0; at < rep.rules.size(); ++at) {
    const PolicyRule& rule = rep.rules[at];
    const size_t subject = rule.per_resource ? index : kWholePlan;
    if (!rule.deny || !rep.applies(rule) || rep.exempt.contains({at, subject})) continue;
    if (rule.per_resource &&
        !(rep.covers(rule, index) && wanted_action(rule, rep.view.action(index))))
      continue;
    const Verdict verdict = rep.judge_one(rule, subject);
    if (verdict.kind == Verdict::Kind::fine || verdict.kind == Verdict::Kind::open) {
      if (verdict.kind == Verdict::Kind::fine) rep.open.erase({at, subject});
      continue;
    }
    // An exemption may stand where only now is something to exempt.
    if (verdict.kind == Verdict::Kind::refused) {
      Diagnostics silent;
      if (rep.exempted(rule, rep.place(rule, subject), silent, "") && !silent.has_errors()) {
        rep.exempt.emplace(at, subject);
        rep.open.erase({at, subject});
        continue;
      }
    }
    rep.open.erase({at, subject});
    rep.refused.emplace(at, subject);
    const std::string text = verdict.kind == Verdict::Kind::refused
                                 ? rep.message(rule, subject, nullptr)
                                 : verdict.error;
    Error error(ErrorCode::refused,
                "policy `" + rule.name + "` refuses it" + (text.empty() ? "" : ": " + text));
    const PolicyPlace place = rep.place(rule, subject);
    const Source& source = rep.sources.get(place.at.source);
    error.help.push_back("look at " + source.path() + ":" +
                         std::to_string(source.position(place.at.begin).line) +
                         "; nothing of this resource was changed");
    if (!rule.doc.empty() && rule.doc != text) error.help.push_back(rule.doc);
    return fail(std::move(error));
  }
  return {};
}

void PolicyRun::finish(Diagnostics& diagnostics) {
  Rep& rep = *rep_;
  const auto open = rep.open;
  for (const auto& [at, index] : open) {
    const PolicyRule& rule = rep.rules[at];
    const Verdict verdict = rep.judge_one(rule, index);
    if (verdict.kind != Verdict::Kind::refused) continue;
    const PolicyPlace place = rep.place(rule, index);
    Diagnostics silent;
    if (rep.exempted(rule, place, silent, "") && !silent.has_errors()) continue;
    rep.report(rule, index, place, diagnostics);
  }
}

}  // namespace lf
