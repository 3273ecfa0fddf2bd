// SPDX-License-Identifier: Apache-2.0
// One package: its files parsed when first asked for.
#include "provider/package.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "provider/adoption.h"
#include "provider/load_tree.h"
#include "provider/loader.h"
#include "provider/state_store.h"
#include "yaml/reader.h"

namespace lf {

struct Package::Rep {
  std::string name;
  std::shared_ptr<const PackageFiles> files;
  Sources& sources;
  Diagnostics& diagnostics;
  PackageInfo info;
  bool services_loaded = false, traits_loaded = false;
  std::vector<Service> services;  // filled once: pointers into it stay valid
  LoadNode traits;
  std::map<std::string, std::unique_ptr<ResourceType>, std::less<>> resources;
  std::map<std::string, std::unique_ptr<DataType>, std::less<>> data;
  // What check_all looks at beyond single files.
  std::vector<std::pair<std::string, Span>> type_references, data_references, trait_references;
  std::map<std::string, Span> trait_places;
  std::optional<std::map<std::string, std::string, std::less<>>> look_up_files;
  std::map<std::string, std::unique_ptr<StateStore>, std::less<>> state_stores;
  bool adoption_loaded = false;
  std::unique_ptr<AdoptionFacts> adoption;

  // Full name of each look-up -> its file below the package's folder.
  const std::map<std::string, std::string, std::less<>>& data_files();

  std::string path(std::string_view below) const { return name + "/" + std::string(below); }
  // nullopt: no such file, or no YAML (then reported).
  std::optional<LoadNode> read(std::string_view below);
  void load_services();
  void load_traits();
  const Service* service(std::string_view service_name);
  Loader loader();
  void keep_references(const Loader& loader);
  void check_references(const Package& package);
  void check_adoption(Package& package);
};

std::optional<LoadNode> Package::Rep::read(std::string_view below) {
  const auto text = files->find(path(below));
  if (!text) return std::nullopt;
  const size_t before = diagnostics.error_count();
  const SourceId id = sources.add("providers/" + path(below), std::string(*text));
  SyntaxTree tree(sources);
  const Node root = read_yaml(tree, id, diagnostics);
  if (diagnostics.error_count() != before || !root) return std::nullopt;
  return copy_tree(root);
}

void Package::Rep::load_services() {
  if (services_loaded) return;
  services_loaded = true;
  Loader loads(diagnostics);
  if (const auto node = read("services.yaml")) loads.load_services(*node, services);
}

void Package::Rep::load_traits() {
  if (traits_loaded) return;
  traits_loaded = true;
  auto node = read("traits.yaml");
  if (!node) return;
  traits = std::move(*node);
  for (const LoadNode::Entry& entry : traits.entries) trait_places[entry.key] = entry.key_span;
}

const Service* Package::Rep::service(std::string_view service_name) {
  load_services();
  for (const Service& each : services) {
    if (each.name == service_name) return &each;
  }
  return nullptr;
}

Loader Package::Rep::loader() {
  Loader out(diagnostics);
  out.package = &info;
  out.find_service = [this](std::string_view wanted) { return service(wanted); };
  out.service_names = [this] {
    load_services();
    std::vector<std::string> names;
    for (const Service& each : services) names.push_back(each.name);
    return names;
  };
  out.find_trait = [this](std::string_view wanted) {
    load_traits();
    return traits.find(wanted);
  };
  out.trait_names = [this] {
    std::vector<std::string> names;
    for (const LoadNode::Entry& entry : traits.entries) names.push_back(entry.key);
    return names;
  };
  return out;
}

void Package::Rep::keep_references(const Loader& from) {
  const auto append = [](auto& to, const auto& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  append(type_references, from.type_references);
  append(data_references, from.data_references);
  append(trait_references, from.trait_references);
}

Package::Package(std::string name, std::shared_ptr<const PackageFiles> files, Sources& sources,
                 Diagnostics& diagnostics)
    : rep_(new Rep{.name = std::move(name),
                   .files = std::move(files),
                   .sources = sources,
                   .diagnostics = diagnostics,
                   .info = {},
                   .services = {},
                   .traits = {},
                   .resources = {},
                   .data = {},
                   .type_references = {},
                   .data_references = {},
                   .trait_references = {},
                   .trait_places = {},
                   .look_up_files = {},
                   .state_stores = {},
                   .adoption = {}}) {
  Loader loads(diagnostics);
  if (const auto node = rep_->read("package.yaml")) loads.load_package(*node, rep_->info);
}

Package::~Package() = default;

const PackageInfo& Package::info() const {
  return rep_->info;
}
const Service* Package::service(std::string_view name) {
  return rep_->service(name);
}

namespace {

// "aws.ec2.vpc" -> "resources/ec2/vpc.yaml"; "" where the name has another form.
std::string resource_path(std::string_view type) {
  const std::vector<std::string> parts = split(type, '.');
  if (parts.size() != 3) return "";
  return "resources/" + parts[1] + "/" + parts[2] + ".yaml";
}

// The full name that a look-up's file declares, without reading all of YAML: its `data:` line.
std::string declared_name(std::string_view text) {
  constexpr std::string_view kKey = "data:";
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(kKey)) {
      const std::string_view value = line.substr(kKey.size());
      return std::string(trim(value.substr(0, value.find('#'))));
    }
    at = end + 1;
  }
  return "";
}

// "aws.ec2.image" -> "image".
std::string last_name(std::string_view name) {
  return std::string(name.substr(name.rfind('.') + 1));
}

bool of_package(std::string_view name, std::string_view package) {
  return name.size() > package.size() && name.starts_with(package) && name[package.size()] == '.';
}

}  // namespace

