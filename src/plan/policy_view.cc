// SPDX-License-Identifier: Apache-2.0
#include "plan/policy_view.h"

#include <algorithm>

#include "base/list_of.h"
#include "graph/blame.h"
#include "graph/context.h"
#include "provider/scope.h"

namespace lf {

namespace {

// `buckets["data"].bucket` -> "buckets", "data"; `resources["a"]` -> "", "a".
std::pair<std::string, std::string> block_of(const std::string& address) {
  const size_t end = address.find_first_of(".[");
  std::string block = address.substr(0, end);
  std::string key;
  if (end != std::string::npos && address[end] == '[') {
    const bool quoted = address.compare(end, 2, "[\"") == 0;
    const size_t close = address.find(quoted ? "\"]" : "]", end);
    const size_t begin = end + (quoted ? 2 : 1);
    if (close != std::string::npos) key = address.substr(begin, close - begin);
  }
  if (block == "resources") block.clear();
  return {std::move(block), std::move(key)};
}

const std::vector<std::string>& resource_fields() {
  static const std::vector<std::string> kFields = {
      "type",     "address", "action",  "properties", "prior",    "block", "key",
      "provider", "changes", "because", "protect",    "findings", "run"};
  return kFields;
}

class Findings : public Object {
 public:
  Findings(const PolicyView& view, size_t index) : view_(view), index_(index) {}
  std::string type_name() const override { return "findings"; }
  std::optional<Value> get(std::string_view field) const override {
    return view_.finding(index_, field);
  }
  std::vector<std::string> keys() const override {
    std::vector<std::string> out;
    if (const ResourceType* type = view_.type_of(index_)) {
      for (const auto& check : type->security) out.push_back(check.id);
    }
    return out;
  }
  std::optional<Value> identity() const override { return std::nullopt; }

 private:
  const PolicyView& view_;
  size_t index_;
};

class PlannedResource : public Object {
 public:
  PlannedResource(const PolicyView& view, size_t index) : view_(view), index_(index) {}
  std::string type_name() const override { return "resource"; }
  std::vector<std::string> keys() const override { return resource_fields(); }
  std::optional<Value> identity() const override { return Value(view_.item(index_).address); }

  std::optional<Value> get(std::string_view field) const override {
    const PlanItem& item = view_.item(index_);
    if (field == "type") return Value(item.type);
    if (field == "address") return Value(item.address);
    if (field == "action") return Value(view_.action(index_));
    if (field == "properties") return view_.properties(index_);
    if (field == "prior") return view_.prior(index_);
    if (field == "run")
      return Value(item.node == kNoGraphId ? std::string() : view_.graph().nodes[item.node].run);
    if (field == "block") return Value(block_of(item.address).first);
    if (field == "key") return Value(block_of(item.address).second);
    if (field == "provider") return Value(item.provider);
    if (field == "because") return list_of(item.replace_because);
    if (field == "protect") {
      const bool now = item.node != kNoGraphId && view_.graph().nodes[item.node].protect;
      return Value(now || (item.node == kNoGraphId && item.record && item.record->protect));
    }
    if (field == "findings")
      return Value(std::shared_ptr<const Object>(std::make_shared<Findings>(view_, index_)));
    if (field != "changes") return std::nullopt;
    List out;
    for (const auto& change : item.changes) {
      const Value name(change.property);
      if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    }
    return Value(std::move(out));
  }

