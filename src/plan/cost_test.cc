// SPDX-License-Identifier: Apache-2.0
#include "plan/cost.h"

#include <catch2/catch.hpp>

#include "provider/package_files.h"

namespace lf {
namespace {

constexpr const char* kList = R"(currency: USD
files: [more]
sources:
  list: {as_of: 2026-01-02, source: "the list"}
prices:
  disk.fast: {per: month, source: list, here: 0.08}
  machine.spot.big: {per: hour, source: list, here: 0.5, there: 0.6}
  held: {per: month, source: list, all: 0.1}
)";

std::shared_ptr<MemoryPackageFiles> files(const std::string& prices, const std::string& more) {
  auto out = std::make_shared<MemoryPackageFiles>();
  out->add("cloud/package.yaml", "package: cloud\nversion: 1\n");
  out->add("cloud/catalog/prices.yaml", prices);
  out->add("cloud/catalog/more.yaml", more);
  return out;
}

struct Cloud {
  Sources sources;
  Diagnostics diagnostics;
  Packages packages;
  explicit Cloud(const std::string& prices = kList, const std::string& more = "currency: USD\n")
      : packages(sources, diagnostics, files(prices, more)) {}
};

cel::Interpolation text_of(const std::string& text) {
  Diagnostics diagnostics;
  auto out = cel::Interpolation::parse(text, TextMap(), diagnostics);
  REQUIRE(out);
  return *out;
}

PriceLine line(const std::string& name, const std::string& price,
               const std::string& quantity = "") {
  PriceLine out;
  out.name = name;
  out.price = text_of(price);
  if (!quantity.empty()) out.quantity = text_of(quantity);
  return out;
}

ResourceType machine_type() {
  ResourceType type;
  type.name = "cloud.machine";
  type.package = "cloud";
  return type;
}

Prices prices() {
  Prices type;
  type.declared = true;
  type.usage.push_back(
      {"storage", "what it holds", "a guess", Type(Type::Kind::size), Value(int64_t{10} << 30)});
  type.lines.push_back(line("machine", "machine.${self.market}.${self.kind}"));
  PriceLine disk = line("disk", "disk.${element.kind}", "${element.size}");
  disk.each = text_of("${self.disks}");
  disk.unit = "GiB";
  type.lines.push_back(disk);
  PriceLine held = line("held", "held", "${usage.storage}");
  held.unit = "GiB";
  held.by_usage = true;
  type.lines.push_back(held);
  return type;
}

Map machine(const char* kind = "big", Value size = Value(int64_t{200} << 30)) {
  return Map{
      {"market", Value("spot")},
      {"kind", Value(kind)},
      {"disks", Value(List{Value(Map{{"kind", Value("fast")}, {"size", std::move(size)}})})}};
}

}  // namespace

TEST_CASE("a resource costs its lines", "[cost]") {
  Cloud cloud;
  CostModel model(cloud.packages, {});
  const auto cost =
      model.resource(machine_type(), prices(), "machines[\"a\"].machine", machine(), "here");
  REQUIRE(cost);
  REQUIRE(cost->lines.size() == 3);
  CHECK(cost->hourly() == Approx(0.5 + 200 * 0.08 / 730));
  CHECK(cost->by_use() == Approx(1.0));
  CHECK(cost->unknown() == 0);
  CHECK(cost->lines[2].assumed);
  CHECK(cost->lines[0].source->as_of == "2026-01-02");
}

TEST_CASE("what the list does not have is unknown, never zero", "[cost]") {
  Cloud cloud;
  CostModel model(cloud.packages, {});
  const auto there = model.resource(machine_type(), prices(), "a", machine(), "there");
  REQUIRE(there);
  CHECK(there->unknown() == 1);
  CHECK(there->lines[1].unknown == "no price of `disk.fast` in there");
  CHECK(there->hourly() == Approx(0.6));
  const auto odd = model.resource(machine_type(), prices(), "a", machine("odd"), "here");
  CHECK(odd->unknown() == 1);
  const auto later = model.resource(machine_type(), prices(), "a",
                                    machine("big", Value(Unknown{"size", {"x"}})), "here");
  CHECK(later->lines[1].unknown == "known after apply");
  const auto unset =
      model.resource(machine_type(), prices(), "a", Map{{"kind", Value("big")}}, "here");
  CHECK(unset->lines[0].unknown == "its properties do not say");
  CHECK(model.resource(machine_type(), Prices(), "a", machine(), "here")->unknown() == 1);
  Prices free;
  free.declared = true;
  free.free = "it is a name";
  CHECK(model.resource(machine_type(), free, "a", machine(), "here")->unknown() == 0);
  ResourceType elsewhere = machine_type();
  elsewhere.package = "nowhere";
  CHECK_FALSE(model.resource(elsewhere, prices(), "a", machine(), "here"));
}

