// SPDX-License-Identifier: Apache-2.0
// What an expression refers to, found in its tree.
#pragma once

#include <vector>

#include "lang/ast.h"
#include "lang/expression.h"

namespace lf::cel {

std::vector<Reference> find_references(const Expr& root);
// `int`, `google.protobuf.Duration`, `net.IP`: names that stand for types unless something else
// has that name.
bool is_type_name(std::string_view name);

}  // namespace lf::cel
