// SPDX-License-Identifier: Apache-2.0
#include "cli/test_expect.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "graph/context.h"
#include "graph/typecheck.h"
#include "plan/checks.h"
#include "plan/policy_view.h"
#include "plan/render.h"
#include "plan/text_diff.h"

namespace lf {

bool is_expected(const Value& expected, const Value& given) {
  const Value& actual = given.is_secret() ? given.secret_value() : given;
  if (actual.is_optional()) {
    return is_expected(expected,
                       actual.optional_value() == nullptr ? Value() : *actual.optional_value());
  }
  if (actual.is_object()) {
    if (!expected.is_map()) {
      const auto identity = actual.as_object()->identity();
      return identity && is_expected(expected, *identity);
    }
    return std::all_of(expected.as_map().begin(), expected.as_map().end(), [&](const auto& entry) {
      const auto field = actual.as_object()->get(to_text(entry.first));
      return field && is_expected(entry.second, *field);
    });
  }
  if (expected.is_list() && actual.is_list()) {
    const List &a = expected.as_list(), &b = actual.as_list();
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(),
                      [](const Value& x, const Value& y) { return is_expected(x, y); });
  }
  if (expected.is_map() && actual.is_map()) {
    if (expected.as_map().size() != actual.as_map().size()) return false;
    return std::all_of(expected.as_map().begin(), expected.as_map().end(), [&](const auto& entry) {
      const Value* other = actual.as_map().find(entry.first);
      return other != nullptr && is_expected(entry.second, *other);
    });
  }
  if (actual.is_unknown() || actual.is_error()) return false;
  if (expected.is_string() && !actual.is_string()) {
    const std::string& text = expected.as_string();
    if (actual.is_duration()) return parse_duration(text) == actual.as_duration();
    if (actual.is_money()) return parse_money(text) == actual.as_money();
    if (actual.is_int()) return parse_size(text) == actual.as_int();
    return !actual.is_null() && !actual.is_bool() && to_text(actual) == text;
  }
  return expected == actual;
}

namespace {

std::string shown(const Value& value) {
  if (value.is_error()) return value.error_message();
  if (value.is_string()) return "`" + value.as_string() + "`";
  return show_value(value, 60);
}

std::vector<std::string> lines_of(const Value& value) {
  return split(to_json(value, {.indent = 2, .sort_keys = true}), '\n');
}

// `-` expected, `+` what came: only where one line would not do.
void add_diff(Diagnostic& d, const Value& expected, const Value& actual) {
  const bool large = expected.is_list() || expected.is_map() ||
                     (expected.is_string() && expected.as_string().find('\n') != std::string::npos);
  if (!large || actual.is_unknown() || contains_secret(actual)) return;
  const auto lines_in = [](const Value& value) {
    return value.is_string() ? split(value.as_string(), '\n') : lines_of(value);
  };
  d.help.push_back("`-` is expected, `+` is what came:");
  for (const auto& line : line_diff(lines_in(expected), lines_in(actual), 2))
    d.help.push_back(std::string(1, line.mark) + " " + line.text);
}

}  // namespace

Diagnostic& Expectations::miss(Span span, std::string message, std::string label) {
  return problems_.add(Code::LF0801, span, std::move(message), std::move(label));
}

void Expectations::compare(const Expected& one, const std::string& what, const Value& actual) {
  if (is_expected(one.value, actual)) return;
  const Value& raw = actual.is_secret() ? actual.secret_value() : actual;
  if (actual.is_secret() && !contains_unknown(raw)) {
    miss(one.span, what + " is another secret than expected");
    return;
  }
  if (actual.is_unknown()) {
    miss(one.span, what + " is not known before apply", "needs " + join(unknown_origins(raw), ", "))
        .help.push_back("expect it under `unknown:`, or run `apply`");
    return;
  }
  auto& d = miss(one.span, what + " is not as expected", "it is " + shown(actual));
  add_diff(d, one.value, actual);
}

