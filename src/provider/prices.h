// SPDX-License-Identifier: Apache-2.0
// `prices:` of resource types: what a thing costs, by names of its package's price list
// (price_book.h). Read apart from the type, when somebody asks what something costs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "provider/package.h"

namespace lf {

struct PriceUsage {  // what no property says: how much of it is used in a month
  std::string name, doc, reason;
  Type type;
  Value assumed;
};
struct PriceLine {
  std::string name, doc;
  cel::Interpolation price;                                // names the price
  std::optional<cel::Interpolation> each, when, quantity;  // no quantity: 1
  std::string unit;       // what a size as quantity is counted in: GiB
  bool by_usage = false;  // the quantity looks at `usage`
};
struct Prices {
  bool declared = false;
  std::string free;  // why it costs nothing; empty: it does
  std::vector<PriceUsage> usage;
  std::vector<PriceLine> lines;
};

class TypePrices {
 public:
  explicit TypePrices(Packages& packages) : packages_(packages) {}
  // Not `declared` where the type's file says nothing, or nothing that reads.
  const Prices& of(const ResourceType& type);

 private:
  Packages& packages_;
  std::map<std::string, std::unique_ptr<Prices>> known_;
};

// The section "Cost" of a type's manual page; "" where nothing is declared.
std::string cost_page(const Prices& prices);

}  // namespace lf
