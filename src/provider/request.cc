// SPDX-License-Identifier: Apache-2.0
#include "provider/request.h"

#include <algorithm>

#include "base/digest.h"
#include "base/strings.h"
#include "provider/wire.h"

namespace lf {

namespace {

// Evaluates `send` trees: like Template::evaluate, but leaves that only name a property are written
// the way that property is written.
class Sender {
 public:
  Sender(const ResourceType* type, const std::vector<Property>* inputs, const MapActivation& names,
         std::string& problem)
      : type_(type), inputs_(inputs), names_(names), problem_(problem) {}

  Value tree(const Template& t) {
    if (t.empty()) return Value();
    if (const Value* constant = t.as_constant()) return *constant;
    if (const auto* entries = t.as_map()) {
      Map out;
      for (const auto& [key, inner] : *entries) {
        // An explicit null leaves a name out; an expression that gives nothing just sends nothing.
        const bool explicit_null = inner.as_constant() != nullptr && inner.as_constant()->is_null();
        Value value = tree(inner);
        if (value.is_unset() && !explicit_null) {
          if (inner.as_scalar() != nullptr) out.set(key, Value::none());
          continue;
        }
        out.set(key, std::move(value));
      }
      return Value(std::move(out));
    }
    if (const auto* items = t.as_list()) {
      List out;
      for (const auto& item : *items) {
        Value value = tree(item);
        if (!value.is_unset()) out.push_back(std::move(value));
      }
      return Value(std::move(out));
    }
    return leaf(t);
  }

  Value leaf(const Template& t) {
    // A property that is not set is not sent; that is no error of the expression.
    const auto direct = t.plain_reference();
    if (direct && !direct->second.empty()) {
      const auto owner = names_.lookup(direct->first);
      if (owner && owner->is_map() && owner->as_map().find(direct->second) == nullptr)
        return Value();
    }
    Value value = t.evaluate(names_);
    if (value.is_error()) {
      if (problem_.empty()) problem_ = value.error_message();
      return Value();
    }
    if (contains_unknown(value)) {
      if (problem_.empty())
        problem_ = "it needs " + join(unknown_origins(value), ", ") + ", which is not known";
      return Value();
    }
    if (value.is_unset()) return Value();
    const auto plain = t.plain_reference();
    if (!plain) return value;
    if (plain->first == "elements" && value.is_list()) {
      const Property* property = element_property();
      if (property == nullptr) return value;
      if (property->type.kind() != Type::Kind::map) return to_wire(*property, value);
      Map map;
      for (const auto& element : value.as_list()) map.set(element["key"], element["value"]);
      return to_wire(*property, Value(std::move(map)));
    }
    if (const Property* property = find(plain->first, plain->second))
      return to_wire(*property, value);
    const Property* whole = plain->first == "element" && plain->second.empty() && value.is_map()
                                ? element_property()
                                : nullptr;
    if (whole != nullptr && !whole->fields.empty()) {
      Property one = *whole;
      one.type = whole->type.element();
      one.key.clear();
      return to_wire(one, value);
    }
    return value;
  }

 private:
  const Property* find(const std::string& root, const std::string& name) const {
    if (inputs_ != nullptr && root == "self") {
      for (const auto& property : *inputs_) {
        if (property.name == name) return &property;
      }
      return nullptr;
    }
    if (type_ == nullptr) return nullptr;
    if (root == "self" || root == "prior" || root == "observed") return type_->property(name);
    if (root == "tags" && name.empty()) return type_->property(type_->mark_property);
    if (root == "element" || root == "prior_element") {
      const Property* property = element_property();
      return property == nullptr || name.empty() ? nullptr : property->field(name);
    }
    return nullptr;
  }

  // The property whose elements a call is about.
  const Property* element_property() const {
    const auto name = names_.lookup(kElementProperty);
    return name && type_ != nullptr ? type_->property(name->string_or()) : nullptr;
  }