void Expectations::properties(const Expected& one, const Value& actual) {
  if (!one.value.is_map()) {
    miss(one.span, "`properties` has a map for each address");
    return;
  }
  for (const auto& [name, expected] : one.value.as_map()) {
    const Value& value = actual[name.string_or()];
    if (is_expected(expected, value)) continue;
    Expected part = one;
    part.value = expected;
    for (const auto& [key, span] : one.parts) {
      if (key == name.string_or()) part.span = span;
    }
    compare(part, "`" + name.string_or() + "` of `" + one.of + "`", value);
  }
}

void Expectations::planned(Session& session, const Plan& plan) {
  planned_ = true;
  const PolicyView view({}, session.graph(), plan, session.packages());
  std::vector<std::string> addresses;
  for (const size_t i : view.resources()) addresses.push_back(view.item(i).address);
  for (const auto& one : run_.plan) {
    const std::string wanted = to_text(one.value);
    size_t found = 0;
    for (const size_t i : view.resources()) {
      if (!glob_match(one.of, view.item(i).address)) continue;
      ++found;
      if (view.action(i) == wanted) continue;
      miss(one.span, "the plan for `" + view.item(i).address + "` is not as expected",
           "it is " + view.action(i));
    }
    if (found > 0 || wanted == "absent") continue;
    auto& d = miss(one.of_span, "the plan has no `" + one.of + "`");
    const std::string near = nearest(one.of, addresses);
    if (!near.empty())
      d.help.push_back("did you mean `" + near + "`?");
    else
      d.help.push_back("it has: " + join(addresses, ", "));
  }
  for (const auto& one : run_.counts) {
    int64_t count = 0;
    for (const size_t i : view.resources()) count += view.action(i) == one.of ? 1 : 0;
    if (one.value.is_int() && one.value.as_int() == count) continue;
    miss(one.span, "the number of resources to " + one.of + " is not as expected",
         "it is " + std::to_string(count));
  }
  if (run_.command != "plan") return;
  for (const auto& one : run_.properties) {
    bool found = false;
    for (const size_t i : view.resources()) {
      if (view.item(i).address != one.of) continue;
      found = true;
      properties(one, view.properties(i));
    }
    if (found) continue;
    auto& d = miss(one.of_span, "the plan has no `" + one.of + "`");
    const std::string near = nearest(one.of, addresses);
    if (!near.empty()) d.help.push_back("did you mean `" + near + "`?");
  }
  const PlannedValues values_at(session.graph(), plan);
  values(session, values_at.source());
}

void Expectations::applied(Session&, const Plan& plan, const ApplyResult& result) {
  applied_ = true;
  for (const auto& one : run_.failed) {
    bool found = false;
    for (size_t i = 0; i < result.operations.size(); ++i) {
      const PlanItem& item = plan.items[plan.operations[i].item];
      const OperationResult& done = result.operations[i];
      if (done.kind != OperationResult::Kind::failed || !glob_match(one.of, item.address)) continue;
      found = true;
      const std::string as = to_text(one.value);
      if (as == to_string(done.error.code) || as == done.error.service_code) continue;
      miss(one.span, "`" + item.address + "` failed otherwise than expected",
           "with " + std::string(to_string(done.error.code)) + ": " + done.error.message);
    }
    if (!found) miss(one.of_span, "`" + one.of + "` did not fail");
  }
}

void Expectations::ended(Session& session) {
  if (run_.command != "apply" || session.graph().context == nullptr || !planned_) return;
  const State& state = session.state();
  for (const auto& one : run_.properties) {
    const Record* record = state.find(one.of);
    if (record == nullptr) {
      miss(one.of_span, "there is no `" + one.of + "`");
      continue;
    }
    Map all = record->computed;
    for (const auto& [name, value] : record->observed) all.set(name, value);
    for (const auto& [name, value] : applied_properties(*record)) all.set(name, value);
    properties(one, Value(std::move(all)));
  }
  values(session, RecordSource(session.graph(), state));
}

