// SPDX-License-Identifier: Apache-2.0
// What is said of declarations that cannot be, with what to write instead.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "lang/type.h"
#include "provider/package.h"
#include "spec/module.h"

namespace lf {

// Whether an input of a module of this kind would hide what its expressions know by that name.
bool hides_a_root(std::string_view name, ModuleKind kind);
// LF0202: `of` lacks `name`, which is of that type.
void report_missing(Span span, const std::string& of, const std::string& name, const Type& type,
                    const std::string& doc, Diagnostics& diagnostics);
// LF0205: there is no such type among `names`. `what`: "resource" or "look-up".
void report_unknown_type(Span span, const std::string& type, const std::vector<std::string>& names,
                         std::string_view what, Packages& packages, Diagnostics& diagnostics);

}  // namespace lf
