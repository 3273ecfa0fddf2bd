// SPDX-License-Identifier: Apache-2.0
// What a package's catalog says about the values that properties may have: which machine types
// there are, and where. catalog/uses.yaml says which property goes by which file
// (docs/descriptors.md).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "provider/package.h"

namespace lf {

struct Catalog {
  std::string what;                                      // "machine type"
  std::vector<std::string> names;                        // all there are, anywhere
  std::set<std::string> facts_regions;                   // where the facts below were gathered
  std::vector<std::string> facts_in_order;               // the same, as the file has them
  std::map<std::string, std::set<std::string>> regions;  // name -> regions that offer it
  std::map<std::string, std::string> facts;              // name -> "vcpus 4, memory 16384MiB, …"
  bool knows(std::string_view name) const;
  // Only where the facts name it elsewhere and not here: what they leave out is not judged.
  bool lacks(const std::string& name, const std::string& region) const;
};

// The catalogs of all packages, read when a type that uses one is met. Thread: any one.
class Catalogs {
 public:
  explicit Catalogs(Packages& packages) : packages_(packages) {}
  // nullptr: nothing says which values there are.
  const Catalog* of(const ResourceType& type, std::string_view property);
  // All of a package, by "type.property".
  const std::map<std::string, Catalog>& all(const std::string& package);

 private:
  Packages& packages_;
  std::map<std::string, std::map<std::string, Catalog>> by_package_;  // "type.property" -> catalog
};

}  // namespace lf
