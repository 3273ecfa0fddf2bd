// SPDX-License-Identifier: Apache-2.0
// Costs for their readers: amounts, the plan's one line, and JSON.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "plan/cost.h"

namespace lf {

std::string show_amount(double amount, const std::string& currency) {
  const double size = std::fabs(amount);
  std::string number = fmt::format("{:.2f}", size);
  if (size > 0 && size < 0.1) {  // two digits that say something
    const int places = std::min(10, 1 - static_cast<int>(std::floor(std::log10(size))));
    number = fmt::format("{:.{}f}", size, places);
  }
  const char* sign = amount < 0 && number.find_first_not_of("0.") != std::string::npos ? "-" : "";
  return currency == "USD" ? sign + ("$" + number) : sign + number + " " + currency;
}

std::string price_days(const std::vector<PriceSource>& sources) {
  if (sources.empty()) return "";
  std::string first = sources.front().as_of, last = first;
  for (const auto& source : sources) {
    first = std::min(first, source.as_of);
    last = std::max(last, source.as_of);
  }
  return first == last ? first : first + " to " + last;
}

namespace {

std::string change_text(double before, double after, const std::string& currency) {
  if (std::fabs(after - before) < 1e-9) return "";
  const std::string text = show_amount(after - before, currency);
  return after > before ? " (+" + text + ")" : " (" + text + ")";
}

Value rounded(double amount) {
  return Value(std::round(amount * 1e8) / 1e8);
}

}  // namespace

std::string cost_text(const PlanCost& cost) {
  if (cost.empty()) return "";
  const CostSum& before = cost.before_sum;
  const CostSum& after = cost.after_sum;
  std::vector<std::string> parts;
  if (before.running > 0 || after.running > 0) {
    parts.push_back(show_amount(after.running, cost.currency) + "/h while it runs" +
                    change_text(before.running, after.running, cost.currency));
  }
  parts.push_back(show_amount(after.idle, cost.currency) + "/month idle" +
                  change_text(before.idle, after.idle, cost.currency));
  std::string out = "cost: " + join(parts, ", ");
  if (after.unknown > 0)
    out += fmt::format("; {} price{} unknown", after.unknown, after.unknown == 1 ? "" : "s");
  const std::string days = price_days(cost.sources);
  if (!days.empty()) out += "; prices of " + days;
  return out;
}

Value resource_cost_value(const ResourceCost& cost) {
  Map out;
  out.set("address", Value(cost.address));
  out.set("type", Value(cost.type));
  if (!cost.run.empty()) out.set("run", Value(cost.run));
  out.set("hourly", cost.unknown() > 0 ? Value() : rounded(cost.hourly()));
  out.set("monthly",
          cost.unknown() > 0
              ? Value()
              : rounded((cost.run.empty() ? cost.hourly() * kHoursPerMonth : 0) + cost.by_use()));
  List lines;
  for (const auto& line : cost.lines) {
    Map one;
    one.set("name", Value(line.name));
    one.set("price", Value(line.price));
    if (line.unknown.empty()) {
      one.set("amount", Value(line.amount));
      one.set("per", Value(line.per));
      one.set("quantity", Value(line.quantity));
      if (line.source != nullptr) {
        one.set("as_of", Value(line.source->as_of));
        one.set("source", Value(line.source->text));
      }
    } else {
      one.set("unknown", Value(line.unknown));
    }
    if (line.by_usage) one.set("assumed", Value(line.assumed));
    lines.emplace_back(std::move(one));
  }
  out.set("lines", Value(std::move(lines)));
  List alternatives;
  for (const auto& [what, hour] : cost.alternatives)
    alternatives.emplace_back(Map{{Value("price"), Value(what)}, {Value("hourly"), rounded(hour)}});
  for (const auto& what : cost.unknown_alternatives)
    alternatives.emplace_back(Map{{Value("price"), Value(what)}, {Value("hourly"), Value()}});
  if (!alternatives.empty()) out.set("alternatives", Value(std::move(alternatives)));
  return Value(std::move(out));
}

Value cost_value(const PlanCost& cost) {
  const auto sum = [](const CostSum& from) {
    Map out;
    out.set("hourly", rounded(from.running));
    out.set("monthly", rounded(from.idle));
    out.set("per_run", rounded(from.per_run));
    out.set("always_hourly", rounded(from.always));
    out.set("unknown", Value(static_cast<int64_t>(from.unknown)));
    return Value(std::move(out));
  };
  Map out;
  out.set("currency", Value(cost.currency));
  out.set("before", sum(cost.before_sum));
  out.set("after", sum(cost.after_sum));
  out.set("dearest_hour", rounded(cost.dearest_hour));
  List resources;
  for (const auto& one : cost.after) resources.push_back(resource_cost_value(one));
  out.set("resources", Value(std::move(resources)));
  List sources;
  for (const auto& source : cost.sources) {
    sources.emplace_back(
        Map{{Value("as_of"), Value(source.as_of)}, {Value("source"), Value(source.text)}});
  }
  out.set("sources", Value(std::move(sources)));
  out.set("text", Value(cost_text(cost)));
  return Value(std::move(out));
}

}  // namespace lf
