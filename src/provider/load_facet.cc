// SPDX-License-Identifier: Apache-2.0
// `facets:`: groups of properties with calls of their own.
#include <fmt/format.h>

#include "provider/loader.h"
#include "provider/loader_words.h"

namespace lf {

void Loader::facets(const LoadNode& node, ResourceType& out) {
  if (!want(node, LoadNode::Kind::map, "facets")) return;
  for (const LoadNode::Entry& entry : node.entries) facet(entry, out);
}

void Loader::facet(const LoadNode::Entry& entry, ResourceType& out) {
  const LoadNode& node = entry.value;
  Facet one;
  one.name = entry.key;
  one.span = entry.key_span;
  if (!keys(node, entry.key,
            {"apply", "reset", "read", "each", "add", "change", "remove", "batch", "order", "late",
             "preexisting"})) {
    return;
  }
  text(node, "each", one.each);
  number(node, "batch", one.batch, 1, 10'000);
  word<bool>(node, "order", one.remove_first, {{"add_first", false}, {"remove_first", true}});
  flag(node, "late", one.late);
  flag(node, "preexisting", one.preexisting);

  const NameScope plain = call_scope();
  NameScope element = call_scope({"element", "prior_element", "elements", "key"});
  if (!one.each.empty()) {
    known_property(one.each, node.find("each")->span);
    element.element = out.property(one.each);
    const bool listed =
        element.element != nullptr &&
        (element.element->type.kind() == Type::Kind::map || !element.element->key.empty());
    if (element.element != nullptr && !listed) {
      error(Code::LF0922, node.find("each")->span,
            fmt::format("`{}` has no `key`: its elements cannot be told apart", one.each));
    }
  }
  const auto load = [&](const char* key, const NameScope& scope, Verb& verb_out) {
    if (const LoadNode* call_node = node.find(key)) {
      verb_out = verb(*call_node, key, CallPlace::write, scope);
    }
  };
  load("apply", plain, one.apply);
  load("reset", plain, one.reset);
  load("add", element, one.add);
  load("change", element, one.change);
  load("remove", element, one.remove);
  if (const LoadNode* read = node.find("read")) {
    facet_read(*read, out, one.read);
  }
  const bool by_element = node.find("each") != nullptr;
  const bool elements = node.find("add") != nullptr || node.find("remove") != nullptr ||
                        node.find("change") != nullptr;
  if (by_element ? !elements : node.find("apply") == nullptr) {
    error(Code::LF0922, entry.key_span,
          by_element ? fmt::format("`{}` has no call for its elements", one.name)
                     : fmt::format("`{}` has neither `apply` nor `each`", one.name));
  }
  if (!by_element && elements) {
    error(Code::LF0922, entry.key_span,
          fmt::format("`{}` has calls for elements, but no `each`", one.name));
  }
  out.facets.push_back(std::move(one));
}

void Loader::facet_read(const LoadNode& node, const ResourceType& type, FacetRead& out) {
  if (node.kind == LoadNode::Kind::scalar) {
    const Facet* other = type.facet(node.text);
    if (other == nullptr || !other->read.call.valid() || !other->read.with.empty()) {
      error(Code::LF0906, node.span,
            fmt::format("no facet above has a call `{}` that could show this one too", node.text));
      return;
    }
    out = other->read;
    out.with = other->name;
    return;
  }
  // A call for many things knows none of them.
  NameScope scope = call_scope({"key"});
  const LoadNode* owner = node.find("owner");
  if (owner != nullptr) {
    scope.roots = {"ids", "account", "region", "partition", "dns_suffix"};
  }
  if (!call(node, "read", CallPlace::read, scope, out.call,
            {"item", "items", "each", "ids", "detail", "owner", "ids_max", "page"})) {
    return;
  }
  path(node, "item", out.item);
  path(node, "items", out.item);
  path(node, "each", out.each);
  path(node, "ids", out.ids);
  path(node, "owner", out.owner);
  if (node.find("page") != nullptr) out.one_page = page(node.find("page"), service_).none;
  number(node, "ids_max", out.ids_max, 1, 100'000);
  if (owner != nullptr) required(node, "items", "read");
  if (owner == nullptr && node.find("ids_max") != nullptr) required(node, "owner", "read");
  out.ids_as = "key";
  const LoadNode* detail = node.find("detail");
  if (detail == nullptr) {
    if (!out.ids.empty()) required(node, "detail", "read");
    return;
  }
  if (out.ids.empty()) required(node, "ids", "read");
  call(*detail, "detail", CallPlace::read, scope, out.detail, {"item"});
  path(*detail, "item", out.detail_item);
}

}  // namespace lf
