// SPDX-License-Identifier: Apache-2.0
// A package's adopt.yaml.
#include <fmt/format.h>

#include "provider/adoption.h"
#include "provider/loader.h"

namespace lf {

void Loader::foreign_type(const LoadNode::Entry& entry, AdoptionFacts& out) {
  const LoadNode& node = entry.value;
  if (!keys(node, entry.key, {"type", "within", "reason", "id", "unseen"})) return;
  ForeignType type;
  text(node, "type", type.type);
  text(node, "within", type.within);
  text(node, "reason", type.reason);
  const int given =
      (type.type.empty() ? 0 : 1) + (type.within.empty() ? 0 : 1) + (type.reason.empty() ? 0 : 1);
  if (given != 1) {
    error(Code::LF0904, node.span,
          fmt::format("`{}` needs exactly one of `type`, `within` and `reason`", entry.key));
    return;
  }
  for (const char* key : {"type", "within"}) {
    const LoadNode* name = node.find(key);
    if (name != nullptr && name->text != "*") type_references.emplace_back(name->text, name->span);
  }
  NameScope scope;
  scope.roots = {"attributes"};
  expression(node, "id", scope, type.id);
  if (const LoadNode* unseen = node.find("unseen");
      unseen != nullptr && want(*unseen, LoadNode::Kind::map, "unseen")) {
    for (const LoadNode::Entry& one : unseen->entries) {
      if (auto when = expression(one.value, scope))
        type.unseen.emplace_back(one.key, std::move(*when));
      out.specs[type.type].places.emplace_back(one.key, one.key_span);
    }
  }
  if (!type.within.empty() && !type.id) required(node, "id", entry.key);
  out.types[entry.key] = std::move(type);
}

void Loader::written_spec(const LoadNode::Entry& entry, AdoptionFacts& out) {
  const LoadNode& node = entry.value;
  type_references.emplace_back(entry.key, entry.key_span);
  if (!keys(node, entry.key, {"leave_out", "usual"})) return;
  WrittenSpec& spec = out.specs[entry.key];
  texts(node, "leave_out", spec.leave_out);
  if (const LoadNode* list = node.find("leave_out"); list != nullptr && list->is_list()) {
    for (const LoadNode& name : list->items) spec.places.emplace_back(name.text, name.span);
  }
  NameScope scope;
  scope.roots = {"account", "region", "partition", "dns_suffix"};
  templates(node, "usual", scope, spec.usual);
  if (const LoadNode* usual = node.find("usual"); usual != nullptr) {
    for (const LoadNode::Entry& one : usual->entries)
      spec.places.emplace_back(one.key, one.key_span);
  }
}

bool Loader::load_adoption(const LoadNode& file, AdoptionFacts& out) {
  const size_t before = diagnostics_.error_count();
  if (!want(file, LoadNode::Kind::map, "the file")) return false;
  keys(file, "adopt.yaml", {"tfstate", "specs"});
  if (const LoadNode* state = file.find("tfstate");
      state != nullptr && keys(*state, "tfstate", {"providers", "place", "types"})) {
    texts(*state, "providers", out.providers);
    NameScope scope;
    scope.roots = {"attributes"};
    if (const LoadNode* place = state->find("place");
        place != nullptr && keys(*place, "place", {"account", "region"})) {
      expression(*place, "account", scope, out.account);
      expression(*place, "region", scope, out.region);
    }
    const LoadNode* types = required(*state, "types", "tfstate");
    if (types != nullptr && want(*types, LoadNode::Kind::map, "types")) {
      for (const LoadNode::Entry& entry : types->entries) foreign_type(entry, out);
    }
  }
  if (const LoadNode* specs = file.find("specs");
      specs != nullptr && want(*specs, LoadNode::Kind::map, "specs")) {
    for (const LoadNode::Entry& entry : specs->entries) written_spec(entry, out);
  }
  check_names();
  return diagnostics_.error_count() == before;
}

}  // namespace lf
