// SPDX-License-Identifier: Apache-2.0
// The parts of a spec as JSON Schema. Each block and type is a definition that asks for nothing
// (`machines`: what an overlay may hold) and one that says what must be there (`machines.needs`).
#include "render/schema.h"

#include <algorithm>
#include <functional>

#include "base/assert.h"
#include "base/strings.h"
#include "provider/endpoints.h"
#include "provider/scope.h"
#include "render/schema_form.h"
#include "spec/words.h"
#include "yaml/reader.h"

namespace lf {

namespace {

// How a spec's part is used: as it stands, or laid over another.
enum class Use : uint8_t { whole, overlay };

const char* suffix(Use use) {
  return use == Use::overlay ? ".overlay" : "";
}

Value all_of(List parts) {
  if (parts.size() == 1) return parts.front();
  return Value(Map{{"allOf", Value(std::move(parts))}});
}
Value any_of(List choices) {
  return Value(Map{{"anyOf", Value(std::move(choices))}});
}
Value or_unset(Value schema) {
  return any_of({std::move(schema), reference_to("unset")});
}

Value enumeration(const std::vector<std::string>& names, List docs = {}) {
  List values;
  for (const auto& name : names) values.emplace_back(name);
  Map out{{"enum", Value(std::move(values))}};
  if (!docs.empty()) out.set("enumDescriptions", Value(std::move(docs)));
  return Value(std::move(out));
}

// A map of names, each of which is `member`.
Value map_of(Value member, const char* names = nullptr) {
  Map out{{"type", Value("object")}};
  if (names != nullptr) {
    out.set("propertyNames", Value(Map{{"type", Value("string")}, {"pattern", Value(names)}}));
  }
  out.set("additionalProperties", std::move(member));
  return Value(std::move(out));
}

constexpr const char* kNames = "^[A-Za-z_][A-Za-z0-9_]*$";

// {"if": {"properties": {KEY: {"const": TEXT}}, "required": [KEY]}, "then": …}
Value where_is(const std::string& key, const std::string& text, Value then) {
  ObjectForm object;
  object.properties.set(key, Value(Map{{"const", Value(text)}}));
  object.required = {key};
  object.others = Value(true);
  return Value(Map{{"if", object.finish()}, {"then", std::move(then)}});
}

Value with_doc(Value schema, std::string_view doc, std::string_view facts = "") {
  Map out = schema.is_map() ? schema.as_map() : Map();
  if (out.find("$ref") != nullptr) out = Map{{"allOf", Value(List{Value(out)})}};
  describe(out, doc, facts);
  return Value(std::move(out));
}

class SchemaMaker {
 public:
  SchemaMaker(Packages& packages, ModuleStore& modules, const SchemaOptions& options)
      : packages_(packages), modules_(modules), options_(options) {
    for (const auto& name : packages.names()) {
      const auto& only = options.providers;
      if (only.empty() || std::find(only.begin(), only.end(), name) != only.end())
        names_.push_back(name);
    }
  }

  Value make() {
    add_form_definitions(definitions_);
    add_types();
    add_look_ups();
    add_parts();
    Map out{{"$schema", Value("http://json-schema.org/draft-07/schema#")}};
    if (options_.of == SchemaOptions::Of::module) {
      out.set("description", Value("A module of one's own: inputs, resources, outputs."));
      merge(out, module_file());
    } else {
      for (const auto& name : names_) {
        add_blocks(name);
        for (const Use use : {Use::whole, Use::overlay}) {
          definitions_.set("spec." + name + suffix(use), spec({name}, use));
        }
      }
      if (names_.size() != 1) {
        for (const Use use : {Use::whole, Use::overlay})
          definitions_.set(std::string("spec") + suffix(use), spec(names_, use));
      }
      out.set("description",
              Value("What the stack is made of: blocks, resources, variables, outputs."));
      merge(out, by_provider(Use::whole, ""));
    }
    out.set("definitions", Value(std::move(definitions_)));
    return Value(std::move(out));
  }

 private:
  static void merge(Map& out, const Value& more) {
    for (const auto& [key, value] : more.as_map()) out.set(key, value);
  }

