// SPDX-License-Identifier: Apache-2.0
// The rest of a resource type: ends, errors, blockers, preflight, security, prices, sandbox.
#include <fmt/format.h>

#include "provider/loader.h"
#include "provider/loader_words.h"

namespace lf {

void Loader::tail(const LoadNode& file, ResourceType& out) {
  if (const LoadNode* waits = file.find("waits")) {
    keys(*waits, "waits", {"create", "update", "delete"});
    wait(*waits, "create", out.wait_create);
    wait(*waits, "update", out.wait_update);
    wait(*waits, "delete", out.wait_delete);
  }
  if (const LoadNode* waiting = file.find("pending")) {
    lf::Pending one;
    keys(*waiting, "pending", {"path", "states", "doc", "expires"});
    path(*waiting, "path", one.path);
    texts(*waiting, "states", one.states);
    text(*waiting, "doc", one.doc);
    duration(*waiting, "expires", one.expires);
    for (const char* key : {"path", "states", "doc"}) required(*waiting, key, "pending");
    out.pending = std::move(one);
  }
  if (const LoadNode* ends = file.find("ends")) {
    Ends one;
    keys(*ends, "ends", {"path", "states", "interrupted"});
    path(*ends, "path", one.path);
    texts(*ends, "states", one.states);
    NameScope scope;
    scope.roots = {"item"};
    expression(*ends, "interrupted", scope, one.interrupted);
    if (one.path.empty()) required(*ends, "path", "ends");
    out.ends = std::move(one);
  }
  duration(file, "visible_within", out.visible_within);
  if (const LoadNode* node = required(file, "recovery", "type")) recovery(*node, out);
  if (const LoadNode* node = file.find("errors")) out.errors = errors(*node);
  if (out.service != nullptr) {
    out.errors.insert(out.errors.end(), out.service->errors.begin(), out.service->errors.end());
  }
  if (const LoadNode* node = file.find("blockers")) blockers(*node, out);
  if (const LoadNode* node = file.find("preflight")) preflight(*node, out);
  if (const LoadNode* node = file.find("security")) security(*node, out);
  if (const LoadNode* node = file.find("prices")) check_prices(*node);
  if (const LoadNode* node = file.find("sandbox")) sandbox(*node, out);
}

void Loader::blockers(const LoadNode& node, ResourceType& out) {
  if (!want(node, LoadNode::Kind::list, "blockers")) return;
  for (const LoadNode& item : node.items) {
    Blocker one;
    if (!call(item, "blockers", CallPlace::read, call_scope(), one.call,
              {"items", "where", "id", "owner", "doc"})) {
      continue;
    }
    text(item, "doc", one.doc);
    path(item, "items", one.items);
    path(item, "id", one.id);
    path(item, "owner", one.owner);
    expression(item, "where", call_scope({"element"}), one.where);
    if (one.items.empty()) required(item, "items", "blockers");
    out.blockers.push_back(std::move(one));
  }
}

void Loader::preflight(const LoadNode& node, ResourceType& out) {
  if (!want(node, LoadNode::Kind::list, "preflight")) return;
  for (const LoadNode& item : node.items) {
    Preflight one;
    if (!keys(item, "preflight", {"data", "with", "expect", "message"})) continue;
    text(item, "data", one.data);
    if (const LoadNode* data = required(item, "data", "preflight")) {
      data_references.emplace_back(one.data, data->span);
    }
    NameScope scope;
    scope.roots = {"self", "account", "region", "partition"};
    if (const LoadNode* with = item.find("with")) one.with = tree(*with, scope);
    scope.roots.insert("result");
    if (const LoadNode* expect = required(item, "expect", "preflight")) {
      if (auto parsed = expression(*expect, scope)) one.expect = std::move(*parsed);
    }
    if (const LoadNode* message = required(item, "message", "preflight")) {
      if (auto parsed = interpolation(*message, scope)) one.message = std::move(*parsed);
    }
    out.preflight.push_back(std::move(one));
  }
}

void Loader::security(const LoadNode& node, ResourceType& out) {
  if (!keys(node, "security", {"checks"})) return;
  const LoadNode* checks = node.find("checks");
  if (checks == nullptr || !want(*checks, LoadNode::Kind::list, "checks")) return;
  NameScope scope;
  scope.roots = {"self"};
  for (const LoadNode& item : checks->items) {
    SecurityCheck one;
    if (!keys(item, "checks", {"id", "when", "message"})) continue;
    required(item, "id", "checks");
    text(item, "id", one.id);
    if (const LoadNode* when = required(item, "when", "checks")) {
      if (auto parsed = expression(*when, scope)) one.when = std::move(*parsed);
    }
    if (const LoadNode* message = required(item, "message", "checks")) {
      if (auto parsed = interpolation(*message, scope)) one.message = std::move(*parsed);
    }
    out.security.push_back(std::move(one));
  }
}

void Loader::sandbox_versions(const LoadNode& node, const NameScope& scope, ResourceType& out) {
  const LoadNode* versions = node.find("versions");
  if (versions == nullptr || !keys(*versions, "versions",
                                   {"property", "current", "ids", "key", "list", "items", "read",
                                    "item", "add", "remove", "choose", "shown", "chosen"})) {
    return;
  }
  Sandbox::Versions& to = out.sandbox.versions.emplace();
  for (const char* key : {"property", "current", "ids", "key", "shown"})
    required(*versions, key, "versions");
  text(*versions, "property", to.property);
  text(*versions, "current", to.current);
  for (const char* key : {"property", "current"}) {
    const LoadNode* name = versions->find(key);
    if (name != nullptr && name->is_scalar()) known_property(name->text, name->span);
  }
  text(*versions, "ids", to.ids);
  const LoadNode* ids = versions->find("ids");
  if (ids != nullptr && to.ids.find("{n}") == std::string::npos)
    error(Code::LF0903, ids->span, "`ids` has a `{n}`, where the version's number stands");
  text(*versions, "key", to.key);
  text(*versions, "list", to.list);
  text(*versions, "items", to.items);
  text(*versions, "read", to.read);
  text(*versions, "item", to.item);
  text(*versions, "add", to.add);
  text(*versions, "remove", to.remove);
  text(*versions, "choose", to.choose);
  if (const LoadNode* shown = versions->find("shown")) to.shown = tree(*shown, scope);
  expression(*versions, "chosen", scope, to.chosen);
}

void Loader::sandbox(const LoadNode& node, ResourceType& out) {
  Sandbox& box = out.sandbox;
  if (!keys(node, "sandbox",
            {"id", "computed", "defaults", "fresh", "item", "elements", "answers", "comes_with",
             "restored", "missing_ids_ignored", "names", "versions", "rules", "source"})) {
    return;
  }
  text(node, "id", box.id);
  const NameScope scope =
      call_scope({"input", "parent", "siblings", "referrers", "element", "state", "created", "now",
                  "headers", "token", "index", "version", "versions"});
  templates(node, "computed", scope, box.computed);
  const auto known = [&](const char* key) {
    const LoadNode* map = node.find(key);
    if (map == nullptr || !want(*map, LoadNode::Kind::map, key)) return map;
    for (const LoadNode::Entry& entry : map->entries) known_property(entry.key, entry.key_span);
    return map;
  };
  known("computed");
  if (const LoadNode* defaults = known("defaults")) box.defaults = tree(*defaults, scope);
  if (const LoadNode* fresh = known("fresh")) box.fresh = tree(*fresh, scope);
  if (const LoadNode* item = node.find("item")) box.item = tree(*item, scope);
  if (const LoadNode* restored = known("restored")) box.restored = tree(*restored, scope);
  known("elements");
  templates(node, "elements", scope, box.elements);
  templates(node, "answers", scope, box.answers);
  text(node, "comes_with", box.comes_with);
  if (const LoadNode* with = node.find("comes_with")) known_property(box.comes_with, with->span);
  flag(node, "missing_ids_ignored", box.missing_ids_ignored);
  texts(node, "names", box.names);
  for (const std::string& name : box.names) known_property(name, node.find("names")->span);
  sandbox_versions(node, scope, out);
  const LoadNode* rules = node.find("rules");
  if (rules == nullptr || !want(*rules, LoadNode::Kind::list, "rules")) return;
  for (const LoadNode& item : rules->items) {
    SandboxRule one;
    if (!keys(item, "rules", {"on", "when", "code", "message", "status"})) continue;
    text(item, "on", one.on);
    required(item, "on", "rules");
    required(item, "code", "rules");
    text(item, "code", one.code);
    number(item, "status", one.status, 300, 599);
    if (const LoadNode* when = required(item, "when", "rules")) {
      if (auto parsed = expression(*when, scope)) one.when = std::move(*parsed);
    }
    if (const LoadNode* message = item.find("message")) {
      if (auto parsed = interpolation(*message, scope)) one.message = std::move(*parsed);
    }
    out.sandbox.rules.push_back(std::move(one));
  }
}

}  // namespace lf