const std::map<std::string, std::string, std::less<>>& Package::Rep::data_files() {
  if (look_up_files) return *look_up_files;
  look_up_files.emplace();
  const std::string folder = path("data/");
  for (const std::string& full : files->list(folder)) {
    if (!full.ends_with(".yaml")) continue;
    const std::string below = full.substr(name.size() + 1);
    const std::string declared = declared_name(*files->find(full));
    if (declared.empty()) {
      diagnostics.add(Code::LF0902, {}, fmt::format("`{}` has no line `data: NAME`", full));
    } else if (!look_up_files->emplace(declared, below).second) {
      diagnostics.add(Code::LF0912, {},
                      fmt::format("two files describe the look-up `{}`", declared));
    }
  }
  return *look_up_files;
}

const ResourceType* Package::resource(std::string_view type) {
  const auto cached = rep_->resources.find(type);
  if (cached != rep_->resources.end()) return cached->second.get();
  std::unique_ptr<ResourceType> loaded;
  if (of_package(type, rep_->name)) {
    if (const auto node = rep_->read(resource_path(type))) {
      auto fresh = std::make_unique<ResourceType>();
      Loader loads = rep_->loader();
      bool good = loads.load_resource(*node, *fresh);
      if (good && fresh->name != type) {
        rep_->diagnostics.add(Code::LF0924, fresh->span,
                              fmt::format("the file of `{}` describes `{}`", type, fresh->name));
        good = false;
      }
      rep_->keep_references(loads);
      if (good) loaded = std::move(fresh);
    }
  }
  return (rep_->resources[std::string(type)] = std::move(loaded)).get();
}

const DataType* Package::data(std::string_view name) {
  const auto cached = rep_->data.find(name);
  if (cached != rep_->data.end()) return cached->second.get();
  std::unique_ptr<DataType> loaded;
  if (of_package(name, rep_->name)) {
    const auto& paths = rep_->data_files();
    const auto found = paths.find(name);
    const auto node = found == paths.end() ? std::nullopt : rep_->read(found->second);
    if (node) {
      auto fresh = std::make_unique<DataType>();
      Loader loads = rep_->loader();
      bool good = loads.load_data(*node, *fresh);
      if (good && !found->second.ends_with("/" + last_name(name) + ".yaml")) {
        rep_->diagnostics.add(
            Code::LF0924, fresh->span,
            fmt::format("the file of `{}` is data/{}.yaml", name, last_name(name)));
        good = false;
      }
      rep_->keep_references(loads);
      if (good) loaded = std::move(fresh);
    }
  }
  return (rep_->data[std::string(name)] = std::move(loaded)).get();
}

namespace {

// "x/y/name.yaml" -> "name" with "/" as "."; "" for other endings.
std::string dotted(std::string_view path) {
  constexpr std::string_view kEnd = ".yaml";
  if (!path.ends_with(kEnd)) return "";
  return replace_all(std::string(path.substr(0, path.size() - kEnd.size())), "/", ".");
}

std::vector<std::string> names_below(const PackageFiles& files, const std::string& folder,
                                     const std::string& before) {
  std::vector<std::string> out;
  for (const std::string& path : files.list(folder)) {
    const std::string name = dotted(std::string_view(path).substr(folder.size()));
    if (!name.empty()) out.push_back(before + name);
  }
  return out;
}

}  // namespace

std::vector<std::string> Package::resource_names() const {
  return names_below(*rep_->files, rep_->path("resources/"), rep_->name + ".");
}
std::vector<std::string> Package::data_names() const {
  std::vector<std::string> out;
  for (const auto& [name, path] : rep_->data_files()) out.push_back(name);
  return out;
}
std::vector<std::string> Package::block_names() const {
  return names_below(*rep_->files, rep_->path("blocks/"), "");
}