  const ResourceType* type_;
  const std::vector<Property>* inputs_;
  const MapActivation& names_;
  std::string& problem_;
};

bool flag_or_number(const Value& v) {
  return v.is_bool() || v.is_number();
}

std::string header_text(const Value& value) {
  return flag_or_number(value) || !value.is_string() ? to_text(value) : value.as_string();
}

// Fills `{x}`: from `path`, else a property of that name, else the id.
std::string fill(const std::string& text, const std::vector<std::pair<std::string, Template>>& path,
                 Sender& sender, const Map& names, const std::string& in_host,
                 std::string* host_part) {
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const size_t open = text.find('{', at);
    if (open == std::string::npos) {
      out += text.substr(at);
      break;
    }
    out += text.substr(at, open - at);
    const size_t end = text.find('}', open);
    if (end == std::string::npos) break;
    std::string name = text.substr(open + 1, end - open - 1);
    const bool greedy = name.ends_with('+');
    if (greedy) name.pop_back();
    Value value;
    for (const auto& [key, tree] : path) {
      if (key == name) value = sender.leaf(tree);
    }
    if (value.is_null()) {
      const Value* self = names.find("self");
      if (self != nullptr && !(*self)[name].is_unset()) value = (*self)[name];
    }
    if (value.is_null()) {
      const Value* id = names.find("id");
      if (id != nullptr) value = *id;
    }
    const std::string filled = to_text(value);
    if (host_part != nullptr && name == in_host) *host_part = filled;
    out += percent_encode(filled, greedy);
    at = end + 1;
  }
  return out;
}

// Headers; a name that ends in `*` is what each name of a map begins with.
void put_headers(const Call& call, const ResourceType* type, const std::vector<Property>* inputs,
                 const Map& names, std::string& problem, WireCall& out) {
  if (call.headers.empty()) return;
  Map with_body = names;
  if (out.raw_payload) {
    const Sha256 digest = sha256(*out.raw_payload);
    with_body.set("body_sha256", Value(base64(std::string(digest.begin(), digest.end()))));
  }
  const MapActivation activation(with_body);
  Sender sender(type, inputs, activation, problem);
  for (const auto& [name, tree] : call.headers) {
    const Value value = sender.leaf(tree);
    if (value.is_unset()) continue;
    if (!name.ends_with('*')) {
      out.headers.emplace_back(name, header_text(value));
      continue;
    }
    if (!value.is_map()) continue;
    for (const auto& [key, member] : value.as_map()) {
      out.headers.emplace_back(name.substr(0, name.size() - 1) + to_text(key), header_text(member));
    }
  }
}

}  // namespace

void put_elements(const Property& property, const List& elements, bool batch, Map& input) {
  const bool objects = !property.fields.empty();
  if (batch && property.type.kind() == Type::Kind::map) {
    Map map;
    for (const auto& element : elements) map.set(element["key"], element["value"]);
    put_on_wire(property, Value(std::move(map)), input);
    return;
  }
  if (batch) {
    put_on_wire(property, Value(elements), input);
    return;
  }
  if (objects) {
    for (const auto& field : property.fields) {
      if (field.computed) continue;
      const Value& value = elements.front()[field.name];
      if (!value.is_unset()) put_on_wire(field, value, input);
    }
    return;
  }
  Property one = property;
  if (property.type.kind() == Type::Kind::list) one.type = property.type.element();
  one.key.clear();
  put_on_wire(one, elements.front(), input);
}

Result<WireCall> make_call(const Service& service, const Call& call, const ResourceType* type,
                           const std::vector<Property>* inputs, Map input, const Map& names) {
  std::string problem;
  const MapActivation activation(names);
  Sender sender(type, inputs, activation, problem);
  WireCall out;
  out.service = service.name;
  out.action = call.action;
  out.api_version = service.api_version;
  out.json_version = service.json_version;
  out.target_prefix = service.target_prefix;
  out.query_compatible = service.query_compatible;
  out.content_md5 = service.content_md5;
  out.payload_root = call.root;
  out.xmlns = call.xmlns.empty() ? service.xmlns : call.xmlns;
  out.raw_answer = call.raw;
  if (!call.http_method.empty()) {
    out.http_method = call.http_method;
    std::string host_part;
    out.http_path = fill(call.http_path, call.path, sender, names, service.in_host, &host_part);
    out.http_query = fill(call.http_query, call.path, sender, names, "", nullptr);
    out.bucket = host_part;
    out.omit_empty_payload = true;
  }
  for (const auto& [name, tree] : call.query) {
    const Value value = sender.leaf(tree);
    if (value.is_unset()) continue;
    // A list is its name with each of its values.
    for (const Value& one : value.is_list() ? value.as_list() : List{value}) {
      out.http_query += (out.http_query.empty() ? "" : "&") + percent_encode(name) + "=" +
                        percent_encode(header_text(one));
    }
  }
  if (!call.payload.empty()) {
    const Value payload = sender.leaf(call.payload);
    out.raw_payload = payload.is_bytes() ? payload.as_bytes() : to_text(payload);
  }
  put_headers(call, type, inputs, names, problem, out);
  if (call.payload.empty()) {
    const Value send = sender.tree(call.send);
    // `send: {}`: an empty document is meant, not no document.
    if (send.is_map() && send.as_map().empty()) out.omit_empty_payload = false;
    out.input =
        send.is_null() ? Value(std::move(input)) : merge_wire(Value(std::move(input)), send);
  }
  if (!problem.empty()) {
    return fail(ErrorCode::invalid,
                service.name + " " + call.action + " cannot be sent: " + problem);
  }
  return out;
}

}  // namespace lf
