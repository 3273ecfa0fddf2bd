// SPDX-License-Identifier: Apache-2.0
// The types of all expressions, inferred before anything is evaluated: unknown names, fields and
// functions, and values that do not fit where they go, each at its place inside `${…}`.
#pragma once

#include "graph/graph.h"
#include "lang/expression.h"

namespace lf {

// Goes over the spec and every module that it uses, each once. Reports LF0202 (an input whose
// default needs a block that the spec does not have), LF0204 and LF0305 (a value of the wrong
// type), LF0302 to LF0304 (unknown names, fields, functions), LF0402 (locals that need themselves)
// and LF0405 (conditions and repetitions of the wrong type). What passes may still fail when it is
// evaluated; what is reported here would only be reported again.
void check_types(const Spec& spec, ModuleLibrary& modules, Packages& packages,
                 Diagnostics& diagnostics);

// The type of one expression in the scope of the spec itself; what is wrong is reported.
Type check_asked(const Spec& spec, ModuleLibrary& modules, Packages& packages,
                 const cel::Expression& expression, Diagnostics& diagnostics);

}  // namespace lf
