// SPDX-License-Identifier: Apache-2.0
// `cost`: what a spec costs by what it says: an hour of its runs, a run of some hours, a month
// while nothing runs. Needs no credentials and sends no request.
#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "cli/costing.h"

namespace lf {

namespace {

std::string hours_text(double hours) {
  return hours == static_cast<double>(static_cast<int64_t>(hours))
             ? fmt::format("{}", static_cast<int64_t>(hours))
             : fmt::format("{:g}", hours);
}

std::string quantity_text(const CostLine& line) {
  if (!line.unknown.empty()) return line.unknown;
  std::string out;
  if (line.quantity != 1) out = fmt::format("{:g} × ", line.quantity);
  out += show_amount(line.amount, line.currency);
  // "an hour", "a month", "for a GiB", "for 1000 requests"
  const bool counted = line.per != "hour" && line.per != "month";
  const bool number = line.per.front() >= '0' && line.per.front() <= '9';
  out += counted ? " for " : " ";
  out += (number ? "" : line.per == "hour" ? "an " : "a ") + line.per;
  if (line.assumed) out += " (assumed)";
  return out;
}

class CostReport {
 public:
  CostReport(const PlanCost& cost, const Options& options, Session& session)
      : cost_(cost), options_(options), session_(session) {}

  std::string text() const {
    std::string out = "stack " + printable(session_.spec().spec.stack);
    if (options_.environment != "default") out += ", environment " + options_.environment;
    if (!session_.spec().spec.region.empty())
      out += ", " + printable(session_.spec().spec.provider) + " " +
             printable(session_.spec().spec.region);
    out += "\n";
    resources(out, true);
    resources(out, false);
    totals(out);
    sources(out);
    return out;
  }

  Value json() const {
    Map out = cost_value(cost_).as_map();
    out.erase("before");
    out.set("stack", Value(session_.spec().spec.stack));
    out.set("environment", Value(options_.environment));
    out.set("region", Value(session_.spec().spec.region));
    List runs;
    for (const double hours : options_.run_hours) {
      runs.emplace_back(Map{{Value("hours"), Value(hours)},
                            {Value("cost"), Value(cost_.after_sum.run_of(hours))}});
    }
    out.set("runs", Value(std::move(runs)));
    return Value(std::move(out));
  }

 private:
  std::string money(double amount) const { return show_amount(amount, cost_.currency); }

  static bool free(const ResourceCost& one) { return one.lines.empty(); }

  void resources(std::string& out, bool runs) const {
    std::vector<std::vector<std::string>> rows;
    for (const auto& one : cost_.after) {
      if (one.run.empty() == runs || free(one)) continue;
      const std::string whole =
          one.unknown() > 0 ? "unknown"
          : runs            ? money(one.hourly()) + "/h"
                            : money(one.hourly() * kHoursPerMonth + one.by_use()) + "/month";
      rows.push_back({"  " + printable(one.address), whole, runs ? "run " + one.run : ""});
      for (const auto& line : one.lines) {
        const std::string amount = !line.unknown.empty()    ? "unknown"
                                   : runs && !line.by_usage ? money(line.hourly()) + "/h"
                                                            : money(line.monthly());
        rows.push_back({"    " + printable(line.name), amount, quantity_text(line)});
      }
      for (const auto& [what, hour] : one.alternatives)
        rows.push_back({"    or " + printable(what), money(hour) + "/h", "another place to try"});
      for (const auto& what : one.unknown_alternatives)
        rows.push_back({"    or " + printable(what), "unknown", "another place to try"});
    }
    if (rows.empty()) return;
    out += runs ? "\nwhile it runs:\n" : "\nall month, whether something runs or not:\n";
    out += table(rows);
  }

  void totals(std::string& out) const {
    const CostSum& sum = cost_.after_sum;
    std::vector<std::vector<std::string>> rows;
    rows.push_back({"  idle", money(sum.idle) + "/month"});
    bool any = false;
    for (const auto& one : cost_.after) any = any || !one.run.empty();
    if (any) {
      rows.push_back({"  while it runs", money(sum.running) + "/h"});
      for (const double hours : options_.run_hours) {
        rows.push_back({"  a run of " + hours_text(hours) + " hours", money(sum.run_of(hours))});
      }
    }
    out += "\nin all:\n" + table(rows);
    if (!any)
      out +=
          "no run is in this spec as it is: with a variable that starts one, "
          "`--var NAME=VALUE` shows what it costs\n";
    if (sum.unknown > 0)
      out += fmt::format("{} price{} not known and in no sum\n", sum.unknown,
                         sum.unknown == 1 ? " is" : "s are");
  }

  void sources(std::string& out) const {
    if (cost_.sources.empty()) return;
    out += "\nprices, without tax:\n";
    std::vector<std::vector<std::string>> rows;
    for (const auto& source : cost_.sources) rows.push_back({"  " + source.as_of, source.text});
    out += table(rows);
  }

  const PlanCost& cost_;
  const Options& options_;
  Session& session_;
};

Task<int> cost(CommandContext* context, Session* session) {
  const std::vector<Ready> steps{Ready::state, Ready::checked};
  Task<int> preparing = get_ready(context, session, steps);
  const int ready = co_await std::move(preparing);
  if (ready >= 0) co_return ready;
  Diagnostics found;
  CostModel model(session->packages(), usage_given(context->options, session->spec(), found));
  const PlanCost cost = model.of_graph(session->offline_graph(), session->state());
  model.check_usage(found);
  if (!found.empty())
    show_diagnostics(found, session->sources(), context->options.json, context->terminal);
  if (found.has_errors()) co_return kUsage;
  const CostReport report(cost, context->options, *session);
  print(context->options.json ? to_json(report.json()) + "\n" : report.text());
  co_return kDone;
}

}  // namespace

int run_cost(CommandContext& context) {
  Options options = context.options;
  // Given hours replace the usual ones.
  if (options.run_hours.empty()) options.run_hours = {2, 6};
  options.offline = true;
  return with_spec(context, options, cost);
}

}  // namespace lf
