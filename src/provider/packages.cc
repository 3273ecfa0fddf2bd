// SPDX-License-Identifier: Apache-2.0
// All packages of a run: files of the overlay first, path by path, then the embedded ones.
#include <map>
#include <set>

#include "base/strings.h"
#include "provider/catalog.h"
#include "provider/package.h"
#include "provider/price_book.h"
#include "provider/prices.h"

namespace lf {

namespace {

class OverlaidFiles : public PackageFiles {
 public:
  explicit OverlaidFiles(std::shared_ptr<const PackageFiles> over) : over_(std::move(over)) {}

  std::optional<std::string_view> find(std::string_view path) const override {
    if (over_ != nullptr) {
      if (auto text = over_->find(path)) return text;
    }
    return embedded_packages().find(path);
  }
  std::vector<std::string> list(std::string_view prefix) const override {
    std::set<std::string> paths;
    for (std::string& path : embedded_packages().list(prefix)) paths.insert(std::move(path));
    if (over_ != nullptr) {
      for (std::string& path : over_->list(prefix)) paths.insert(std::move(path));
    }
    return {paths.begin(), paths.end()};
  }

 private:
  std::shared_ptr<const PackageFiles> over_;
};

}  // namespace

struct Packages::Rep {
  Sources& sources;
  Diagnostics& diagnostics;
  std::shared_ptr<const PackageFiles> files;
  std::map<std::string, std::unique_ptr<Package>, std::less<>> loaded;
  std::unique_ptr<Catalogs> catalogs;
  std::unique_ptr<PriceBooks> price_books;
  std::unique_ptr<TypePrices> type_prices;
};

Packages::Packages(Sources& sources, Diagnostics& diagnostics,
                   std::shared_ptr<const PackageFiles> overlay)
    : rep_(new Rep{sources,
                   diagnostics,
                   std::make_shared<OverlaidFiles>(std::move(overlay)),
                   {},
                   std::make_unique<Catalogs>(*this),
                   std::make_unique<PriceBooks>(*this),
                   std::make_unique<TypePrices>(*this)}) {}

Packages::~Packages() = default;

Package* Packages::find(std::string_view name) {
  const auto known = rep_->loaded.find(name);
  if (known != rep_->loaded.end()) return known->second.get();
  std::unique_ptr<Package> fresh;
  if (rep_->files->find(std::string(name) + "/package.yaml")) {
    fresh =
        std::make_unique<Package>(std::string(name), rep_->files, rep_->sources, rep_->diagnostics);
  }
  return (rep_->loaded[std::string(name)] = std::move(fresh)).get();
}

std::vector<std::string> Packages::names() const {
  std::set<std::string> out;
  for (const std::string& path : rep_->files->list("")) {
    const size_t slash = path.find('/');
    if (slash != std::string::npos && path.substr(slash) == "/package.yaml") {
      out.insert(path.substr(0, slash));
    }
  }
  return {out.begin(), out.end()};
}

const ResourceType* Packages::resource(std::string_view type) {
  Package* package = find(type.substr(0, type.find('.')));
  return package == nullptr ? nullptr : package->resource(type);
}

Catalogs& Packages::catalogs() {
  return *rep_->catalogs;
}
PriceBooks& Packages::price_books() {
  return *rep_->price_books;
}
TypePrices& Packages::type_prices() {
  return *rep_->type_prices;
}

const DataType* Packages::data(std::string_view name) {
  Package* package = find(name.substr(0, name.find('.')));
  return package == nullptr ? nullptr : package->data(name);
}

}  // namespace lf
