// SPDX-License-Identifier: Apache-2.0
// Calls, steps, paging and error classes: section 3 of docs/descriptors.md.
#include <fmt/format.h>

#include <array>

#include "base/strings.h"
#include "provider/loader.h"
#include "provider/loader_words.h"
#include "provider/regex.h"

namespace lf {

namespace {

constexpr std::array<ErrorCode, 12> kClasses = {
    ErrorCode::not_found,  ErrorCode::not_visible_yet, ErrorCode::exists,      ErrorCode::conflict,
    ErrorCode::dependency, ErrorCode::throttled,       ErrorCode::capacity,    ErrorCode::quota,
    ErrorCode::auth,       ErrorCode::expired,         ErrorCode::unavailable, ErrorCode::invalid};

bool is_rest(Protocol protocol) {
  return protocol == Protocol::rest_json || protocol == Protocol::rest_xml;
}

}  // namespace

bool Loader::call(const LoadNode& node, std::string_view what, CallPlace place,
                  const NameScope& scope, Call& out, const Words& also) {
  if (!keys(node, what,
            {"action", "http", "path", "query", "headers", "root", "xmlns", "payload", "raw",
             "send", "service", "take", "idempotent", "throttle", "absent_on", "retry_on", "fails"},
            also)) {
    return false;
  }
  out.span = node.span;
  out.throttle = place == CallPlace::read ? "read" : "write";
  if (required(node, "action", what) == nullptr) return false;
  text(node, "action", out.action);
  text(node, "service", out.service);
  flag(node, "idempotent", out.idempotent);
  text(node, "throttle", out.throttle);
  texts(node, "absent_on", out.absent_on);
  texts(node, "retry_on", out.retry_on);
  if (const LoadNode* fails = node.find("fails")) {
    keys(*fails, "fails", {"when", "code", "message"});
    required(*fails, "when", "fails");
    path(*fails, "when", out.fails_when);
    path(*fails, "code", out.fails_code);
    path(*fails, "message", out.fails_message);
  }
  if (const LoadNode* send = node.find("send")) {
    if (want(*send, LoadNode::Kind::map, "send")) out.send = tree(*send, scope);
  }
  if (const LoadNode* take = node.find("take")) {
    if (want(*take, LoadNode::Kind::map, "take")) {
      for (const LoadNode::Entry& entry : take->entries) {
        if (!want(entry.value, LoadNode::Kind::scalar, entry.key)) continue;
        out.take.emplace_back(entry.key, split_path(entry.value.text));
      }
    }
  }
  call_rest(node, scope, out);
  return true;
}

void Loader::call_rest(const LoadNode& node, const NameScope& scope, Call& out) {
  const Service* service = service_;
  if (!out.service.empty() && find_service) {
    service = find_service(out.service);
    if (service == nullptr) {
      Diagnostic& unknown = error(Code::LF0919, node.find("service")->span,
                                  fmt::format("there is no service `{}`", out.service));
      const std::string near = nearest(out.service, service_names());
      if (!near.empty()) unknown.help.push_back(fmt::format("did you mean `{}`?", near));
    }
  }
  if (service == nullptr) return;
  const bool rest = is_rest(service->protocol);
  const auto refuse = [&](std::string_view key) {
    const LoadNode::Entry* entry = node.entry(key);
    if (entry == nullptr) return;
    error(Code::LF0920, entry->key_span,
          fmt::format("calls of `{}` ({}) have no `{}`", service->name,
                      to_string(service->protocol), key));
  };
  if (!rest) {
    for (const char* key : {"http", "path", "query", "headers", "payload", "raw"}) refuse(key);
  }
  if (service->protocol != Protocol::rest_xml) {
    for (const char* key : {"root", "xmlns"}) refuse(key);
  }
  if (!rest) return;
  std::string http;
  if (required(node, "http", out.action) == nullptr) return;
  text(node, "http", http);
  const size_t space = http.find(' ');
  if (space == std::string::npos || http.substr(space + 1).empty() || http[space + 1] != '/') {
    error(Code::LF0903, node.find("http")->span, "`http` takes a method and a path: \"GET /{id}\"");
    return;
  }
  out.http_method = http.substr(0, space);
  out.http_path = http.substr(space + 1);
  if (const size_t query = out.http_path.find('?'); query != std::string::npos) {
    out.http_query = out.http_path.substr(query + 1);
    out.http_path.resize(query);
  }
  templates(node, "path", scope, out.path);
  templates(node, "query", scope, out.query);
  NameScope with_body = scope;
  with_body.roots.insert("body_sha256");
  templates(node, "headers", with_body, out.headers);
  text(node, "root", out.root);
  out.xmlns = service->xmlns;
  text(node, "xmlns", out.xmlns);
  flag(node, "raw", out.raw);
  if (const LoadNode* payload = node.find("payload")) out.payload = tree(*payload, scope);
}

Verb Loader::verb(const LoadNode& node, std::string_view what, CallPlace place, NameScope scope,
                  const Words& also) {
  Verb out;
  const LoadNode* steps = node.find("steps");
  if (steps == nullptr) {
    Step one;
    if (!call(node, what, place, scope, one.call, also)) return out;
    one.name = one.call.action;
    one.read = place == CallPlace::read;
    out.push_back(std::move(one));
    return out;
  }
  keys(node, what, {"steps"}, also);
  if (!want(*steps, LoadNode::Kind::list, "steps")) return out;
  if (steps->items.empty()) error(Code::LF0903, steps->span, "`steps` is an empty list");
  // What any step binds, all may use: a repetition goes back to earlier steps.
  for (const LoadNode& item : steps->items) {
    const LoadNode* bind = item.find("bind");
    if (bind == nullptr) continue;
    if (bind->is_scalar()) scope.roots.insert(bind->text);
    for (const LoadNode::Entry& entry : bind->entries) scope.roots.insert(entry.key);
  }
  for (const LoadNode& item : steps->items) step(item, scope, place, out);
  for (size_t i = 0; i < out.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (out[i].name != out[j].name) continue;
      error(Code::LF0912, out[i].call.span, fmt::format("two steps are named `{}`", out[i].name))
          .others.push_back({out[j].call.span, "the other one"});
    }
  }
  return out;
}

