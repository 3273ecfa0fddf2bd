// SPDX-License-Identifier: Apache-2.0
// What the names in an expression of a module refer to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "editor/symbols.h"
#include "lang/ast.h"

namespace lf::editor {

class ExpressionNames {
 public:
  ExpressionNames(Checked& root, const Module& module);
  // Adds an occurrence for each name that stands for a symbol and lies in `source`.
  void find(const cel::Expression& expression, SourceId source, std::vector<Occurrence>& out) const;

  const std::string& scope() const { return scope_; }
  std::string scope_of(const Module& module) const;
  // The block of the stack's provider, or beside the spec; nullptr: none of that name.
  const Module* block(std::string_view name) const;
  // The module of a use that this module has; nullptr: none, or it does not load.
  const Module* called(std::string_view block, std::string_view key) const;

 private:
  struct Step {
    std::string name;
    Span span;
    NameForm form;
  };
  void walk(const cel::Expression& expression, const cel::Expr& expr, SourceId source,
            std::vector<Occurrence>& out) const;
  bool chain(const cel::Expression& expression, const cel::Expr& expr,
             std::vector<Step>& steps) const;
  void refer(const std::vector<Step>& steps, SourceId source, std::vector<Occurrence>& out) const;
  void outputs(const ModuleCall* call, const std::vector<Step>& steps, size_t at, SourceId source,
               std::vector<Occurrence>& out) const;
  const ModuleCall* call(std::string_view block, std::string_view key) const;

  Checked& root_;
  const Module& module_;
  std::string scope_;
};

}  // namespace lf::editor
