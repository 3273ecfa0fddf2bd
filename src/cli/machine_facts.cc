// SPDX-License-Identifier: Apache-2.0
#include "cli/machine_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/strings.h"
#include "base/units.h"

namespace lf {

namespace {

int64_t whole(std::string_view text) {
  int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

Value price_value(const std::optional<Price>& price) {
  if (!price) return {};
  Map out{{"amount", Value(price->amount)}, {"currency", Value(price->currency)}};
  if (price->source != nullptr) out.set("as_of", Value(price->source->as_of));
  return Value(std::move(out));
}

}  // namespace

bool MachineFacts::offered_in(std::string_view region) const {
  return std::find(offered.begin(), offered.end(), region) != offered.end();
}

std::string format_gib(int64_t bytes) {
  const double gib = static_cast<double>(bytes) / (1 << 30);
  return fmt::format("{:.4g}GiB", gib);
}

MachineFacts MachineCatalog::facts(const std::string& package, const std::string& name,
                                   const Catalog& catalog, const std::string& region) {
  MachineFacts out;
  out.package = package;
  out.name = name;
  if (const auto text = catalog.facts.find(name); text != catalog.facts.end()) {
    out.text = text->second;
    for (const auto& part : split(text->second, ',')) {
      const std::string_view one = trim(part);
      const size_t space = one.find(' ');
      if (space == std::string_view::npos) continue;
      const std::string_view key = one.substr(0, space), value = one.substr(space + 1);
      if (key == "gpu") out.gpu = std::string(value);
      if (key == "network") out.network = std::string(value);
      if (key == "gpus") out.gpus = whole(value);
      if (key == "vcpus") out.vcpus = whole(value);
      if (key == "fabric_adapters") out.adapters = whole(value);
      if (key == "memory") out.memory = parse_size(value).value_or(0);
      if (key == "gpu_memory") out.gpu_memory = parse_size(value).value_or(0);
    }
  }
  if (const auto where = catalog.regions.find(name); where != catalog.regions.end())
    out.offered.assign(where->second.begin(), where->second.end());
  if (const PriceBook* book = packages_.price_books().of(package)) {
    out.on_demand = book->find("machine.on-demand." + name, region);
    out.spot = book->find("machine.spot." + name, region);
  }
  return out;
}

std::vector<MachineFacts> MachineCatalog::gpus(const std::string& region) {
  std::vector<MachineFacts> out;
  for (const auto& package : packages_.names()) {
    for (const auto& [property, catalog] : packages_.catalogs().all(package)) {
      for (const auto& [name, text] : catalog.facts) {
        MachineFacts one = facts(package, name, catalog, region);
        if (one.gpus > 0) out.push_back(std::move(one));
      }
    }
  }
  return out;
}

std::vector<std::string> MachineCatalog::regions() {
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const auto& package : packages_.names()) {
    for (const auto& [property, catalog] : packages_.catalogs().all(package)) {
      for (const auto& region : catalog.facts_in_order) {
        if (seen.insert(region).second) out.push_back(region);
      }
    }
  }
  return out;
}

std::optional<MachineFacts> MachineCatalog::find(const std::string& name,
                                                 const std::string& region) {
  for (const auto& package : packages_.names()) {
    for (const auto& [property, catalog] : packages_.catalogs().all(package)) {
      if (catalog.knows(name)) return facts(package, name, catalog, region);
    }
  }
  return std::nullopt;
}

std::map<std::string, std::pair<std::optional<Price>, std::optional<Price>>> MachineCatalog::prices(
    const MachineFacts& of) {
  std::map<std::string, std::pair<std::optional<Price>, std::optional<Price>>> out;
  const PriceBook* book = packages_.price_books().of(of.package);
  if (book == nullptr) return out;
  for (const auto& market : {"on-demand", "spot"}) {
    const std::string name = std::string("machine.") + market + "." + of.name;
    for (const auto& region : book->regions(name)) {
      auto& both = out[region];
      (market == std::string_view("spot") ? both.second : both.first) = book->find(name, region);
    }
  }
  return out;
}

std::string MachineCatalog::price_days(const std::vector<MachineFacts>& types) {
  std::set<std::string> days;
  for (const auto& one : types) {
    for (const auto* price : {&one.on_demand, &one.spot}) {
      if (*price && (*price)->source != nullptr) days.insert((*price)->source->as_of);
    }
  }
  if (days.empty()) return "no day";
  return days.size() == 1 ? *days.begin() : *days.begin() + " to " + *days.rbegin();
}

Value facts_value(const MachineFacts& facts) {
  Map out{{"name", Value(facts.name)},
          {"provider", Value(facts.package)},
          {"gpu", Value(facts.gpu)},
          {"gpus", Value(facts.gpus)},
          {"gpu_memory", Value(facts.gpu_memory)},
          {"vcpus", Value(facts.vcpus)},
          {"memory", Value(facts.memory)},
          {"network", Value(facts.network)},
          {"fabric_adapters", Value(facts.adapters)}};
  List offered;
  for (const auto& region : facts.offered) offered.emplace_back(region);
  out.set("offered", Value(std::move(offered)));
  out.set("on_demand", price_value(facts.on_demand));
  out.set("spot", price_value(facts.spot));
  return Value(std::move(out));
}

}  // namespace lf