TEST_CASE("usage: the longest address, then the last", "[cost]") {
  Cloud cloud;
  CostModel model(cloud.packages, {{"buckets", "storage", "20GiB", {}},
                                   {"buckets[\"a\"]", "storage", "30GiB", {}},
                                   {"buckets.a", "storage", "40GiB", {}},
                                   {"buckets.aa", "storage", "50GiB", {}}});
  const auto use = [&](const std::string& address) {
    return model.resource(machine_type(), prices(), address, machine(), "here")->by_use();
  };
  CHECK(use("buckets[\"a\"].bucket") == Approx(4.0));
  CHECK(use("buckets[\"b\"].bucket") == Approx(2.0));
  CHECK(use("machines[\"a\"]") == Approx(1.0));
  Diagnostics found;
  model.check_usage(found);
  REQUIRE(found.all().size() == 1);
  CHECK(found.all()[0].code == Code::LF0201);
}

TEST_CASE("usage of the wrong form", "[cost]") {
  Cloud cloud;
  CostModel model(cloud.packages, {{"a", "storage", "much", {}}});
  CHECK(model.resource(machine_type(), prices(), "a", machine(), "here")->by_use() == Approx(1.0));
  Diagnostics found;
  model.check_usage(found);
  REQUIRE(found.all().size() == 1);
  CHECK(found.all()[0].code == Code::LF0204);
}

TEST_CASE("a price list says what is wrong with it", "[cost]") {
  Cloud bad(
      "currency: USD\nsources:\n  list: {as_of: once, source: x}\nprices:\n  a: {per: hour, "
      "source: other, here: 1}\n"
      "  b: {source: list, here: -1}\n");
  const PriceBook book(*bad.packages.find("cloud"));
  CHECK(book.problems().size() == 4);
  Cloud both(kList,
             "currency: EUR\nsources:\n  l: {as_of: 2026-01-01, source: x}\nprices:\n  "
             "machine.spot.big@l: {per: hour, source: l, far: 2}\n");
  const PriceBook two(*both.packages.find("cloud"));
  CHECK(two.problems().empty());
  CHECK(two.find("machine.spot.big", "far")->amount == 2);
  CHECK(two.find("machine.spot.big", "here")->amount == 0.5);
  CHECK(two.find("held", "anywhere")->amount == 0.1);
  CHECK_FALSE(two.find("machine.spot.big", "nowhere"));
  CHECK(two.names("machine.") == std::vector<std::string>{"machine.spot.big"});
}

TEST_CASE("amounts and addresses for people", "[cost]") {
  CHECK(show_amount(0.38, "USD") == "$0.38");
  CHECK(show_amount(0, "USD") == "$0.00");
  CHECK(show_amount(-3, "USD") == "-$3.00");
  CHECK(show_amount(0.0219, "USD") == "$0.022");
  CHECK(show_amount(0.0000004, "USD") == "$0.00000040");
  CHECK(show_amount(12.4, "EUR") == "12.40 EUR");
  CHECK(dotted_address("buckets[\"a\"].bucket") == "buckets.a.bucket");
  PlanCost cost;
  CHECK(cost_text(cost).empty());
  cost.after.emplace_back();
  cost.after_sum = {0.38, 0, 0.02, 21.4, 2};
  cost.before_sum = {0, 0, 0, 5.4, 0};
  cost.sources = {{"b", "2025-10-28", "x"}, {"a", "2022-02-10", "y"}};
  CHECK(cost_text(cost) ==
        "cost: $0.38/h while it runs (+$0.38), $21.40/month idle (+$16.00); 2 prices unknown; "
        "prices of 2022-02-10 to 2025-10-28");
}

}  // namespace lf