void Expectations::value(Session& session, const AttributeSource& source, const Expected& one,
                         Wanted wanted) {
  const cel::Expression& expression = *one.expression->parts()[0].expression;
  StoreLibrary library(session.modules());
  Diagnostics types;
  check_asked(session.spec().spec, library, session.packages(), expression, types);
  if (types.has_errors()) {
    problems_.append(types);
    return;
  }
  const Graph::Context& context = *session.graph().context;
  const SourceScope use(context, source);
  const Value actual =
      cel::evaluate(expression, ScopeActivation(context, Scope{context.root.get(), nullptr}));
  const std::string what = "`" + expression.text() + "`";
  if (wanted == Wanted::unknown) {
    if (!contains_unknown(actual)) miss(one.span, what + " is known", "it is " + shown(actual));
  } else if (wanted == Wanted::equal) {
    compare(one, what, actual);
  } else if (!actual.is_bool() || !actual.as_bool()) {
    miss(one.span, "this does not hold", actual.is_bool() ? "" : "it is " + shown(actual));
  }
}

void Expectations::values(Session& session, const AttributeSource& source) {
  evaluated_ = true;
  for (const auto& one : run_.values) value(session, source, one, Wanted::equal);
  for (const auto& one : run_.unknown) value(session, source, one, Wanted::unknown);
  for (const auto& one : run_.asserts) value(session, source, one, Wanted::holds);
  for (const auto& one : run_.outputs) {
    std::vector<std::string> names;
    bool found = false;
    for (size_t i = 0; i < session.graph().outputs.size(); ++i) {
      names.push_back(session.graph().outputs[i].decl->name);
      if (names.back() != one.of) continue;
      found = true;
      Diagnostics problems;
      compare(one, "output `" + one.of + "`", session.graph().output(i, source, problems));
    }
    if (found) continue;
    auto& d = miss(one.of_span, "the spec has no output `" + one.of + "`");
    const std::string near = nearest(one.of, names);
    if (!near.empty()) d.help.push_back("did you mean `" + near + "`?");
  }
}

void Expectations::never_came(const std::vector<Expected>& all, const char* what) {
  for (const auto& one : all)
    miss(one.of_span, std::string("there was no ") + what + " to look at");
}

bool Expectations::judge(int code, const Capture& said) {
  std::set<std::string> reported, errors;
  for (const auto& d : said.diagnostics.all()) {
    reported.insert(info(d.code).name);
    if (d.severity() == Severity::error) errors.insert(info(d.code).name);
  }
  const auto seen = [](const std::set<std::string>& codes) {
    return codes.empty() ? std::string("nothing was reported")
                         : "reported: " + join({codes.begin(), codes.end()}, ", ");
  };
  for (const auto& one : run_.diagnostics) {
    if (!reported.contains(one.of))
      miss(one.span, "`" + one.of + "` was not reported", seen(reported));
  }
  for (const auto& one : run_.failures) {
    if (!errors.contains(one.of)) miss(one.span, "`" + one.of + "` was not reported", seen(errors));
  }
  bool as_expected = true;
  for (const auto& error : errors) {
    const bool expected = std::any_of(run_.failures.begin(), run_.failures.end(),
                                      [&](const Expected& one) { return one.of == error; }) ||
                          std::any_of(run_.diagnostics.begin(), run_.diagnostics.end(),
                                      [&](const Expected& one) { return one.of == error; });
    if (expected) continue;
    as_expected = false;
    for (const auto& d : said.diagnostics.all()) {
      if (error != info(d.code).name) continue;
      miss(run_.span, "`" + error + "` was not expected", d.message);
      break;
    }
  }
  const bool may_fail = !run_.failures.empty() || !run_.failed.empty();
  const bool code_fits = run_.exit ? *run_.exit == code : may_fail ? code != 0 : code == 0;
  if (!code_fits) {
    as_expected = false;
    const std::string why = said.errors.empty() ? "" : said.errors.front().message;
    // That what was to be reported was not is said above.
    if (run_.exit || (errors.empty() && run_.failures.empty()))
      miss(run_.exit ? run_.exit_span : run_.span,
           "`" + run_.command + "` ended with exit code " + std::to_string(code), why);
  }
  if (as_expected && !planned_ && run_.command != "validate") {
    never_came(run_.plan, "plan");
    never_came(run_.counts, "plan");
  }
  if (as_expected && !evaluated_) {
    never_came(run_.values, "stack");
    never_came(run_.asserts, "stack");
    never_came(run_.outputs, "stack");
  }
  if (as_expected && !applied_) never_came(run_.failed, "apply");
  return as_expected;
}

}  // namespace lf
