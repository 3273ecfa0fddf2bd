// SPDX-License-Identifier: Apache-2.0
// A package's backends/<word>.yaml.
#include <fmt/format.h>

#include "provider/loader.h"
#include "provider/loader_words.h"
#include "provider/state_store.h"

namespace lf {

void Loader::state_store_calls(const LoadNode& node, StateStore& out) {
  if (!keys(node, "calls", {"list", "get", "create", "put", "remove"})) return;
  NameScope scope;
  scope.roots = {"self", "name", "account", "region", "partition", "dns_suffix"};
  NameScope with_body = scope;
  with_body.roots.insert("body");
  if (const LoadNode* list = required(node, "list", "calls");
      list != nullptr &&
      call(*list, "list", CallPlace::read, scope, out.list, {"items", "name", "page"})) {
    for (const char* key : {"items", "name"}) required(*list, key, "list");
    path(*list, "items", out.items);
    path(*list, "name", out.item_name);
    out.page = page(list->find("page"), nullptr);
  }
  if (const LoadNode* get = required(node, "get", "calls"))
    call(*get, "get", CallPlace::read, scope, out.get);
  if (const LoadNode* create = required(node, "create", "calls");
      create != nullptr &&
      call(*create, "create", CallPlace::write, with_body, out.create, {"exists_on"})) {
    required(*create, "exists_on", "create");
    texts(*create, "exists_on", out.exists_on);
  }
  if (const LoadNode* put = required(node, "put", "calls"))
    call(*put, "put", CallPlace::write, with_body, out.put);
  if (const LoadNode* remove = required(node, "remove", "calls"))
    call(*remove, "remove", CallPlace::write, scope, out.remove);
  // Each is told by its name alone, or by what it holds: sent again it does no harm.
  for (const Call* one : {&out.create, &out.put, &out.remove}) {
    if (one->valid() && !one->idempotent)
      error(Code::LF0903, one->span, fmt::format("`{}` must be `idempotent: true`", one->action));
  }
}

bool Loader::load_state_store(const LoadNode& file, StateStore& out) {
  const size_t before = diagnostics_.error_count();
  const Words sections = {"backend",  "doc",   "service", "shown",
                          "settings", "lease", "calls",   "explain"};
  if (!want(file, LoadNode::Kind::map, "the file")) return false;
  section_order(file, sections);
  keys(file, "backend", sections);
  if (required(file, "backend", "the file") != nullptr) text(file, "backend", out.name);
  if (const LoadNode::Entry* entry = file.entry("backend")) out.span = entry->value.span;
  if (required(file, "doc", "backend") != nullptr) text(file, "doc", out.doc);
  service_ = out.service = service_of(file);
  self_ = &out.settings;
  if (const LoadNode* settings = required(file, "settings", "backend"))
    properties(*settings, out.settings, true);
  // The engine puts objects below `key`, and reaches the service in `region`.
  for (const char* key : {"key", "region"}) {
    if (const LoadNode* settings = file.find("settings")) required(*settings, key, "settings");
  }
  NameScope scope;
  scope.roots = {"self", "account", "region", "partition", "dns_suffix"};
  if (const LoadNode* shown = required(file, "shown", "backend")) {
    if (auto text_of = interpolation(*shown, scope)) out.shown = std::move(*text_of);
  }
  if (const LoadNode* lease = file.find("lease");
      lease != nullptr && keys(*lease, "lease", {"length", "renew", "request"})) {
    duration(*lease, "length", out.lease);
    duration(*lease, "renew", out.renew);
    duration(*lease, "request", out.request);
    if (out.renew.seconds * 2 > out.lease.seconds)
      error(Code::LF0903, lease->span, "`renew` must be at most half of `length`");
  }
  if (const LoadNode* calls = required(file, "calls", "backend")) state_store_calls(*calls, out);
  templates(file, "explain", scope, out.explain);
  check_names();
  self_ = nullptr;
  return diagnostics_.error_count() == before;
}

}  // namespace lf
