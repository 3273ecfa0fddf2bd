// SPDX-License-Identifier: Apache-2.0
// What depends on what, read off the expressions alone: every branch of a conditional counts, so
// that the order never hangs on a value that only apply knows.
#include <algorithm>

#include "graph/context.h"

namespace lf {

namespace {

// `machines.trainer.id` -> `machines.?trainer.?id`, the fix for an unguarded reference.
std::string guarded_text(const cel::Reference& reference) {
  std::string out = reference.root;
  for (const auto& part : reference.path) {
    const bool plain = !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    });
    out += plain ? ".?" + part : "[?'" + part + "']";
  }
  return out;
}

bool same_condition(const Tree* a, const Tree* b) {
  if (a == nullptr || b == nullptr || !a->text || !b->text) return false;
  const auto& x = a->text->parts();
  const auto& y = b->text->parts();
  return x.size() == 1 && y.size() == 1 && x[0].expression && y[0].expression &&
         x[0].expression->text() == y[0].expression->text();
}

const Tree* when_of(const Lifecycle& lifecycle) {
  if (!lifecycle.when) return nullptr;
  const Tree& when = *lifecycle.when;
  const bool always =
      when.kind == Tree::Kind::constant && when.constant.is_bool() && when.constant.as_bool();
  return always ? nullptr : &when;
}

}  // namespace

void Graph::Context::dependencies_of(const Tree& tree, const Scope& scope, const ResourceDecl* user,
                                     std::set<GraphId>& out) {
  const Tree* user_when = user == nullptr ? nullptr : when_of(user->lifecycle);
  for_each_expression(tree, [&](const cel::Expression& expression) {
    for (const auto& reference : expression.references()) {
      resolve(reference, &expression, scope, user_when, out);
    }
  });
}

void Graph::Context::dependencies_of_output(const ModuleInstance& module, const OutputDecl& output,
                                            std::set<GraphId>& out) {
  const std::string key = module.address + "|output|" + output.name;
  if (auto found = reference_cache.find(key); found != reference_cache.end()) {
    out.insert(found->second.begin(), found->second.end());
    return;
  }
  if (!resolving.insert(key).second) return;  // a loop: the cycle check names it
  std::set<GraphId> own;
  dependencies_of(output.value, Scope{&module, nullptr}, nullptr, own);
  resolving.erase(key);
  out.insert(own.begin(), own.end());
  reference_cache.emplace(key, std::move(own));
}

void Graph::Context::dependencies_of_input(const ModuleInstance& module, const InputDecl& input,
                                           std::set<GraphId>& out) {
  const std::string key = module.address + "|input|" + input.name;
  if (auto found = reference_cache.find(key); found != reference_cache.end()) {
    out.insert(found->second.begin(), found->second.end());
    return;
  }
  if (!resolving.insert(key).second) return;
  std::set<GraphId> own;
  const Tree::Entry* given = nullptr;
  for (const auto& entry : module.call->inputs) {
    if (entry.key == input.name) given = &entry;
  }
  if (given != nullptr) {
    dependencies_of(given->value, Scope{module.parent, module.each ? &*module.each : nullptr},
                    nullptr, own);
  }
  if (input.default_value && (given == nullptr || given->value.is_null())) {
    dependencies_of(*input.default_value, Scope{&module, nullptr}, nullptr, own);
  }
  resolving.erase(key);
  out.insert(own.begin(), own.end());
  reference_cache.emplace(key, std::move(own));
}

