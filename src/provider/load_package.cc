// SPDX-License-Identifier: Apache-2.0
// package.yaml and services.yaml.
#include <fmt/format.h>

#include "base/strings.h"
#include "provider/loader.h"
#include "provider/loader_words.h"

namespace lf {

// `credentials: CHAIN`, or `{chain: CHAIN, words: {NAME: {doc, pattern}}}`.
void Loader::credentials(const LoadNode& node, PackageInfo& out) {
  if (node.kind != LoadNode::Kind::map) {
    out.credentials = node.text;
    return;
  }
  keys(node, "credentials", {"chain", "words"});
  required(node, "chain", "credentials");
  text(node, "chain", out.credentials);
  const LoadNode* words = node.find("words");
  if (words == nullptr || !want(*words, LoadNode::Kind::map, "words")) return;
  for (const LoadNode::Entry& entry : words->entries) {
    if (!want(entry.value, LoadNode::Kind::map, entry.key)) continue;
    keys(entry.value, entry.key, {"doc", "pattern"});
    required(entry.value, "doc", entry.key);
    CredentialWord word;
    word.name = entry.key;
    text(entry.value, "doc", word.doc);
    regex(entry.value, "pattern", word.pattern);
    out.credential_words.push_back(std::move(word));
  }
}

bool Loader::load_package(const LoadNode& file, PackageInfo& out) {
  const size_t before = diagnostics_.error_count();
  if (!keys(file, "package",
            {"package", "version", "credentials", "signing", "identity", "marks", "sandbox",
             "session", "activity", "request_limit"})) {
    return false;
  }
  for (const char* key : {"package", "version"}) required(file, key, "package");
  text(file, "package", out.name);
  number(file, "version", out.version, 1, 1'000'000);
  if (const LoadNode* chain = file.find("credentials")) credentials(*chain, out);
  text(file, "signing", out.signing);
  duration(file, "request_limit", out.request_limit);
  if (out.request_limit.seconds < 1 || out.request_limit.nanos != 0) {
    error(Code::LF0903, file.find("request_limit")->span,
          "`request_limit` takes whole seconds, at least one");
  }
  if (const LoadNode* identity = file.find("identity")) {
    keys(*identity, "identity", {"service", "action", "account", "arn"});
    for (const char* key : {"service", "action", "account"}) required(*identity, key, "identity");
    text(*identity, "service", out.identity_service);
    text(*identity, "action", out.identity_action);
    path(*identity, "account", out.identity_account);
    path(*identity, "arn", out.identity_arn);
  }
  if (const LoadNode* marks = file.find("marks")) {
    keys(*marks, "marks", {"stack", "address", "intent"});
    for (const char* key : {"stack", "address", "intent"}) required(*marks, key, "marks");
    text(*marks, "stack", out.mark_stack);
    text(*marks, "address", out.mark_address);
    text(*marks, "intent", out.mark_intent);
  }
  if (const LoadNode* box = file.find("sandbox")) {
    keys(*box, "sandbox", {"account", "account_keys", "environment", "keys"});
    text(*box, "account", out.sandbox_account);
    text(*box, "account_keys", out.sandbox_account_keys);
    const auto texts_of = [&](const char* key, std::map<std::string, std::string>& into) {
      const LoadNode* map = required(*box, key, "sandbox");
      if (map == nullptr || !want(*map, LoadNode::Kind::map, key)) return;
      for (const LoadNode::Entry& entry : map->entries) into[entry.key] = entry.value.text;
    };
    texts_of("environment", out.sandbox_environment);
    texts_of("keys", out.sandbox_keys);
  }
  if (const LoadNode* session = file.find("session")) {
    keys(*session, "session", {"type", "effect", "with", "program", "missing"});
    for (const char* key : {"type", "effect", "with", "program", "missing"})
      required(*session, key, "session");
    text(*session, "type", out.session.type);
    text(*session, "effect", out.session.effect);
    text(*session, "missing", out.session.missing);
    NameScope scope;
    scope.roots = {"id", "account", "region", "partition", "dns_suffix"};
    if (const LoadNode* with = session->find("with")) out.session.with = tree(*with, scope);
    scope.roots.insert("session");
    if (const LoadNode* program = session->find("program")) {
      if (want(*program, LoadNode::Kind::list, "program"))
        out.session.program = tree(*program, scope);
    }
  }
  if (const LoadNode* activity = file.find("activity")) load_activity(*activity, out.activity);
  return diagnostics_.error_count() == before;
}

void Loader::load_activity(const LoadNode& node, ActivityFacts& out) {
  keys(node, "activity", {"type", "looks", "known", "busy"});
  for (const char* key : {"type", "looks", "known", "busy"}) required(node, key, "activity");
  text(node, "type", out.type);
  NameScope scope;
  scope.roots = {"id", "since", "account", "region", "partition", "dns_suffix"};
  const LoadNode* looks = node.find("looks");
  if (looks != nullptr && want(*looks, LoadNode::Kind::list, "looks")) {
    for (const LoadNode& item : looks->items) {
      keys(item, "looks", {"data", "with"});
      ActivityFacts::Look look;
      text(item, "data", look.data);
      if (const LoadNode* with = item.find("with")) look.with = tree(*with, scope);
      out.looks.push_back(std::move(look));
    }
  }
  scope.roots = {"found"};
  expression(node, "known", scope, out.known);
  expression(node, "busy", scope, out.busy);
}

bool Loader::load_services(const LoadNode& file, std::vector<Service>& out) {
  const size_t before = diagnostics_.error_count();
  if (!want(file, LoadNode::Kind::map, "services")) return false;
  std::vector<ErrorPattern> shared;
  if (const LoadNode* all = file.find("all")) {
    keys(*all, "all", {"errors"});
    if (const LoadNode* node = all->find("errors")) shared = errors(*node);
  }
  for (const LoadNode::Entry& entry : file.entries) {
    if (entry.key == "all") continue;
    const LoadNode& node = entry.value;
    Service one;
    one.name = entry.key;
    if (!keys(
            node, entry.key,
            {"protocol", "api_version", "json_version", "target_prefix", "endpoint", "signing_name",
             "model", "xmlns", "in_host", "query_compatible", "content_md5", "page", "errors"})) {
      continue;
    }
    required(node, "protocol", entry.key);
    word<Protocol>(node, "protocol", one.protocol,
                   {{"ec2query", Protocol::ec2query},
                    {"query", Protocol::query},
                    {"json", Protocol::json},
                    {"rest_json", Protocol::rest_json},
                    {"rest_xml", Protocol::rest_xml}});
    if (one.protocol == Protocol::json) {
      for (const char* key : {"json_version", "target_prefix"}) required(node, key, entry.key);
    }
    if (one.protocol == Protocol::ec2query || one.protocol == Protocol::query) {
      required(node, "api_version", entry.key);
    }
    text(node, "api_version", one.api_version);
    text(node, "json_version", one.json_version);
    text(node, "target_prefix", one.target_prefix);
    one.endpoint = entry.key;
    text(node, "endpoint", one.endpoint);
    one.signing_name = one.endpoint;
    text(node, "signing_name", one.signing_name);
    text(node, "model", one.model);
    text(node, "xmlns", one.xmlns);
    text(node, "in_host", one.in_host);
    flag(node, "query_compatible", one.query_compatible);
    flag(node, "content_md5", one.content_md5);
    one.page = page(node.find("page"), nullptr);
    if (const LoadNode* own = node.find("errors")) one.errors = errors(*own);
    one.errors.insert(one.errors.end(), shared.begin(), shared.end());
    out.push_back(std::move(one));
  }
  return diagnostics_.error_count() == before;
}

}  // namespace lf
