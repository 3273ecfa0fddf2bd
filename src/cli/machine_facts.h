// SPDX-License-Identifier: Apache-2.0
// Machine types as people ask for them: facts from the catalogues with prices from the price lists.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provider/catalog.h"
#include "provider/price_book.h"

namespace lf {

struct MachineFacts {
  std::string package, name, gpu, network, text;  // text: all that the catalogue says
  int64_t gpus = 0, gpu_memory = 0, vcpus = 0, memory = 0, adapters = 0;
  std::vector<std::string> offered;  // regions
  std::optional<Price> on_demand, spot;
  bool offered_in(std::string_view region) const;
};

class MachineCatalog {
 public:
  explicit MachineCatalog(Packages& packages) : packages_(packages) {}
  // All machine types with GPUs, with their prices in `region`.
  std::vector<MachineFacts> gpus(const std::string& region);
  // Regions that the facts were gathered in, the catalogues' own order; none twice.
  std::vector<std::string> regions();
  // One type of any package, with or without GPUs; nullopt: nobody knows it.
  std::optional<MachineFacts> find(const std::string& name, const std::string& region);
  // Prices by region and market, for those that are known.
  std::map<std::string, std::pair<std::optional<Price>, std::optional<Price>>> prices(
      const MachineFacts& of);
  static std::string price_days(const std::vector<MachineFacts>& types);

 private:
  MachineFacts facts(const std::string& package, const std::string& name, const Catalog& catalog,
                     const std::string& region);

  Packages& packages_;
};

Value facts_value(const MachineFacts& facts);
std::string format_gib(int64_t bytes);  // "24GiB", "22.4GiB"

}  // namespace lf