  // ---- words

  Value word_form(SpecPart part, const Word& word) {
    const std::string_view name = word.name;
    const Place place = word.constant ? Place::constant : Place::value;
    if (name == "timeouts") return or_unset(words_object(SpecPart::timeouts).finish());
    if (name == "for_each")
      return any_of({Value(Map{{"type", Value("array")}}), Value(Map{{"type", Value("object")}}),
                     reference_to("open")});
    if (name == "depends_on" || word.type == "list<string>") {
      return any_of(
          {Value(Map{{"type", Value("array")}, {"items", Value(Map{{"type", Value("string")}})}}),
           Value(Map{{"type", Value("string")}}), reference_to("unset")});
    }
    if (name == "llmforge") return enumeration_of_int(1);
    if (name == "kind") return enumeration(names_);
    if (name == "type" && (part == SpecPart::variable || part == SpecPart::input))
      return variable_type();
    if (name == "values") return form_of(Type::list(Type(Type::Kind::string)), Place::constant);
    // What names something may be a number: it becomes text.
    if ((name == "run" || name == "adopt") && part == SpecPart::resource)
      return any_of({Value(Map{{"type", Value("string")}}), Value(Map{{"type", Value("number")}}),
                     reference_to("unset")});
    const auto type = Type::parse(word.type);
    if (!type) return Value(true);
    Value form = form_of(*type, place);
    if (form.is_map() && place == Place::constant && !word.required) return or_unset(form);
    return form;
  }

  static Value enumeration_of_int(int64_t value) {
    return Value(Map{{"enum", Value(List{Value(value)})}});
  }

  static Value variable_type() {
    static const std::vector<std::string> kSimple = {"string", "bool",  "int",      "float",
                                                     "cidr",   "ip",    "duration", "size",
                                                     "money",  "email", "enum",     "any"};
    static const std::vector<std::string> kMore = {"list",     "map",  "object", "secret",
                                                   "ref",      "uint", "bytes",  "timestamp",
                                                   "optional", "null", "dyn",    "double"};
    for (const auto& name : kSimple) LF_ASSERT(name == "enum" || Type::parse(name));
    return any_of({enumeration(kSimple),
                   enumeration({"list<string>", "map<string>", "secret<string>"}),
                   Value(Map{{"type", Value("string")},
                             {"pattern", Value("^ *(" + join(kSimple, "|") + "|" +
                                               join(kMore, "|") + ") *([<{].*)?$")}})});
  }

  // The words of a part as a definition each, referred to by whoever has them.
  Value word_reference(SpecPart part, const Word& word) {
    const std::string name =
        "word." + std::to_string(static_cast<int>(part)) + "." + std::string(word.name);
    if (definitions_.find(name) == nullptr) {
      definitions_.set(name, Value());
      definitions_.set(name, with_doc(word_form(part, word), word.doc));
    }
    return reference_to(name);
  }

  ObjectForm words_object(SpecPart part, const std::vector<std::string>& except = {}) {
    ObjectForm object;
    for (const Word& word : words_of(part)) {
      if (std::find(except.begin(), except.end(), word.name) != except.end()) continue;
      object.properties.set(word.name, word_reference(part, word));
    }
    return object;
  }

  std::vector<std::string> required_words(SpecPart part) const {
    std::vector<std::string> out;
    for (const Word& word : words_of(part)) {
      if (word.required) out.emplace_back(word.name);
    }
    return out;
  }

  // ---- resources and look-ups

  void each_type(const std::function<void(const ResourceType&)>& visit) {
    for (const auto& name : names_) {
      Package* package = packages_.find(name);
      if (package == nullptr) continue;
      for (const auto& type : package->resource_names()) {
        if (const ResourceType* found = package->resource(type)) visit(*found);
      }
    }
  }
  void each_look_up(const std::function<void(const DataType&)>& visit) {
    for (const auto& name : names_) {
      Package* package = packages_.find(name);
      if (package == nullptr) continue;
      for (const auto& data : package->data_names()) {
        if (const DataType* found = package->data(data)) visit(*found);
      }
    }
  }

