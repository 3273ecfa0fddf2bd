// SPDX-License-Identifier: Apache-2.0
#include "graph/attribute.h"

#include "graph/context.h"

namespace lf {

std::optional<Value> attribute_before_create(const Graph& graph, GraphId id, const Map& self,
                                             std::string_view field) {
  const GraphNode& node = graph.nodes[id];
  const std::string origin = node.address + "." + std::string(field);
  if (field == "id") {
    if (node.type->id_derive && !node.type->id_joins) {
      Value derived = derive_value(*graph.context, node, *node.type->id_derive, self);
      if (!derived.is_error() && !derived.is_unset()) return derived;
    }
    return Value(Unknown{"string", {origin}, false});
  }
  const Property* property = node.type->property(field);
  if (property == nullptr) return std::nullopt;
  if (const Value* given = self.find(field)) return *given;
  if (property->derive) {
    Value derived = derive_value(*graph.context, node, *property->derive, self);
    if (!derived.is_error() && !derived.is_unset()) return derived;
  }
  if (property->computed || property->absent == Absent::server) {
    return Value(Unknown{property->type.to_string(), {origin}, property->secret});
  }
  return Value();
}

}  // namespace lf
