// SPDX-License-Identifier: Apache-2.0
// What names mean in the expressions of a module instance.
#include "provider/scope.h"

#include <algorithm>

#include "base/digest.h"
#include "graph/blame.h"
#include "graph/context.h"
#include "graph/reuse.h"
#include "lang/convert.h"

namespace lf {

Value poison() {
  return Value::error(kPoison);
}
bool is_poison(const Value& value) {
  return value.is_error() && value.error_message() == kPoison;
}

namespace {

// A map with lazy members, e.g. `vars`, `locals`, `resources`.
class LazyMap : public Object {
 public:
  using Get = std::function<std::optional<Value>(std::string_view)>;
  using Keys = std::function<std::vector<std::string>()>;
  LazyMap(std::string type, Keys keys, Get get)
      : type_(std::move(type)), keys_(std::move(keys)), get_(std::move(get)) {}
  std::string type_name() const override { return type_; }
  std::optional<Value> get(std::string_view field) const override { return get_(field); }
  std::vector<std::string> keys() const override { return keys_(); }
  std::optional<Value> identity() const override { return std::nullopt; }

 private:
  std::string type_;
  Keys keys_;
  Get get_;
};

Value lazy(std::string type, LazyMap::Keys keys, LazyMap::Get get) {
  return Value(std::shared_ptr<const Object>(
      std::make_shared<LazyMap>(std::move(type), std::move(keys), std::move(get))));
}

Value lazy(std::string type, std::vector<std::string> keys, LazyMap::Get get) {
  return lazy(
      std::move(type), [keys = std::move(keys)] { return keys; }, std::move(get));
}

class ResourceObject : public Object {
 public:
  ResourceObject(const Graph::Context& context, GraphId node) : context_(context), node_(node) {}
  std::string type_name() const override { return node().type->name; }
  std::optional<Value> get(std::string_view field) const override {
    if (context_.source == nullptr) return std::nullopt;
    return context_.source->attribute(node_, field);
  }
  std::vector<std::string> keys() const override {
    std::vector<std::string> names{"id"};
    for (const auto& property : node().type->properties) names.push_back(property.name);
    return names;
  }
  std::optional<Value> identity() const override { return get("id"); }

 private:
  const GraphNode& node() const { return context_.graph->nodes[node_]; }
  const Graph::Context& context_;
  GraphId node_;
};

class ModuleObject : public Object {
 public:
  ModuleObject(const Graph::Context& context, const ModuleInstance& module)
      : context_(context), module_(module) {}
  std::string type_name() const override { return module_.module->name; }
  std::optional<Value> get(std::string_view field) const override {
    for (const auto& output : module_.module->outputs) {
      if (output.name == field) {
        return context_.evaluate_in(output.value, Scope{&module_, nullptr}, nullptr);
      }
    }
    return std::nullopt;
  }
  std::vector<std::string> keys() const override {
    std::vector<std::string> names;
    for (const auto& output : module_.module->outputs) names.push_back(output.name);
    return names;
  }
  // A block stands for its `id` output where a plain value is wanted.
  std::optional<Value> identity() const override { return get("id"); }