  // Required fields within, as a schema over the object of `properties`.
  static Value needs(const std::vector<Property>& properties, bool named) {
    ObjectForm object;
    object.others = Value(true);
    for (const Property& property : properties) {
      if (property.computed) continue;
      Value inner = needs_of(property);
      const bool required = property.required && !(named && property.unique_name);
      if (required) {
        object.required.push_back(property.name);
        Map set{{"not", Value(Map{{"type", Value("null")}})}, {"doNotSuggest", Value(true)}};
        if (!inner.is_bool()) set.set("allOf", Value(List{std::move(inner)}));
        inner = Value(std::move(set));
      }
      if (!inner.is_bool()) object.properties.set(property.name, std::move(inner));
    }
    return object.properties.empty() ? Value(true) : object.finish();
  }

  void add_types() {
    std::vector<std::string> names;
    List docs, whole, overlay;
    each_type([&](const ResourceType& type) {
      ObjectForm object = words_object(SpecPart::resource);
      for (const Property& property : type.properties) {
        if (property.computed) continue;
        object.properties.set(property.name,
                              form_of(property, packages_.catalogs().of(type, property.name)));
      }
      Map form = object.finish().as_map();
      describe(form, type.doc);
      definitions_.set(type.name, Value(std::move(form)));
      List parts{reference_to(type.name)};
      if (Value must = needs(type.properties, true); !must.is_bool()) {
        definitions_.set(type.name + ".needs", std::move(must));
        parts.push_back(reference_to(type.name + ".needs"));
      }
      names.push_back(type.name);
      docs.emplace_back(type.doc);
      whole.push_back(where_is("type", type.name, all_of(std::move(parts))));
      overlay.push_back(where_is("type", type.name, reference_to(type.name)));
    });
    const Value types = with_doc(enumeration(names, docs), "The resource's type.");
    definitions_.set("resource", discriminated(SpecPart::resource, types, whole, true));
    definitions_.set("resource.overlay", discriminated(SpecPart::resource, types, overlay, false));
  }

  void add_look_ups() {
    std::vector<std::string> names;
    List docs, whole, overlay;
    each_look_up([&](const DataType& data) {
      ObjectForm object = words_object(SpecPart::look_up);
      for (const Property& input : data.inputs)
        object.properties.set(input.name, form_of(input, nullptr));
      Map form = object.finish().as_map();
      describe(form, data.doc);
      definitions_.set("data." + data.name, Value(std::move(form)));
      List parts{reference_to("data." + data.name)};
      if (Value must = needs(data.inputs, false); !must.is_bool()) parts.push_back(must);
      names.push_back(data.name);
      docs.emplace_back(data.doc);
      whole.push_back(where_is("type", data.name, all_of(std::move(parts))));
      overlay.push_back(where_is("type", data.name, reference_to("data." + data.name)));
    });
    const Value types = with_doc(enumeration(names, docs), "What is looked up.");
    definitions_.set("look-up", discriminated(SpecPart::look_up, types, whole, true));
    definitions_.set("look-up.overlay", discriminated(SpecPart::look_up, types, overlay, false));
  }

  // What goes by its `type`. Before there is one, an editor offers the words that all have.
  Value discriminated(SpecPart part, const Value& types, const List& branches, bool required) {
    ObjectForm object = words_object(part);
    object.properties.set("type", types);
    object.others = Value(true);
    if (required) object.required = {"type"};
    Map out = object.finish().as_map();
    if (!branches.empty()) out.set("allOf", Value(branches));
    return Value(std::move(out));
  }

  // ---- blocks

  static std::string block_name(const std::string& package, const std::string& block) {
    return "block." + package + "." + block;
  }

  void add_blocks(const std::string& package_name) {
    Package* package = packages_.find(package_name);
    if (package == nullptr) return;
    for (const auto& name : package->block_names()) {
      const Module* module = modules_.block(package_name, name);
      if (module != nullptr) add_block(block_name(package_name, name), *module);
    }
  }

