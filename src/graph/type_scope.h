// SPDX-License-Identifier: Apache-2.0
// What names mean to the checker of types, module by module: the twin of scope.cc, which gives
// their values.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "lang/expression.h"

namespace lf {

class ModuleScope;

// What all scopes of a check share.
struct TypeWorld {
  const Spec& spec;
  ModuleLibrary& library;
  Packages& packages;
  Diagnostics& diagnostics;
  std::vector<std::unique_ptr<ModuleScope>> scopes;

  // The scope of a module as used with a kind of provider; made once. `root` is nullptr for the
  // spec's own.
  ModuleScope& scope(const Module& module, const std::string& kind, ModuleScope* root);
  const Module* module_of(const ModuleCall& call, const ModuleScope& caller);
  std::string kind_of(const ModuleCall& call, const ModuleScope& caller) const;
};

class ModuleScope : public cel::TypeScope {
 public:
  ModuleScope(TypeWorld& world, const Module& module, std::string kind, ModuleScope* root)
      : world_(world), module_(module), kind_(std::move(kind)), root_(root) {}

  const Module& module() const { return module_; }
  const std::string& kind() const { return kind_; }
  ModuleScope& root() { return root_ == nullptr ? *this : *root_; }
  // nullopt: no such name. Types of locals, resources and blocks are inferred at the first asking.
  std::optional<Type> type_of(std::string_view name) const override;
  std::vector<std::string> names() const override;
  // The name of a block that the provider has and the spec does not use, in a block's own module.
  bool is_absent_block(std::string_view name) const;
  Type infer(const Tree& tree) const;
  Type outputs() const;  // an object of them

  bool used = false;  // called from somewhere that is checked

 private:
  std::optional<Type> builtin(std::string_view name) const;
  Type locals() const;
  void infer_local(const Tree::Entry& local) const;
  Type resources() const;
  Type data() const;
  std::optional<Type> block(std::string_view name) const;  // of this module's calls
  Type instance_type(const ModuleCall& call) const;

  TypeWorld& world_;
  const Module& module_;
  std::string kind_;
  ModuleScope* root_;
  mutable std::optional<Type> locals_, resources_, data_, inputs_, outputs_;
  mutable std::map<std::string, std::optional<Type>, std::less<>> blocks_;
  mutable std::map<std::string, Type, std::less<>> local_types_;
  mutable std::vector<std::string> inferring_;  // locals under way, for circles
  mutable bool outputs_running_ = false;
};

// A scope with `each`, for what is repeated over a value of type `over`.
class EachScope : public cel::TypeScope {
 public:
  EachScope(const ModuleScope& outer, const Type& over);
  std::optional<Type> type_of(std::string_view name) const override {
    return name == "each" ? std::optional<Type>(each_) : outer_.type_of(name);
  }
  std::vector<std::string> names() const override;

 private:
  const ModuleScope& outer_;
  Type each_;
};

// The type of a tree; what is wrong in its expressions is reported.
Type infer_type(const Tree& tree, const cel::TypeScope& scope, Diagnostics& diagnostics);
// By type alone: what is written as text may become all that has a form in text, and a block
// stands for its `id`.
bool may_stand(const Type& given, const Type& wanted);
// The expression's own place where a scalar is nothing but one, else all of it.
Span place_of(const Tree& tree);
std::string with_article(const std::string& type);

}  // namespace lf
