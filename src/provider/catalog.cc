// SPDX-License-Identifier: Apache-2.0
#include "provider/catalog.h"

#include <algorithm>

#include "base/strings.h"
#include "yaml/reader.h"

namespace lf {

bool Catalog::knows(std::string_view name) const {
  return std::binary_search(names.begin(), names.end(), name, std::less<>());
}

bool Catalog::lacks(const std::string& name, const std::string& region) const {
  if (!facts_regions.contains(region)) return false;
  const auto found = regions.find(name);
  return found != regions.end() && !found->second.empty() && !found->second.contains(region);
}

namespace {

// Catalogs are checked when the binary is built; one that does not read says nothing.
class CatalogReader {
 public:
  explicit CatalogReader(Package& package) : package_(package), tree_(sources_) {}

  std::map<std::string, Catalog> all() {
    std::map<std::string, Catalog> out;
    const Node uses = read("uses");
    for (size_t i = 0; i < uses.size(); ++i) {
      const Node::Entry entry = uses.entry(i);
      Catalog catalog;
      catalog.what = std::string(entry.value.find("what").text());
      if (const Node names = entry.value.find("names")) add_names(read(names.text()), catalog);
      if (const Node regions = entry.value.find("regions"))
        add_regions(read(regions.text()), catalog);
      std::sort(catalog.names.begin(), catalog.names.end());
      if (!catalog.names.empty()) out.emplace(std::string(entry.key.text()), std::move(catalog));
    }
    return out;
  }

 private:
  Node read(std::string_view name) {
    const std::string path = "catalog/" + std::string(name) + ".yaml";
    const auto text = package_.file(path);
    if (!text) return {};
    Diagnostics silent;
    const Node root = read_yaml(tree_, sources_.add(path, std::string(*text)), silent);
    return silent.has_errors() ? Node() : root;
  }

  // families: {g5: xlarge 2xlarge …}
  static void add_names(const Node& file, Catalog& out) {
    const Node families = file ? file.find("families") : Node();
    if (!families) return;
    for (size_t i = 0; i < families.size(); ++i) {
      const Node::Entry family = families.entry(i);
      for (const auto& size : split(family.value.text(), ' ')) {
        if (!size.empty())
          out.names.push_back(std::string(family.key.text()) + "." + std::string(size));
      }
    }
  }

  // regions: [us-west-2, …]; types: {g5.xlarge: {…, zones: {us-west-2: […]}}}
  static void add_regions(const Node& file, Catalog& out) {
    if (!file) return;
    if (const Node regions = file.find("regions")) {
      for (size_t i = 0; i < regions.size(); ++i) {
        out.facts_regions.emplace(regions.item(i).text());
        out.facts_in_order.emplace_back(regions.item(i).text());
      }
    }
    const Node types = file.find("types");
    if (!types) return;
    for (size_t i = 0; i < types.size(); ++i) {
      const Node::Entry type = types.entry(i);
      auto& where = out.regions[std::string(type.key.text())];
      add_facts(type, out);
      const Node zones = type.value.find("zones");
      if (!zones) continue;
      for (size_t j = 0; j < zones.size(); ++j) {
        if (zones.entry(j).value.size() > 0) where.emplace(zones.entry(j).key.text());
      }
    }
  }

  // All that the line says in plain words, whatever they are.
  static void add_facts(const Node::Entry& type, Catalog& out) {
    std::string text;
    for (size_t i = 0; i < type.value.size(); ++i) {
      const Node::Entry fact = type.value.entry(i);
      if (!fact.value.is_scalar()) continue;
      text += (text.empty() ? "" : ", ") + std::string(fact.key.text()) + " " +
              std::string(fact.value.text());
    }
    if (!text.empty()) out.facts.emplace(type.key.text(), std::move(text));
  }

  Package& package_;
  Sources sources_;
  SyntaxTree tree_;
};

}  // namespace

const std::map<std::string, Catalog>& Catalogs::all(const std::string& package) {
  auto found = by_package_.find(package);
  if (found == by_package_.end()) {
    Package* read = packages_.find(package);
    auto catalogs = read == nullptr ? std::map<std::string, Catalog>() : CatalogReader(*read).all();
    found = by_package_.emplace(package, std::move(catalogs)).first;
  }
  return found->second;
}

const Catalog* Catalogs::of(const ResourceType& type, std::string_view property) {
  const auto& catalogs = all(type.package);
  if (catalogs.empty()) return nullptr;
  const auto catalog = catalogs.find(type.name + "." + std::string(property));
  return catalog == catalogs.end() ? nullptr : &catalog->second;
}

}  // namespace lf