  void add_block(const std::string& name, const Module& module) {
    std::vector<std::string> hidden;
    for (const InputDecl& input : module.inputs) hidden.push_back(input.name);
    ObjectForm object, must;
    must.others = Value(true);
    for (const InputDecl& input : module.inputs) {
      object.properties.set(input.name, input_form(module, input));
      Value inner = needs_of(input.type);
      if (input.required) must.required.push_back(input.name);
      if (!inner.is_bool() || input.required) must.properties.set(input.name, std::move(inner));
    }
    for (const auto& [word, form] : words_object(SpecPart::block, hidden).properties)
      object.properties.set(word, form);
    Map form = object.finish().as_map();
    describe(form, module.doc);
    definitions_.set(name, Value(std::move(form)));
    if (!must.properties.empty()) definitions_.set(name + ".needs", must.finish());
  }

  Value input_form(const Module& module, const InputDecl& input) {
    const Catalog* catalog = catalog_of(module, input);
    Value form = catalog != nullptr ? form_of_names(*catalog, input.type, Place::value)
                                    : form_of(input.type, Place::value);
    Map out = form.is_map() ? form.as_map() : Map();
    std::string facts = "`" + input.type.to_string() + "`";
    if (input.required) facts += ", required";
    if (input.secret) facts += ", secret";
    if (!input.message.empty()) facts += ", " + input.message;
    const auto& preset = input.default_value;
    if (preset && !preset->is_null()) {
      if (preset->is_static()) {
        std::vector<TreeError> errors;
        out.set("default", evaluate(*preset, MapActivation(), errors));
      } else if (preset->kind == Tree::Kind::scalar) {
        facts += ", default `" + source_of(*preset->text) + "`";
      }
    }
    describe(out, input.doc, facts);
    return Value(std::move(out));
  }

  static std::string source_of(const cel::Interpolation& text) {
    std::string out;
    for (const auto& part : text.parts())
      out += part.expression ? "${" + part.expression->text() + "}" : part.text;
    return out;
  }

  // An input that is given as it is to a property with a catalog takes the catalog's names.
  const Catalog* catalog_of(const Module& module, const InputDecl& input) {
    for (const ResourceDecl& resource : module.resources) {
      const ResourceType* type = packages_.resource(resource.type);
      if (type == nullptr) continue;
      for (const Tree::Entry& entry : resource.properties) {
        if (!hands_over(entry.value, input.name)) continue;
        if (const Catalog* catalog = packages_.catalogs().of(*type, entry.key)) return catalog;
      }
    }
    return nullptr;
  }

  // `${name}` or `${name[0]}`.
  static bool hands_over(const Tree& tree, const std::string& name) {
    if (tree.kind != Tree::Kind::scalar || tree.text->parts().size() != 1) return false;
    const auto& expression = tree.text->parts().front().expression;
    if (!expression || expression->references().size() != 1) return false;
    const cel::Reference& reference = expression->references().front();
    const std::string& text = expression->text();
    const bool index = reference.path.size() == 1 && reference.path.front().starts_with('[');
    return reference.root == name && !reference.dynamic &&
           (text == name || (index && text == name + reference.path.front()));
  }

  // The block as a key of a spec: one, or many by key.
  Value block(const std::string& package_name, const std::string& name, Use use) {
    const Module* module = modules_.block(package_name, name);
    if (module == nullptr) return Value(true);
    const std::string definition = block_name(package_name, name);
    const bool whole = use == Use::whole;
    List parts{reference_to(definition)};
    if (whole && definitions_.find(definition + ".needs") != nullptr)
      parts.push_back(reference_to(definition + ".needs"));
    const bool needed = whole && std::any_of(module->inputs.begin(), module->inputs.end(),
                                             [](const InputDecl& input) { return input.required; });
    Value one = all_of(std::move(parts));
    if (!needed) one = or_unset(std::move(one));
    if (module->keyed) one = or_unset(map_of(std::move(one)));
    std::string gives;
    for (const OutputDecl& output : module->outputs)
      gives += (gives.empty() ? "Gives " : ", ") + ("`" + output.name + "`");
    return with_doc(std::move(one), module->doc, gives);
  }

