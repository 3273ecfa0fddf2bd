// SPDX-License-Identifier: Apache-2.0
// What names mean at a place inside an expression: the module's names, `each` where something is
// repeated, `this` in checks, and the variables of macros around the cursor.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "editor/check.h"
#include "editor/place.h"
#include "lang/lexer.h"

namespace lf::editor {

class ExpressionScope final : public cel::TypeScope {
 public:
  // `module` is that of the file; `place` says whether something is repeated there.
  ExpressionScope(Checked& root, const Module& module, const Place& place);
  std::optional<Type> type_of(std::string_view name) const override;
  std::vector<std::string> names() const override;  // all, also those that ModuleScope leaves out

  // The type of an expression here; any where it does not parse or makes no sense.
  Type type_of_text(std::string_view text) const;
  // Adds the variables of macros whose bracket is still open at the end of `before`.
  void bind_macros(std::string_view before);

 private:
  Checked& root_;
  const Module& module_;
  ModuleScope& outer_;
  std::map<std::string, Type, std::less<>> bound_;
};

// The text of the chain (`a.b[0].f(x)`) that ends where `before` ends; "" where none does.
std::string_view chain_before(std::string_view before);

bool is_macro_of_values(std::string_view name);  // called on a list or a map

}  // namespace lf::editor
