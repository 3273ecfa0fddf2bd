// SPDX-License-Identifier: Apache-2.0
#include "spec/read_node.h"

#include <algorithm>

#include "base/strings.h"
#include "spec/load.h"

namespace lf {

void only_keys(const Node& node, const std::vector<std::string>& known, const std::string& what,
               Diagnostics& diagnostics) {
  for (size_t i = 0; i < node.size(); ++i) {
    const Node key = node.entry(i).key;
    const std::string name(key.text());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    auto& d = diagnostics.add(Code::LF0201, key.span(), "`" + name + "` is no key of " + what);
    const std::string near = nearest(name, known);
    if (!near.empty())
      d.fixes.push_back({"did you mean `" + near + "`?", key.span(), near, false});
    else
      d.help.push_back("known here: " + join(known, ", "));
  }
}

std::string one_of(const Node& node, const std::vector<std::string>& known, const std::string& what,
                   Diagnostics& diagnostics) {
  const auto text = node.as_text();
  if (text && std::find(known.begin(), known.end(), *text) != known.end())
    return std::string(*text);
  const std::string given(text.value_or(""));
  auto& d = diagnostics.add(Code::LF0203, node.span(),
                            given.empty() ? "`" + what + "` must be text"
                                          : "`" + given + "` is no value of `" + what + "`");
  const std::string near = nearest(given, known);
  if (!near.empty())
    d.fixes.push_back({"did you mean `" + near + "`?", node.span(), near, false});
  else
    d.help.push_back("it takes: " + join(known, ", "));
  return "";
}

std::string read_text(const Node& node, const std::string& what, Diagnostics& diagnostics) {
  if (auto text = node.as_text()) return std::string(*text);
  diagnostics.add(Code::LF0203, node.span(), "`" + what + "` must be text");
  return "";
}

std::vector<PlacedText> read_texts(const Node& node, const std::string& what,
                                   Diagnostics& diagnostics) {
  std::vector<PlacedText> out;
  if (node.is_null()) return out;
  if (auto one = node.as_text()) return {{std::string(*one), node.span()}};
  if (!node.is_list()) {
    diagnostics.add(Code::LF0203, node.span(), "`" + what + "` must be a text or a list of texts");
    return out;
  }
  for (size_t i = 0; i < node.size(); ++i) {
    const Node item = node.item(i);
    std::string text = read_text(item, what, diagnostics);
    if (!text.empty()) out.push_back({std::move(text), item.span()});
  }
  return out;
}

namespace {

// The text of a bare expression as one `${…}`, each byte still at its own place.
TextMap bare_map(const Node& node, size_t size) {
  const TextMap map = node.text_map();
  TextMap out(node.span().source);
  out.add_run(0, map.span(0, 0).begin, false);
  for (uint32_t i = 0; i < size; ++i) out.add_run(i + 2, map.span(i, i + 1).begin, true);
  return out;
}

}  // namespace

std::optional<Tree> read_condition(const Node& node, const std::string& what,
                                   Diagnostics& diagnostics) {
  const auto text = node.as_text();
  if (!text) {
    diagnostics.add(Code::LF0203, node.span(), "`" + what + "` must be a condition such as `${…}`");
    return std::nullopt;
  }
  const bool wrapped = cel::Interpolation::has_expression(*text);
  auto parsed = wrapped ? cel::Interpolation::parse(*text, node.text_map(), diagnostics)
                        : cel::Interpolation::parse("${" + std::string(*text) + "}",
                                                    bare_map(node, text->size()), diagnostics);
  if (!parsed) return std::nullopt;
  if (!parsed->is_single()) {
    diagnostics.add(Code::LF0203, node.span(), "a condition stands alone in one `${…}`");
    return std::nullopt;
  }
  Tree out;
  out.kind = Tree::Kind::scalar;
  out.span = node.span();
  out.text = std::make_shared<const cel::Interpolation>(std::move(*parsed));
  return out;
}

}  // namespace lf
