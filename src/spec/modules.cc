// SPDX-License-Identifier: Apache-2.0
// Blocks of packages and modules of the user's own, read once, when first asked for.
#include <algorithm>
#include <set>

#include "base/strings.h"
#include "spec/load.h"
#include "spec/words.h"

namespace lf {

struct ModuleStore::Rep {
  FileSystem& files;
  Sources& sources;
  Packages& packages;
  Diagnostics& diagnostics;
  SyntaxTree tree;
  std::string eject_folder;
  ModuleStore* shared = nullptr;
  std::map<std::string, std::unique_ptr<Module>>
      modules;  // "aws/network", path; null: does not load
  std::set<std::string> loading;
  std::map<std::string, std::string> fetched_folders = {};
  std::vector<GitUse> git_uses = {};
  bool misses = false;
};

ModuleStore::ModuleStore(FileSystem& files, Sources& sources, Packages& packages,
                         Diagnostics& diagnostics)
    : rep_(std::make_unique<Rep>(
          Rep{files, sources, packages, diagnostics, SyntaxTree(sources), "", nullptr, {}, {}})) {}
ModuleStore::~ModuleStore() = default;

void ModuleStore::set_eject_folder(std::string folder) {
  rep_->eject_folder = std::move(folder);
}

void ModuleStore::share_blocks(ModuleStore& shared) {
  rep_->shared = &shared;
}

void ModuleStore::set_fetched(std::map<std::string, std::string> folders) {
  rep_->fetched_folders = std::move(folders);
}
const std::vector<GitUse>& ModuleStore::git_uses() const {
  return rep_->git_uses;
}
bool ModuleStore::misses_any() const {
  return rep_->misses;
}

const std::string* ModuleStore::fetched(const GitUse& use, Span span) {
  const auto same = [&](const GitUse& one) { return one.key() == use.key(); };
  if (std::none_of(rep_->git_uses.begin(), rep_->git_uses.end(), same))
    rep_->git_uses.push_back(use);
  const auto found = rep_->fetched_folders.find(use.key());
  if (found != rep_->fetched_folders.end()) return &found->second;
  rep_->misses = true;
  auto& d = rep_->diagnostics.add(Code::LF0217, span,
                                  "`" + use.url + "` at `" + use.ref + "` was not fetched yet");
  d.help.push_back(
      "any command without --offline fetches it and pins it in llmforge.lock: llmforge validate");
  return nullptr;
}

std::vector<std::string> ModuleStore::block_names() const {
  std::set<std::string> names;
  for (const auto& package : rep_->packages.names()) {
    for (auto& name : rep_->packages.find(package)->block_names()) names.insert(std::move(name));
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> ModuleStore::packages_with(std::string_view block) const {
  std::vector<std::string> out;
  for (const auto& package : rep_->packages.names()) {
    const auto names = rep_->packages.find(package)->block_names();
    if (std::find(names.begin(), names.end(), block) != names.end()) out.push_back(package);
  }
  return out;
}

namespace {

std::unique_ptr<Module> parse(const Node& root, ModuleKind kind, const std::string& name,
                              const std::string& folder, Packages& packages, ModuleStore& store,
                              Diagnostics& diagnostics) {
  auto module = std::make_unique<Module>();
  module->kind = kind;
  module->name = name;
  module->folder = folder;
  module->span = root.span();
  const std::vector<std::string> taken = word_names(SpecPart::module);
  if (const Node doc = root.find("doc")) module->doc = std::string(doc.text());
  if (const Node each = root.find("each")) {
    module->keyed = each.text() == "name";
    if (each.text() != "name" && each.text() != "none") {
      diagnostics.add(Code::LF0203, each.span(), "`each` is `name` (many, by key) or `none` (one)");
    }
  }
  parse_module_parts(root, *module, packages, store, "", taken, diagnostics);
  for (size_t i = 0; i < root.size(); ++i) {
    const Node key = root.entry(i).key;
    const std::string text(key.text());
    if (std::find(taken.begin(), taken.end(), text) != taken.end()) continue;
    auto& d = diagnostics.add(Code::LF0201, key.span(), "`" + text + "` is no key of a module");
    const std::string near = nearest(text, taken);
    if (!near.empty()) d.fixes.push_back({"did you mean `" + near + "`?", key.span(), near, false});
  }
  return module;
}

}  // namespace

const Module* ModuleStore::block(std::string_view package_name, std::string_view name) {
  const std::string key = std::string(package_name) + "/" + std::string(name);
  if (auto found = rep_->modules.find(key); found != rep_->modules.end())
    return found->second.get();
  auto& slot = rep_->modules[key];
  Package* package = rep_->packages.find(package_name);
  if (package == nullptr) return nullptr;
  SourceId source = kNoSource;
  std::string folder;
  if (!rep_->eject_folder.empty()) {
    const std::string path = rep_->eject_folder + "/" + std::string(name) + ".yaml";
    const auto info = rep_->files.stat(path);
    if (info && info->exists) {
      auto read = read_source(rep_->files, path, rep_->sources, rep_->diagnostics);
      if (!read) return nullptr;
      source = *read;
      folder = rep_->eject_folder;
    }
  }
  if (source == kNoSource && rep_->shared != nullptr) {
    rep_->modules.erase(key);
    return rep_->shared->block(package_name, name);
  }
  if (source == kNoSource) {
    std::string path;
    const auto text = package->block_text(name, &path);
    if (!text) return nullptr;
    source = rep_->sources.add(path, std::string(*text));
  }
  const size_t before = rep_->diagnostics.error_count();
  const Node root = read_yaml(rep_->tree, source, rep_->diagnostics);
  if (rep_->diagnostics.error_count() != before || !root.is_map()) return nullptr;
  auto module = parse(root, ModuleKind::block, std::string(name), folder, rep_->packages, *this,
                      rep_->diagnostics);
  if (rep_->diagnostics.error_count() != before) return nullptr;
  slot = std::move(module);
  return slot.get();
}

const Module* ModuleStore::user(const std::string& path) {
  if (auto found = rep_->modules.find(path); found != rep_->modules.end())
    return found->second.get();
  if (!rep_->loading.insert(path).second) return nullptr;
  auto source = read_source(rep_->files, path, rep_->sources, rep_->diagnostics);
  const Module* out = nullptr;
  if (source) {
    const Node root = read_yaml(rep_->tree, *source, rep_->diagnostics);
    if (root.is_map()) {
      const size_t slash = path.rfind('/');
      auto module = parse(root, ModuleKind::user, path,
                          slash == std::string::npos ? "" : path.substr(0, slash), rep_->packages,
                          *this, rep_->diagnostics);
      out = module.get();
      rep_->modules[path] = std::move(module);
    }
  }
  if (out == nullptr) rep_->modules[path] = nullptr;
  rep_->loading.erase(path);
  return out;
}

}  // namespace lf