 private:
  const PolicyView& view_;
  size_t index_;
};

}  // namespace

PolicyView::PolicyView(PolicyNames names, const Graph& graph, const Plan& plan, Packages& packages)
    : names_(std::move(names)), graph_(graph), plan_(plan), packages_(packages) {
  for (size_t i = 0; i < plan.items.size(); ++i) {
    const PlanItem& item = plan.items[i];
    const bool late = item.node != kNoGraphId && !graph.nodes[item.node].facet.empty();
    if (!late) {
      resources_.push_back(i);
      if (item.node != kNoGraphId) by_node_[item.node] = i;
    }
  }
  for (const auto& item : plan.items) {
    if (item.node == kNoGraphId || item.action == Action::none) continue;
    const GraphNode& node = graph.nodes[item.node];
    if (node.facet.empty()) continue;
    if (const auto main = by_node_.find(node.main); main != by_node_.end())
      changed_late_.insert(main->second);
  }
}

size_t PolicyView::index_of(const PlanItem& wanted) const {
  const GraphId node = wanted.node != kNoGraphId && !graph_.nodes[wanted.node].facet.empty()
                           ? graph_.nodes[wanted.node].main
                           : wanted.node;
  const auto found = by_node_.find(node);
  if (found != by_node_.end()) return found->second;
  for (const size_t i : resources_) {
    if (&item(i) == &wanted) return i;
  }
  return SIZE_MAX;
}

const ResourceType* PolicyView::type_of(size_t index) const {
  const PlanItem& one = item(index);
  return one.node != kNoGraphId ? graph_.nodes[one.node].type : packages_.resource(one.type);
}

std::string PolicyView::action(size_t index) const {
  const Action own = item(index).action;
  if (own == Action::none && changed_late_.contains(index)) return to_string(Action::update);
  return to_string(own);
}

const Value& PolicyView::properties(size_t index) const {
  const auto known = properties_.find(index);
  if (known != properties_.end()) return known->second;
  return properties_.emplace(index, Value(item(index).desired)).first->second;
}

void PolicyView::set_properties(size_t index, Map desired) {
  properties_[index] = Value(std::move(desired));
}

Value PolicyView::prior(size_t index) const {
  const auto& record = item(index).record;
  if (!record) return Value(Map());
  Map out = record->computed;
  for (const auto& [name, value] : record->observed) out.set(name, value);
  for (const auto& [name, value] : applied_properties(*record)) out.set(name, value);
  out.set("id", Value(record->id));
  return Value(std::move(out));
}

Value PolicyView::finding(size_t index, std::string_view check) const {
  const ResourceType* type = type_of(index);
  if (type == nullptr || item(index).action == Action::remove) return Value(false);
  for (const auto& one : type->security) {
    if (one.id != check) continue;
    MapActivation self;
    self.set("self", properties(index));
    return cel::evaluate(one.when, self);
  }
  return Value(false);
}

std::string PolicyView::finding_message(size_t index, std::string_view check) const {
  const ResourceType* type = type_of(index);
  if (type == nullptr) return "";
  for (const auto& one : type->security) {
    if (one.id != check) continue;
    MapActivation self;
    self.set("self", properties(index));
    const Value text = cel::evaluate(one.message, self);
    return text.is_string() ? text.as_string() : "";
  }
  return "";
}

Value PolicyView::resource(size_t index) const {
  return Value(std::shared_ptr<const Object>(std::make_shared<PlannedResource>(*this, index)));
}

Value PolicyView::plan_object() const {
  if (plan_object_) return *plan_object_;
  List all;
  std::map<std::string, int64_t> counts;
  for (const Action one : {Action::create, Action::update, Action::replace, Action::remove,
                           Action::adopt, Action::move, Action::forget, Action::none})
    counts[to_string(one)] = 0;
  for (const size_t i : resources_) {
    all.push_back(resource(i));
    ++counts[action(i)];
  }
  Map numbers;
  for (const auto& [word, count] : counts) {
    numbers.set(word == to_string(Action::none) ? "unchanged" : word, Value(count));
  }
  Map out;
  out.set("resources", Value(std::move(all)));
  out.set("counts", Value(std::move(numbers)));
  out.set("destroy", Value(names_.destroy));
  out.set("cost", Value(names_.cost));
  plan_object_ = Value(std::move(out));
  return *plan_object_;
}

std::optional<Value> PolicyActivation::lookup(std::string_view name) const {
  if (name == "resource" && index_ != SIZE_MAX) return view_.resource(index_);
  if (name == "plan") return view_.plan_object();
  if (name == "stack") return Value(view_.names().stack);
  if (name == "env") return Value(view_.names().environment);
  if (name == "region") return Value(view_.names().region);
  if (name != "vars") return std::nullopt;
  Map out;
  for (const auto& [variable, value] : view_.names().variables) out.set(variable, value);
  return Value(std::move(out));
}

namespace {

void add_lines(std::set<SourceLine>& lines, Span span, const Sources& sources) {
  if (!span.valid()) return;
  const Source& source = sources.get(span.source);
  const uint32_t last = source.position(span.end > span.begin ? span.end - 1 : span.end).line;
  for (uint32_t line = source.position(span.begin).line; line <= last; ++line)
    lines.emplace(span.source, line);
}

}  // namespace

PolicyPlace place_of(const GraphNode& node, const std::vector<std::string>& properties,
                     const Sources& sources) {
  PolicyPlace out;
  // The user's own line: of the resource, else of the innermost block that the user wrote.
  out.at = node.span;
  for (const ModuleInstance* m = node.module; m != nullptr && m->call != nullptr; m = m->parent) {
    if (m->module->kind == ModuleKind::block) out.at = m->call->key_span;
    add_lines(out.lines, m->call->key_span, sources);
  }
  add_lines(out.lines, node.span, sources);
  const bool own = node.module->module->kind != ModuleKind::block;
  const auto& over = node.decl->lifecycle.for_each;
  for (const auto& property : properties) {
    for (const auto& entry : node.decl->properties) {
      if (entry.key != property) continue;
      out.property = property;
      add_lines(out.lines, entry.key_span, sources);
      add_lines(out.lines, entry.value.span, sources);
      if (own) {
        const bool large =
            entry.value.kind == Tree::Kind::list || entry.value.kind == Tree::Kind::map;
        out.at = large ? entry.key_span : entry.value.span;
        out.value = &entry.value;
        return out;
      }
      const Span given = where_given(*node.module, entry.value, over ? &*over : nullptr);
      if (given.valid()) {
        out.at = given;
        out.via = entry.value.span;
        add_lines(out.lines, given, sources);
      }
      return out;
    }
  }
  return out;
}

}  // namespace lf