 private:
  const Graph::Context& context_;
  const ModuleInstance& module_;
};

Value resource_object(const Graph::Context& context, GraphId node) {
  return Value(std::shared_ptr<const Object>(std::make_shared<ResourceObject>(context, node)));
}
Value module_object(const Graph::Context& context, const ModuleInstance& module) {
  return Value(std::shared_ptr<const Object>(std::make_shared<ModuleObject>(context, module)));
}

// The value of `resources.KEY`: one object, or a map of them. nullopt: absent (`when: false`).
std::optional<Value> group_value(const Graph::Context& context, const ModuleInstance& module,
                                 ResourceGroup& group) {
  const_cast<Graph::Context&>(context).ensure(module, group);
  if (group.broken || group.type == nullptr) return poison();
  if (!group.repeated) {
    if (group.nodes.empty()) return std::nullopt;
    return resource_object(context, group.nodes[0].second);
  }
  Map map;
  for (const auto& [key, node] : group.nodes) map.set(key, resource_object(context, node));
  return Value(std::move(map));
}

std::optional<Value> group_value(const Graph::Context& context, const ModuleInstance& module,
                                 CallGroup& group) {
  const_cast<Graph::Context&>(context).ensure(module, group);
  if (group.broken || group.module == nullptr) return poison();
  if (!group.repeated) {
    if (group.instances.empty()) return std::nullopt;
    return module_object(context, *group.instances[0].second);
  }
  Map map;
  for (const auto& [key, instance] : group.instances)
    map.set(key, module_object(context, *instance));
  return Value(std::move(map));
}

Value resources_value(const Graph::Context& context, const ModuleInstance& module) {
  // Only who asks for all of them needs all of them: one `for_each` may look at another resource.
  auto keys = [&context, &module] {
    std::vector<std::string> out;
    for (auto& group : module.resources) {
      const_cast<Graph::Context&>(context).ensure(module, group);
      if (group.repeated || !group.nodes.empty()) out.push_back(group.decl->key);
    }
    return out;
  };
  return lazy("resources", LazyMap::Keys(keys), [&context, &module](std::string_view name) {
    ResourceGroup* group = module.resource(name);
    return group == nullptr ? std::optional<Value>() : group_value(context, module, *group);
  });
}

// A block's name: the one instance, or a map by key.
std::optional<Value> block_value(const Graph::Context& context, const ModuleInstance& module,
                                 std::string_view block) {
  bool keyed = false, found = false;
  for (const auto& group : module.calls) {
    if (group.call->block != block) continue;
    found = true;
    keyed = keyed || !group.call->key.empty();
    if (!keyed) return group_value(context, module, const_cast<CallGroup&>(group));
  }
  if (!found) return std::nullopt;
  std::string name(block);
  auto keys = [&context, &module, name] {
    std::vector<std::string> out;
    for (auto& group : module.calls) {
      if (group.call->block != name) continue;
      const_cast<Graph::Context&>(context).ensure(module, group);
      if (group.repeated || !group.instances.empty()) out.push_back(group.call->key);
    }
    return out;
  };
  return lazy("map of " + name, LazyMap::Keys(keys),
              [&context, &module, name](std::string_view key) {
                for (auto& group : module.calls) {
                  if (group.call->block == name && group.call->key == key) {
                    return group_value(context, module, group);
                  }
                }
                return std::optional<Value>();
              });
}

Value secret_root(const Graph::Context& context) {
  return lazy("secret", std::vector<std::string>{"env"},
              [&context](std::string_view part) -> std::optional<Value> {
                if (part != "env") return std::nullopt;
                return lazy("secret.env", std::vector<std::string>{},
                            [&context](std::string_view name) -> std::optional<Value> {
                              const auto& environment = context.surroundings.environment;
                              const auto found = environment.find(std::string(name));
                              if (found == environment.end()) {
                                return Value::error("the environment has no variable `" +
                                                    std::string(name) + "`");
                              }
                              return Value::secret(Value(found->second));
                            });
              });
}

Value locals_value(const Graph::Context& context, const Scope& scope) {
  const ModuleInstance& module = *scope.module;
  std::vector<std::string> keys;
  for (const auto& local : module.module->locals) keys.push_back(local.key);
  return lazy("locals", std::move(keys), [&context, &module](std::string_view name) {
    for (const auto& local : module.module->locals) {
      if (local.key != name) continue;
      const std::string mark = "locals." + local.key;
      if (!module.evaluating.insert(mark).second) return std::optional<Value>(poison());
      Value value = context.evaluate_in(local.value, Scope{&module, nullptr}, nullptr);
      module.evaluating.erase(mark);
      return std::optional<Value>(std::move(value));
    }
    return std::optional<Value>();
  });
}

// The outputs of another stack. A secret one is not in its state, which keeps only digests.
Value import_value(const Graph::Context& context, const ImportDecl& import) {
  return lazy("stack " + import.stack, import.outputs,
              [&context, &import](std::string_view name) -> std::optional<Value> {
                const auto is = [&](const std::string& one) { return one == name; };
                if (std::none_of(import.outputs.begin(), import.outputs.end(), is))
                  return std::nullopt;
                const std::string path = import.name + "." + std::string(name);
                if (std::any_of(import.secret_outputs.begin(), import.secret_outputs.end(), is)) {
                  return Value::error("`" + path + "` is a secret: the state of stack `" +
                                      import.stack + "` keeps only its digest");
                }
                const auto found = context.surroundings.imports.find(import.name);
                const Value* value = found == context.surroundings.imports.end()
                                         ? nullptr
                                         : found->second.find(name);
                return value == nullptr ? Value(Unknown{"dyn", {path}, false}) : *value;
              });
}

}  // namespace

Value Graph::Context::input_value(const ModuleInstance& module, const InputDecl& input) const {
  if (module.module->kind == ModuleKind::root) {
    const auto found = surroundings.variables.find(input.name);
    return found == surroundings.variables.end() ? poison() : found->second;
  }
  const std::string mark = "inputs." + input.name;
  if (!module.evaluating.insert(mark).second) return poison();
  Value value;
  const Tree::Entry* given = nullptr;
  for (const auto& entry : module.call->inputs) {
    if (entry.key == input.name) given = &entry;
  }
  if (given != nullptr) {
    const Scope caller{module.parent, module.each ? &*module.each : nullptr};
    value = evaluate_in(given->value, caller, nullptr);
  }
  if ((given == nullptr || value.is_unset()) && input.default_value) {
    value = evaluate_in(*input.default_value, Scope{&module, nullptr}, nullptr);
  }
  module.evaluating.erase(mark);
  if (value.is_error()) return value;
  if (value.is_unset()) return Value();
  auto converted = convert(value, input.type, given != nullptr && given->value.plain);
  if (!converted) return Value::error("`" + input.name + "`: " + converted.error().message);
  if (input.check && given != nullptr && !given->value.is_static() &&
      !contains_unknown(*converted)) {
    MapActivation names;
    names.set("this", *converted);
    const Value holds = cel::evaluate(*input.check, names);
    if (holds.is_bool() && !holds.as_bool()) {
      return Value::error("`" + input.name + "` is refused: " +
                          (input.message.empty() ? "its check does not hold" : input.message));
    }
  }
  return *converted;
}

ResourceGroup* ModuleInstance::resource(std::string_view name) const {
  if (resource_index.size() != resources.size()) {
    for (size_t i = 0; i < resources.size(); ++i) resource_index.emplace(resources[i].decl->key, i);
  }
  const auto found = resource_index.find(name);
  return found == resource_index.end() ? nullptr : &resources[found->second];
}

Value Graph::Context::surrounding(std::string_view name, const std::string& provider) const {
  const auto other = surroundings.elsewhere.find(provider);
  const bool own = other == surroundings.elsewhere.end();
  if (name == "account") {
    asked.account = true;
    return own ? surroundings.account : other->second.account;
  }
  if (name == "partition") {
    asked.partition = true;
    return own ? surroundings.partition : other->second.partition;
  }
  asked.dns_suffix = true;
  return own ? surroundings.dns_suffix : other->second.dns_suffix;
}

Value Graph::Context::region_of(const std::string& provider) const {
  for (const auto& one : spec->providers) {
    if (one.name == provider) return Value(one.region);
  }
  return Value(spec->region);
}

Value Graph::Context::unique_of(const std::string& provider) const {
  const Value account = surrounding("account", provider);
  if (!account.is_string()) return Value(Unknown{"string", {"account"}, false});
  return Value(hex(sha256(account.as_string() + "/" + spec->region)).substr(0, 6));
}

bool holds_in(const Graph& graph, const Surroundings& around) {
  const auto& asked = graph.context->asked;
  const Surroundings& was = graph.context->surroundings;
  const bool any = asked.account || asked.partition || asked.dns_suffix;
  return (!any || was.elsewhere == around.elsewhere) &&
         (!asked.account || was.account == around.account) &&
         (!asked.partition || was.partition == around.partition) &&
         (!asked.dns_suffix || was.dns_suffix == around.dns_suffix);
}

void move_to(Graph& graph, const Surroundings& around) {
  graph.context->surroundings = around;
  graph.context->surroundings.pinned = nullptr;
}

std::optional<Value> Graph::Context::lookup(const Scope& scope, std::string_view name) const {
  const ModuleInstance& module = *scope.module;
  const bool is_root = module.module->kind == ModuleKind::root;
  if (is_root && name == "vars") {
    std::vector<std::string> keys;
    for (const auto& input : module.module->inputs) keys.push_back(input.name);
    return lazy("vars", std::move(keys), [this, &module](std::string_view field) {
      const InputDecl* input = module.module->input(field);
      return input == nullptr ? std::optional<Value>()
                              : std::optional<Value>(input_value(module, *input));
    });
  }
  if (!is_root) {
    if (const InputDecl* input = module.module->input(name)) return input_value(module, *input);
    if (name == "name") return Value(module.key);
  }
  if (name == "locals") return locals_value(*this, scope);
  if (name == "resources") return resources_value(*this, module);
  if (name == "data") {
    std::vector<std::string> keys;
    for (const auto& group : module.data) keys.push_back(group.decl->key);
    return lazy("data", std::move(keys), [this, &module](std::string_view key) {
      for (auto& group : module.data) {
        if (group.decl->key != key) continue;
        const_cast<Graph::Context*>(this)->ensure(module, group);
        return std::optional<Value>(group.value);
      }
      return std::optional<Value>();
    });
  }
  if (name == "each") {
    const EachBinding* each = scope.each;
    if (each == nullptr && module.each) each = &*module.each;
    if (each == nullptr) return std::nullopt;
    Map map;
    map.set("key", each->key);
    map.set("value", each->value);
    return Value(std::move(map));
  }
  if (name == "stack") return Value(spec->stack);
  if (name == "env") return Value(spec->environment);
  if (name == "backend") return Value(spec->backend);
  if (name == "region") return region_of(module.provider);
  if (name == "prefix") {
    return Value(spec->environment == "default" ? spec->stack
                                                : spec->stack + "-" + spec->environment);
  }
  if (name == "account" || name == "partition") return surrounding(name, module.provider);
  if (name == "unique") return unique_of(module.provider);
  if (name == "secret") return secret_root(*this);
  if (const ImportDecl* import = is_root ? module.module->import(name) : nullptr)
    return import_value(*this, *import);
  if (auto block = block_value(*this, module, name)) return block;
  // A block's defaults may use the root's other blocks: this is how blocks find each other.
  if (module.module->kind == ModuleKind::block) return block_value(*this, *root, name);
  return std::nullopt;
}

std::vector<std::string> Graph::Context::root_names(const Scope& scope) const {
  std::vector<std::string> names{"locals", "resources", "data",   "stack",  "env",     "backend",
                                 "region", "prefix",    "unique", "secret", "account", "partition"};
  const ModuleInstance& module = *scope.module;
  if (module.module->kind == ModuleKind::root)
    names.emplace_back("vars");
  else
    for (const auto& input : module.module->inputs) names.push_back(input.name);
  for (const auto& import : module.module->imports) names.push_back(import.name);
  for (const auto& group : module.calls) names.push_back(group.call->block);
  return names;
}

namespace {
// What to do about an evaluation's error; "": its message says it.
std::string way_out(const std::string& message) {
  if (message.starts_with("index out of range"))
    return "a list's first index is 0; `list[?i].orValue(…)` has a value where there is none";
  if (message.starts_with("no such key"))
    return "`map[?'key'].orValue(…)` has a value where there is none";
  if (message.starts_with("division by zero") || message.starts_with("modulus by zero"))
    return "ask first: `n == 0 ? other : x / n`";
  return "";
}
}  // namespace

Value Graph::Context::evaluate_in(const Tree& tree, const Scope& scope, Diagnostics* errors) const {
  const ScopeActivation activation(*this, scope);
  std::vector<TreeError> failed;
  Value value = evaluate(tree, activation, failed);
  for (const auto& error : failed) {
    if (errors == nullptr || error.message == kPoison) continue;
    const ModuleInstance& module = *scope.module;
    const Span given = where_given(module, tree);
    const bool in_block = module.module->kind == ModuleKind::block && given.valid();
    auto& d = errors->add(Code::LF0401, in_block ? given : error.span,
                          "this expression fails: " + error.message);
    if (in_block) {
      d.others.push_back({error.span, "where `" + module.call->block + "` uses it"});
    } else if (module.call != nullptr) {
      d.others.push_back({module.call->span, "in this module"});
    }
    if (std::string help = way_out(error.message); !help.empty()) d.help.push_back(std::move(help));
  }
  return value;
}

std::optional<Value> ScopeActivation::lookup(std::string_view name) const {
  return context_.lookup(scope_, name);
}

Value ScopeActivation::read_file(const std::string& path) const {
  const auto& read = context_.surroundings.read_file;
  const Module& module = *scope_.module->module;
  // A block's files lie in its package; beside an ejected block they may be replaced one by one.
  const bool in_package = module.kind == ModuleKind::block && !path.starts_with('/');
  if (read && (!in_package || !module.folder.empty())) {
    auto text =
        read(module.folder.empty() || path.starts_with('/') ? path : module.folder + "/" + path);
    if (text) return Value(*text);
    if (!in_package) return Value::error(text.error().message);
  }
  if (!in_package) return Value::error("no files can be read here");
  Package* package = context_.packages->find(context_.kind_of(scope_.module->provider));
  const auto text = package == nullptr ? std::nullopt : package->file(path);
  return text ? Value(std::string(*text)) : Value::error("the package has no file `" + path + "`");
}

std::optional<std::string> ScopeActivation::read_zone(const std::string& name) const {
  const auto& read = context_.surroundings.read_zone;
  return read ? read(name) : std::nullopt;
}

std::string index_address(std::string_view base, const Value& key) {
  std::string out(base);
  if (key.is_int()) return out + "[" + std::to_string(key.as_int()) + "]";
  return out + "[\"" + to_text(key) + "\"]";
}

}  // namespace lf
