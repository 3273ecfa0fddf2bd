// SPDX-License-Identifier: Apache-2.0
// What each macro is for, and how functions and macros are written down for readers.
#include "lang/functions.h"

namespace lf::cel {

std::span<const MacroDoc> macro_docs() {
  static constexpr MacroDoc kMacros[] = {
      {"map", "list.map(x, expression) list", "A list of what the expression gives for each.",
       true},
      {"filter", "list.filter(x, condition) list", "Those for which the condition holds.", true},
      {"all", "list.all(x, condition) bool", "Whether the condition holds for all.", true},
      {"exists", "list.exists(x, condition) bool", "Whether it holds for one at least.", true},
      {"exists_one", "list.exists_one(x, condition) bool", "Whether it holds for exactly one.",
       true},
      {"sortBy", "list.sortBy(x, key) list", "Sorted by what the expression gives for each.", true},
      {"transformList", "map.transformList(k, v, expression) list",
       "A list from keys and values; of a list, from indexes and elements.", true},
      {"transformMap", "map.transformMap(k, v, expression) map",
       "The map with other values; of a list, a map by index.", true},
      {"transformMapEntry", "map.transformMapEntry(k, v, {key: value}) map",
       "A map of other keys and values.", true},
      {"optMap", "optional.optMap(x, expression) optional", "Of what it holds, if it holds one.",
       true},
      {"optFlatMap", "optional.optFlatMap(x, optional) optional",
       "The expression's own optional, if it holds one.", true},
      {"has", "has(a.b) bool", "Whether a field is there.", false},
      {"cel.bind", "cel.bind(name, value, expression)", "Gives a value a name in an expression.",
       false},
      {"cel.block", "cel.block([values], expression)",
       "Gives several values the names @index0, @index1 and so on.", false},
  };
  return kMacros;
}

std::vector<std::string> function_forms(std::string_view name) {
  std::vector<std::string> out;
  for (const MacroDoc& macro : macro_docs()) {
    if (macro.name == name) out.emplace_back(macro.form);
  }
  const Function* function = find_function(name);
  if (function == nullptr) return out;
  for (const Overload& one : overloads(*function)) {
    std::string text(name);
    if (one.method) text = one.parameters.front().to_string() + "." + text;
    text += "(";
    for (size_t i = one.method ? 1 : 0; i < one.parameters.size(); ++i) {
      if (!text.ends_with('(')) text += ", ";
      text += one.parameters[i].to_string();
    }
    out.push_back(text + (one.variadic ? "…" : "") + ") " + one.result.to_string());
  }
  return out;
}

std::string_view function_doc(std::string_view name) {
  for (const MacroDoc& macro : macro_docs()) {
    if (macro.name == name) return macro.doc;
  }
  const Function* function = find_function(name);
  return function == nullptr ? std::string_view() : function->doc;
}

}  // namespace lf::cel
