// SPDX-License-Identifier: Apache-2.0
// A package's price list: catalog/prices.yaml and the files that it names. Each price has its
// source with the day of it. What a list does not say is not known: never zero.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provider/package.h"

namespace lf {

struct PriceSource {
  std::string name, as_of, text;
};

struct Price {
  double amount = 0;
  std::string currency;
  std::string per;  // "hour", "month", or what is counted: "GiB", "1000 requests"
  std::shared_ptr<const PriceSource> source;
};

class PriceBook {
 public:
  explicit PriceBook(const Package& package);
  ~PriceBook();
  // nullopt: the list has no such price in that region.
  std::optional<Price> find(std::string_view name, std::string_view region) const;
  // Whether the list has the name at all, anywhere.
  bool knows(std::string_view name) const;
  // Names that begin so, sorted.
  std::vector<std::string> names(std::string_view prefix) const;
  // Regions that the price is known in; "all" where it is the same everywhere.
  std::vector<std::string> regions(std::string_view name) const;
  bool empty() const;
  // What does not read as a price list; empty: all is well.
  const std::vector<std::string>& problems() const;

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// The lists of all packages, each read when first asked for.
class PriceBooks {
 public:
  explicit PriceBooks(Packages& packages) : packages_(packages) {}
  const PriceBook* of(const std::string& package);  // nullptr: no such package, or no list

 private:
  Packages& packages_;
  std::map<std::string, std::unique_ptr<PriceBook>> books_;
};

}  // namespace lf
