// SPDX-License-Identifier: Apache-2.0
// Showing things: lists with filters and pages, single reads, facets with reads of their own.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "base/strings.h"
#include "provider/wire.h"
#include "sandbox/model.h"

namespace lf::sandbox {

namespace {

using Kind = Role::Kind;

Value nested(const WirePath& path, Value value) {
  for (size_t i = path.size(); i-- > 0;) {
    if (path[i] == "[]") continue;
    if (path[i] == "*" || path[i] == "0")
      value = Value(List{std::move(value)});
    else
      value = Value(Map{{Value(path[i]), std::move(value)}});
  }
  return value;
}

List as_list(const Value& value) {
  if (value.is_list()) return value.as_list();
  if (value.is_unset() || (value.is_string() && value.as_string().empty())) return {};
  return {value};
}

// The page size and token that the request gives, from the input or, in REST, the query.
struct PageWanted {
  size_t size = 0;  // 0: all
  std::string token;
};

PageWanted page_of(const Page& page, const Request& request) {
  PageWanted out;
  if (page.none) return out;
  const auto find = [&](const std::string& name) -> Value {
    if (const Value* value = request.in.query.find(name)) return *value;
    return request.in.input[name];
  };
  if (page.size.is_map()) {
    for (const auto& [name, usual] : page.size.as_map()) {
      const std::string text = to_text(find(name.as_string()));
      std::from_chars(text.data(), text.data() + text.size(), out.size);
    }
  }
  const Value token = find(page.send);
  if (!token.is_unset()) out.token = to_text(token);
  return out;
}

// That no more pages follow, where the service says so.
void whole_page(const Request& request, Reply& reply) {
  const std::string& more = request.in.service->page.more;
  if (!more.empty()) reply.body.set(more, Value(false));
}

// The filters but the one that named the things themselves.
Value other_filters(const Value& filters, const std::vector<Value>& ids) {
  List out;
  for (const Value& filter : as_list(filters)) {
    bool names_them = false;
    for (const Value& value : as_list(filter["Value"])) {
      const auto is = [&](const Value& id) { return to_text(id) == to_text(value); };
      names_them = names_them || std::any_of(ids.begin(), ids.end(), is);
    }
    if (!names_them) out.push_back(filter);
  }
  return Value(std::move(out));
}

// The key of an element as a list of names shows it: where it is of several fields, those.
Value wire_key(const Property& property, const Value& element, Protocol protocol) {
  Map out;
  for (const std::string& part : property.key) {
    const Property* field = property.field(part);
    if (field != nullptr) put_in_item(*field, element[part], protocol, out);
  }
  return Value(std::move(out));
}

// A token says after which thing the page begins.
std::string token_after(uint64_t number) {
  return base64(fmt::format("after:{}", number));
}
std::optional<uint64_t> number_in(const std::string& token) {
  const auto text = unbase64(token);
  if (!text || !text->starts_with("after:")) return std::nullopt;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data() + 6, text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return number;
}

}  // namespace

bool Model::visible(const Thing& thing, Timestamp now) const {
  if (faults_.invisible_ms <= 0) return true;
  const int64_t age_ms =
      (now.seconds - thing.created.seconds) * 1000 + (now.nanos - thing.created.nanos) / 1'000'000;
  return age_ms >= faults_.invisible_ms;
}

// The elements of a property as an answer shows them. `each`: where in an item of a list a scalar
// element stands.
List Model::wire_elements(const Request& request, Thing& thing, const Property& property,
                          const WirePath& each) {
  const Value* value = thing.properties.find(property.name);
  if (value == nullptr || !value->is_list()) return {};
  Property alone = property;
  alone.read = {"v"};
  Map item;
  put_in_item(alone, *value, request.in.service->protocol, item);
  List shown = as_list(at_path(Value(item), alone.read));
  for (Value& one : shown) {
    if (!each.empty()) one = nested(each, one);
  }
  const Template* more = nullptr;
  for (const auto& [name, tree] : type_of(thing).sandbox.elements) {
    if (name == property.name) more = &tree;
  }
  if (more == nullptr || shown.size() != value->as_list().size()) return shown;
  for (size_t i = 0; i < shown.size(); ++i) {
    Map names = request.names;
    names.set("self", Value(thing.properties));
    names.set("id", Value(thing.id));
    names.set("element", value->as_list()[i]);
    const Value extra = more->evaluate(MapActivation(std::move(names)));
    if (shown[i].is_map() && extra.is_map()) shown[i] = merge_wire(shown[i], extra);
  }
  return shown;
}

// What answers call the thing: of an id of several parts only its own.
Value Model::shown_id(const Request& request, Thing& thing) {
  const ResourceType& type = type_of(thing);
  if (!type.id_joins) return Value(thing.id);
  Bindings parts;
  read_backwards(*type.id_derive, Value(thing.id), type, request.names, parts);
  return parts["part"];
}

Value Model::item_of(const Request& request, Thing& thing) {
  const ResourceType& type = type_of(thing);
  const Protocol protocol = request.in.service->protocol;
  Map item;
  for (const Property& property : type.properties) {
    const Facet* facet = property.facet.empty() ? nullptr : type.facet(property.facet);
    if (facet != nullptr && facet->read.call.valid()) continue;
    const Value* value = thing.properties.find(property.name);
    if (value == nullptr || property.read.empty() || property.read.front().starts_with('@'))
      continue;
    if (!property.fields.empty() && value->is_list()) {
      // Two properties may share a list.
      List all = as_list(at_path(Value(item), property.read));
      for (Value& one : wire_elements(request, thing, property, {})) all.push_back(std::move(one));
      const Value shown = nested(property.read, Value(std::move(all)));
      item = merge_wire(Value(std::move(item)), shown).as_map();
      continue;
    }
    put_in_item(property, *value, protocol, item);
  }
  Map tree;
  if (!type.id_path.empty())
    item =
        merge_wire(nested(type.id_path, shown_id(request, thing)), Value(std::move(item))).as_map();
  const std::string now_state = state(thing, request.now);
  const WirePath& path = type.wait_create.declared ? type.wait_create.path
                         : thing.deleted           ? type.del.gone_path
                                                   : WirePath{};
  if (!path.empty() && !now_state.empty()) {
    item = merge_wire(Value(std::move(item)), nested(path, Value(now_state))).as_map();
  }
  if (thing.deleted && type.del.gone_states.empty() && !type.del.gone_path.empty()) {
    const Value when = nested(type.del.gone_path, Value(*thing.deleted));
    item = merge_wire(Value(std::move(item)), when).as_map();
  }
  if (!type.sandbox.item.empty()) {
    const RuleSubject subject{&type, &thing, &thing.properties, &thing.properties, thing.id};
    const Value extra = type.sandbox.item.evaluate(*scope(request, subject));
    if (extra.is_map()) item = merge_wire(Value(std::move(item)), extra).as_map();
  }
  return Value(std::move(item));
}

// What an action's answer has besides: `sandbox.answers`.
Value Model::extra_answer(const Request& request, const ResourceType& type, Thing* thing) {
  for (const auto& [action, tree] : type.sandbox.answers) {
    if (action != request.in.action) continue;
    const Map none;
    const Map& self = thing == nullptr ? none : thing->properties;
    const RuleSubject subject{&type, thing, &self, &self, thing == nullptr ? "" : thing->id};
    Value value = tree.evaluate(*scope(request, subject));
    return value.is_error() ? Value() : value;
  }
  return {};
}

// Items in the lists that hold them: those of one whole together, any other in one of its own.
List Model::in_groups(const ResourceType& type, const std::vector<Thing*>& shown, List items,
                      const WirePath& within) {
  const ResourceType* whole = index_.whole_of(type);
  std::map<std::string, size_t> places;
  List groups;
  for (size_t i = 0; i < items.size(); ++i) {
    const Value* id = shown[i]->hidden.find("#whole");
    if (id == nullptr || whole == nullptr) {
      groups.push_back(nested(within, Value(List{std::move(items[i])})));
      continue;
    }
    const auto [place, fresh] = places.emplace(id->string_or(), groups.size());
    if (fresh) groups.push_back(nested(whole->id_path, *id));
    Value& group = groups[place->second];
    List all = as_list(at_path(group, within));
    all.push_back(std::move(items[i]));
    group = merge_wire(group, nested(within, Value(std::move(all))));
  }
  return groups;
}

bool Model::filtered_out(const Request& request, Thing& thing, const Value& item,
                         const Value& filters) {
  if (filters.is_unset()) return false;
  const ResourceType& type = type_of(thing);
  Map known;
  if (const Value* tags = thing.properties.find(type.mark_property)) {
    if (tags->is_map()) {
      List keys;
      for (const auto& [key, value] : tags->as_map()) {
        known.set("tag:" + key.as_string(), value);
        keys.push_back(key);
      }
      known.set("tag-key", Value(std::move(keys)));
    }
  }
  if (!type.create.token.empty()) {
    known.set(replace_all(snake_case(type.create.token), "_", "-"), Value(thing.token));
  }
  const ResourceType* whole = index_.whole_of(type);
  if (const Value* id = thing.hidden.find("#whole"); id != nullptr && whole != nullptr)
    known.set(replace_all(snake_case(whole->id_path.back()), "_", "-"), *id);
  for (const Property& property : type.properties) {  // by the portable name too: `cidr`
    const Value* value = thing.properties.find(property.name);
    const std::string name = replace_all(property.name, "_", "-");
    if (value != nullptr && !value->is_map() && !value->is_list() && known.find(name) == nullptr &&
        item[name].is_unset()) {
      const bool on_item = property.fields.empty() && !property.read.empty();
      if (on_item) known.set(name, Value(to_text(*value)));
    }
  }
  (void)request;
  return !meets_filters(item, filters, known);
}

Outcome Model::list(Request& request, const Role& role) {
  const ResourceType& type = *role.type;
  const ListCall& call = *type.refresh.list;
  const bool rest = !call.call.http_method.empty();
  std::vector<Thing*> found;
  const Value ids = call.by_ids.empty() ? Value() : request.in.input[call.by_ids];
  if (!as_list(ids).empty()) {
    for (const Value& id : as_list(ids)) {
      Thing* thing = resolve(type, request, to_text(id), true);
      if (thing != nullptr && visible(*thing, request.now))
        found.push_back(thing);
      else if (!type.sandbox.missing_ids_ignored)
        return std::unexpected(not_found(type, to_text(id)));
    }
  } else {
    found = things_.of_type(type.name, request.place);
  }
  // By name: exactly, or as a prefix where the member says so.
  std::string name;
  bool prefix = false;
  if (const Property* unique = type.unique_name(); unique != nullptr && !call.by_name.empty()) {
    Bindings bound;
    const Value input = rest ? Value(request.in.query) : request.in.input;
    read_backwards(call.by_name, input, type, nullptr, request.names, bound);
    name = bound["self." + unique->name].string_or();
    if (const auto* entries = call.by_name.as_map(); entries != nullptr && !name.empty()) {
      for (const auto& [member, tree] : *entries)
        prefix = prefix || lower(member).find("prefix") != std::string::npos;
    }
  }
  const Property* unique = type.unique_name();
  const Page& page = call.page;
  const PageWanted wanted = page_of(page, request);
  uint64_t after = 0;
  if (!wanted.token.empty()) {
    const auto number = number_in(wanted.token);
    if (!number)
      return std::unexpected(refusal(type, ErrorCode::invalid, "The token is not valid.", true));
    after = *number;
  }
  List items;
  std::vector<Thing*> shown;
  uint64_t last = 0;
  bool more = false;
  for (Thing* thing : found) {
    if (!listed(*thing, request.now) || !visible(*thing, request.now) || thing->number <= after)
      continue;
    if (!name.empty() && prefix) {
      const Value* own = thing->properties.find(unique->name);
      if (own == nullptr || !to_text(*own).starts_with(name)) continue;
    }
    if (wanted.size > 0 && items.size() == wanted.size) {
      more = true;
      break;
    }
    Value item = call.scalar ? Value(thing->id) : item_of(request, *thing);
    if (filtered_out(request, *thing, item, request.in.input["Filter"])) continue;
    if (!call.scalar && !call.item_id.empty() && at_path(item, call.item_id).is_unset()) {
      item = merge_wire(item, nested(call.item_id, Value(thing->id)));
    }
    items.push_back(std::move(item));
    shown.push_back(thing);
    last = thing->number;
  }
  Reply reply;
  // `a.*.b`: each item in an `a` of its own, but parts of one whole in one.
  const auto star = std::find(call.items.begin(), call.items.end(), "*");
  if (star != call.items.end()) {
    const WirePath outer(call.items.begin(), star), within(star + 1, call.items.end());
    List groups = in_groups(type, shown, std::move(items), within);
    reply.body = nested(outer, Value(std::move(groups))).as_map();
  } else {
    reply.body = nested(call.items, Value(std::move(items))).as_map();
  }
  if (more)
    reply.body =
        merge_wire(Value(reply.body), nested(page.receive, Value(token_after(last)))).as_map();
  if (!page.more.empty()) reply.body.set(page.more, Value(more));
  const Value extra = extra_answer(request, type, nullptr);
  if (extra.is_map()) reply.body = merge_wire(Value(reply.body), extra).as_map();
  return reply;
}

// What a read shows in headers. Of a content that is compared by its digest only that.
void Model::put_headers(Thing& thing, Reply& reply) {
  const ResourceType& type = type_of(thing);
  for (const Property& property : type.properties) {
    const Value* value = thing.properties.find(property.name);
    const bool shown = property.read.size() == 2 && property.read.front() == "@header" &&
                       value != nullptr && !value->is_unset();
    const Facet* facet = property.facet.empty() ? nullptr : type.facet(property.facet);
    if (!shown || (facet != nullptr && facet->read.call.valid())) continue;
    const std::string& name = property.read.back();
    if (name.ends_with('*') && value->is_map()) {
      for (const auto& [key, member] : value->as_map())
        reply.headers.set(name.substr(0, name.size() - 1) + to_text(key), member);
      continue;
    }
    if (property.compare == Compare::digest) {
      const Sha256 digest = sha256(to_text(*value));
      reply.headers.set(name, Value(base64(std::string(digest.begin(), digest.end()))));
      continue;
    }
    if (property.absent == Absent::with_default && *value == property.default_value) continue;
    reply.headers.set(name, Value(to_text(*value)));
  }
}

// A read of one that is asked for as a list with filters, and answers one.
std::optional<Outcome> Model::read_filtered(Request& request, const Role& role) {
  const Bindings bound = bind(request, role);
  if (bound.ids.empty() || bound.differed > 0) return std::nullopt;
  Thing* thing = resolve(*role.type, request, bound.id(), true);
  const bool there = thing != nullptr && visible(*thing, request.now);
  List items;
  if (there) items.push_back(item_of(request, *thing));
  Reply reply;
  reply.body = nested(role.type->refresh.read_item, Value(std::move(items))).as_map();
  whole_page(request, reply);
  return reply;
}

Outcome Model::read_one(Request& request, const Role& role) {
  const ResourceType& type = *role.type;
  const Bindings bound = bind(request, role);
  Thing* thing = resolve(type, request, bound.id(), true);
  if (thing == nullptr || !visible(*thing, request.now))
    return std::unexpected(not_found(type, bound.id()));
  Reply reply;
  Value item = item_of(request, *thing);
  if (type.refresh.read_where) item = Value(List{std::move(item)});
  if (!request.in.head) reply.body = nested(type.refresh.read_item, std::move(item)).as_map();
  put_headers(*thing, reply);
  const Value extra = extra_answer(request, type, thing);
  if (extra.is_map()) reply.body = merge_wire(Value(reply.body), extra).as_map();
  return reply;
}

// A call that finds a unique name exactly.
Outcome Model::find_name(Request& request, const Role& role) {
  const ResourceType& type = *role.type;
  const Property* unique = type.unique_name();
  const Bindings bound = bind(request, role);
  const std::string name = unique == nullptr ? "" : to_text(bound["self." + unique->name]);
  for (Thing* thing : things_.of_type(type.name, request.place)) {
    if (!listed(*thing, request.now) || !visible(*thing, request.now)) continue;
    const Value* own = unique == nullptr ? nullptr : thing->properties.find(unique->name);
    if (own == nullptr || to_text(*own) != name) continue;
    const ListCall& list = *type.refresh.list;
    Reply reply;
    Value item = list.scalar ? Value(thing->id) : item_of(request, *thing);
    reply.body = nested(list.name_item, std::move(item)).as_map();
    return reply;
  }
  return std::unexpected(not_found(type, name));
}

void Model::put_facet(const Request& request, Thing& thing, const Facet& facet, Map& item,
                      Reply& reply) {
  const ResourceType& type = type_of(thing);
  for (const Property& property : type.properties) {
    if (property.facet != facet.name || property.read.empty()) continue;
    const Value* value = thing.properties.find(property.name);
    // A list of its own is there without elements too, but where the service says that it is not.
    const Value none = property.type.kind() == Type::Kind::map ? Value(Map{}) : Value(List{});
    if (value == nullptr && facet.each == property.name && facet.read.call.absent_on.empty())
      value = &none;
    if (value == nullptr) continue;
    if (!property.fields.empty() && value->is_list() && facet.each == property.name) {
      // Two properties may share a list.
      List all = as_list(at_path(Value(item), property.read));
      for (Value& one : wire_elements(request, thing, property, {})) all.push_back(std::move(one));
      const Value shown = nested(property.read, Value(std::move(all)));
      item = merge_wire(Value(std::move(item)), shown).as_map();
      continue;
    }
    Map alone;
    put_in_item(property, *value, request.in.service->protocol, alone);
    if (property.read.front() == "@body") {
      reply.is_raw = true;
      reply.raw = to_text(alone.begin()->second);
    } else if (property.read.front() == "@header") {
      reply.headers.set(property.read.back(), at_path(Value(alone), property.read));
    } else {
      item = merge_wire(Value(std::move(item)), Value(std::move(alone))).as_map();
    }
  }
}

// One call may show several facets, or a facet's elements of several things.
Outcome Model::read_facets(Request& request, const std::vector<Role>& roles) {
  std::vector<std::pair<const Role*, Bindings>> parts;
  int best = -1000;
  for (const Role& role : roles) {
    if (role.kind != Kind::facet_read) continue;
    parts.emplace_back(&role, bind(request, role));
    best = std::max(best, parts.back().second.score());
  }
  Reply reply;
  bool any = false, elements = false;
  const Role* absent = nullptr;
  if (best < 0 && !parts.empty() && !parts.front().second.ids.empty()) {
    // None of them is what was asked for, but another part of the thing.
    const Role& role = *parts.front().first;
    Thing* thing = resolve(*role.type, request, parts.front().second.id(), true);
    if (thing == nullptr || !visible(*thing, request.now))
      return std::unexpected(not_found(*role.type, parts.front().second.id()));
    const Value extra = extra_answer(request, *role.type, thing);
    if (extra.is_map()) reply.body = extra.as_map();
    return reply;
  }
  for (auto& [role, bound] : parts) {
    if (bound.score() < best) continue;
    const ResourceType& type = *role->type;
    const FacetRead& read = role->facet->read;
    std::vector<Thing*> things;
    if (bound.many) {
      for (const Value& id : bound.ids) {
        Thing* thing = resolve(type, request, to_text(id), true);
        if (thing != nullptr && visible(*thing, request.now)) things.push_back(thing);
      }
      elements = true;
    } else if (!bound.ids.empty()) {
      Thing* thing = resolve(type, request, bound.id(), true);
      if (thing == nullptr || !visible(*thing, request.now))
        return std::unexpected(not_found(type, bound.id()));
      things.push_back(thing);
    } else {
      things = things_.of_type(type.name, request.place);
    }
    const Property* each = role->facet->each.empty() ? nullptr : type.property(role->facet->each);
    const bool listing = each != nullptr && !read.item.empty();
    for (Thing* thing : things) {
      if (gone(*thing, request.now)) continue;
      if (listing) {
        elements = true;
        any = true;
        List shown = wire_elements(request, *thing, *each, read.each);
        List all = as_list(at_path(Value(reply.body), read.item));
        for (Value& one : shown) {
          if (meets_filters(one, other_filters(request.in.input["Filter"], bound.ids), {}))
            all.push_back(std::move(one));
        }
        reply.body =
            merge_wire(Value(reply.body), nested(read.item, Value(std::move(all)))).as_map();
        continue;
      }
      Map item;
      put_facet(request, *thing, *role->facet, item, reply);
      const bool set = !item.empty() || reply.is_raw;
      any = any || set;
      if (!set && !read.call.absent_on.empty()) {
        absent = role;
        continue;
      }
      reply.body =
          merge_wire(Value(reply.body), nested(read.item, Value(std::move(item)))).as_map();
      const Value extra = extra_answer(request, type, thing);
      if (extra.is_map()) reply.body = merge_wire(Value(reply.body), extra).as_map();
    }
    if (!role->facet->apply.empty()) reply.root = role->facet->apply.back().call.root;
  }
  if (!any && !elements && absent != nullptr) {
    Refusal none;
    none.reaction = ErrorCode::not_found;
    none.code = absent->call->absent_on.front();
    none.message = "It is not set.";
    return std::unexpected(none);
  }
  whole_page(request, reply);
  return reply;
}

// A facet whose elements have names, listed by name …
Outcome Model::read_names(Request& request, const Role& role) {
  const Bindings bound = bind(request, role);
  Thing* thing = resolve(*role.type, request, bound.id(), true);
  if (thing == nullptr) return std::unexpected(not_found(*role.type, bound.id()));
  const Property* property = role.type->property(role.facet->each);
  List names;
  const Value* value = thing->properties.find(property->name);
  for (const Value& element : value == nullptr ? List{} : as_list(*value)) {
    if (property->key.size() > 1) {
      names.push_back(wire_key(*property, element, request.in.service->protocol));
      continue;
    }
    names.push_back(property->key.empty() || !element.is_map() ? element
                                                               : element[property->key.front()]);
  }
  Reply reply;
  reply.body = nested(role.facet->read.ids, Value(std::move(names))).as_map();
  whole_page(request, reply);
  return reply;
}

// … and shown one by one.
Outcome Model::read_detail(Request& request, const Role& role) {
  const Bindings bound = bind(request, role);
  Thing* thing = resolve(*role.type, request, bound.id(), true);
  if (thing == nullptr) return std::unexpected(not_found(*role.type, bound.id()));
  const Property* property = role.type->property(role.facet->each);
  const Value* value = thing->properties.find(property->name);
  const std::string key = to_text(bound["key"]);
  for (const Value& element : value == nullptr ? List{} : as_list(*value)) {
    const Value& name =
        property->key.empty() || !element.is_map() ? element : element[property->key.front()];
    const Value parts = wire_key(*property, element, request.in.service->protocol);
    const auto differs = [&](const std::string& part) {
      const Property* field = property->field(part);
      const Value asked = bound["key." + part];
      return field != nullptr && !field->read.empty() && !asked.is_unset() &&
             to_text(asked) != to_text(parts[field->read.front()]);
    };
    const bool several = property->key.size() > 1;
    const bool other = several ? std::any_of(property->key.begin(), property->key.end(), differs)
                               : to_text(name) != key;
    if (other) continue;
    Property one = *property;
    one.type = property->type.element();
    one.read = {"v"};
    Map item;
    put_in_item(one, element, request.in.service->protocol, item);
    Reply reply;
    const Value* shown = item.find("v");
    if (shown != nullptr && shown->is_map())
      reply.body = nested(role.facet->read.detail_item, *shown).as_map();
    const Value extra = extra_answer(request, *role.type, thing);
    if (extra.is_map()) reply.body = merge_wire(Value(reply.body), extra).as_map();
    return reply;
  }
  return std::unexpected(not_found(*role.type, key));
}

// Calls that only look for what stands in the way: things that refer to this one.
Outcome Model::read_blocker(Request& request, const std::vector<Role>& roles) {
  Reply reply;
  for (const Role& role : roles) {
    if (role.kind != Kind::blocker) continue;
    const Bindings bound = bind(request, role);
    List items;
    Thing* thing = bound.ids.empty() ? nullptr : resolve(*role.type, request, bound.id());
    if (thing != nullptr) {
      for (Thing* other : referrers(request, *thing)) {
        if (type_of(*other).id_path == role.blocker->id) items.push_back(item_of(request, *other));
      }
    }
    if (reply.body.find(role.blocker->items.front()) == nullptr || !items.empty()) {
      reply.body =
          merge_wire(Value(reply.body), nested(role.blocker->items, Value(std::move(items))))
              .as_map();
    }
  }
  whole_page(request, reply);
  return reply;
}

// What a thing contains is not modelled: it is always empty.
Outcome Model::read_contents(Request& request, const Role& role) {
  const Bindings bound = bind(request, role);
  Thing* thing = resolve(*role.type, request, bound.id());
  if (thing == nullptr) return std::unexpected(not_found(*role.type, bound.id()));
  Reply reply;
  for (const Step& step : role.type->del.contents->purge) {
    if (step.call.action != request.in.action) continue;
    for (const auto& [name, path] : step.bind) {
      reply.body = merge_wire(Value(reply.body), nested(path, Value(List{}))).as_map();
    }
  }
  reply.root = request.in.action;
  return reply;
}

// Parts of other types' things that the action lists as well: a machine's own volumes.
void Model::add_parts(Request& request, const std::vector<Role>& roles, const Role& list,
                      Reply& reply) {
  std::vector<Role> parts;
  for (const Role& role : roles) {
    const bool part = role.kind == Kind::facet_read && role.type != list.type &&
                      role.facet->read.item == list.type->refresh.list->items;
    if (part) parts.push_back(role);
  }
  // Asked for by ids it names things, not parts.
  const std::string& by_ids = list.type->refresh.list->by_ids;
  if (parts.empty() || (!by_ids.empty() && !as_list(request.in.input[by_ids]).empty())) return;
  const Outcome found = read_facets(request, parts);
  if (!found) return;
  const WirePath& items = list.type->refresh.list->items;
  List all = as_list(at_path(Value(reply.body), items));
  for (const Value& one : as_list(at_path(Value(found->body), items))) all.push_back(one);
  reply.body = merge_wire(Value(reply.body), nested(items, Value(std::move(all)))).as_map();
}

Outcome Model::read(Request& request, const std::vector<Role>& roles) {
  const auto first = [&](Kind kind) -> const Role* {
    for (const Role& role : roles) {
      if (role.kind == kind) return &role;
    }
    return nullptr;
  };
  const Role* one = first(Kind::read);
  if (const Role* role = first(Kind::list)) {
    if (one != nullptr && one->type == role->type) {
      if (auto answered = read_filtered(request, *one)) return *answered;
    }
    Outcome listed = list(request, *role);
    if (listed) add_parts(request, roles, *role, *listed);
    return listed;
  }
  const Role* named = first(Kind::by_name);
  if (named != nullptr && one == nullptr) return find_name(request, *named);
  if (one != nullptr) {
    // One action reads several types: the one that has such a thing.
    for (const Role& role : roles) {
      if (role.kind != Kind::read) continue;
      if (resolve(*role.type, request, bind(request, role).id(), true) != nullptr)
        return read_one(request, role);
    }
    return read_one(request, *one);
  }
  if (first(Kind::facet_read) != nullptr) return read_facets(request, roles);
  if (const Role* role = first(Kind::facet_names)) return read_names(request, *role);
  if (const Role* role = first(Kind::facet_detail)) return read_detail(request, *role);
  if (const Role* role = first(Kind::contents)) return read_contents(request, *role);
  if (first(Kind::blocker) != nullptr) return read_blocker(request, roles);
  return Reply{};
}

}  // namespace lf::sandbox
