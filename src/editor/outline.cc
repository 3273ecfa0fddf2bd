// SPDX-License-Identifier: Apache-2.0
#include "editor/outline.h"

#include <algorithm>

#include "yaml/reader.h"

namespace lf::editor {

namespace {

struct Part {
  std::string_view key;
  OutlineKind kind;  // of what is in it
};
constexpr Part kParts[] = {
    {"variables", OutlineKind::variable},  {"inputs", OutlineKind::variable},
    {"locals", OutlineKind::constant},     {"data", OutlineKind::object},
    {"resources", OutlineKind::object},    {"modules", OutlineKind::module},
    {"files", OutlineKind::object},        {"outputs", OutlineKind::field},
    {"environments", OutlineKind::module}, {"providers", OutlineKind::object},
};

std::string detail_of(const Node& value) {
  if (value.is_map()) {
    for (const char* key : {"type", "use", "value"}) {
      const Node found = value.find(key);
      if (found && found.is_scalar()) return std::string(found.text());
    }
    return "";
  }
  return value.is_scalar() ? std::string(value.text().substr(0, 80)) : "";
}

OutlineItem item(const Node::Entry& entry, OutlineKind kind) {
  OutlineItem out;
  out.name = std::string(entry.key.text());
  out.detail = detail_of(entry.value);
  out.kind = kind;
  out.key = entry.key.span();
  out.all = out.key;
  // An alias has its value elsewhere.
  const Span value = entry.value.span();
  if (value.source == out.key.source && value.begin >= out.key.end) out.all.end = value.end;
  return out;
}

}  // namespace

std::vector<OutlineItem> outline(std::string_view text) {
  Sources sources;
  SyntaxTree tree(sources);
  Diagnostics silent;
  const Node root = read_yaml(tree, sources.add("", std::string(text)), silent);
  std::vector<OutlineItem> out;
  for (size_t i = 0; i < root.size(); ++i) {
    const Node::Entry entry = root.entry(i);
    if (entry.key.text().empty()) continue;
    const auto part = std::find_if(std::begin(kParts), std::end(kParts),
                                   [&](const Part& p) { return p.key == entry.key.text(); });
    const bool known = part != std::end(kParts);
    OutlineItem one =
        item(entry, known || entry.value.is_map() ? OutlineKind::module : OutlineKind::property);
    for (size_t j = 0; j < entry.value.size() && entry.value.is_map(); ++j) {
      const Node::Entry inner = entry.value.entry(j);
      if (inner.key.text().empty()) continue;
      const OutlineKind kind = known                  ? part->kind
                               : inner.value.is_map() ? OutlineKind::object
                                                      : OutlineKind::property;
      one.children.push_back(item(inner, kind));
      // Merged keys stand elsewhere: what holds them has to span them.
      if (one.children.back().all.begin < one.all.begin ||
          one.children.back().all.end > one.all.end)
        one.children.pop_back();
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace lf::editor
