// SPDX-License-Identifier: Apache-2.0
// From declarations to instances: `when`, `for_each`, blocks and modules become nodes with
// addresses.
#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "graph/context.h"
#include "lang/convert.h"

namespace lf {

std::optional<Value> Graph::Context::known(const Tree& tree, const Scope& scope,
                                           std::string_view what, Code code) {
  Value value = evaluate_in(tree, scope, diagnostics);
  if (value.is_error()) return std::nullopt;  // reported or poisoned
  if (contains_unknown(value)) {
    auto& d = diagnostics->add(
        code, tree.span, "`" + std::string(what) + "` must be known before anything is created",
        "known only after apply: " + join(unknown_origins(value), ", "));
    d.help.push_back(
        "use a value that the spec itself gives: a variable, a list or a map of its own");
    return std::nullopt;
  }
  if (contains_secret(value)) {
    diagnostics
        ->add(Code::LF0406, tree.span, "a secret may not decide `" + std::string(what) + "`",
              "what exists, and under which name, is shown in plans and state")
        .help.push_back("decide it by a variable that is no secret");
    return std::nullopt;
  }
  return value;
}

std::optional<bool> Graph::Context::condition(const Tree& tree, const Scope& scope,
                                              std::string_view what) {
  auto value = known(tree, scope, what, Code::LF0403);
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->as_bool();
  auto& d = diagnostics->add(
      Code::LF0405, tree.span,
      "`" + std::string(what) + "` must be true or false, not " + to_string(value->kind()));
  if (value->is_string() && tree.plain) {
    d.help.push_back("YAML 1.2 reads `" + value->as_string() +
                     "` as text; write `true` or `false`");
  }
  return std::nullopt;
}

void Graph::Context::only_after_apply(const Tree& tree, std::string_view what, const Value& value) {
  auto& d = diagnostics->add(Code::LF0403, tree.span,
                             "`" + std::string(what) + "` must be known before anything is created",
                             "known only after apply: " + join(unknown_origins(value), ", "));
  d.help.push_back(
      "use keys that the spec itself gives: a variable, or a list or map written out here");
}

std::optional<std::vector<EachBinding>> Graph::Context::repetition(const Tree& tree,
                                                                   const Scope& scope,
                                                                   std::string_view what) {
  // Only the keys must be known: values of a map may be unknown.
  Value value = evaluate_in(tree, scope, diagnostics);
  if (value.is_error()) return std::nullopt;
  std::vector<EachBinding> out;
  if (value.is_object()) {
    Map map;
    for (const auto& key : value.as_object()->keys()) {
      if (auto member = value.as_object()->get(key)) map.set(key, *member);
    }
    value = Value(std::move(map));
  }
  if (value.is_map()) {
    for (const auto& [key, item] : value.as_map()) out.push_back({key, item});
    return out;
  }
  if (value.is_list()) {
    std::set<std::string> seen;
    const List& list = value.as_list();
    // Strings are their own keys, so an element that may turn out to be one must be known.
    for (const Value& item : list) {
      if (!item.is_unknown()) continue;
      only_after_apply(tree, what, item);
      return std::nullopt;
    }
    const bool strings =
        std::all_of(list.begin(), list.end(), [](const Value& v) { return v.is_string(); });
    for (size_t i = 0; i < list.size(); ++i) {
      Value key = strings ? list[i] : Value(static_cast<int64_t>(i));
      if (strings && !seen.insert(list[i].as_string()).second) {
        diagnostics
            ->add(Code::LF0407, tree.span,
                  "`" + std::string(what) + "` has `" + list[i].as_string() + "` twice",
                  "each key names one resource")
            .help.emplace_back(
                "take one out (`.distinct()`), or give a map whose keys tell them apart: "
                "`{first: …, second: …}`");
        return std::nullopt;
      }
      out.push_back({std::move(key), list[i]});
    }
    return out;
  }
  if (value.is_unknown()) {
    only_after_apply(tree, what, value);
    return std::nullopt;
  }
  diagnostics->add(Code::LF0405, tree.span,
                   "`" + std::string(what) + "` must be a list or a map, not " +
                       std::string(to_string(value.kind())));
  return std::nullopt;
}

std::unique_ptr<ModuleInstance> Graph::Context::instantiate(const Module& module,
                                                            const ModuleInstance* parent,
                                                            const ModuleCall* call,
                                                            std::string address, std::string key) {
  auto instance = std::make_unique<ModuleInstance>();
  instance->module = &module;
  instance->parent = parent;
  instance->call = call;
  instance->address = std::move(address);
  instance->key = std::move(key);
  instance->provider = call != nullptr && !call->lifecycle.provider.empty()
                           ? call->lifecycle.provider
                       : parent != nullptr       ? parent->provider
                       : spec->providers.empty() ? ""
                                                 : spec->providers[0].name;
  for (const auto& decl : module.resources) {
    ResourceGroup group;
    group.decl = &decl;
    group.type = packages->resource(decl.type);
    instance->resources.push_back(std::move(group));
  }
  for (const auto& decl : module.data) {
    DataGroup group;
    group.decl = &decl;
    group.type = packages->data(decl.type);
    instance->data.push_back(std::move(group));
  }
  for (const auto& nested : module.calls) {
    CallGroup group;
    group.call = &nested;
    const std::string kind =
        kind_of(nested.lifecycle.provider.empty() ? instance->provider : nested.lifecycle.provider);
    group.module =
        nested.source.empty() ? library->block(kind, nested.block) : library->user(nested.source);
    instance->calls.push_back(std::move(group));
  }
  return instance;
}

std::string Graph::Context::kind_of(const std::string& provider) const {
  for (const auto& one : spec->providers) {
    if (one.name == provider) return one.kind;
  }
  return spec->provider;
}

namespace {

std::string resource_address(const ModuleInstance& module, const ResourceDecl& decl) {
  if (module.module->kind == ModuleKind::root) {
    return index_address("resources", Value(decl.key));
  }
  if (module.module->kind == ModuleKind::user) {
    return module.address + "." + index_address("resources", Value(decl.key));
  }
  return module.address + "." + decl.key;
}

}  // namespace

void Graph::Context::ensure(const ModuleInstance& module, ResourceGroup& group) {
  if (group.progress == Progress::done) return;
  const ResourceDecl& decl = *group.decl;
  if (group.progress == Progress::running) {
    diagnostics->add(Code::LF0402, decl.span,
                     "how often `" + decl.key + "` exists depends on itself");
    group.broken = true;
    return;
  }
  group.progress = Progress::running;
  const Scope scope{&module, nullptr};
  bool exists = true;
  std::vector<EachBinding> bindings;
  if (decl.lifecycle.when) {
    auto met = condition(*decl.lifecycle.when, scope, "when");
    if (!met) group.broken = true;
    exists = met.value_or(false);
  }
  if (decl.lifecycle.for_each) {
    group.repeated = true;
    if (exists) {
      auto all = repetition(*decl.lifecycle.for_each, scope, "for_each");
      if (all)
        bindings = std::move(*all);
      else
        group.broken = true;
    }
  }
  auto add = [&](std::optional<EachBinding> each) {
    GraphNode node;
    node.address = resource_address(module, decl);
    node.key = decl.key;
    if (each) {
      node.address = index_address(node.address, each->key);
      node.key += "-" + to_text(each->key);
    }
    node.type = group.type;
    node.decl = &decl;
    node.module = &module;
    node.each = std::move(each);
    node.provider = decl.lifecycle.provider.empty() ? module.provider : decl.lifecycle.provider;
    node.span = decl.span;
    const auto id = static_cast<GraphId>(graph->nodes.size());
    by_address.emplace(node.address, id);
    group.nodes.emplace_back(node.each ? node.each->key : Value(), id);
    graph->nodes.push_back(std::move(node));
  };
  if (group.type != nullptr && !group.broken && exists) {
    if (group.repeated) {
      for (auto& binding : bindings) add(std::move(binding));
    } else {
      add(std::nullopt);
    }
  }
  group.progress = Progress::done;
}

void Graph::Context::ensure(const ModuleInstance& module, CallGroup& group) {
  if (group.progress == Progress::done) return;
  const ModuleCall& call = *group.call;
  const std::string shown = call.key.empty() ? call.block : call.block + "." + call.key;
  if (group.progress == Progress::running) {
    diagnostics->add(Code::LF0402, call.span, "whether `" + shown + "` exists depends on itself");
    group.broken = true;
    return;
  }
  group.progress = Progress::running;
  if (group.module == nullptr) {
    group.broken = true;
    group.progress = Progress::done;
    return;
  }
  const Scope scope{&module, nullptr};
  bool exists = true;
  if (call.lifecycle.when) {
    auto met = condition(*call.lifecycle.when, scope, "when");
    if (!met) group.broken = true;
    exists = met.value_or(false);
  }
  std::string address = call.key.empty() ? call.block : index_address(call.block, Value(call.key));
  if (!module.address.empty()) address = module.address + "." + address;
  std::string key = call.key.empty() ? call.block : call.key;
  if (call.lifecycle.for_each) {
    group.repeated = true;
    if (exists) {
      auto all = repetition(*call.lifecycle.for_each, scope, "for_each");
      if (!all) group.broken = true;
      for (auto& binding : all.value_or(std::vector<EachBinding>{})) {
        auto instance =
            instantiate(*group.module, &module, &call, index_address(address, binding.key),
                        key + "-" + to_text(binding.key));
        instance->each = binding;
        group.instances.emplace_back(binding.key, std::move(instance));
      }
    }
  } else if (exists && !group.broken) {
    group.instances.emplace_back(
        Value(), instantiate(*group.module, &module, &call, std::move(address), std::move(key)));
  }
  group.progress = Progress::done;
}

void Graph::Context::ensure(const ModuleInstance& module, DataGroup& group) {
  if (group.progress == Progress::done) return;
  if (group.progress == Progress::running || group.type == nullptr) {
    group.value = poison();
    return;
  }
  group.progress = Progress::running;
  const DataDecl& decl = *group.decl;
  const Scope scope{&module, nullptr};
  if (decl.when && !condition(*decl.when, scope, "when").value_or(false)) {
    group.value = Value();
    group.progress = Progress::done;
    return;
  }
  const std::string address =
      (module.address.empty() ? "" : module.address + ".") + "data." + decl.key;
  Map inputs;
  bool unknown = false, broken = false;
  for (const auto& property : group.type->inputs) {
    const Tree::Entry* given = nullptr;
    for (const auto& entry : decl.inputs) {
      if (entry.key == property.name) given = &entry;
    }
    if (given == nullptr) {
      if (!property.default_value.is_null()) inputs.set(property.name, property.default_value);
      continue;
    }
    Value value = evaluate_in(given->value, scope, diagnostics);
    broken = broken || value.is_error();
    unknown = unknown || contains_unknown(value);
    if (value.is_error() || value.is_unset() || unknown) continue;
    auto converted = convert(value, property.type, given->value.plain);
    if (!converted) {
      diagnostics->add(Code::LF0204, given->value.span, converted.error().message);
      broken = true;
      continue;
    }
    inputs.set(property.name, std::move(*converted));
  }
  Map unknown_outputs;
  for (const auto& output : group.type->outputs) {
    unknown_outputs.set(
        output.name, Value(Unknown{output.type.to_string(), {address + "." + output.name}, false}));
  }
  const Value not_yet = group.type->pick == DataType::Pick::all
                            ? Value(Unknown{"list", {address}, false})
                            : Value(std::move(unknown_outputs));
  if (broken) {
    group.value = poison();
  } else if (unknown) {
    group.value = not_yet;
  } else {
    // The key of the lock file: what is asked, of whom, where.
    Map key;
    key.set("data", Value(group.type->name));
    key.set("region", *lookup(scope, "region"));
    if (group.type->account_scoped) key.set("account", surrounding("account", module.provider));
    key.set("with", Value(inputs));
    const std::string query = to_json(Value(std::move(key)), {.indent = -1, .sort_keys = true});
    const Value* pinned = surroundings.pinned ? surroundings.pinned(query) : nullptr;
    if (pinned != nullptr) {
      group.value = *pinned;
    } else {
      graph->wanted.push_back({group.type, std::move(inputs), query, module.provider, decl.span,
                               address, not_yet, &decl, &module});
      group.value = not_yet;
    }
  }
  group.progress = Progress::done;
}

void Graph::Context::ensure_all(const ModuleInstance& module) {
  for (auto& group : module.data) ensure(module, group);
  for (auto& group : module.calls) {
    ensure(module, group);
    for (auto& [key, instance] : group.instances) ensure_all(*instance);
  }
  for (auto& group : module.resources) ensure(module, group);
}

}  // namespace lf
