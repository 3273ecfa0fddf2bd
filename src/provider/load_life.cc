// SPDX-License-Identifier: Apache-2.0
// What happens to a resource: create, refresh, deletion, waits, recovery.
#include <fmt/format.h>

#include "provider/loader.h"
#include "provider/loader_words.h"

namespace lf {

void Loader::create(const LoadNode& node, ResourceType& out) {
  Create& create = out.create;
  required(node, "kind", "create");
  word<CreateKind>(node, "kind", create.kind,
                   {{"new", CreateKind::fresh},
                    {"upsert", CreateKind::upsert},
                    {"returns_existing", CreateKind::returns_existing},
                    {"adopt", CreateKind::adopt}});
  path(node, "result", create.result);
  text(node, "token", create.token);
  texts(node, "in_create", create.in_create);
  for (const std::string& facet : create.in_create) {
    known_facet(facet, node.find("in_create")->span, out);
  }
  // What is taken over is only looked for.
  const bool looks = create.kind == CreateKind::adopt;
  create.steps = verb(node, "create", looks ? CallPlace::read : CallPlace::write, call_scope(),
                      {"kind", "result", "token", "in_create"});
  if (looks) {
    for (const char* key : {"token", "in_create", "steps"}) {
      const LoadNode* sent = node.find(key);
      if (sent != nullptr) error(Code::LF0927, sent->span, "`adopt` is one call that reads");
    }
    for (Step& step : create.steps) step.read = true;
  } else if (!create.steps.empty() && create.steps.front().read) {
    error(Code::LF0927, create.steps.front().call.span,
          "the first step of a create makes the thing");
  }
}

void Loader::refresh(const LoadNode& node, ResourceType& out) {
  if (!keys(node, "refresh", {"list", "read"})) return;
  if (const LoadNode* list = node.find("list")) list_call(*list, out);
  if (const LoadNode* read = node.find("read")) {
    call(*read, "read", CallPlace::read, call_scope(), out.refresh.read, {"item", "where"});
    path(*read, "item", out.refresh.read_item);
    expression(*read, "where", call_scope({"element"}), out.refresh.read_where);
  }
  if (!out.refresh.list && !out.refresh.read.valid() && node.entries.empty()) {
    error(Code::LF0902, node.span, "`refresh` needs the key `list` or `read`");
  }
  if (out.refresh.list && out.refresh.list->partial && !out.refresh.read.valid()) {
    error(Code::LF0902, node.span, "`refresh` needs the key `read`: its list gives only ids");
  }
}

void Loader::list_call(const LoadNode& node, ResourceType& out) {
  ListCall list;
  const NameScope scope = call_scope();
  if (!call(node, "list", CallPlace::read, scope, list.call,
            {"items", "by_ids", "ids_max", "by_mark", "by_name", "partial", "item_id", "scalar",
             "names_only", "page"})) {
    return;
  }
  required(node, "items", "list");
  path(node, "items", list.items);
  list.item_id = out.id_path;
  path(node, "item_id", list.item_id);
  flag(node, "scalar", list.scalar);
  flag(node, "partial", list.partial);
  flag(node, "names_only", list.names_only);
  text(node, "by_ids", list.by_ids);
  number(node, "ids_max", list.ids_max, 1, 100'000);
  const auto filter = [&](const char* key, Template& filter_out) {
    const LoadNode* by = node.find(key);
    if (by == nullptr || by->is_null() || !keys(*by, key, {"send"})) return;
    if (const LoadNode* send = required(*by, "send", key)) filter_out = tree(*send, scope);
  };
  filter("by_mark", list.by_mark);
  const LoadNode* by_name = node.find("by_name");
  if (by_name != nullptr && by_name->find("action") != nullptr) {
    call(*by_name, "by_name", CallPlace::read, scope, list.name_call, {"item"});
    path(*by_name, "item", list.name_item);
  } else {
    filter("by_name", list.by_name);
  }
  if (list.names_only && by_name == nullptr) {
    error(Code::LF0902, node.span, "a list with `names_only` needs the key `by_name`");
  }
  list.page = page(node.find("page"), service_);
  out.refresh.list = std::move(list);
}

void Loader::deletion(const LoadNode& node, ResourceType& out) {
  Delete& del = out.del;
  required(node, "kind", "delete");
  word<DeleteKind>(node, "kind", del.kind,
                   {{"call", DeleteKind::call},
                    {"schedule", DeleteKind::schedule},
                    {"reset", DeleteKind::reset}});
  texts(node, "first", del.first);
  for (const std::string& facet : del.first) known_facet(facet, node.find("first")->span, out);
  duration(node, "name_held", del.name_held);
  if (const LoadNode* gone = node.find("gone")) {
    keys(*gone, "gone", {"path", "states"});
    path(*gone, "path", del.gone_path);
    texts(*gone, "states", del.gone_states);
    if (del.gone_path.empty()) required(*gone, "path", "gone");
  }
  if (const LoadNode* restore = node.find("restore")) {
    del.restore = verb(*restore, "restore", CallPlace::write, call_scope());
  }
  contents(node, out);
  put_back(node, out);
  const Words also = {"kind", "first", "gone", "name_held", "restore", "contents", "look", "to"};
  // A default object is reset by its facets alone.
  const bool calls = node.find("action") != nullptr || node.find("steps") != nullptr;
  if (!calls && del.kind == DeleteKind::reset) {
    keys(node, "delete", {}, also);
    return;
  }
  del.steps = verb(node, "delete", CallPlace::write, call_scope(), also);
}

// What `reset` sets properties back to.
void Loader::put_back(const LoadNode& node, ResourceType& out) {
  Delete& del = out.del;
  const LoadNode* to = node.find("to");
  const LoadNode* look = node.find("look");
  if (look != nullptr) call(*look, "look", CallPlace::read, call_scope(), del.look);
  if (to != nullptr && want(*to, LoadNode::Kind::map, "to")) {
    for (const LoadNode::Entry& entry : to->entries) known_property(entry.key, entry.key_span);
    templates(node, "to", look == nullptr ? call_scope() : call_scope({"answer"}), del.to);
  }
  if ((to != nullptr || look != nullptr) && del.kind != DeleteKind::reset) {
    error(Code::LF0927, node.span, "only `kind: reset` puts something back");
  }
}

void Loader::contents(const LoadNode& node, ResourceType& out) {
  const LoadNode* held = node.find("contents");
  if (held == nullptr || !keys(*held, "contents", {"read", "empty", "purge"})) return;
  Contents contents;
  if (const LoadNode* read = required(*held, "read", "contents")) {
    call(*read, "read", CallPlace::read, call_scope(), contents.read);
  }
  expression(*held, "empty", call_scope({"answer", "leaving"}), contents.empty);
  if (!contents.empty) required(*held, "empty", "contents");
  if (const LoadNode* purge = held->find("purge")) {
    // The steps themselves, or one call.
    LoadNode wrapped = *purge;
    if (purge->is_list()) {
      wrapped = {};
      wrapped.kind = LoadNode::Kind::map;
      wrapped.span = purge->span;
      wrapped.entries.push_back({"steps", purge->span, *purge});
    }
    contents.purge = verb(wrapped, "purge", CallPlace::write, call_scope());
  }
  out.del.contents = std::move(contents);
}

void Loader::wait(const LoadNode& waits, std::string_view key, Wait& out) {
  const LoadNode* node = waits.find(key);
  if (node == nullptr) return;
  if (!keys(*node, key, {"path", "state", "until", "failed", "reason", "via", "usual", "limit"}))
    return;
  out.declared = true;
  path(*node, "path", out.path);
  NameScope scope;
  scope.roots = {"item"};
  expression(*node, "state", scope, out.state);
  if (out.path.empty() && node->find("state") == nullptr) required(*node, "path", key);
  if (!out.path.empty() && node->find("state") != nullptr) {
    error(Code::LF0927, node->find("state")->span, "the state is at `path` or it is `state`");
  }
  texts(*node, "until", out.until);
  texts(*node, "failed", out.failed);
  texts(*node, "via", out.via);
  path(*node, "reason", out.reason);
  duration(*node, "usual", out.usual);
  duration(*node, "limit", out.limit);
}

void Loader::recovery(const LoadNode& node, ResourceType& out) {
  if (!want(node, LoadNode::Kind::list, "recovery")) return;
  for (const LoadNode& item : node.items) {
    if (item.is_scalar()) {
      Recovery one{};
      if (item.text == "id") {
        one.kind = Recovery::Kind::id;
        if (!out.id_derive || out.id_joins) {
          error(Code::LF0910, item.span,
                "the id is not known before the create: it has no `derive`");
        }
      } else if (item.text == "mark") {
        one.kind = Recovery::Kind::mark;
        if (out.carrier == MarkCarrier::none) {
          error(Code::LF0910, item.span, "a thing that carries no marks is not found by them");
        }
      } else {
        unknown_word(item, "recovery",
                     {"id", "mark", "token", "natural_key", "name", "fingerprint"});
        continue;
      }
      out.recovery.push_back(std::move(one));
    } else if (item.is_map() && item.entries.size() == 1) {
      recovery_entry(item.entries[0], out);
    } else {
      error(Code::LF0903, item.span, "each way of recovery is a word, or a word with its argument");
    }
  }
  if (out.recovery.empty() && node.items.empty()) {
    error(Code::LF0910, node.span,
          fmt::format("nothing finds a lost create of `{}` again", out.name));
  }
}

void Loader::recovery_entry(const LoadNode::Entry& entry, ResourceType& out) {
  Recovery one{};
  if (entry.key == "token") {
    one.kind = Recovery::Kind::token;
    if (out.create.token.empty()) {
      error(Code::LF0910, entry.key_span, "the create sends no `token`");
    }
    if (keys(entry.value, "token", {"send"})) {
      if (const LoadNode* send = required(entry.value, "send", "token")) {
        one.send = tree(*send, call_scope());
      }
    }
  } else if (entry.key == "name") {
    one.kind = Recovery::Kind::name;
    if (want(entry.value, LoadNode::Kind::scalar, "name")) {
      one.properties.push_back(entry.value.text);
      known_property(entry.value.text, entry.value.span);
    }
  } else if (entry.key == "natural_key" || entry.key == "fingerprint") {
    one.kind = entry.key == "name"          ? Recovery::Kind::name
               : entry.key == "natural_key" ? Recovery::Kind::natural_key
                                            : Recovery::Kind::fingerprint;
    if (want(entry.value, LoadNode::Kind::list, entry.key)) {
      for (const LoadNode& item : entry.value.items) {
        one.properties.push_back(item.text);
        known_property(item.text, item.span);
      }
    }
  } else {
    LoadNode word_node;
    word_node.text = entry.key;
    word_node.span = entry.key_span;
    unknown_word(word_node, "recovery",
                 {"id", "mark", "token", "natural_key", "name", "fingerprint"});
    return;
  }
  out.recovery.push_back(std::move(one));
}

}  // namespace lf
