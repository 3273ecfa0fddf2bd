// SPDX-License-Identifier: Apache-2.0
#include "editor/language.h"

#include <algorithm>

#include "editor/uri.h"

namespace lf::editor {

using Kind = Form::Kind;

Language::Language(Checked& root, const std::string& path)
    : root_(root), own_(root.module_at(path)) {
  is_spec_ = own_ == nullptr ? root.kind() == RootKind::spec && path != root.path()
                             : own_->kind == ModuleKind::root;
  if (own_ == nullptr && path == root.path()) is_spec_ = root.kind() == RootKind::spec;
}

const Module* Language::block(std::string_view name) {
  const std::string& provider = root_.provider();
  return provider.empty() || name.empty() ? nullptr : root_.modules().block(provider, name);
}

Form Language::of_type(const Type& type) const {
  Form out;
  out.kind = Kind::type;
  out.type = type;
  return out;
}

Form Language::of_property(const Property& property) const {
  Form out;
  out.kind = Kind::property;
  out.property = &property;
  out.type = property.type;
  return out;
}

Form Language::of_word(const Word& word, SpecPart part) const {
  if (word.type.empty()) return {};
  const auto type = Type::parse(word.type);
  Form out = of_type(type ? *type : Type());
  const std::string_view name = word.name;
  if (name == "type") {
    out.what = part == SpecPart::resource  ? "resource type"
               : part == SpecPart::look_up ? "look-up"
                                           : "type";
  } else if ((name == "provider" && part == SpecPart::spec) || name == "kind") {
    out.what = "package";
  } else if (name == "provider") {
    out.what = "provider";
  } else if (name == "region") {
    out.what = "region";
  } else if (name == "use") {
    out.what = "module file";
  } else if (name == "depends_on") {
    out.what = "dependency";
  }
  return out;
}

Form Language::root_step(std::string_view key) {
  Form out;
  static constexpr std::pair<std::string_view, SpecPart> kParts[] = {
      {"variables", SpecPart::variable}, {"inputs", SpecPart::input},
      {"data", SpecPart::look_up},       {"resources", SpecPart::resource},
      {"modules", SpecPart::module_use}, {"files", SpecPart::file},
      {"outputs", SpecPart::output},     {"providers", SpecPart::provider},
      {"policies", SpecPart::policy},    {"checks", SpecPart::check},
      {"environments", SpecPart::spec},  {"requires", SpecPart::requirement},
      {"imports", SpecPart::import}};
  for (const auto& [name, part] : kParts) {
    if (name != key) continue;
    out.kind = Kind::names;
    out.part = part;
    return out;
  }
  const SpecPart part = is_spec_ ? SpecPart::spec : SpecPart::module;
  if (const Word* word = find_word(part, key)) return of_word(*word, part);
  if (const Module* module = is_spec_ ? block(key) : nullptr) {
    out.kind = module->keyed ? Kind::names : Kind::body;
    out.part = SpecPart::block;
    out.module = module;
  }
  return out;
}

// What stands under a name that the writer chose.
Form Language::named(SpecPart part, std::string_view key, const Node& value) {
  Form out;
  out.kind = Kind::words;
  out.part = part;
  const std::string type(value.is_map() ? value.find("type").text() : std::string_view());
  if (part == SpecPart::spec) {
    out.kind = Kind::root;
  } else if (part == SpecPart::resource) {
    out.kind = Kind::resource;
    out.resource = type.empty() ? nullptr : root_.packages().resource(type);
  } else if (part == SpecPart::look_up) {
    out.kind = Kind::look_up;
    out.data = type.empty() ? nullptr : root_.packages().data(type);
  } else if (part == SpecPart::module_use) {
    const std::string use(value.is_map() ? value.find("use").text() : std::string_view());
    const std::string folder = own_ == nullptr ? root_.spec().folder : own_->folder;
    const std::string path = normal_path(use.starts_with('/') ? use : folder + "/" + use);
    const auto known = root_.user_modules().find(path);
    if (known != root_.user_modules().end()) out.module = known->second;
  }
  (void)key;
  return out;
}

Form Language::step(const Form& form, std::string_view key, const Node& value) {
  switch (form.kind) {
    case Kind::root: return root_step(key);
    case Kind::names: {
      if (form.part != SpecPart::block) return named(form.part, key, value);
      Form out = form;
      out.kind = Kind::body;
      return out;
    }
    case Kind::resource:
    case Kind::look_up: {
      if (form.resource != nullptr) {
        if (const Property* property = form.resource->property(key)) {
          Form out = of_property(*property);
          out.resource = form.resource;
          return out;
        }
      }
      for (size_t i = 0; form.data != nullptr && i < form.data->inputs.size(); ++i) {
        if (form.data->inputs[i].name == key) return of_property(form.data->inputs[i]);
      }
      break;
    }
    case Kind::inputs:
    case Kind::body: {
      const InputDecl* input = form.module == nullptr ? nullptr : form.module->input(key);
      if (input != nullptr) {
        Form out = of_type(input->type);
        out.module = form.module;
        out.input = input;
        return out;
      }
      if (form.kind == Kind::inputs) return {};
      break;
    }
    case Kind::property: {
      const Property& property = *form.property;
      if (property.fields.empty()) break;
      const bool element = key == "[]" || property.type.kind() == Type::Kind::map;
      if (element && property.type.kind() != Type::Kind::object) {
        Form out = form;
        out.type = property.type.element();
        return out;
      }
      const Property* field = property.field(key);
      return field == nullptr ? Form() : of_property(*field);
    }
    default: break;
  }
  if (form.kind == Kind::type || form.kind == Kind::property) {
    const Type& type = form.type.kind() == Type::Kind::secret ? form.type.element() : form.type;
    Form out = form;
    out.kind = Kind::type;
    out.type = Type();
    if (type.kind() == Type::Kind::list && key == "[]") out.type = type.element();
    if (type.kind() == Type::Kind::map) out.type = type.element();
    if (const Type::Field* field = type.field(key)) out.type = field->type;
    if (key != "[]") out.input = nullptr;
    return out;
  }
  if (form.kind == Kind::words && form.part == SpecPart::module_use && key == "with") {
    Form out = form;
    out.kind = Kind::inputs;
    return out;
  }
  if (key == "timeouts" || (form.part == SpecPart::policy && key == "where")) {
    Form out;
    out.kind = Kind::words;
    out.part = key == "where" ? SpecPart::policy_place : SpecPart::timeouts;
    return out;
  }
  const Word* word = find_word(form.part, key);
  return word == nullptr ? Form() : of_word(*word, form.part);
}

Form Language::form_at(const Place& place) {
  Form form;
  form.kind = is_spec_ ? Kind::root : Kind::words;
  form.part = is_spec_ ? SpecPart::spec : SpecPart::module;
  for (size_t i = 0; i < place.path.size(); ++i) {
    const Node value = i + 1 < place.nodes.size() ? place.nodes[i + 1] : Node();
    const bool top = i == 0 && !is_spec_;
    form = top ? root_step(place.path[i]) : step(form, place.path[i], value);
    if (form.kind == Kind::resource) form.part = SpecPart::resource;
    if (form.kind == Kind::look_up) form.part = SpecPart::look_up;
    if (form.kind == Kind::body) form.part = SpecPart::block;
  }
  return form;
}

Form Language::key_form(const Place& place) {
  const bool top = place.path.empty();
  const Form around = form_at(place);
  const Node map = place.nodes.empty() ? Node() : place.nodes.back();
  return top ? root_step(place.key)
             : step(around, place.key, map.is_map() ? map.find(place.key) : Node());
}

// ---- keys

namespace {

KeyInfo::Body body_of(const Type& type) {
  switch (type.kind()) {
    case Type::Kind::list: return KeyInfo::Body::list;
    case Type::Kind::map:
    case Type::Kind::object: return KeyInfo::Body::map;
    case Type::Kind::secret:
    case Type::Kind::optional: return body_of(type.element());
    default: return KeyInfo::Body::scalar;
  }
}

std::string type_text(const Type& type, bool fields) {
  if (type.kind() == Type::Kind::enumeration) {
    std::string out = "enum";
    for (const std::string& value : type.values()) {
      out += (out == "enum" ? " (" : ", ") + value;
    }
    return out + ")";
  }
  if (type.kind() == Type::Kind::list && !fields)
    return "list<" + type_text(type.element(), fields) + ">";
  if (type.kind() == Type::Kind::object && !fields) return "object";
  return type.to_string();
}

}  // namespace

void Language::add_words(SpecPart part, std::vector<KeyInfo>& out) {
  for (const Word& word : words_of(part)) {
    KeyInfo info;
    info.name = std::string(word.name);
    info.type = std::string(word.type);
    info.doc = std::string(word.doc);
    info.required = word.required;
    info.is_word = true;
    if (word.required) info.traits.emplace_back("required");
    if (word.constant && !word.type.empty()) info.traits.emplace_back("no expressions");
    info.body = word.type.empty() || word.type.starts_with("map") ? KeyInfo::Body::map
                : word.type.starts_with("list")                   ? KeyInfo::Body::list
                                                                  : KeyInfo::Body::scalar;
    const bool known = std::any_of(out.begin(), out.end(),
                                   [&](const KeyInfo& one) { return one.name == info.name; });
    if (!known) out.push_back(std::move(info));
  }
}

void Language::add_properties(const std::vector<Property>& properties, std::vector<KeyInfo>& out) {
  for (const Property& property : properties) {
    if (property.computed) continue;
    KeyInfo info;
    info.name = property.name;
    info.type = type_text(property.type, false);
    info.doc = property.doc;
    info.required = property.required && !property.unique_name;
    info.body = body_of(property.type);
    if (info.required) info.traits.emplace_back("required");
    if (property.immutable) info.traits.emplace_back("a change replaces");
    if (property.secret) info.traits.emplace_back("secret");
    if (property.write_only) info.traits.emplace_back("write-only");
    if (property.absent == Absent::with_default)
      info.traits.push_back("default " + to_text(property.default_value));
    if (property.unique_name)
      info.traits.emplace_back(property.unique_in_world ? "default <stack>-<key>-<unique>"
                                                        : "default <stack>-<key>");
    out.push_back(std::move(info));
  }
}

void Language::add_inputs(const Module& module, std::vector<KeyInfo>& out) {
  for (const InputDecl& input : module.inputs) {
    KeyInfo info;
    info.name = input.name;
    info.type = type_text(input.type, true);
    info.doc = input.doc;
    info.required = input.required;
    info.body = body_of(input.type);
    if (input.required) info.traits.emplace_back("required");
    if (input.secret) info.traits.emplace_back("secret");
    if (input.default_value && input.default_value->kind == Tree::Kind::constant &&
        !input.default_value->is_null()) {
      info.traits.push_back("default " + to_text(input.default_value->constant));
    }
    out.push_back(std::move(info));
  }
}

std::vector<KeyInfo> Language::keys(const Form& form) {
  std::vector<KeyInfo> out;
  switch (form.kind) {
    case Kind::root: {
      add_words(SpecPart::spec, out);
      Package* package = root_.packages().find(root_.provider());
      if (package == nullptr) break;
      for (const std::string& name : package->block_names()) {
        const Module* module = block(name);
        if (module == nullptr) continue;
        KeyInfo info;
        info.name = name;
        info.type = module->keyed ? "block, one for each key" : "block";
        info.doc = module->doc;
        info.body = KeyInfo::Body::map;
        out.push_back(std::move(info));
      }
      break;
    }
    case Kind::words: add_words(form.part, out); break;
    case Kind::resource:
    case Kind::look_up:
      if (form.resource != nullptr) add_properties(form.resource->properties, out);
      if (form.data != nullptr) add_properties(form.data->inputs, out);
      add_words(form.part, out);
      break;
    case Kind::inputs:
    case Kind::body:
      if (form.module != nullptr) add_inputs(*form.module, out);
      if (form.kind == Kind::body) add_words(SpecPart::block, out);
      break;
    case Kind::property:
      if (!form.property->fields.empty() && body_of(form.type) == KeyInfo::Body::map &&
          form.type.kind() == Type::Kind::object) {
        add_properties(form.property->fields, out);
      }
      break;
    case Kind::type:
      for (const Type::Field& field : form.type.kind() == Type::Kind::object
                                          ? form.type.fields()
                                          : std::vector<Type::Field>()) {
        KeyInfo info;
        info.name = field.name;
        info.type = type_text(field.type, true);
        info.required = field.required;
        info.body = body_of(field.type);
        if (field.required) info.traits.emplace_back("required");
        out.push_back(std::move(info));
      }
      break;
    case Kind::names:
    case Kind::unknown: break;
  }
  return out;
}

std::vector<KeyInfo> Language::find_key(const Form& around, std::string_view key) {
  std::vector<KeyInfo> all = keys(around);
  std::erase_if(all, [&](const KeyInfo& one) { return one.name != key; });
  return all;
}

}  // namespace lf::editor
