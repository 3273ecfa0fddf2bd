// SPDX-License-Identifier: Apache-2.0
#include "graph/ask.h"

#include "graph/context.h"

namespace lf {

namespace {

// Fields are computed when they are asked for, so all of them while the source is at hand.
Value settled(const Value& value) {
  if (!value.is_object()) return value;
  Map out;
  for (const std::string& key : value.as_object()->keys()) {
    auto field = value.as_object()->get(key);
    if (!field || field->is_unset()) continue;
    if (field->is_object()) {
      const auto identity = field->as_object()->identity();
      field = identity ? *identity : Value("(" + field->as_object()->type_name() + ")");
    }
    if (field->is_error()) field = Value("(error: " + field->error_message() + ")");
    out.set(key, std::move(*field));
  }
  return Value(std::move(out));
}

}  // namespace

Value ask(const Graph& graph, const cel::Expression& expression, const AttributeSource& source) {
  const Graph::Context& context = *graph.context;
  const SourceScope use(context, source);
  const Scope root{context.root.get(), nullptr};
  return settled(cel::evaluate(expression, ScopeActivation(context, root)));
}

std::vector<std::string> askable_names(const Graph& graph) {
  return graph.context->root_names(Scope{graph.context->root.get(), nullptr});
}

}  // namespace lf
