// SPDX-License-Identifier: Apache-2.0
#include "spec/load.h"

namespace lf {

Tree parse_tree(const Node& node, Diagnostics& diagnostics) {
  Tree out;
  out.span = node.span();
  if (node.is_poisoned()) {
    out.constant = Value::error("\x01poisoned");
    return out;
  }
  switch (node.kind()) {
    case NodeKind::null: break;
    case NodeKind::scalar: {
      const std::string_view text = node.text();
      if (!cel::Interpolation::has_expression(text)) {
        out.plain = node.is_plain();
        out.constant = node.to_value();
        break;
      }
      auto parsed = cel::Interpolation::parse(text, node.text_map(), diagnostics);
      if (!parsed) {
        out.constant = Value::error("\x01poisoned");
        break;
      }
      const bool literal = parsed->parts().size() <= 1 &&
                           (parsed->parts().empty() || !parsed->parts()[0].expression);
      if (literal) {
        out.constant = Value(parsed->parts().empty() ? std::string() : parsed->parts()[0].text);
        break;
      }
      out.kind = Tree::Kind::scalar;
      out.text = std::make_shared<const cel::Interpolation>(std::move(*parsed));
      break;
    }
    case NodeKind::list:
      out.kind = Tree::Kind::list;
      out.items.reserve(node.size());
      for (size_t i = 0; i < node.size(); ++i) {
        out.items.push_back(parse_tree(node.item(i), diagnostics));
      }
      break;
    case NodeKind::map:
      out.kind = Tree::Kind::map;
      out.entries.reserve(node.size());
      for (size_t i = 0; i < node.size(); ++i) {
        const Node::Entry entry = node.entry(i);
        if (cel::Interpolation::has_expression(entry.key.text())) {
          diagnostics.add(Code::LF0212, entry.key.span(), "a key may not be an expression",
                          "keys are read before anything is evaluated");
          continue;
        }
        out.entries.push_back({std::string(entry.key.text()), entry.key.span(),
                               parse_tree(entry.value, diagnostics)});
      }
      break;
  }
  return out;
}

}  // namespace lf
