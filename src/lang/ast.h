// SPDX-License-Identifier: Apache-2.0
// The tree of one expression. Macros are already expanded: `l.map(x, …)` is a comprehension node
// and each use of `x` a `local` with the number of its slot, so that evaluation needs no names.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/value.h"

namespace lf::cel {

struct Function;  // functions.h

enum class Macro : uint8_t {
  none,
  all,
  exists,
  exists_one,
  map,
  filter,  // one variable, or two (`slot2` used)
  transform_list,
  transform_map,
  transform_map_entry,
  opt_map,
  opt_flat_map,
  sort_by,
};

struct Expr {
  enum class Kind : uint8_t {
    literal,      // value
    ident,        // name, from the activation (flag absolute: `.name`)
    local,        // slot: bound by a macro
    select,       // args[0].name (flag optional: `.?`)
    index,        // args[0][args[1]] (flag optional: `[?`)
    has,          // has(args[0].name)
    call,         // function name over args (flag method: args[0] is the receiver)
    list,         // args; optional_args marks `?x`
    map,          // args: key, value, key, value …; optional_args has one entry a pair
    message,      // name{fields[i]: args[i]}
    logical_and,  // two or more args
    logical_or,
    ternary,
    comprehension,  // macro; args[0] the range, args[1] the body or filter, args[2] what it makes
    bind,           // args[0] goes to slot, args[1] is the result
    block,          // args go to slot, slot+1 …; the last is the result
  };

  Kind kind = Kind::literal;
  Macro macro = Macro::none;
  bool optional = false;
  bool method = false;
  bool absolute = false;
  bool two_variables = false;
  uint16_t height = 1;  // of the tree below, itself included
  uint16_t slot = 0;    // local, bind, block; a comprehension's first variable
  uint32_t begin = 0;   // in the expression's text
  uint32_t end = 0;
  uint32_t name_begin = 0;  // of the field, function or operator; its end for messages
  uint32_t name_end = 0;
  std::string name;
  Value value;
  const Function* function = nullptr;  // nullptr: no function has that name
  std::vector<std::unique_ptr<Expr>> args;
  std::vector<bool> optional_args;  // empty: none is optional
  std::vector<std::string> fields;  // message
};

using ExprPtr = std::unique_ptr<Expr>;

// The dotted name that `expr` spells ("a.b.c"), if it is nothing but names; else "".
std::string qualified_name(const Expr& expr);

}  // namespace lf::cel
