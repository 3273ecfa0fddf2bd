// SPDX-License-Identifier: Apache-2.0
#include "provider/price_book.h"

#include <algorithm>
#include <cstdlib>

#include "base/strings.h"
#include "yaml/reader.h"

namespace lf {

struct PriceBook::Rep {
  struct Entry {
    std::string per, currency;
    std::map<std::string, std::pair<double, std::shared_ptr<const PriceSource>>, std::less<>>
        regions;
  };
  std::map<std::string, Entry, std::less<>> entries;
  std::vector<std::string> problems;
  Sources texts;
  SyntaxTree tree{texts};

  void problem(const std::string& file, std::string text) {
    problems.push_back(file + ": " + std::move(text));
  }

  // nan is no price: false.
  static bool amount(std::string_view text, double& out) {
    const std::string copy(text);
    char* end = nullptr;
    out = std::strtod(copy.c_str(), &end);
    return !copy.empty() && *end == '\0' && out >= 0 && out < 1e9;
  }

  Node open(const Package& package, const std::string& file) {
    const std::string path = "catalog/" + file + ".yaml";
    const auto text = package.file(path);
    if (!text) return {};
    Diagnostics silent;
    const Node root = read_yaml(tree, texts.add(path, std::string(*text)), silent);
    if (silent.has_errors() || !root.is_map()) problem(file, "does not read");
    return silent.has_errors() ? Node() : root;
  }

  void read(const Package& package, const std::string& file, bool main) {
    const Node root = open(package, file);
    if (!root) return;
    const std::string currency(root.find("currency").text());
    if (currency.size() != 3) problem(file, "no `currency`");
    std::map<std::string, std::shared_ptr<const PriceSource>, std::less<>> named;
    const Node all = root.find("sources");
    for (size_t i = 0; all && i < all.size(); ++i) {
      const Node::Entry entry = all.entry(i);
      auto source = std::make_shared<const PriceSource>(
          PriceSource{std::string(entry.key.text()), std::string(entry.value.find("as_of").text()),
                      std::string(entry.value.find("source").text())});
      if (source->as_of.size() != 10 || source->text.empty())
        problem(file, "source `" + source->name + "` needs `as_of` and `source`");
      named[source->name] = std::move(source);
    }
    const Node prices = root.find("prices");
    for (size_t i = 0; prices && i < prices.size(); ++i) {
      const Node::Entry entry = prices.entry(i);
      // NAME@SOURCE: more regions of the same price.
      const std::string_view whole = entry.key.text();
      const std::string name(whole.substr(0, whole.find('@')));
      const auto source = named.find(entry.value.find("source").text());
      if (source == named.end()) problem(file, "`" + name + "` has no source");
      Entry& out = entries[name];
      out.currency = currency;
      out.per = std::string(entry.value.find("per").text());
      if (out.per.empty()) problem(file, "`" + name + "` has no `per`");
      for (size_t j = 0; j < entry.value.size(); ++j) {
        const Node::Entry one = entry.value.entry(j);
        if (one.key.text() == "per" || one.key.text() == "source") continue;
        double figure = 0;
        if (!amount(one.value.text(), figure)) {
          problem(file, "`" + name + "` in " + std::string(one.key.text()) + " is no price");
          continue;
        }
        out.regions[std::string(one.key.text())] = {
            figure, source == named.end() ? nullptr : source->second};
      }
    }
    const Node files = main ? root.find("files") : Node();
    for (size_t i = 0; files && i < files.size(); ++i)
      read(package, std::string(files.item(i).text()), false);
  }
};

PriceBook::PriceBook(const Package& package) : rep_(std::make_unique<Rep>()) {
  rep_->read(package, "prices", true);
}
PriceBook::~PriceBook() = default;

std::optional<Price> PriceBook::find(std::string_view name, std::string_view region) const {
  const auto entry = rep_->entries.find(name);
  if (entry == rep_->entries.end()) return std::nullopt;
  auto found = entry->second.regions.find(region);
  if (found == entry->second.regions.end()) found = entry->second.regions.find("all");
  if (found == entry->second.regions.end()) return std::nullopt;
  return Price{found->second.first, entry->second.currency, entry->second.per,
               found->second.second};
}

bool PriceBook::knows(std::string_view name) const {
  return rep_->entries.contains(name);
}

std::vector<std::string> PriceBook::names(std::string_view prefix) const {
  std::vector<std::string> out;
  for (auto at = rep_->entries.lower_bound(prefix);
       at != rep_->entries.end() && at->first.starts_with(prefix); ++at)
    out.push_back(at->first);
  return out;
}

std::vector<std::string> PriceBook::regions(std::string_view name) const {
  std::vector<std::string> out;
  const auto entry = rep_->entries.find(name);
  if (entry == rep_->entries.end()) return out;
  for (const auto& [region, figure] : entry->second.regions) out.push_back(region);
  return out;
}

bool PriceBook::empty() const {
  return rep_->entries.empty();
}

const std::vector<std::string>& PriceBook::problems() const {
  return rep_->problems;
}

const PriceBook* PriceBooks::of(const std::string& package) {
  auto found = books_.find(package);
  if (found == books_.end()) {
    Package* from = packages_.find(package);
    auto book = from == nullptr ? nullptr : std::make_unique<PriceBook>(*from);
    if (book != nullptr && book->empty()) book = nullptr;
    found = books_.emplace(package, std::move(book)).first;
  }
  return found->second.get();
}

}  // namespace lf
