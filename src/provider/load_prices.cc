// SPDX-License-Identifier: Apache-2.0
// `prices:` of a resource type: why it is free, or its lines and the usage that they assume.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "provider/loader.h"
#include "provider/prices.h"

namespace lf {

void Loader::prices(const LoadNode& node, Prices& out) {
  if (!keys(node, "prices", {"free", "usage", "lines"})) return;
  out.declared = true;
  text(node, "free", out.free);
  const LoadNode* lines = node.find("lines");
  if (out.free.empty() == (lines == nullptr)) {
    error(Code::LF0902, node.span, "`prices` has `lines`, or `free` with the reason");
    return;
  }
  if (const LoadNode* usage = node.find("usage")) price_usage(*usage, out);
  if (lines == nullptr || !want(*lines, LoadNode::Kind::map, "lines")) return;
  for (const LoadNode::Entry& entry : lines->entries) price_line(entry, out);
}

void Loader::check_prices(const LoadNode& node) {
  Prices only_checked;
  prices(node, only_checked);
}

bool Loader::load_prices(const LoadNode& file, const ResourceType& type, Prices& out) {
  const LoadNode* node = file.find("prices");
  if (node == nullptr) return false;
  const size_t before = diagnostics_.error_count();
  self_ = &type.properties;
  prices(*node, out);
  check_names();
  return diagnostics_.error_count() == before;
}

void Loader::price_usage(const LoadNode& node, Prices& out) {
  if (!want(node, LoadNode::Kind::map, "usage")) return;
  for (const LoadNode::Entry& entry : node.entries) {
    PriceUsage one;
    one.name = entry.key;
    if (!keys(entry.value, "usage", {"type", "default", "doc", "reason"})) continue;
    text(entry.value, "doc", one.doc);
    text(entry.value, "reason", one.reason);
    for (const char* key : {"type", "default", "doc", "reason"})
      required(entry.value, key, "usage");
    std::string type;
    text(entry.value, "type", type);
    if (type != "size" && type != "int") {
      error(Code::LF0917, entry.value.span, "usage is a `size` or an `int`");
      continue;
    }
    one.type = Type(type == "size" ? Type::Kind::size : Type::Kind::integer);
    if (const LoadNode* assumed = entry.value.find("default"))
      one.assumed = literal(*assumed, one.type, fmt::format("the default of `{}`", one.name));
    out.usage.push_back(std::move(one));
  }
}

bool Loader::looks_at_usage(const cel::Interpolation& text, const Prices& prices) {
  bool out = false;
  for (const auto& part : text.parts()) {
    if (!part.expression) continue;
    for (const cel::Reference& reference : part.expression->references()) {
      if (reference.root != "usage") continue;
      out = true;
      const bool known = !reference.path.empty() &&
                         std::any_of(prices.usage.begin(), prices.usage.end(), [&](const auto& u) {
                           return u.name == reference.path.front();
                         });
      if (!known)
        error(Code::LF0915, part.expression->span(reference.begin, reference.end),
              "no `usage` of that name is declared");
    }
  }
  return out;
}

void Loader::price_line(const LoadNode::Entry& entry, Prices& out) {
  PriceLine one;
  one.name = entry.key;
  const LoadNode& node = entry.value;
  if (!keys(node, "lines", {"price", "each", "when", "quantity", "unit", "doc"})) return;
  text(node, "doc", one.doc);
  text(node, "unit", one.unit);
  if (const LoadNode* unit = node.find("unit"); unit != nullptr && !parse_size("1" + one.unit))
    error(Code::LF0903, unit->span, "`unit` is a size's: B, MiB, GiB, …");
  NameScope scope;
  scope.roots = {"self", "region", "usage"};
  expression(node, "each", scope, one.each);
  if (one.each) scope.roots.insert("element");
  expression(node, "when", scope, one.when);
  expression(node, "quantity", scope, one.quantity);
  if (one.quantity) one.by_usage = looks_at_usage(*one.quantity, out);
  const LoadNode* price = required(node, "price", "lines");
  if (price == nullptr) return;
  auto parsed = interpolation(*price, scope);
  if (!parsed) return;
  one.price = std::move(*parsed);
  out.lines.push_back(std::move(one));
}

}  // namespace lf
