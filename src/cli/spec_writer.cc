// SPDX-License-Identifier: Apache-2.0
#include "cli/spec_writer.h"

#include <algorithm>

#include "base/strings.h"
#include "base/units.h"
#include "cli/yaml_text.h"
#include "provider/scope.h"
#include "provider/wire.h"
#include "yaml/reader.h"

namespace lf {

namespace {

bool left_out(const WrittenResource& resource, const std::string& path) {
  if (resource.facts == nullptr) return false;
  const auto& list = resource.facts->leave_out;
  return std::find(list.begin(), list.end(), path) != list.end();
}

// Whether the service takes this by itself where nobody says otherwise.
bool usual(const WrittenResource& resource, const Property& property, const Value& value) {
  if (resource.facts == nullptr) return false;
  for (const auto& [name, tree] : resource.facts->usual) {
    if (name != property.name) continue;
    const Value word = tree.evaluate(MapActivation(resource.names));
    const bool text = word.is_string();
    if (text && property.type.kind() == Type::Kind::duration) {
      const auto duration = parse_duration(word.as_string());
      return duration && value == Value(*duration);
    }
    if (text && property.type.kind() == Type::Kind::size) {
      const auto bytes = parse_size(word.as_string());
      return bytes && value == Value(*bytes);
    }
    return same_value(property, word, value);
  }
  return false;
}

class Writer {
 public:
  Writer(const WrittenResource& resource, const Rewrite& rewrite)
      : resource_(resource), rewrite_(rewrite) {}

  Map all() {
    Map out;
    for (const auto& property : resource_.type->properties) {
      if (resource_.hidden.contains(property.name)) continue;
      const Value* value = resource_.seen.find(property.name);
      if (value == nullptr || !wanted(property, property.name, *value)) continue;
      top_ = &property;
      out.set(property.name, written(property, property.name, property.type, *value));
    }
    return out;
  }

 private:
  bool wanted(const Property& property, const std::string& path, const Value& value) const {
    if (value.is_unset() || property.computed || property.secret || property.write_only)
      return false;
    if (contains_secret(value) || left_out(resource_, path)) return false;
    if (property.absent == Absent::with_default &&
        same_value(property, value, property.default_value))
      return false;
    if (usual(resource_, property, value)) return false;
    const bool blank = value.is_string() && value.as_string().empty();
    if (blank && property.absent != Absent::with_default && !property.required) return false;
    const bool empty =
        (value.is_list() && value.as_list().empty()) || (value.is_map() && value.as_map().empty());
    if (!empty || property.required) return true;
    // An empty list says "none" where the service would put something by itself.
    const Facet* facet = resource_.type->facet(property.facet);
    return facet != nullptr && facet->preexisting && facet->each == property.name;
  }

  Value written(const Property& property, const std::string& path, const Type& type,
                const Value& value) const {
    if (value.is_list()) {
      const Type element = type.kind() == Type::Kind::list ? type.element() : Type();
      List out;
      for (const auto& one : value.as_list()) out.push_back(written(property, path, element, one));
      return Value(std::move(out));
    }
    if (value.is_map() && !property.fields.empty()) {
      if (type.kind() == Type::Kind::map) {
        Map out;
        for (const auto& [key, one] : value.as_map())
          out.set(key, written(property, path, type.element(), one));
        return Value(std::move(out));
      }
      return object(property, path, value);
    }
    if (value.is_map()) {
      const Type element = type.kind() == Type::Kind::map ? type.element() : Type();
      Map out;
      for (const auto& [key, one] : value.as_map())
        out.set(key, written(property, path, element, one));
      return Value(std::move(out));
    }
    return scalar(type, value);
  }

  Value object(const Property& property, const std::string& path, const Value& value) const {
    Map out;
    for (const auto& field : property.fields) {
      const std::string place = path + "." + field.name;
      const Value& one = value[field.name];
      if (wanted(field, place, one)) out.set(field.name, written(field, place, field.type, one));
    }
    return Value(std::move(out));
  }

  Value scalar(const Type& type, const Value& value) const {
    if (type.kind() == Type::Kind::size && value.is_int())
      return Value(format_size(value.as_int()));
    if (value.is_string()) return Value(rewrite_(*top_, type, value.as_string()));
    if (value.is_bool() || value.is_number()) return value;
    return Value(to_text(value));  // 90d, 10.0.0.0/16: texts that hold nothing to escape
  }

