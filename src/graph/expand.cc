// SPDX-License-Identifier: Apache-2.0
// The expansion as a whole: instances, late facets, life-cycle words, dependencies, order.
#include <algorithm>

#include "base/strings.h"
#include "graph/attribute.h"
#include "graph/context.h"

namespace lf {

Graph::Graph() = default;
Graph::~Graph() = default;
Graph::Graph(Graph&& other) noexcept {
  *this = std::move(other);
}
Graph& Graph::operator=(Graph&& other) noexcept {
  nodes = std::move(other.nodes);
  order = std::move(other.order);
  wanted = std::move(other.wanted);
  outputs = std::move(other.outputs);
  files = std::move(other.files);
  context = std::move(other.context);
  if (context) context->graph = this;
  return *this;
}

GraphId Graph::find(std::string_view address) const {
  const auto found = context->by_address.find(std::string(address));
  return found == context->by_address.end() ? kNoGraphId : found->second;
}

const AttributeSource& Graph::spec_only() const {
  return *context->spec_only;
}

namespace {

// Knows what the spec alone says. Remembers the desired properties of each node asked for.
class SpecOnly : public AttributeSource {
 public:
  explicit SpecOnly(const Graph::Context& context) : context_(context) {}

  std::optional<Value> attribute(GraphId node, std::string_view field) const override {
    const auto known = desired_.find(node);
    if (known != desired_.end()) {
      return attribute_before_create(*context_.graph, node, known->second, field);
    }
    if (!running_.insert(node).second) {
      // Two resources look at each other's properties: the cycle check names them.
      return Value(
          Unknown{"dyn", {context_.graph->nodes[node].address + "." + std::string(field)}, false});
    }
    Diagnostics silent;  // reported when the node itself is evaluated
    Map self = context_.graph->desired(node, *this, silent);
    running_.erase(node);
    auto value = attribute_before_create(*context_.graph, node, self, field);
    // While others are under way, what was seen of them may be incomplete.
    if (running_.empty()) desired_.emplace(node, std::move(self));
    return value;
  }

