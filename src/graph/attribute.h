// SPDX-License-Identifier: Apache-2.0
// What `resource.field` is while the resource is only planned.
#pragma once

#include <optional>
#include <string_view>

#include "graph/graph.h"

namespace lf {

// Of a resource that does not exist yet, or will be replaced: what `self` says, what derives from
// it, else an Unknown with origin "<address>.<field>". nullopt: the type has no such field.
std::optional<Value> attribute_before_create(const Graph& graph, GraphId node, const Map& self,
                                             std::string_view field);

}  // namespace lf