  const WrittenResource& resource_;
  const Rewrite& rewrite_;
  const Property* top_ = nullptr;
};

size_t line_count(std::string_view text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

struct Parsed {
  Sources sources;
  Diagnostics diagnostics;
  SyntaxTree tree{sources};
  Node root;
};

std::unique_ptr<Parsed> parse(const std::string& text) {
  auto out = std::make_unique<Parsed>();
  const SourceId id = out->sources.add("spec", text);
  out->root = read_yaml(out->tree, id, out->diagnostics);
  return out;
}

// The offset behind the line that holds the byte before `end`.
size_t line_end(const std::string& text, size_t end) {
  const size_t at = text.find('\n', end == 0 ? 0 : end - 1);
  return at == std::string::npos ? text.size() : at + 1;
}

size_t column_of(const std::string& text, size_t at) {
  const size_t line = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
  return line == std::string::npos ? at : at - line - 1;
}

}  // namespace

std::string escaped(const std::string& text) {
  return replace_all(text, "${", "$${");
}

Map spec_properties(const WrittenResource& resource, const Rewrite& rewrite) {
  return Writer(resource, rewrite).all();
}

std::string write_resource(const WrittenResource& resource, const Map& properties, bool adopt,
                           size_t indent, WrittenLines* lines) {
  const std::string space(indent, ' '), inner(indent + 2, ' ');
  std::string out;
  for (const auto& comment : resource.comments) out += space + "# " + printable(comment) + "\n";
  out += space + yaml_string(resource.key) + ":\n";
  out += inner + "type: " + resource.type->name + "\n";
  if (!resource.provider.empty())
    out += inner + "provider: " + yaml_string(resource.provider) + "\n";
  if (adopt) out += inner + "adopt: " + yaml_string(escaped(resource.id)) + "\n";
  if (!resource.hidden.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, why] : resource.hidden) {
      names.push_back(name);
      out += inner + "# " + name + ": " + printable(why) + "\n";
    }
    out += inner + "ignore_changes: [" + join(names, ", ") + "]\n";
  }
  for (const auto& [name, value] : properties) {
    const size_t from = line_count(out);
    Map one;
    one.set(name, value);
    out += to_yaml(Value(std::move(one)), indent + 2);
    if (lines != nullptr) lines->properties[name.string_or()] = {from, line_count(out)};
  }
  if (lines != nullptr) lines->last = line_count(out);
  return out;
}

size_t resource_indent(const std::string& text) {
  const auto parsed = parse(text);
  const Node map = parsed->root.find("resources");
  if (!map.is_map() || map.size() == 0) return 2;
  return column_of(text, map.entry(0).key.span().begin);
}

Result<std::string> add_resources(const std::string& text, const std::string& entries, size_t* at) {
  std::string out = text;
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
  const auto parsed = parse(out);
  const Node key = parsed->root.find_key("resources");
  size_t place = out.size();
  std::string added = entries;
  if (!key) {
    added = (out.empty() ? "resources:\n" : "\nresources:\n") + entries;
  } else {
    const Node map = parsed->root.find("resources");
    const bool flow = map.style() == NodeStyle::flow && map.is_map();
    if ((flow || !map.is_map()) && !map.is_null()) {
      Error error(ErrorCode::invalid, "`resources` of the spec is not written as a block");
      error.help.emplace_back("write each resource on lines of its own below `resources:`");
      return fail(std::move(error));
    }
    place = line_end(out, map.is_null() ? key.span().end : map.span().end);
  }
  if (at != nullptr)
    *at = line_count(std::string_view(out).substr(0, place)) + line_count(added) -
          line_count(entries);
  return out.substr(0, place) + added + out.substr(place);
}

std::string without_adopt(const std::string& text,
                          const std::function<bool(const std::string&, const std::string&)>& done) {
  const auto parsed = parse(text);
  const Node map = parsed->root.find("resources");
  std::vector<std::pair<size_t, size_t>> cut;
  for (size_t i = 0; i < map.size(); ++i) {
    const Node::Entry entry = map.entry(i);
    const Node word = entry.value.find_key("adopt"), id = entry.value.find("adopt");
    if (!word || !id.is_scalar() || entry.value.style() == NodeStyle::flow) continue;
    if (!done(std::string(entry.key.text()), replace_all(std::string(id.text()), "$${", "${")))
      continue;
    const size_t begin = word.span().begin - column_of(text, word.span().begin);
    cut.emplace_back(begin, line_end(text, id.span().end));
  }
  std::string out;
  size_t from = 0;
  for (const auto& [begin, end] : cut) {
    out += text.substr(from, begin - from);
    from = end;
  }
  return out + text.substr(from);
}

}  // namespace lf