 private:
  const Graph::Context& context_;
  mutable std::unordered_map<GraphId, Map> desired_;
  mutable std::set<GraphId> running_;
};

void add_late_facets(Graph& graph) {
  const auto count = static_cast<GraphId>(graph.nodes.size());
  for (GraphId id = 0; id < count; ++id) {
    for (const Facet& facet : graph.nodes[id].type->facets) {
      if (!facet.late) continue;
      const auto& given = graph.nodes[id].decl->properties;
      const bool used = std::any_of(given.begin(), given.end(), [&](const Tree::Entry& entry) {
        const Property* property = graph.nodes[id].type->property(entry.key);
        return property != nullptr && property->facet == facet.name;
      });
      // A facet without expressions can be done with the resource itself, but it stays a node, so
      // that a plan looks the same whatever its rules refer to.
      if (!used) continue;
      GraphNode node = graph.nodes[id];
      node.address += "#" + facet.name;
      node.facet = facet.name;
      node.main = id;
      node.late.clear();
      const auto late = static_cast<GraphId>(graph.nodes.size());
      graph.context->by_address.emplace(node.address, late);
      graph.nodes.push_back(std::move(node));
      graph.nodes[id].late.push_back(late);
    }
  }
}

// `replace_on` of a block's or module's use, as far as it is about `node`: nullptr if it is not.
const Tree* replace_on_of(const ModuleInstance& module, const GraphNode& node) {
  const auto& word = module.call->lifecycle.replace_on;
  if (!word) return nullptr;
  const auto names_part = [&](const Tree::Entry& entry) {
    return std::any_of(module.module->resources.begin(), module.module->resources.end(),
                       [&](const ResourceDecl& decl) { return decl.key == entry.key; });
  };
  const bool by_part = word->kind == Tree::Kind::map && !word->entries.empty() &&
                       std::all_of(word->entries.begin(), word->entries.end(), names_part);
  if (!by_part) return &*word;
  return node.module == &module ? word->find(node.decl->key) : nullptr;
}

void collect_dependencies(Graph& graph, Diagnostics& diagnostics) {
  Graph::Context& context = *graph.context;
  for (GraphId id = 0; id < graph.nodes.size(); ++id) {
    GraphNode& node = graph.nodes[id];
    const Scope scope{node.module, node.each ? &*node.each : nullptr};
    std::set<GraphId> found;
    for (const auto& entry : node.decl->properties) {
      if (entry.value.is_static()) continue;
      const Property* property = node.type->property(entry.key);
      if (property == nullptr) continue;
      const Facet* facet = property->facet.empty() ? nullptr : node.type->facet(property->facet);
      const bool late = facet != nullptr && facet->late;
      if (late ? property->facet == node.facet : node.facet.empty()) {
        context.dependencies_of(entry.value, scope, node.decl, found);
      }
    }
    if (node.facet.empty()) {
      const Lifecycle& words = node.decl->lifecycle;
      for (const auto& reference : words.depends_on) {
        context.resolve(reference, nullptr, scope, nullptr, found);
      }
      if (words.alternatives) context.dependencies_of(*words.alternatives, scope, node.decl, found);
      if (words.replace_on) context.dependencies_of(*words.replace_on, scope, node.decl, found);
      for (const ModuleInstance* m = node.module; m != nullptr && m->call != nullptr;
           m = m->parent) {
        const Scope outer{m->parent, m->each ? &*m->each : nullptr};
        if (const Tree* tree = replace_on_of(*m, node))
          context.dependencies_of(*tree, outer, nullptr, found);
      }
      for (const ModuleInstance* m = node.module; m != nullptr && m->call != nullptr;
           m = m->parent) {
        for (const auto& reference : m->call->lifecycle.depends_on) {
          context.resolve(reference, nullptr, Scope{m->parent, nullptr}, nullptr, found);
        }
      }
    } else {
      found.insert(node.main);
      found.erase(id);
    }
    node.dependencies.assign(found.begin(), found.end());
  }
  (void)diagnostics;
}

// `moved_from` may name an address or, shorter, only the key that the thing had.
bool is_address(const std::string& text) {
  return text.find('.') != std::string::npos || text.find('[') != std::string::npos;
}

std::string moved_address(const ModuleInstance& module, const std::string& text) {
  if (is_address(text)) return text;
  if (module.module->kind == ModuleKind::root) return index_address("resources", Value(text));
  return module.address + "." + text;
}

// A text or a list of texts, known now.
std::vector<std::string> names_of(Graph::Context& context, const Tree& tree, const Scope& scope) {
  const auto value = context.known(tree, scope, "ignore_changes", Code::LF0408);
  std::vector<std::string> out;
  if (!value || value->is_unset()) return out;
  if (value->is_string()) return {value->as_string()};
  const bool texts =
      value->is_list() && std::all_of(value->as_list().begin(), value->as_list().end(),
                                      [](const Value& one) { return one.is_string(); });
  if (!texts) {
    context.diagnostics->add(Code::LF0203, tree.span,
                             "`ignore_changes` must be a list of names of properties");
    return out;
  }
  for (const auto& one : value->as_list()) out.push_back(one.as_string());
  return out;
}

// What the user of a block or module says of what it makes: `ignore_changes: [instance.image]`
// names a resource and its property there, `moved_from: [old]` the key or address that the block
// had. Where a fixed unique name forbids two at a time, `create_before_delete` is not meant.
void words_of_call(Graph::Context& context, GraphNode& node, const ModuleInstance& module) {
  const Lifecycle& words = module.call->lifecycle;
  const std::string inside = node.address.substr(module.address.size());
  if (words.create_before_delete && node.type->unique_name() == nullptr) {
    node.create_before_delete = true;
  }
  const std::string own = node.decl->key + ".";
  const bool innermost = node.module == &module;
  const Scope outer{module.parent, module.each ? &*module.each : nullptr};
  if (words.ignore_changes && innermost) {
    for (const std::string& path : names_of(context, *words.ignore_changes, outer)) {
      if (path.starts_with(own)) node.ignore_changes.push_back(path.substr(own.size()));
    }
  }
  if (words.adopt && innermost) {
    const bool by_part = words.adopt->kind == Tree::Kind::map;
    // Else its only resource is meant, or the only one that is always there.
    const Lifecycle& life = node.decl->lifecycle;
    const bool meant = module.module->resources.size() == 1 || (!life.when && !life.for_each);
    const Tree* id = by_part ? words.adopt->find(node.decl->key) : meant ? &*words.adopt : nullptr;
    if (id != nullptr) {
      const auto value = context.known(*id, outer, "adopt", Code::LF0408);
      if (value && !value->is_unset()) node.adopt = to_text(*value);
    }
  }
  node.has_replace_on = node.has_replace_on || replace_on_of(module, node) != nullptr;
  for (const std::string& from : words.moved_from) {
    std::string before = from;
    if (!is_address(from)) {
      before = index_address(module.call->block, Value(from));
      if (!module.parent->address.empty()) before = module.parent->address + "." + before;
    }
    if (module.each) before = index_address(before, module.each->key);
    node.moved_from.push_back(before + inside);
  }
}

void evaluate_lifecycle(Graph& graph, GraphNode& node) {
  Graph::Context& context = *graph.context;
  const Scope scope{node.module, node.each ? &*node.each : nullptr};
  const Lifecycle& words = node.decl->lifecycle;
  auto flag = [&](const std::optional<Tree>& tree, const char* name) {
    return tree && context.condition(*tree, scope, name).value_or(false);
  };
  auto text = [&](const std::optional<Tree>& tree, const char* name) -> std::string {
    if (!tree) return "";
    auto value = context.known(*tree, scope, name, Code::LF0408);
    return value && !value->is_unset() ? to_text(*value) : "";
  };
  node.protect = flag(words.protect, "protect");
  node.retain = flag(words.retain, "retain");
  node.shared = words.shared;
  node.run = text(words.run, "run");
  if (words.run_result) {
    // What is not known yet, such as a marker in a bucket that is still to be made, is no result.
    const Value result = context.evaluate_in(*words.run_result, scope, context.diagnostics);
    if (result.is_string()) node.run_result = result.as_string();
  }
  node.adopt = text(words.adopt, "adopt");
  node.create_before_delete = words.create_before_delete;
  node.restart_on_interruption = words.restart_on_interruption;
  if (words.ignore_changes) node.ignore_changes = names_of(context, *words.ignore_changes, scope);
  for (const auto& from : words.moved_from) {
    node.moved_from.push_back(moved_address(*node.module, from));
  }
  node.timeouts = words.timeouts;
  node.has_replace_on = words.replace_on.has_value();
  if (words.alternatives) {
    Value list = context.evaluate_in(*words.alternatives, scope, context.diagnostics);
    if (list.is_list()) node.alternative_count = list.as_list().size();
  }
  // What a block's or module's user says holds for all that it makes.
  for (const ModuleInstance* m = node.module; m != nullptr && m->call != nullptr; m = m->parent) {
    const Scope outer{m->parent, m->each ? &*m->each : nullptr};
    const Lifecycle& of_call = m->call->lifecycle;
    // The nearest word counts.
    for (const auto& [verb, limit] : of_call.timeouts) node.timeouts.emplace(verb, limit);
    if (of_call.protect) {
      node.protect =
          node.protect || context.condition(*of_call.protect, outer, "protect").value_or(false);
    }
    if (of_call.retain) {
      node.retain =
          node.retain || context.condition(*of_call.retain, outer, "retain").value_or(false);
    }
    words_of_call(context, node, *m);
  }
}

// What a module asks of its inputs together; what is not known yet is not judged.
void judge_requirements(Graph& graph, const ModuleInstance& module) {
  Graph::Context& context = *graph.context;
  for (const auto& one : module.module->requirements) {
    const Scope scope{&module, nullptr};
    const Value holds = context.evaluate_in(one.condition, scope, context.diagnostics);
    if (!holds.is_bool() || holds.as_bool()) continue;
    Span at = module.call->key_span.valid() ? module.call->key_span : module.call->span;
    for (const auto& entry : module.call->inputs) {
      if (entry.key == one.of) at = entry.value.span;
    }
    auto& d =
        context.diagnostics->add(Code::LF0218, at, "`" + module.address + "`: " + one.message);
    if (module.module->kind == ModuleKind::user)
      d.others.push_back({one.span, "required here"});
    else if (const InputDecl* input = module.module->input(one.of))
      d.help.push_back(input->name + ": " + input->doc);
  }
  for (auto& group : module.calls) {
    for (auto& [key, instance] : group.instances) judge_requirements(graph, *instance);
  }
}

void collect_files(Graph& graph, const ModuleInstance& module) {
  Graph::Context& context = *graph.context;
  for (const auto& decl : module.module->files) {
    const Scope scope{&module, nullptr};
    if (decl.when && !context.condition(*decl.when, scope, "when").value_or(false)) continue;
    Graph::File file;
    file.decl = &decl;
    file.module = &module;
    file.address = (module.address.empty() ? "" : module.address + ".") +
                   index_address("files", Value(decl.key));
    std::set<GraphId> found;
    context.dependencies_of(decl.path, scope, nullptr, found);
    context.dependencies_of(decl.content, scope, nullptr, found);
    file.dependencies.assign(found.begin(), found.end());
    graph.files.push_back(std::move(file));
  }
  for (auto& group : module.calls) {
    for (auto& [key, instance] : group.instances) collect_files(graph, *instance);
  }
}

}  // namespace

std::set<GraphId> Graph::asked_of(const WantedLookup& lookup) const {
  std::set<GraphId> out;
  for (const auto& input : lookup.decl->inputs)
    context->dependencies_of(input.value, Scope{lookup.module, nullptr}, nullptr, out);
  return out;
}

Value Graph::replace_on(GraphId id, const AttributeSource& source) const {
  const GraphNode& node = nodes[id];
  if (!node.has_replace_on) return {};
  const SourceScope use(*context, source);
  List all;
  const auto add = [&](const Tree& tree, const Scope& scope) {
    Value value = context->evaluate_in(tree, scope, nullptr);
    if (value.is_object()) value = value.as_object()->identity().value_or(Value());
    if (value.is_optional())
      value = value.optional_value() == nullptr ? Value() : Value(*value.optional_value());
    all.push_back(std::move(value));
  };
  if (node.decl->lifecycle.replace_on)
    add(*node.decl->lifecycle.replace_on, Scope{node.module, node.each ? &*node.each : nullptr});
  for (const ModuleInstance* m = node.module; m != nullptr && m->call != nullptr; m = m->parent) {
    const Tree* tree = replace_on_of(*m, node);
    if (tree != nullptr) add(*tree, Scope{m->parent, m->each ? &*m->each : nullptr});
  }
  return all.size() == 1 ? all.front() : Value(std::move(all));
}

Graph expand(const Spec& spec, ModuleLibrary& modules, Packages& packages,
             const Surroundings& surroundings, Diagnostics& diagnostics) {
  Graph graph;
  graph.context = std::make_unique<Graph::Context>();
  Graph::Context& context = *graph.context;
  context.spec = &spec;
  context.library = &modules;
  context.packages = &packages;
  context.surroundings = surroundings;
  context.graph = &graph;
  context.diagnostics = &diagnostics;
  context.spec_only = std::make_unique<SpecOnly>(context);
  context.source = context.spec_only.get();
  context.root = context.instantiate(spec.root, nullptr, nullptr, "", spec.stack);
  context.ensure_all(*context.root);
  add_late_facets(graph);
  for (GraphId id = 0; id < graph.nodes.size(); ++id) evaluate_lifecycle(graph, graph.nodes[id]);
  judge_requirements(graph, *context.root);
  collect_dependencies(graph, diagnostics);
  for (const auto& output : spec.root.outputs) {
    std::set<GraphId> found;
    context.dependencies_of(output.value, Scope{context.root.get(), nullptr}, nullptr, found);
    graph.outputs.push_back({&output, {found.begin(), found.end()}});
  }
  collect_files(graph, *context.root);
  order_nodes(graph, diagnostics);
  // What only expansion needs belongs to the caller and may go.
  context.diagnostics = nullptr;
  context.library = nullptr;
  context.surroundings.pinned = nullptr;
  return graph;
}

std::string mark_path(std::string_view address) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  bool quoted = false;
  for (size_t i = 0; i < address.size(); ++i) {
    const char c = address[i];
    if (!quoted && c == '[') {
      out += '/';
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ']') {
    } else if (!quoted && c == '.') {
      out += '/';
    } else if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ||
               c == '#') {
      out += c == '#' ? '/' : c;
    } else {
      out += ':';
      out += kHex[(static_cast<unsigned char>(c) >> 4) & 15];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

}  // namespace lf