void Graph::Context::resolve(const cel::Reference& reference, const cel::Expression* expression,
                             const Scope& scope, const Tree* user_when, std::set<GraphId>& out) {
  const ModuleInstance& module = *scope.module;
  auto report_conditional = [&](const Lifecycle& lifecycle, const std::string& what) {
    const Tree* when = when_of(lifecycle);
    // What is repeated is a map, empty where the condition does not hold: nothing to guard.
    if (when == nullptr || reference.guarded || expression == nullptr || lifecycle.for_each) return;
    if (same_condition(when, user_when)) return;
    const Span span = expression->span(reference.begin, reference.end);
    auto& d = diagnostics->add(
        Code::LF0404, span, "`" + what + "` exists only under a condition, so this needs a guard",
        "may be absent");
    d.others.push_back({when->span, "the condition"});
    d.fixes.push_back({"guard it", span, guarded_text(reference), true});
  };
  auto add_group = [&](ResourceGroup& group, size_t next) {
    ensure(module, group);
    report_conditional(group.decl->lifecycle, "resources." + group.decl->key);
    for (const auto& [key, node] : group.nodes) {
      const bool chosen =
          !group.repeated || reference.path.size() <= next || to_text(key) == reference.path[next];
      if (chosen) out.insert(node);
    }
  };
  auto add_module = [&](const ModuleInstance& instance, size_t next) {
    for (const auto& output : instance.module->outputs) {
      if (reference.path.size() <= next || reference.path[next] == output.name) {
        dependencies_of_output(instance, output, out);
      }
    }
    // The block as a whole: all that it makes.
    if (reference.path.size() <= next) {
      for (auto& group : instance.resources) {
        ensure(instance, group);
        for (const auto& [key, node] : group.nodes) out.insert(node);
      }
    }
  };
  auto add_calls = [&](const ModuleInstance& where, std::string_view block) {
    for (auto& group : where.calls) {
      if (group.call->block != block) continue;
      size_t next = 0;
      if (!group.call->key.empty()) {
        if (!reference.path.empty() && reference.path[0] != group.call->key) continue;
        next = 1;
      }
      ensure(where, group);
      if (next == 0 || reference.path.size() >= next) {
        report_conditional(group.call->lifecycle, group.call->key.empty()
                                                      ? group.call->block
                                                      : group.call->block + "." + group.call->key);
      }
      for (auto& [key, instance] : group.instances) {
        size_t after = next;
        if (group.repeated) {
          if (reference.path.size() > next && to_text(key) != reference.path[next]) continue;
          ++after;
        }
        add_module(*instance, after);
      }
    }
  };

  if (reference.root == "resources") {
    if (!reference.path.empty()) {
      if (ResourceGroup* group = module.resource(reference.path[0])) add_group(*group, 1);
      return;
    }
    for (auto& group : module.resources) add_group(group, 1);
    return;
  }
  if (reference.root == "locals") {
    for (const auto& local : module.module->locals) {
      if (!reference.path.empty() && reference.path[0] != local.key) continue;
      const std::string key = module.address + "|local|" + local.key;
      if (auto found = reference_cache.find(key); found != reference_cache.end()) {
        out.insert(found->second.begin(), found->second.end());
        continue;
      }
      if (!resolving.insert(key).second) continue;
      std::set<GraphId> own;
      dependencies_of(local.value, Scope{&module, nullptr}, nullptr, own);
      resolving.erase(key);
      out.insert(own.begin(), own.end());
      reference_cache.emplace(key, std::move(own));
    }
    return;
  }
  if (reference.root == "each") {
    const Tree* tree = nullptr;
    if (module.call != nullptr && module.call->lifecycle.for_each && module.each &&
        scope.each == nullptr) {
      tree = &*module.call->lifecycle.for_each;
      dependencies_of(*tree, Scope{module.parent, nullptr}, nullptr, out);
    }
    return;
  }
  if (reference.root == "data") {
    for (auto& group : module.data) {
      if (!reference.path.empty() && reference.path[0] != group.decl->key) continue;
      for (const auto& entry : group.decl->inputs) {
        dependencies_of(entry.value, Scope{&module, nullptr}, nullptr, out);
      }
    }
    return;
  }
  if (module.module->kind != ModuleKind::root) {
    if (const InputDecl* input = module.module->input(reference.root)) {
      dependencies_of_input(module, *input, out);
      return;
    }
  }
  const bool own = std::any_of(module.calls.begin(), module.calls.end(),
                               [&](const CallGroup& g) { return g.call->block == reference.root; });
  if (own)
    add_calls(module, reference.root);
  else if (module.module->kind == ModuleKind::block)
    add_calls(*root, reference.root);
}

}  // namespace lf
