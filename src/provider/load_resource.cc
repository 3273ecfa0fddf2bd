// SPDX-License-Identifier: Apache-2.0
// A resource type's file: its sections in order, traits, identity, marks, and what must hold of the
// whole.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "provider/loader.h"
#include "provider/loader_words.h"
#include "provider/regex.h"

namespace lf {

namespace {

const std::vector<std::string_view>& sections() {
  static const std::vector<std::string_view> kSections = {
      "type",      "doc",        "service", "schema_version", "traits",   "id",     "marks",
      "parts",     "properties", "create",  "update",         "refresh",  "facets", "delete",
      "waits",     "pending",    "ends",    "visible_within", "recovery", "errors", "blockers",
      "preflight", "security",   "prices",  "sandbox"};
  return kSections;
}

// Where a field does not say it, it is as its property: in a group that can be emptied, not wanted.
void default_absent(const LoadNode* node, std::vector<Property>& properties, bool emptied) {
  for (Property& property : properties) {
    const LoadNode* own = node == nullptr ? nullptr : node->find(property.name);
    const bool said = own != nullptr && own->find("absent") != nullptr;
    if (!said) property.absent = emptied ? Absent::unset : Absent::server;
    if (own != nullptr) default_absent(own->find("fields"), property.fields, emptied);
  }
}

}  // namespace

const Service* Loader::service_of(const LoadNode& file) {
  const LoadNode* node = required(file, "service", "type");
  if (node == nullptr || !want(*node, LoadNode::Kind::scalar, "service")) return nullptr;
  const Service* found = find_service ? find_service(node->text) : nullptr;
  if (found == nullptr) {
    Diagnostic& unknown =
        error(Code::LF0919, node->span, fmt::format("there is no service `{}`", node->text));
    const std::string near = service_names ? nearest(node->text, service_names()) : "";
    if (!near.empty()) {
      unknown.fixes.push_back({fmt::format("did you mean `{}`?", near), node->span, near, false});
    }
  }
  return found;
}

void Loader::section_order(const LoadNode& file, const Words& order) {
  size_t furthest = 0;
  const LoadNode::Entry* last = nullptr;
  for (const LoadNode::Entry& entry : file.entries) {
    const auto found = std::find(order.begin(), order.end(), entry.key);
    if (found == order.end()) continue;
    const size_t place = static_cast<size_t>(found - order.begin());
    if (last != nullptr && place < furthest) {
      error(Code::LF0911, entry.key_span,
            fmt::format("`{}` comes before `{}`", entry.key, last->key))
          .others.push_back({last->key_span, "this section"});
      continue;
    }
    furthest = place;
    last = &entry;
  }
}

LoadNode Loader::with_traits(const LoadNode& file) {
  LoadNode out = file;
  const LoadNode* traits = file.find("traits");
  if (traits == nullptr || !want(*traits, LoadNode::Kind::list, "traits")) return out;
  for (const LoadNode& item : traits->items) {
    std::string name = item.text;
    Span span = item.span;
    std::map<std::string, std::string> parameters;
    if (item.is_map() && item.entries.size() == 1) {
      name = item.entries[0].key;
      span = item.entries[0].key_span;
      for (const LoadNode::Entry& entry : item.entries[0].value.entries) {
        if (want(entry.value, LoadNode::Kind::scalar, entry.key)) {
          parameters[entry.key] = entry.value.text;
        }
      }
    } else if (!item.is_scalar()) {
      error(Code::LF0903, item.span, "a trait is its name, or its name with a map of parameters");
      continue;
    }
    const LoadNode* trait = find_trait ? find_trait(name) : nullptr;
    if (trait == nullptr) {
      Diagnostic& unknown = error(Code::LF0913, span, fmt::format("there is no trait `{}`", name));
      const std::string near = trait_names ? nearest(name, trait_names()) : "";
      if (!near.empty()) unknown.help.push_back(fmt::format("did you mean `{}`?", near));
      continue;
    }
    trait_references.emplace_back(name, span);
    out = merge_trees(with_parameters(*trait, parameters, span, diagnostics_), out);
  }
  return out;
}

void Loader::head(const LoadNode& file, ResourceType& out) {
  if (required(file, "type", "the file") != nullptr) text(file, "type", out.name);
  if (const LoadNode::Entry* entry = file.entry("type")) out.span = entry->value.span;
  out.package = out.name.substr(0, out.name.find('.'));
  if (required(file, "doc", "type") != nullptr) text(file, "doc", out.doc);
  service_ = out.service = service_of(file);
  number(file, "schema_version", out.schema_version, 1, 1'000'000);
  const LoadNode* id = required(file, "id", "type");
  if (id != nullptr &&
      keys(*id, "id", {"path", "derive", "join", "prefix", "parts", "separator"})) {
    id_parts(*id, out);
    path(*id, "path", out.id_path);
    text(*id, "prefix", out.id_prefix);
    if (const LoadNode* derive = id->find("derive")) {
      NameScope scope;
      scope.roots = {"self", "account", "region", "partition", "dns_suffix"};
      out.id_derive = interpolation(*derive, scope);
    }
    if (const LoadNode* join = id->find("join")) {
      NameScope scope;
      scope.roots = {"self", "part", "account", "region", "partition", "dns_suffix"};
      out.id_joins = true;
      if (out.id_path.empty() || out.id_derive) {
        error(Code::LF0927, join->span, "`join` needs `path`, whose value is its `part`");
      }
      out.id_derive = interpolation(*join, scope);
    }
    if (out.id_path.empty() && !out.id_derive) {
      error(Code::LF0902, id->span, "`id` needs the key `path`, `derive` or `parts`");
    }
  }
}

// An id that is made of properties is derived from them.
void Loader::id_parts(const LoadNode& id, ResourceType& out) {
  const LoadNode* parts = id.find("parts");
  if (parts == nullptr) return;
  texts(id, "parts", out.id_parts);
  text(id, "separator", out.id_separator);
  if (out.id_separator.empty()) required(id, "separator", "id");
  if (out.id_parts.empty()) error(Code::LF0903, parts->span, "`parts` is an empty list");
  if (const LoadNode* derive = id.find("derive")) {
    error(Code::LF0927, derive->span, "an id with `parts` is derived from them");
    return;
  }
  LoadNode text;
  text.kind = LoadNode::Kind::scalar;
  text.span = parts->span;
  for (const std::string& part : out.id_parts) {
    text.text += (text.text.empty() ? "" : out.id_separator) + "${self." + part + "}";
  }
  text.value = Value(text.text);
  NameScope scope;
  scope.roots = {"self"};
  out.id_derive = interpolation(text, scope);
}

void Loader::marks(const LoadNode& file, ResourceType& out) {
  const LoadNode* node = file.find("marks");
  if (node == nullptr) return;
  keys(*node, "marks",
       {"carrier", "property", "in_create", "reason", "key_max", "value_max", "charset"});
  required(*node, "carrier", "marks");
  word<MarkCarrier>(*node, "carrier", out.carrier,
                    {{"none", MarkCarrier::none},
                     {"tags", MarkCarrier::tags},
                     {"metadata", MarkCarrier::metadata},
                     {"description", MarkCarrier::description},
                     {"name_suffix", MarkCarrier::name_suffix},
                     {"natural_key", MarkCarrier::natural_key}});
  text(*node, "property", out.mark_property);
  text(*node, "reason", out.mark_reason);
  flag(*node, "in_create", out.marks_in_create);
  number(*node, "key_max", out.mark_key_max, 1, 1'000'000);
  number(*node, "value_max", out.mark_value_max, 1, 1'000'000);
  regex(*node, "charset", out.mark_charset);
}

void Loader::parts(const LoadNode& file, ResourceType& out) {
  const LoadNode* node = file.find("parts");
  if (node == nullptr || !keys(*node, "parts", {"type", "ids", "count"})) return;
  Parts& to = out.parts.emplace();
  for (const auto& [key, into] :
       {std::pair("type", &to.type), std::pair("ids", &to.ids), std::pair("count", &to.count)}) {
    const LoadNode* word = required(*node, key, "parts");
    text(*node, key, *into);
    if (word != nullptr && into != &to.type) known_property(*into, word->span);
  }
}

bool Loader::load_resource(const LoadNode& written, ResourceType& out) {
  const size_t before = diagnostics_.error_count();
  if (!want(written, LoadNode::Kind::map, "the file")) return false;
  section_order(written, sections());
  const LoadNode file = with_traits(written);
  keys(file, "type", sections());
  head(file, out);
  self_ = &out.properties;
  if (const LoadNode* node = required(file, "properties", "type")) {
    properties(*node, out.properties, false);
  }
  marks(file, out);
  parts(file, out);
  if (const LoadNode* node = file.find("facets")) facets(*node, out);
  if (const LoadNode* node = required(file, "create", "type")) create(*node, out);
  if (const LoadNode* node = file.find("update")) {
    flag(*node, "whole", out.update_whole);
    out.update = verb(*node, "update", CallPlace::write, call_scope(), {"whole"});
  }
  if (const LoadNode* node = required(file, "refresh", "type")) refresh(*node, out);
  if (const LoadNode* node = required(file, "delete", "type")) deletion(*node, out);
  tail(file, out);
  resolve_properties(file, out);
  check_names();
  check_resource(file, out);
  self_ = nullptr;
  return diagnostics_.error_count() == before;
}

// What follows from the facets once all are known.
void Loader::resolve_properties(const LoadNode& file, ResourceType& out) {
  const LoadNode* all = file.find("properties");
  for (Property& property : out.properties) {
    Facet* facet = nullptr;
    for (Facet& each : out.facets) {
      if (each.name == property.facet) facet = &each;
    }
    if (!property.facet.empty() && facet == nullptr) {
      known_facet(property.facet, property.span, out);
    }
    if (facet != nullptr) facet->properties.push_back(property.name);
    const bool emptied = facet != nullptr && (!facet->reset.empty() || !facet->remove.empty());
    const LoadNode* own = all == nullptr ? nullptr : all->find(property.name);
    if (own == nullptr) continue;
    if (own->find("absent") == nullptr) property.absent = emptied ? Absent::unset : Absent::server;
    default_absent(own->find("fields"), property.fields, emptied);
  }
}

void Loader::check_resource(const LoadNode& file, ResourceType& out) {
  const LoadNode* all = file.find("properties");
  for (const Property& property : out.properties) {
    if (poisoned_.contains(property.name)) continue;
    const bool given = !property.computed && !property.local;
    const bool changes = property.immutable || !out.update.empty() || !property.facet.empty();
    if (given && !changes) {
      error(Code::LF0907, property.span,
            fmt::format("nothing says how `{}` changes", property.name))
          .help.push_back("it needs `immutable: true`, a `facet`, or the type an `update`");
    }
    const bool marked = out.mark_property == property.name;
    bool element = false;
    for (const Facet& facet : out.facets) element = element || facet.each == property.name;
    if (given && property.wire.empty() && !marked && !element &&
        !used_properties_.contains(property.name)) {
      error(Code::LF0908, property.span, fmt::format("`{}` never reaches the cloud", property.name))
          .help.push_back("it needs `wire`, a call that sends `${self." + property.name +
                          "}`, or `local: true`");
    }
    if (!property.drifts_after.empty() && all != nullptr) {
      known_property(property.drifts_after, all->find(property.name)->find("drifts")->span);
    }
  }
  check_marks(file, out);
}

void Loader::check_marks(const LoadNode& file, const ResourceType& out) {
  const LoadNode* node = file.find("marks");
  if (node == nullptr) return;
  if (out.carrier == MarkCarrier::none) {
    if (out.mark_reason.empty()) required(*node, "reason", "marks");
    return;
  }
  if (out.mark_property.empty()) {
    if (out.carrier != MarkCarrier::natural_key) required(*node, "property", "marks");
    return;
  }
  const Span at = node->find("property")->span;
  known_property(out.mark_property, at);
  const Property* property = out.property(out.mark_property);
  if (property == nullptr) return;
  const bool map = out.carrier == MarkCarrier::tags || out.carrier == MarkCarrier::metadata;
  if (map != (property->type.kind() == Type::Kind::map)) {
    error(Code::LF0909, at,
          fmt::format("`{}` is {}: it cannot carry marks this way", out.mark_property,
                      property->type.to_string()));
  }
  if (out.marks_in_create && property->wire.empty() && !property->facet.empty()) {
    error(Code::LF0909, at,
          fmt::format("the create cannot send `{}`: it has no `wire`", out.mark_property));
  }
  if (!map || package == nullptr) return;
  // The longest values: stack/environment/lineage, and an address with its keys.
  constexpr int kValueMin = 128;
  if (out.mark_value_max != 0 && out.mark_value_max < kValueMin) {
    error(Code::LF0909, node->find("value_max")->span,
          fmt::format("a mark needs {} characters of value", kValueMin));
  }
  for (const std::string& key :
       {package->mark_stack, package->mark_address, package->mark_intent}) {
    if (out.mark_key_max != 0 && static_cast<int>(key.size()) > out.mark_key_max) {
      error(Code::LF0909, node->find("key_max")->span,
            fmt::format("the mark `{}` is longer than a key may be", key));
    }
    // A value in the widest alphabet that marks use.
    const std::string value = "stack-1/default/0123456789abcdef";
    if (out.mark_charset.empty()) continue;
    if (!regex_full_match(out.mark_charset, key) || !regex_full_match(out.mark_charset, value)) {
      error(Code::LF0909, node->find("charset")->span,
            fmt::format("the mark `{}` holds characters that the carrier does not take", key));
      break;
    }
  }
}

}  // namespace lf
