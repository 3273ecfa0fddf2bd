// SPDX-License-Identifier: Apache-2.0
// A look-up's file: data/<name>.yaml.
#include <fmt/format.h>

#include "provider/loader.h"
#include "provider/loader_words.h"

namespace lf {

bool Loader::load_data(const LoadNode& file, DataType& out) {
  const size_t before = diagnostics_.error_count();
  const Words sections = {"data",     "doc",    "service", "inputs",  "call", "where",
                          "sort",     "pick",   "none",    "outputs", "pin",  "account_scoped",
                          "optional", "effect", "errors"};
  if (!want(file, LoadNode::Kind::map, "the file")) return false;
  section_order(file, sections);
  keys(file, "data", sections);
  if (required(file, "data", "the file") != nullptr) text(file, "data", out.name);
  if (const LoadNode::Entry* entry = file.entry("data")) out.span = entry->value.span;
  out.package = out.name.substr(0, out.name.find('.'));
  if (required(file, "doc", "data") != nullptr) text(file, "doc", out.doc);
  service_ = out.service = service_of(file);
  self_ = &out.inputs;
  if (const LoadNode* inputs = file.find("inputs")) properties(*inputs, out.inputs, true);
  NameScope scope;
  scope.roots = {"self", "account", "region", "partition", "dns_suffix", "now"};
  if (const LoadNode* node = required(file, "call", "data")) {
    if (call(*node, "call", CallPlace::read, scope, out.call, {"items", "page"})) {
      path(*node, "items", out.items);
      out.page = page(node->find("page"), service_);
    }
  }
  NameScope element = scope;
  element.roots.insert("element");
  expression(file, "where", element, out.where);
  expression(file, "sort", element, out.sort);
  word<DataType::Pick>(file, "pick", out.pick,
                       {{"last", DataType::Pick::last},
                        {"first", DataType::Pick::first},
                        {"only", DataType::Pick::only},
                        {"all", DataType::Pick::all},
                        {"value", DataType::Pick::value}});
  if (const LoadNode* none = file.find("none")) out.none = interpolation(*none, scope);
  if (const LoadNode* outputs = required(file, "outputs", "data")) {
    properties(*outputs, out.outputs, true);
  }
  flag(file, "pin", out.pin);
  flag(file, "account_scoped", out.account_scoped);
  flag(file, "optional", out.optional);
  flag(file, "effect", out.effect);
  if (const LoadNode* node = file.find("errors")) out.errors = errors(*node);
  if (out.service != nullptr) {
    out.errors.insert(out.errors.end(), out.service->errors.begin(), out.service->errors.end());
  }
  if (out.pick != DataType::Pick::value && out.items.empty() && file.find("call") != nullptr) {
    required(*file.find("call"), "items", "call");
  }
  for (const Property& input : out.inputs) {
    if (input.wire.empty() && !input.local && file.find("inputs")->find(input.name) != nullptr) {
      input_uses_.emplace_back(input.name, input.span);
    }
  }
  check_names();
  for (const auto& [name, span] : input_uses_) {
    if (used_properties_.contains(name)) continue;
    error(Code::LF0908, span, fmt::format("`{}` never reaches the cloud", name));
  }
  self_ = nullptr;
  return diagnostics_.error_count() == before;
}

}  // namespace lf