  // ---- the parts of a spec

  void add_parts() {
    for (const SpecPart part : {SpecPart::variable, SpecPart::input}) {
      const bool root = part == SpecPart::variable;
      for (const Use use : {Use::whole, Use::overlay}) {
        ObjectForm object = words_object(part);
        if (use == Use::whole) object.required = required_words(part);
        Map form = object.finish().as_map();
        form.set("allOf", Value(defaults_by_type(root ? Place::constant : Place::value)));
        definitions_.set(std::string(root ? "variable" : "input") + suffix(use),
                         Value(std::move(form)));
      }
    }
    for (const auto& [part, name] :
         {std::pair{SpecPart::file, "file"}, std::pair{SpecPart::module_use, "module"},
          std::pair{SpecPart::provider, "provider"}}) {
      for (const Use use : {Use::whole, Use::overlay}) {
        ObjectForm object = words_object(part);
        if (part == SpecPart::module_use) {
          object.properties.set("use", with_doc(module_place(), find_word(part, "use")->doc));
          object.properties.set("with", with_doc(Value(Map{{"type", Value("object")}}),
                                                 find_word(part, "with")->doc));
        }
        if (use == Use::whole) object.required = required_words(part);
        definitions_.set(name + std::string(suffix(use)), object.finish());
      }
    }
    add_demands();
    // `{value: …}` is the long form; anything else is the value itself.
    ObjectForm output = words_object(SpecPart::output), has_value;
    has_value.properties.set("value", Value(true));
    has_value.required = {"value"};
    has_value.others = Value(true);
    definitions_.set("output", Value(Map{{"if", has_value.finish()}, {"then", output.finish()}}));
  }

  // A path, or a place in a repository.
  static Value module_place() {
    const Value text(Map{{"type", Value("string")}});
    ObjectForm git;
    for (const char* word : {"git", "ref", "path"}) git.properties.set(word, text);
    git.required = {"git", "ref", "path"};
    return any_of({text, git.finish()});
  }

  // Policies and checks.
  void add_demands() {
    for (const Use use : {Use::whole, Use::overlay}) {
      ObjectForm policy = words_object(SpecPart::policy), check = words_object(SpecPart::check);
      policy.properties.set("where", words_object(SpecPart::policy_place).finish());
      policy.properties.set("set", Value(Map{{"type", Value("object")}}));
      check.properties.set("when", moments());
      Map rule = policy.finish().as_map();
      if (use == Use::whole) {
        check.required = required_words(SpecPart::check);
        List either;
        for (const char* name : {"deny", "warn"}) {
          either.emplace_back(Map{{"type", Value("object")},
                                  {"properties", Value(Map{{name, Value(true)}})},
                                  {"required", Value(List{Value(name)})}});
        }
        rule.set("oneOf", Value(std::move(either)));
      }
      definitions_.set(std::string("policy") + suffix(use), Value(std::move(rule)));
      definitions_.set(std::string("check") + suffix(use), check.finish());
      ObjectForm requirement = words_object(SpecPart::requirement);
      if (use == Use::whole) requirement.required = required_words(SpecPart::requirement);
      definitions_.set(std::string("requirement") + suffix(use), requirement.finish());
      ObjectForm import = words_object(SpecPart::import);
      if (use == Use::whole) import.required = required_words(SpecPart::import);
      definitions_.set(
          std::string("import") + suffix(use),
          any_of({Value(Map{{"type", Value("string")}, {"minLength", Value(int64_t{1})}}),
                  import.finish()}));
    }
  }

  static Value moments() {
    const Value moment = enumeration({"before", "after"});
    return any_of({moment, Value(Map{{"type", Value("array")}, {"items", moment}})});
  }

  // Rules by name, beside the packs and files that they come from.
  Value policies(Use use) {
    Map out = map_of(with_null(reference_to(std::string("policy") + suffix(use)), use)).as_map();
    const Value text(Map{{"type", Value("string")}});
    const Value pack = any_of({enumeration(packs()), text});
    auto one_or_more = [](const Value& one) {
      return or_unset(any_of({one, Value(Map{{"type", Value("array")}, {"items", one}})}));
    };
    out.set(
        "properties",
        Value(Map{{"packs", with_doc(one_or_more(pack), "Packs of rules that are built in.")},
                  {"use", with_doc(one_or_more(text), "Files of rules, or folders of such.")}}));
    return Value(std::move(out));
  }

