// SPDX-License-Identifier: Apache-2.0
#include "plan/cost.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "base/units.h"
#include "graph/context.h"
#include "provider/scope.h"

namespace lf {

double CostLine::hourly() const {
  if (!unknown.empty() || by_usage) return 0;
  return per == "hour" ? amount * quantity : amount * quantity / kHoursPerMonth;
}
double CostLine::monthly() const {
  if (!unknown.empty()) return 0;
  return per == "hour" ? amount * quantity * kHoursPerMonth : amount * quantity;
}

double ResourceCost::hourly() const {
  double out = 0;
  for (const auto& line : lines) out += line.hourly();
  return out;
}
double ResourceCost::by_use() const {
  double out = 0;
  for (const auto& line : lines) out += line.by_usage ? line.monthly() : 0;
  return out;
}
double ResourceCost::dearest() const {
  double out = hourly();
  for (const auto& [name, hour] : alternatives) out = std::max(out, hour);
  return out;
}
size_t ResourceCost::unknown() const {
  return static_cast<size_t>(std::count_if(
      lines.begin(), lines.end(), [](const CostLine& line) { return !line.unknown.empty(); }));
}

const ResourceCost* PlanCost::find_after(std::string_view address) const {
  for (const auto& one : after) {
    if (one.address == address) return &one;
  }
  return nullptr;
}
const ResourceCost* PlanCost::find_before(std::string_view address) const {
  for (const auto& one : before) {
    if (one.address == address) return &one;
  }
  return nullptr;
}

std::string dotted_address(std::string_view address) {
  std::string out;
  for (const char c : address) {
    if (c == '[')
      out += '.';
    else if (c != ']' && c != '"')
      out += c;
  }
  return out;
}

namespace {

bool within(std::string_view address, std::string_view given) {
  return address.starts_with(given) &&
         (address.size() == given.size() || address[given.size()] == '.');
}

bool has_ended(const Record& record) {
  return record.status == RecordStatus::finished || record.status == RecordStatus::interrupted;
}

// A whole number or a size.
std::optional<Value> usage_value(const std::string& text, const Type& type) {
  if (type.kind() == Type::Kind::size) {
    const auto size = parse_size(text);
    return size ? std::optional<Value>(Value(*size)) : std::nullopt;
  }
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return Value(number);
}

std::string region_of(const Graph& graph, const GraphNode& node) {
  return graph.context->lookup(Scope{node.module, nullptr}, "region").value_or(Value()).string_or();
}

}  // namespace

CostModel::CostModel(Packages& packages, std::vector<UsageGiven> usage)
    : packages_(packages), usage_(std::move(usage)) {
  for (auto& one : usage_) one.address = dotted_address(one.address);
}

// The longest address wins; of equals the last, for the command line comes behind the spec.
Map CostModel::usage_of(const Prices& prices, const std::string& address, bool& assumed) {
  const std::string dotted = dotted_address(address);
  Map out;
  assumed = false;
  for (const auto& usage : prices.usage) {
    const UsageGiven* best = nullptr;
    for (const auto& given : usage_) {
      if (given.key != usage.name || !within(dotted, given.address)) continue;
      given.used = true;
      if (best == nullptr || given.address.size() >= best->address.size()) best = &given;
    }
    std::optional<Value> value = usage.assumed;
    if (best != nullptr) {
      value = usage_value(best->text, usage.type);
      if (!value) wrong_.emplace_back(best, usage.type.to_string());
    } else {
      assumed = true;
    }
    out.set(usage.name, value.value_or(usage.assumed));
  }
  return out;
}

void CostModel::check_usage(Diagnostics& diagnostics) const {
  for (const auto& [given, type] : wrong_) {
    diagnostics
        .add(Code::LF0204, given->span,
             "the usage `" + given->key + "` of `" + given->address + "` is a " + type + ", not `" +
                 given->text + "`")
        .help.push_back(type == "size" ? "a size is written like `100GiB`"
                                       : "it is a whole number, such as `100`");
  }
  for (const auto& given : usage_) {
    if (given.used) continue;
    diagnostics
        .add(Code::LF0201, given.span,
             "nothing at `" + given.address + "` has a usage `" + given.key + "`")
        .help.push_back("`llmforge cost` lists what has a usage, with its assumption");
  }
}

void CostModel::line(const PriceLine& from, const PriceBook& book, const cel::Activation& names,
                     const std::string& region, bool assumed, ResourceCost& out) const {
  const auto evaluate = [&](const std::optional<cel::Interpolation>& text) {
    return text ? cel::evaluate(*text, names) : Value();
  };
  if (from.when) {
    const Value when = evaluate(from.when);
    if (when.is_bool() && !when.as_bool()) return;
  }
  CostLine one;
  one.name = from.name;
  one.doc = from.doc;
  one.by_usage = from.by_usage;
  one.assumed = from.by_usage && assumed;
  const Value quantity = evaluate(from.quantity);
  const Value price = cel::evaluate(from.price, names);
  one.price = price.string_or();
  if (from.quantity) {
    if (quantity.is_int())
      one.quantity = static_cast<double>(quantity.as_int());
    else if (quantity.is_double())
      one.quantity = quantity.as_double();
    else
      one.unknown = contains_unknown(quantity) ? "known after apply" : "its properties do not say";
    if (!from.unit.empty()) one.quantity /= static_cast<double>(*parse_size("1" + from.unit));
  }
  if (!price.is_string())
    one.unknown = contains_unknown(price) ? "known after apply" : "its properties do not say";
  if (one.unknown.empty()) {
    const auto found = book.find(one.price, region);
    if (found) {
      one.amount = found->amount;
      one.per = found->per;
      one.currency = found->currency;
      one.source = found->source;
    } else {
      one.unknown = "no price of `" + one.price + "` in " + region;
    }
  }
  out.lines.push_back(std::move(one));
}

std::optional<ResourceCost> CostModel::resource(const ResourceType& type,
                                                const std::string& address, const Map& self,
                                                const std::string& region) {
  return resource(type, packages_.type_prices().of(type), address, self, region);
}

std::optional<ResourceCost> CostModel::resource(const ResourceType& type, const Prices& prices,
                                                const std::string& address, const Map& self,
                                                const std::string& region) {
  const PriceBook* book = packages_.price_books().of(type.package);
  if (book == nullptr) return std::nullopt;
  ResourceCost out;
  out.address = address;
  out.type = type.name;
  out.free = prices.free;
  if (!prices.declared) {
    CostLine none;
    none.unknown = "no prices of " + type.name + " are known";
    out.lines.push_back(std::move(none));
    return out;
  }
  bool assumed = false;
  MapActivation names;
  names.set("self", Value(self));
  names.set("region", Value(region));
  names.set("usage", Value(usage_of(prices, address, assumed)));
  for (const auto& from : prices.lines) {
    if (!from.each) {
      line(from, *book, names, region, assumed, out);
      continue;
    }
    const Value elements = cel::evaluate(*from.each, names);
    if (!elements.is_list()) {
      CostLine unknown;
      unknown.name = from.name;
      unknown.unknown =
          contains_unknown(elements) ? "known after apply" : "its properties do not say";
      out.lines.push_back(std::move(unknown));
      continue;
    }
    for (const auto& element : elements.as_list()) {
      names.set("element", element);
      line(from, *book, names, region, assumed, out);
    }
  }
  return out;
}

std::optional<ResourceCost> CostModel::node(const Graph& graph, GraphId id, const Map& desired,
                                            const AttributeSource& source, bool alternatives) {
  const GraphNode& node = graph.nodes[id];
  const std::string region = region_of(graph, node);
  auto out = resource(*node.type, node.address, desired, region);
  if (!out) return out;
  out->node = id;
  out->run = node.run;
  if (!alternatives) return out;
  const auto names_of = [](const ResourceCost& cost) {
    std::vector<std::string> names;
    for (const auto& line : cost.lines) names.push_back(line.price);
    return join(names, ", ");
  };
  std::vector<std::string> seen = {names_of(*out)};
  for (size_t i = 1; i < node.alternative_count; ++i) {
    Diagnostics silent;
    const auto other =
        resource(*node.type, node.address, graph.desired(id, source, silent, i), region);
    if (!other) continue;
    const std::string name = names_of(*other);
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
    seen.push_back(name);
    // What is different is told: the line that the places do not share.
    std::string what = name;
    for (const auto& line : other->lines) {
      if (seen.front().find(line.price) == std::string::npos) what = line.price;
    }
    if (other->unknown() > 0)
      out->unknown_alternatives.push_back(what);
    else
      out->alternatives.emplace_back(what, other->hourly());
  }
  return out;
}

std::optional<ResourceCost> CostModel::record(const Record& record) {
  const ResourceType* type = packages_.resource(record.type);
  if (type == nullptr) return std::nullopt;
  Map self = record.computed;
  for (const auto& [name, value] : record.observed) self.set(name, value);
  for (const auto& [name, value] : applied_properties(record)) self.set(name, value);
  auto out = resource(*type, record.address, self, record.provider.region);
  if (out) out->run = record.run;
  // What was said when it was made counts, whatever the list says by now.
  const Value* kept = record.private_.find("price");
  if (!out || kept == nullptr || !(*kept)["hourly"].is_number()) return out;
  CostLine time, use;
  const auto number = [](const Value& value) {
    return value.is_double() ? value.as_double() : value.is_int() ? double(value.as_int()) : 0.0;
  };
  time.name = use.name = "as applied";
  time.currency = use.currency = (*kept)["currency"].string_or("USD");
  time.per = "hour";
  time.amount = number((*kept)["hourly"]);
  use.per = "month";
  use.by_usage = true;
  use.amount = number((*kept)["by_use"]);
  out->lines = {time, use};
  return out;
}

Value CostModel::of_record(const Record& of) {
  Record fresh = of;
  fresh.private_.erase("price");
  const auto cost = record(fresh);
  if (!cost || cost->unknown() > 0 || !cost->free.empty()) return {};
  std::string day, currency = "USD";
  for (const auto& line : cost->lines) {
    currency = line.currency;
    if (line.source != nullptr && (day.empty() || line.source->as_of < day))
      day = line.source->as_of;
  }
  Map out;
  out.set("hourly", Value(cost->hourly()));
  out.set("by_use", Value(cost->by_use()));
  out.set("currency", Value(currency));
  out.set("as_of", Value(day));
  return Value(std::move(out));
}

namespace {

void add(CostSum& sum, const ResourceCost& cost) {
  sum.unknown += cost.unknown();
  if (!cost.run.empty()) {
    sum.running += cost.hourly();
    sum.per_run += cost.by_use();
    return;
  }
  sum.always += cost.hourly();
  sum.idle += cost.hourly() * kHoursPerMonth + cost.by_use();
}

}  // namespace

void CostModel::finish(PlanCost& out) const {
  for (const auto& one : out.before) add(out.before_sum, one);
  for (const auto& one : out.after) {
    add(out.after_sum, one);
    out.dearest_hour += one.dearest();
  }
  for (const auto* costs : {&out.after, &out.before}) {
    if (!out.sources.empty()) break;
    for (const auto& cost : *costs) {
      for (const auto& line : cost.lines) {
        if (line.source == nullptr) continue;
        out.currency = line.currency;
        const bool known =
            std::any_of(out.sources.begin(), out.sources.end(),
                        [&](const PriceSource& s) { return s.text == line.source->text; });
        if (!known) out.sources.push_back(*line.source);
      }
    }
  }
}

PlanCost CostModel::of_plan(const Graph& graph, const Plan& plan) {
  PlanCost out;
  std::vector<const PlanItem*> by_node(graph.nodes.size(), nullptr);
  for (const auto& item : plan.items) {
    if (item.node != kNoGraphId) by_node[item.node] = &item;
  }
  const PlanSource source(graph, by_node);
  for (const auto& item : plan.items) {
    if (item.node != kNoGraphId && !graph.nodes[item.node].facet.empty()) continue;
    const bool ended = item.record && has_ended(*item.record);
    if (item.record && !ended && item.action != Action::create) {
      if (auto cost = record(*item.record); cost && !cost->lines.empty())
        out.before.push_back(std::move(*cost));
    }
    const bool leaves = item.action == Action::remove || item.action == Action::forget;
    if (leaves || item.node == kNoGraphId || (ended && item.action == Action::none)) continue;
    if (item.excluded && !item.record) continue;
    const bool fresh =
        !item.record || item.action == Action::create || item.action == Action::replace;
    auto cost = node(graph, item.node, item.desired, source, fresh);
    // What stays as it is costs what was said when it was made.
    if (cost && item.record && item.action == Action::none &&
        item.record->private_.find("price") != nullptr) {
      if (auto kept = record(*item.record)) {
        kept->node = item.node;
        cost = std::move(kept);
      }
    }
    if (cost && !cost->lines.empty()) out.after.push_back(std::move(*cost));
  }
  finish(out);
  return out;
}

PlanCost CostModel::of_graph(const Graph& graph, const State& state) {
  PlanCost out;
  for (GraphId id = 0; id < graph.nodes.size(); ++id) {
    const GraphNode& one = graph.nodes[id];
    if (!one.facet.empty()) continue;
    const Record* known = state.find(one.address);
    if (known != nullptr && has_ended(*known) && known->run == one.run) continue;
    Diagnostics silent;
    const Map desired = graph.desired(id, graph.spec_only(), silent);
    auto cost = node(graph, id, desired, graph.spec_only(), true);
    if (cost && !cost->lines.empty()) out.after.push_back(std::move(*cost));
  }
  finish(out);
  return out;
}

}  // namespace lf
