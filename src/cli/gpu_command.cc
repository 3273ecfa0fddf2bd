// SPDX-License-Identifier: Apache-2.0
// `gpu`: the catalogue's machine types with GPUs, and what an hour of each costs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "cli/command_tools.h"
#include "cli/machine_facts.h"
#include "plan/cost.h"

namespace lf {

namespace {

std::string price_text(const std::optional<Price>& price) {
  return price ? show_amount(price->amount, price->currency) + "/h" : "unknown";
}

double sort_key(const std::optional<Price>& price) {
  return price ? price->amount : HUGE_VAL;
}

void sort_by(std::vector<MachineFacts>& all, const std::string& by) {
  std::stable_sort(all.begin(), all.end(), [&](const MachineFacts& a, const MachineFacts& b) {
    if (by == "name") return a.name < b.name;
    if (by == "memory") return a.gpu_memory > b.gpu_memory;
    if (by == "spot") return sort_key(a.spot) < sort_key(b.spot);
    return sort_key(a.on_demand) < sort_key(b.on_demand);
  });
}

}  // namespace

int run_gpu(CommandContext& context) {
  const Options& options = context.options;
  int64_t least = 0;
  if (!options.min_memory.empty()) {
    const auto size = parse_size(options.min_memory);
    if (!size) {
      Error wrong(ErrorCode::invalid,
                  "--min-memory wants a size, not `" + options.min_memory + "`");
      wrong.help.push_back("for instance --min-memory 24GiB");
      tell(context, wrong);
      return kUsage;
    }
    least = *size;
  }
  const auto overlay = read_overlay(context.world.files, options.provider_dirs);
  if (!overlay) return tell(context, overlay.error());
  Sources sources;
  Diagnostics diagnostics;
  Packages packages(sources, diagnostics, *overlay);
  MachineCatalog catalog(packages);
  std::vector<MachineFacts> types = catalog.gpus(options.region);
  std::vector<std::string> regions = catalog.regions();
  if (!options.region.empty() &&
      std::find(regions.begin(), regions.end(), options.region) == regions.end()) {
    Error wrong(ErrorCode::not_found, "no catalogue knows the region `" + options.region + "`");
    wrong.help.push_back("there are: " + join(regions, ", "));
    tell(context, wrong);
    return kUsage;
  }
  const std::string region =
      options.region.empty() ? (regions.empty() ? "" : regions.front()) : options.region;
  if (options.region.empty()) types = catalog.gpus(region);
  std::erase_if(types, [&](const MachineFacts& one) {
    const bool other = !options.providers.empty() &&
                       std::find(options.providers.begin(), options.providers.end(), one.package) ==
                           options.providers.end();
    // What a GPU is sold as is some percent more than what a program gets: 24 GB are 22.4 GiB.
    const bool small = static_cast<double>(one.gpu_memory) < 0.93 * static_cast<double>(least);
    return other || small || (!options.gpu_model.empty() && !iequals(one.gpu, options.gpu_model));
  });
  sort_by(types, options.sort);
  if (options.json) {
    List rows;
    for (const auto& one : types) rows.push_back(facts_value(one));
    print(to_json(Value(Map{{"region", Value(region)}, {"types", Value(std::move(rows))}})) + "\n");
    return kDone;
  }
  std::vector<std::vector<std::string>> rows = {
      {"TYPE", "GPU", "MEMORY", "VCPUS", "RAM", "ON DEMAND", "SPOT", "OFFERED"}};
  for (const auto& one : types) {
    rows.push_back({one.name, fmt::format("{}× {}", one.gpus, one.gpu), format_gib(one.gpu_memory),
                    fmt::format("{}", one.vcpus), format_gib(one.memory), price_text(one.on_demand),
                    price_text(one.spot),
                    one.offered.empty()      ? "nowhere that is known"
                    : one.offered_in(region) ? "here"
                                             : "elsewhere"});
  }
  print(table(rows));
  print(fmt::format("{}, prices of {}; MEMORY is of one GPU\n", region, catalog.price_days(types)));
  return kDone;
}

}  // namespace lf
