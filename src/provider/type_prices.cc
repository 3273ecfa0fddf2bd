// SPDX-License-Identifier: Apache-2.0
// What types cost, out of their files, and as a page of the manual.
#include <fmt/format.h>

#include "base/strings.h"
#include "base/units.h"
#include "provider/loader.h"
#include "provider/prices.h"
#include "yaml/reader.h"

namespace lf {

const Prices& TypePrices::of(const ResourceType& type) {
  auto& known = known_[type.name];
  if (known != nullptr) return *known;
  known = std::make_unique<Prices>();
  const std::vector<std::string> parts = split(type.name, '.');
  Package* package = packages_.find(type.package);
  if (package == nullptr || parts.size() != 3) return *known;
  const std::string path = "resources/" + parts[1] + "/" + parts[2] + ".yaml";
  const auto text = package->file(path);
  if (!text) return *known;
  // The build has checked it, and so has whoever loaded the type.
  Sources sources;
  Diagnostics silent;
  SyntaxTree tree(sources);
  const Node root = read_yaml(tree, sources.add(path, std::string(*text)), silent);
  Prices read;
  if (silent.has_errors() || !root) return *known;
  Loader loader(silent);
  if (loader.load_prices(copy_tree(root), type, read)) *known = std::move(read);
  return *known;
}

std::string cost_page(const Prices& prices) {
  if (!prices.declared) return "";
  std::string out = "\n## Cost\n\n";
  const auto sentence = [](const std::string& text) {
    return text.empty() || text.ends_with('.') ? text : text + ".";
  };
  if (!prices.free.empty()) out += "Nothing: " + sentence(prices.free) + "\n";
  for (const PriceLine& line : prices.lines)
    out += fmt::format("- {}: {}\n", line.name, sentence(line.doc));
  if (prices.usage.empty()) return out;
  out += "\nUsage in a month, with what is assumed:\n\n";
  for (const PriceUsage& usage : prices.usage) {
    const bool size = usage.type.kind() == Type::Kind::size;
    out += fmt::format("- `{}` ({}): {} For {}\n", usage.name,
                       size ? format_size(usage.assumed.as_int()) : to_text(usage.assumed),
                       sentence(usage.doc), sentence(usage.reason));
  }
  return out;
}

}  // namespace lf
