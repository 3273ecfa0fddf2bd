// SPDX-License-Identifier: Apache-2.0
// `cost:` of a spec: what is used each month, for the cost of it. Constants: nothing is made of
// them.
#include "spec/policy.h"
#include "spec/read_node.h"
#include "spec/words.h"

namespace lf {

std::vector<UsageDecl> parse_usage(const Node& root, Diagnostics& diagnostics) {
  std::vector<UsageDecl> out;
  const Node cost = root.find("cost");
  if (!cost || cost.is_null() || cost.is_poisoned()) return out;
  if (!cost.is_map()) {
    diagnostics.add(Code::LF0203, cost.span(), "`cost` must be a map");
    return out;
  }
  only_keys(cost, word_names(SpecPart::cost), "`cost`", diagnostics);
  const Node usage = cost.find("usage");
  if (!usage || usage.is_null()) return out;
  if (!usage.is_map()) {
    diagnostics.add(Code::LF0203, usage.span(), "`usage` must be a map of addresses");
    return out;
  }
  for (size_t i = 0; i < usage.size(); ++i) {
    const Node::Entry place = usage.entry(i);
    if (!place.value.is_map()) {
      diagnostics.add(Code::LF0203, place.value.span(),
                      "the usage of an address is a map, such as `{storage: 100GiB}`");
      continue;
    }
    for (size_t j = 0; j < place.value.size(); ++j) {
      const Node::Entry one = place.value.entry(j);
      const std::string text = read_text(one.value, "usage", diagnostics);
      if (text.empty()) continue;
      out.push_back(
          {std::string(place.key.text()), std::string(one.key.text()), text, one.value.span()});
    }
  }
  return out;
}

}  // namespace lf