std::vector<std::string> Package::state_store_names() const {
  return names_below(*rep_->files, rep_->path("backends/"), "");
}

const StateStore* Package::state_store(std::string_view word) {
  const auto cached = rep_->state_stores.find(word);
  if (cached != rep_->state_stores.end()) return cached->second.get();
  std::unique_ptr<StateStore> loaded;
  if (const auto node = rep_->read("backends/" + std::string(word) + ".yaml")) {
    auto fresh = std::make_unique<StateStore>();
    Loader loads = rep_->loader();
    bool good = loads.load_state_store(*node, *fresh);
    if (good && fresh->name != word) {
      rep_->diagnostics.add(Code::LF0924, fresh->span,
                            fmt::format("the file of `{}` describes `{}`", word, fresh->name));
      good = false;
    }
    if (good) loaded = std::move(fresh);
  }
  return (rep_->state_stores[std::string(word)] = std::move(loaded)).get();
}

std::optional<std::string_view> Package::block_text(std::string_view name,
                                                    std::string* path) const {
  const std::string below = "blocks/" + std::string(name) + ".yaml";
  if (path != nullptr) *path = "providers/" + rep_->path(below);
  return file(below);
}

std::optional<std::string_view> Package::file(std::string_view path) const {
  return rep_->files->find(rep_->path(path));
}

void Package::Rep::check_references(const Package& package) {
  const auto known = [](const std::vector<std::string>& names, const std::string& wanted) {
    return std::find(names.begin(), names.end(), wanted) != names.end();
  };
  const auto report = [&](const auto& references, const std::vector<std::string>& names,
                          const char* what) {
    for (const auto& [wanted, span] : references) {
      if (!of_package(wanted, name) || known(names, wanted)) continue;
      Diagnostic& missing =
          diagnostics.add(Code::LF0925, span, fmt::format("there is no {} `{}`", what, wanted));
      const std::string near = nearest(wanted, names);
      if (!near.empty()) missing.help.push_back(fmt::format("did you mean `{}`?", near));
    }
  };
  report(type_references, package.resource_names(), "type");
  report(data_references, package.data_names(), "look-up");
  for (const auto& [trait, span] : trait_places) {
    size_t uses = 0;
    for (const auto& [used, at] : trait_references) uses += used == trait ? 1 : 0;
    if (uses >= 2) continue;
    diagnostics
        .add(Code::LF0914, span,
             fmt::format("the trait `{}` is used by {}", trait, uses == 0 ? "no type" : "one type"))
        .help.push_back("a trait is for what at least two types share");
  }
}

const AdoptionFacts* Package::adoption() {
  if (rep_->adoption_loaded) return rep_->adoption.get();
  rep_->adoption_loaded = true;
  if (const auto node = rep_->read("adopt.yaml")) {
    auto fresh = std::make_unique<AdoptionFacts>();
    Loader loads = rep_->loader();
    if (loads.load_adoption(*node, *fresh)) rep_->adoption = std::move(fresh);
    rep_->keep_references(loads);
  }
  return rep_->adoption.get();
}

// That the properties named there exist.
void Package::Rep::check_adoption(Package& package) {
  const AdoptionFacts* facts = package.adoption();
  if (facts == nullptr) return;
  for (const auto& [type_name, spec] : facts->specs) {
    const ResourceType* type = package.resource(type_name);
    if (type == nullptr) continue;
    for (const auto& [path, span] : spec.places) {
      const std::vector<std::string> parts = split(path, '.');
      const Property* at = type->property(parts.front());
      for (size_t i = 1; at != nullptr && i < parts.size(); ++i) at = at->field(parts[i]);
      if (at != nullptr) continue;
      diagnostics.add(Code::LF0905, span,
                      fmt::format("`{}` has no property `{}`", type_name, path));
    }
  }
}

bool Package::check_all() {
  Rep& rep = *rep_;
  const size_t before = rep.diagnostics.error_count();
  const auto package_file = rep.files->find(rep.path("package.yaml"));
  if (!package_file) {
    rep.diagnostics.add(Code::LF0928, {},
                        fmt::format("the package `{}` has no package.yaml", rep.name));
    return false;
  }
  if (rep.info.name != rep.name) {
    rep.diagnostics.add(
        Code::LF0924, {},
        fmt::format("the folder `{}` describes the package `{}`", rep.name, rep.info.name));
  }
  rep.load_services();
  rep.load_traits();
  for (const std::string& type : resource_names()) resource(type);
  for (const std::string& name : data_names()) data(name);
  for (const std::string& word : state_store_names()) state_store(word);
  rep.check_adoption(*this);
  rep.check_references(*this);
  return rep.diagnostics.error_count() == before;
}

}  // namespace lf
