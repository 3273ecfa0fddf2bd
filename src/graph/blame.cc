// SPDX-License-Identifier: Apache-2.0
#include "graph/blame.h"

#include <utility>

#include "graph/context.h"

namespace lf {

namespace {

class Search {
 public:
  Search(const std::string& text, const Tree* repeated_over)
      : text_(text), repeated_over_(repeated_over) {}

  Span in(const Tree& tree, const ModuleInstance& module) {
    if (--steps_ < 0) return {};  // expressions may refer to each other often
    if (tree.kind == Tree::Kind::constant) {
      return tree.constant.is_string() && tree.constant.as_string() == text_ ? tree.span : Span{};
    }
    for (const auto& item : tree.items) {
      if (const Span found = in(item, module); found.valid()) return found;
    }
    for (const auto& entry : tree.entries) {
      if (const Span found = in(entry.value, module); found.valid()) return found;
    }
    Span found;
    if (!tree.text) return found;
    for (const auto& part : tree.text->parts()) {
      if (!part.expression) continue;
      for (const auto& reference : part.expression->references()) {
        if (!found.valid()) found = behind(reference, module);
      }
    }
    return found;
  }

 private:
  Span behind(const cel::Reference& reference, const ModuleInstance& module) {
    const std::string& first = reference.path.empty() ? reference.root : reference.path[0];
    if (reference.root == "each") {
      const Tree* over = std::exchange(repeated_over_, nullptr);
      return over == nullptr ? Span{} : in(*over, module);
    }
    if (reference.root == "locals") {
      for (const auto& local : module.module->locals) {
        if (local.key == first) return in(local.value, module);
      }
      return {};
    }
    const bool is_root = module.module->kind == ModuleKind::root;
    const InputDecl* input =
        is_root ? (reference.root == "vars" ? module.module->input(first) : nullptr)
                : module.module->input(reference.root);
    if (input == nullptr) return {};
    if (!is_root && module.call != nullptr) {
      for (const auto& entry : module.call->inputs) {
        if (entry.key == input->name) return in(entry.value, *module.parent);
      }
    }
    return input->default_value ? in(*input->default_value, module) : Span{};
  }

  const std::string& text_;
  const Tree* repeated_over_;  // the resource's for_each, followed once
  int steps_ = 200;
};

class Giver {
 public:
  explicit Giver(const Tree* repeated_over) : repeated_over_(repeated_over) {}

  Span of(const Tree& tree, const ModuleInstance& module) {
    if (module.module->kind != ModuleKind::block) return tree.span;
    Span found;
    for_each_expression(tree, [&](const cel::Expression& expression) {
      for (const auto& reference : expression.references()) {
        if (!found.valid() && --steps_ > 0) found = behind(reference, module);
      }
    });
    return found;
  }

 private:
  Span behind(const cel::Reference& reference, const ModuleInstance& module) {
    if (reference.root == "each") {
      const Tree* over = std::exchange(repeated_over_, nullptr);
      return over == nullptr ? Span{} : of(*over, module);
    }
    if (reference.root == "locals" && !reference.path.empty()) {
      for (const auto& local : module.module->locals) {
        if (local.key == reference.path[0]) return of(local.value, module);
      }
      return {};
    }
    if (module.module->input(reference.root) == nullptr || module.call == nullptr) return {};
    for (const auto& entry : module.call->inputs) {
      if (entry.key == reference.root) return of(entry.value, *module.parent);
    }
    return {};
  }

  const Tree* repeated_over_;
  int steps_ = 200;
};

}  // namespace

Span where_given(const ModuleInstance& module, const Tree& tree, const Tree* repeated_over) {
  return Giver(repeated_over).of(tree, module);
}

Span where_written(const ModuleInstance& module, const Tree& tree, const std::string& text,
                   const Tree* repeated_over) {
  return Search(text, repeated_over).in(tree, module);
}

}  // namespace lf
