// SPDX-License-Identifier: Apache-2.0
// What a plan costs: each resource by its type's `prices:` and its package's price list. A run
// (what ends by itself) costs while it runs; everything else costs all month. What no list says is
// not known and is counted as such, never as zero.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "provider/price_book.h"
#include "provider/prices.h"

namespace lf {

inline constexpr double kHoursPerMonth = 730;  // 365 * 24 / 12

struct CostLine {
  std::string name, doc;
  std::string price;  // its name in the price list
  double amount = 0;  // of the list
  std::string per, currency;
  double quantity = 1;
  bool by_usage = false;  // by what somebody says is used, not by the time that it exists
  bool assumed = false;   // by nothing but the type's own assumption
  std::string unknown;    // why there is no figure; empty: there is
  std::shared_ptr<const PriceSource> source;
  double hourly() const;   // by time
  double monthly() const;  // by time all month long, and by use
};

struct ResourceCost {
  std::string address, type;
  GraphId node = kNoGraphId;
  std::string run;   // its name, of what ends by itself
  std::string free;  // why it costs nothing
  std::vector<CostLine> lines;
  // Other places that it may be made in, where they cost something else: what, and an hour of it.
  std::vector<std::pair<std::string, double>> alternatives;
  std::vector<std::string> unknown_alternatives;
  double hourly() const;
  double by_use() const;   // a month's, or a run's
  double dearest() const;  // an hour of the dearest alternative
  size_t unknown() const;
};

struct CostSum {
  double running = 0;  // an hour of all runs
  double per_run = 0;  // by use, of all runs
  double always = 0;   // an hour of all else, by time
  double idle = 0;     // a month of all else
  size_t unknown = 0;  // prices that nothing tells
  double run_of(double hours) const { return running * hours + per_run; }
};

// One answer to "how much is used": `buckets.training-data` also means what is within it.
struct UsageGiven {
  std::string address, key, text;
  Span span;  // invalid: from the command line
  mutable bool used = false;
};

struct PlanCost {
  std::string currency = "USD";
  std::vector<ResourceCost> before, after;  // those that cost something or may
  CostSum before_sum, after_sum;
  double dearest_hour = 0;  // what would run, in its dearest places
  std::vector<PriceSource>
      sources;  // of the figures in `after`, or of those before where it is empty
  bool empty() const { return before.empty() && after.empty(); }
  const ResourceCost* find_after(std::string_view address) const;
  const ResourceCost* find_before(std::string_view address) const;
};

class CostModel {
 public:
  CostModel(Packages& packages, std::vector<UsageGiven> usage);
  // Errors of `usage`: LF0204, LF0201 for what names nothing, after all was costed.
  void check_usage(Diagnostics& diagnostics) const;

  // nullopt: the type's package has no price list.
  std::optional<ResourceCost> resource(const ResourceType& type, const std::string& address,
                                       const Map& self, const std::string& region);
  std::optional<ResourceCost> resource(const ResourceType& type, const Prices& prices,
                                       const std::string& address, const Map& self,
                                       const std::string& region);
  PlanCost of_plan(const Graph& graph, const Plan& plan);
  // What the spec alone says, with what state knows of ended runs: needs no plan.
  PlanCost of_graph(const Graph& graph, const State& state);
  // What a record costs by its own properties, as `private_.price` keeps it; null: nothing is
  // known.
  Value of_record(const Record& record);

 private:
  void line(const PriceLine& from, const PriceBook& book, const cel::Activation& names,
            const std::string& region, bool assumed, ResourceCost& out) const;
  std::optional<ResourceCost> node(const Graph& graph, GraphId id, const Map& desired,
                                   const AttributeSource& source, bool alternatives);
  std::optional<ResourceCost> record(const Record& record);
  Map usage_of(const Prices& prices, const std::string& address, bool& assumed);
  void finish(PlanCost& out) const;

  Packages& packages_;
  std::vector<UsageGiven> usage_;
  mutable std::vector<std::pair<const UsageGiven*, std::string>> wrong_;
};

// "$0.38", "12.40 EUR", "-$3.00".
std::string show_amount(double amount, const std::string& currency);
// "cost: $0.38/h while it runs (+$0.38), $21.40/month idle (+$16.00); 2 prices unknown; prices of
// 2025-10-28". Empty: nothing in it has a price.
std::string cost_text(const PlanCost& cost);
// "2025-10-28", "2022-02-10 to 2025-11-04"; empty: no source.
std::string price_days(const std::vector<PriceSource>& sources);
// The member `cost` of plans as JSON (docs/plan-json.md).
Value cost_value(const PlanCost& cost);
Value resource_cost_value(const ResourceCost& cost);
// buckets["a"].bucket -> buckets.a.bucket
std::string dotted_address(std::string_view address);

}  // namespace lf