  // Amounts by address and by what is used.
  static Value cost() {
    ObjectForm usage, out;
    const Value amount =
        any_of({Value(Map{{"type", Value("string")}}), Value(Map{{"type", Value("integer")}})});
    const Value amounts(Map{{"type", Value("object")}, {"additionalProperties", amount}});
    out.properties.set(
        "usage",
        with_doc(Value(Map{{"type", Value("object")}, {"additionalProperties", or_unset(amounts)}}),
                 find_word(SpecPart::cost, "usage")->doc));
    return out.finish();
  }

  std::vector<std::string> packs() {
    std::vector<std::string> out;
    for (const auto& name : names_) {
      const Value file = yaml_file(name, "policies.yaml");
      const Value* all = file.is_map() ? file.as_map().find("packs") : nullptr;
      if (all == nullptr || !all->is_map()) continue;
      for (const auto& [pack, rules] : all->as_map()) {
        if (pack.is_string()) out.push_back(pack.as_string());
      }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  static Value with_null(Value form, Use use) {
    return use == Use::overlay ? or_unset(std::move(form)) : form;
  }

  // A default is of the type that stands beside it.
  static List defaults_by_type(Place place) {
    List out;
    for (const char* name : {"string", "bool", "int", "float", "cidr", "ip", "duration", "size",
                             "money", "email", "list<string>", "map<string>"}) {
      ObjectForm preset;
      Value form = form_of(*Type::parse(name), place);
      preset.properties.set("default", place == Place::constant ? or_unset(form) : form);
      preset.others = Value(true);
      out.push_back(where_is("type", name, preset.finish()));
    }
    return out;
  }

  // The parts that specs and modules have in common; no value: not one of them.
  std::optional<Value> part(std::string_view name, Use use) {
    const std::string end = suffix(use);
    auto member = [&](const char* definition) {
      return with_null(reference_to(definition + end), use);
    };
    if (name == "variables") return map_of(member("variable"), kNames);
    if (name == "inputs") return map_of(member("input"), kNames);
    if (name == "locals") return map_of(Value(true), kNames);
    if (name == "data") return map_of(member("look-up"));
    if (name == "resources") return map_of(member("resource"), "^[^\"]+$");
    if (name == "modules") return map_of(member("module"));
    if (name == "policies") return policies(use);
    if (name == "checks") return map_of(member("check"));
    if (name == "requires") return map_of(member("requirement"));
    if (name == "cost") return or_unset(cost());
    if (name == "files") return map_of(member("file"));
    if (name == "imports") return map_of(member("import"), kNames);
    if (name == "outputs") return map_of(reference_to("output"));
    return std::nullopt;
  }

  Value module_file() {
    ObjectForm object;
    for (const Word& word : words_of(SpecPart::module)) {
      auto form = part(word.name, Use::whole);
      object.properties.set(word.name, form
                                           ? with_doc(or_unset(std::move(*form)), word.doc)
                                           : with_doc(word_form(SpecPart::module, word), word.doc));
    }
    return object.finish();
  }

  Value spec(const std::vector<std::string>& packages, Use use) {
    ObjectForm object;
    const std::string own = packages.size() == 1 ? packages.front() : "";
    for (const Word& word : words_of(SpecPart::spec)) {
      const bool fixed =
          word.name == "stack" || word.name == "environments" || word.name == "llmforge";
      if (use == Use::overlay && fixed) continue;
      Value form = with_doc(root_word(word, own, use), word.doc);
      object.properties.set(word.name, std::move(form));
    }
    std::vector<std::string> blocks;
    for (const auto& name : packages) {
      Package* package = packages_.find(name);
      if (package == nullptr) continue;
      for (const auto& block_of : package->block_names()) {
        if (std::find(blocks.begin(), blocks.end(), block_of) == blocks.end())
          blocks.push_back(block_of);
      }
    }
    for (const auto& name : blocks) {
      List forms;
      for (const auto& package : packages) {
        const auto all = packages_.find(package)->block_names();
        if (std::find(all.begin(), all.end(), name) != all.end())
          forms.push_back(block(package, name, use));
      }
      object.properties.set(name, forms.size() == 1 ? forms.front() : any_of(std::move(forms)));
    }
    if (use == Use::whole && options_.of == SchemaOptions::Of::spec)
      object.required = required_words(SpecPart::spec);
    return object.finish();
  }

  Value root_word(const Word& word, const std::string& package, Use use) {
    if (auto form = part(word.name, use)) return or_unset(std::move(*form));
    if (word.name == "stack")
      return Value(Map{{"type", Value("string")}, {"pattern", Value("^[a-z][a-z0-9-]{0,39}$")}});
    if (word.name == "provider")
      return any_of({enumeration(names_), Value(Map{{"type", Value("string")}})});
    if (word.name == "region") return region(package);
    if (word.name == "providers") {
      Value one = reference_to(std::string("provider") + suffix(use));
      return or_unset(map_of(use == Use::overlay ? or_unset(one) : one));
    }
    if (word.name == "tags") {
      return or_unset(map_of(form_of(Type(Type::Kind::string), Place::value)));
    }
    if (word.name == "environments")
      return or_unset(map_of(or_unset(by_provider(Use::overlay, package))));
    return word_form(SpecPart::spec, word);
  }

  // Known regions are offered; others are taken.
  Value region(const std::string& package_name) {
    std::vector<std::string> regions;
    for (const auto& name : names_) {
      if (!package_name.empty() && name != package_name) continue;
      for (auto& one : regions_of(name)) regions.push_back(std::move(one));
    }
    if (regions.empty()) return Value(Map{{"type", Value("string")}});
    return any_of({enumeration(regions), Value(Map{{"type", Value("string")}})});
  }

  std::vector<std::string> regions_of(const std::string& package_name) {
    const auto rules = EndpointRules::load(yaml_file(package_name, "endpoints.yaml"));
    return rules ? rules->regions() : std::vector<std::string>();
  }

  // A file of a package as data; null where there is none that reads.
  Value yaml_file(const std::string& package_name, const std::string& path) {
    Package* package = packages_.find(package_name);
    const auto text = package == nullptr ? std::nullopt : package->file(path);
    if (!text) return {};
    Sources sources;
    SyntaxTree tree(sources);
    Diagnostics silent;
    const Node root = read_yaml(tree, sources.add(path, std::string(*text)), silent);
    return silent.has_errors() || !root ? Value() : root.to_value();
  }

  // A spec or overlay by its `provider`; without one, that of `around`, or of any.
  Value by_provider(Use use, const std::string& around) {
    const std::string end = suffix(use);
    if (names_.size() == 1) return reference_object("spec." + names_.front() + end);
    List branches;
    ObjectForm named;
    named.others = Value(true);
    List kinds;
    for (const auto& name : names_) {
      branches.push_back(where_is("provider", name, reference_to("spec." + name + end)));
      kinds.emplace_back(name);
    }
    named.properties.set("provider", Value(Map{{"enum", Value(std::move(kinds))}}));
    named.required = {"provider"};
    branches.emplace_back(
        Map{{"if", named.finish()},
            {"then", Value(true)},
            {"else", reference_to((around.empty() ? "spec" : "spec." + around) + end)}});
    return Value(Map{{"type", Value("object")}, {"allOf", Value(std::move(branches))}});
  }

  static Value reference_object(const std::string& definition) {
    return Value(Map{{"allOf", Value(List{reference_to(definition)})}});
  }

  Packages& packages_;
  ModuleStore& modules_;
  const SchemaOptions& options_;
  std::vector<std::string> names_;  // of the packages
  Map definitions_;
};

}  // namespace

Value make_schema(Packages& packages, ModuleStore& modules, const SchemaOptions& options) {
  return SchemaMaker(packages, modules, options).make();
}

}  // namespace lf