void Loader::step(const LoadNode& node, NameScope& scope, CallPlace place, Verb& out) {
  if (!node.is_map()) {
    want(node, LoadNode::Kind::map, "steps");
    return;
  }
  Step one;
  one.read = place == CallPlace::read;
  flag(node, "read", one.read);
  NameScope inner = scope;
  text(node, "as", one.as);
  if (!one.as.empty()) {
    root_name(*node.find("as"));
    inner.roots.insert(one.as);
  }
  for (const auto& [name, path_taken] : one.call.take) inner.roots.insert(name);
  if (!call(node, "steps", one.read ? CallPlace::read : CallPlace::write, inner, one.call,
            {"name", "when", "for_each", "as", "bind", "repeat", "read"})) {
    return;
  }
  one.name = one.call.action;
  text(node, "name", one.name);
  expression(node, "for_each", scope, one.for_each);
  expression(node, "when", inner, one.when);
  if (one.for_each && one.as.empty()) required(node, "as", one.name);
  step_bind(node, scope, one);
  if (const LoadNode* repeat = node.find("repeat")) {
    keys(*repeat, "repeat", {"until", "limit", "from"});
    expression(*repeat, "until", inner, one.repeat_until);
    if (!one.repeat_until) required(*repeat, "until", "repeat");
    number(*repeat, "limit", one.repeat_limit, 1, 1'000'000);
    text(*repeat, "from", one.repeat_from);
    bool known = one.repeat_from.empty() || one.repeat_from == one.name;
    for (const Step& earlier : out) known = known || earlier.name == one.repeat_from;
    if (!known) {
      error(Code::LF0905, repeat->find("from")->span,
            fmt::format("no step before this one is named `{}`", one.repeat_from));
    }
  }
  out.push_back(std::move(one));
}

void Loader::step_bind(const LoadNode& node, NameScope& scope, Step& out) {
  for (const auto& [name, path_taken] : out.call.take) scope.roots.insert(name);
  const LoadNode* bind = node.find("bind");
  if (bind == nullptr) return;
  if (bind->is_scalar()) {
    root_name(*bind);
    out.bind.emplace_back(bind->text, WirePath{});
    return;
  }
  if (!want(*bind, LoadNode::Kind::map, "bind")) return;
  for (const LoadNode::Entry& entry : bind->entries) {
    LoadNode name;
    name.text = entry.key;
    name.span = entry.key_span;
    root_name(name);
    if (want(entry.value, LoadNode::Kind::scalar, entry.key)) {
      out.bind.emplace_back(entry.key, split_path(entry.value.text));
    }
  }
}

Page Loader::page(const LoadNode* node, const Service* service) {
  if (node == nullptr) return service == nullptr ? Page{} : service->page;
  Page out;
  if (node->is_scalar() && node->text == "none") return out;
  if (!keys(*node, "page", {"send", "receive", "size", "more"})) return out;
  out.none = false;
  required(*node, "send", "page");
  required(*node, "receive", "page");
  text(*node, "send", out.send);
  path(*node, "receive", out.receive);
  text(*node, "more", out.more);
  if (const LoadNode* size = node->find("size")) {
    if (want(*size, LoadNode::Kind::map, "size")) out.size = size->to_value();
  }
  return out;
}

std::vector<ErrorPattern> Loader::errors(const LoadNode& node) {
  std::vector<ErrorPattern> out;
  if (!want(node, LoadNode::Kind::map, "errors")) return out;
  for (const LoadNode::Entry& entry : node.entries) {
    std::vector<std::string> names;
    std::optional<ErrorCode> code;
    for (const ErrorCode each : kClasses) {
      names.emplace_back(to_string(each));
      if (entry.key == to_string(each)) code = each;
    }
    if (!code) {
      Diagnostic& unknown = error(Code::LF0904, entry.key_span,
                                  fmt::format("there is no error class `{}`", entry.key));
      const std::string near = nearest(entry.key, names);
      if (!near.empty()) {
        const std::string title = fmt::format("did you mean `{}`?", near);
        unknown.fixes.push_back({title, entry.key_span, near, false});
      }
      unknown.help.push_back("it is one of: " + join(names, ", "));
      continue;
    }
    if (!want(entry.value, LoadNode::Kind::list, entry.key)) continue;
    for (const LoadNode& item : entry.value.items) {
      ErrorPattern pattern{*code, "", ""};
      if (item.is_scalar()) {
        pattern.service_code = item.text;
      } else if (keys(item, entry.key, {"code", "message"})) {
        required(item, "code", entry.key);
        text(item, "code", pattern.service_code);
        regex(item, "message", pattern.message_pattern);
      }
      out.push_back(std::move(pattern));
    }
  }
  return out;
}

}  // namespace lf
