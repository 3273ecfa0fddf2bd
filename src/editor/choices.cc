// SPDX-License-Identifier: Apache-2.0
// Values that may stand at a place: of enums, names of types and regions, what a catalogue lists,
// and references to what fits.
#include <algorithm>

#include "editor/language.h"
#include "editor/uri.h"
#include "provider/endpoints.h"
#include "yaml/reader.h"

namespace lf::editor {

using Kind = Form::Kind;

namespace {

std::vector<std::string> regions_of(Package& package) {
  const auto text = package.file("endpoints.yaml");
  if (!text) return {};
  Sources sources;
  SyntaxTree tree(sources);
  Diagnostics silent;
  const Node root = read_yaml(tree, sources.add("", std::string(*text)), silent);
  const auto rules = EndpointRules::load(root.to_value());
  return rules ? rules->regions() : std::vector<std::string>();
}

// Whether an expression's value comes from `input`, directly or by way of locals.
bool comes_from(const Module& module, const Tree& tree, std::string_view input, int depth) {
  bool found = false;
  for_each_expression(tree, [&](const cel::Expression& expression) {
    for (const cel::Reference& reference : expression.references()) {
      if (reference.root == input) found = true;
      if (reference.root != "locals" || reference.path.empty() || depth == 0) continue;
      for (const Tree::Entry& local : module.locals) {
        if (local.key == reference.path[0])
          found = found || comes_from(module, local.value, input, depth - 1);
      }
    }
  });
  return found;
}

}  // namespace

// A block's input has the values of a property that it becomes: the types of a block's machines.
const Catalog* Language::catalog_of_input(const Module& module, std::string_view input) {
  for (const ResourceDecl& resource : module.resources) {
    const ResourceType* type = root_.packages().resource(resource.type);
    if (type == nullptr) continue;
    for (const Tree::Entry& property : resource.properties) {
      const Catalog* catalog = root_.catalogs().of(*type, property.key);
      if (catalog != nullptr && comes_from(module, property.value, input, 4)) return catalog;
    }
  }
  return nullptr;
}

const Catalog* Language::catalog_of(const Form& form) {
  if (form.kind == Kind::property && form.resource != nullptr)
    return root_.catalogs().of(*form.resource, form.property->name);
  if (form.input != nullptr && form.module != nullptr)
    return catalog_of_input(*form.module, form.input->name);
  return nullptr;
}

std::string Language::facts(std::string_view text) {
  if (text.empty() || text.size() > 100 || root_.provider().empty()) return "";
  for (const auto& [property, catalog] : root_.catalogs().all(root_.provider())) {
    if (!catalog.knows(text)) continue;
    const auto facts = catalog.facts.find(std::string(text));
    std::string out = catalog.what;
    if (facts != catalog.facts.end()) out += ": " + facts->second;
    return out;
  }
  return "";
}

// `${resources.vpc}` where a `ref<aws.ec2.vpc>` is wanted.
void Language::add_references(const Type& wanted, std::vector<Choice>& out) {
  if (own_ == nullptr || wanted.kind() != Type::Kind::ref) return;
  for (const ResourceDecl& resource : own_->resources) {
    if (resource.type == wanted.name() && !resource.lifecycle.for_each)
      out.push_back({"resources." + resource.key, resource.type, true});
  }
}

std::vector<Choice> Language::named_choices(const Form& form, const Place& place) {
  std::vector<Choice> out;
  Packages& packages = root_.packages();
  if (form.what == "resource type" || form.what == "look-up") {
    for (const std::string& name : packages.names()) {
      Package* package = packages.find(name);
      const bool used = std::any_of(root_.spec().providers.begin(), root_.spec().providers.end(),
                                    [&](const ProviderDecl& one) { return one.kind == name; });
      if (package == nullptr || (!used && !root_.spec().providers.empty())) continue;
      for (const std::string& type :
           form.what == "look-up" ? package->data_names() : package->resource_names()) {
        out.push_back({type, "", false});
      }
    }
  } else if (form.what == "type") {
    for (const char* name :
         {"string", "bool", "int", "float", "cidr", "ip", "duration", "size", "money", "email",
          "enum", "list<string>", "map<string>", "object{name: string}", "secret<string>", "any"}) {
      out.push_back({name, "", false});
    }
  } else if (form.what == "package") {
    for (const std::string& name : packages.names()) out.push_back({name, "a cloud", false});
  } else if (form.what == "provider") {
    for (const ProviderDecl& one : root_.spec().providers)
      out.push_back({one.name, one.kind + " " + one.region, false});
  } else if (form.what == "region") {
    if (Package* package = packages.find(root_.provider())) {
      for (const std::string& region : regions_of(*package)) out.push_back({region, "", false});
    }
  } else if (form.what == "dependency" && own_ != nullptr) {
    for (const ResourceDecl& resource : own_->resources)
      out.push_back({"resources." + resource.key, resource.type, true});
    for (const ModuleCall& call : own_->calls)
      out.push_back({call.block + (call.key.empty() ? "" : "." + call.key), "", true});
  }
  (void)place;
  return out;
}

std::vector<Choice> Language::choices(const Form& form, const Place& place) {
  std::vector<Choice> out = named_choices(form, place);
  const Type& type = form.type.kind() == Type::Kind::list || form.type.kind() == Type::Kind::secret
                         ? form.type.element()
                         : form.type;
  if (type.kind() == Type::Kind::enumeration) {
    for (const std::string& value : type.values()) out.push_back({value, "", false});
  }
  if (form.input != nullptr) {
    for (const std::string& value : form.input->one_of) {
      if (type.kind() != Type::Kind::enumeration) out.push_back({value, "", false});
    }
  }
  if (type.kind() == Type::Kind::boolean) {
    out.push_back({"true", "", false});
    out.push_back({"false", "", false});
  }
  add_references(type, out);
  if (const Catalog* catalog = catalog_of(form)) {
    const std::string& region = root_.spec().region;
    for (const std::string& name : catalog->names) {
      if (catalog->lacks(name, region)) continue;
      const auto facts = catalog->facts.find(name);
      out.push_back({name, facts == catalog->facts.end() ? "" : facts->second, false});
    }
  }
  return out;
}

}  // namespace lf::editor
