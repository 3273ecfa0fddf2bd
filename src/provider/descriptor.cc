// SPDX-License-Identifier: Apache-2.0
// Look-ups in the descriptor model, and the type that a resource has in the language.
#include "provider/descriptor.h"

#include <charconv>

#include "base/json.h"

namespace lf {

namespace {

// The path's split puts a trailing "[]" into a step of its own.
constexpr std::string_view kAsList = "[]";

// "12" -> 12; anything else: nullopt.
std::optional<size_t> list_index(const std::string& text) {
  size_t index = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, index);
  if (error != std::errc() || stop != end) return std::nullopt;
  return index;
}

template <class T>
const T* find_named(const std::vector<T>& items, std::string_view name) {
  for (const T& item : items) {
    if (item.name == name) return &item;
  }
  return nullptr;
}

}  // namespace

namespace {

Value walk(const Value& tree, const WirePath& path, size_t from);

// `*`: what each element of the list holds, joined into one list.
Value walk_each(const Value& list, const WirePath& path, size_t from) {
  List out;
  const auto add = [&](const Value& element) {
    const Value found = walk(element, path, from);
    if (found.is_list()) {
      out.insert(out.end(), found.as_list().begin(), found.as_list().end());
    } else if (!found.is_unset()) {
      out.push_back(found);
    }
  };
  if (list.is_list()) {
    for (const Value& element : list.as_list()) add(element);
  } else if (list.is_map()) {
    add(list);
  }
  return Value(std::move(out));
}

// `{entry: [{key, value}, …]}`, as the query protocols' answers write maps.
Value entries_as_map(const Value& value) {
  const Value& entries = value["entry"];
  if (!entries.is_list() && !entries.is_map()) return value;
  Map out;
  for (const Value& entry : entries.is_list() ? entries.as_list() : List{entries}) {
    out.set(entry["key"].string_or(), entry["value"]);
  }
  return Value(std::move(out));
}

Value document_at(const Value& value) {
  if (!value.is_string()) return value;
  auto parsed = parse_json(value.as_string());
  return parsed ? std::move(*parsed) : Value();
}

// `x-meta-*`: what begins so, by the rest of its name.
Value begins_with(const Value& tree, std::string_view begin) {
  Map out;
  if (!tree.is_map()) return {};
  for (const auto& [key, value] : tree.as_map()) {
    const std::string& name = key.as_string();
    if (name.size() > begin.size() && name.starts_with(begin))
      out.set(name.substr(begin.size()), value);
  }
  return out.empty() ? Value() : Value(std::move(out));
}

Value walk(const Value& tree, const WirePath& path, size_t from) {
  static const Value kNothing;
  const Value* at = &tree;
  for (size_t i = from; i < path.size(); ++i) {
    const std::string& step = path[i];
    if (at->is_secret()) at = &at->secret_value();
    if (step == "*") return walk_each(*at, path, i + 1);
    if (step.ends_with('*'))
      return begins_with(*at, std::string_view(step).substr(0, step.size() - 1));
    if (step == kAsList) {
      if (at->is_list()) return *at;
      const bool nothing = at->is_unset() || (at->is_string() && at->as_string().empty());
      return nothing ? Value(List{}) : Value(List{*at});
    }
    // As it was put together, or as it comes over the wire.
    const bool literal = at->is_map() && at->as_map().find(std::string_view(step)) != nullptr;
    if (!literal && (step == "#map" || step == "#json")) {
      return walk(step == "#map" ? entries_as_map(*at) : document_at(*at), path, i + 1);
    }
    if (at->is_map()) {
      if (const Value* entry = at->as_map().find(std::string_view(step))) {
        at = entry;
        continue;
      }
    }
    const std::optional<size_t> index = list_index(step);
    if (at->is_list()) {
      at = index && *index < at->as_list().size() ? &at->as_list()[*index] : &kNothing;
    } else if (index != size_t{0}) {
      // XML cannot tell a list of one from its element: index 0 of a thing is the thing.
      at = &kNothing;
    }
  }
  return *at;
}

}  // namespace

Value at_path(const Value& tree, const WirePath& path) {
  return walk(tree, path, 0);
}

const Property* Property::field(std::string_view field_name) const {
  return find_named(fields, field_name);
}

const Property* ResourceType::property(std::string_view property_name) const {
  return find_named(properties, property_name);
}

const Facet* ResourceType::facet(std::string_view facet_name) const {
  return find_named(facets, facet_name);
}

const Property* ResourceType::unique_name() const {
  for (const Property& property : properties) {
    if (property.unique_name) return &property;
  }
  return nullptr;
}

std::vector<std::string> ResourceType::part_ids(const Map& shown) const {
  std::vector<std::string> out;
  const Value* ids = parts ? shown.find(parts->ids) : nullptr;
  if (ids == nullptr || !ids->is_list()) return out;
  for (const Value& id : ids->as_list()) out.push_back(id.string_or());
  return out;
}

Map ResourceType::parts_of(std::string_view id) const {
  Map out;
  for (size_t i = id_parts.size(); i-- > 0;) {
    const size_t at = i == 0 ? std::string_view::npos : id.rfind(id_separator);
    if (i > 0 && at == std::string_view::npos) return {};
    out.set(id_parts[i], Value(std::string(i == 0 ? id : id.substr(at + id_separator.size()))));
    id = id.substr(0, at);
  }
  return out;
}

Type ResourceType::object_type() const {
  std::vector<Type::Field> fields;
  fields.reserve(properties.size() + 1);
  fields.push_back({"id", Type(Type::Kind::string), true});
  for (const Property& property : properties) {
    const bool secret = property.secret && property.type.kind() != Type::Kind::secret;
    fields.push_back(
        {property.name, secret ? Type::secret(property.type) : property.type, property.required});
  }
  return Type::object(name, std::move(fields));
}

}  // namespace lf
