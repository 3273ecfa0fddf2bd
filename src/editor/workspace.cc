// SPDX-License-Identifier: Apache-2.0
#include "editor/workspace.h"

#include <algorithm>

#include "editor/uri.h"

namespace lf::editor {

namespace {

constexpr size_t kFolderFilesMax = 64;        // looked at in one folder
constexpr uint64_t kProbeBytesMax = 1 << 20;  // larger files are not looked into for a `stack:`

// Of texts of past checks that are kept at most.
constexpr size_t kTextsBytesMax = 12u << 20;
// Of a spec's files, times its environments, up to which all environments are checked.
constexpr size_t kEnvironmentBytesMax = 64u << 10;

bool has(const std::vector<std::string>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// What may stand at the left edge of a spec's file.
const std::set<std::string>& spec_keys() {
  static const std::set<std::string> kKeys = [] {
    std::set<std::string> keys{"llmforge", "stack",        "provider",  "region",  "providers",
                               "tags",     "environments", "backend",   "doc",     "variables",
                               "locals",   "data",         "resources", "modules", "files",
                               "outputs",  "imports",      "checks",    "policies"};
    for (const std::string& path : embedded_packages().list("")) {
      const size_t at = path.find("/blocks/");
      if (at != std::string::npos && path.ends_with(".yaml"))
        keys.insert(path.substr(at + 8, path.size() - at - 13));
    }
    return keys;
  }();
  return kKeys;
}

bool is_spec_part(const std::vector<std::string>& keys) {
  return std::all_of(keys.begin(), keys.end(),
                     [](const std::string& key) { return spec_keys().contains(key); });
}

bool looks_like_module(const std::vector<std::string>& keys) {
  static constexpr std::string_view kSigns[] = {"inputs", "outputs", "resources", "locals",
                                                "block"};
  const bool sign = std::any_of(std::begin(kSigns), std::end(kSigns),
                                [&](std::string_view key) { return has(keys, key); });
  const bool all = std::all_of(keys.begin(), keys.end(), [](const std::string& key) {
    return key == "inputs" || key == "block" || key == "each" || spec_keys().contains(key);
  });
  return sign && all;
}

}  // namespace

std::vector<std::string> top_level_keys(std::string_view text) {
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.empty() || std::string_view(" \t#-\r").find(line[0]) != std::string_view::npos)
      continue;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const bool key = colon + 1 >= line.size() || line[colon + 1] == ' ' ||
                     line[colon + 1] == '\r' || line[colon + 1] == '\t';
    if (!key) continue;
    line = line.substr(0, colon);
    if (line.size() >= 2 && (line[0] == '"' || line[0] == '\'')) {
      line = line.substr(1, line.size() - 2);
    }
    out.emplace_back(line);
  }
  return out;
}

Workspace::Workspace(FileSystem& disk, WorkspaceOptions options)
    : options_(std::move(options)), overlay_(disk, documents_), disk_(disk) {}

void Workspace::configure(WorkspaceOptions options) {
  options_ = std::move(options);
  packages_.reset();
}

void Workspace::open(const std::string& path, Document document) {
  documents_.open(path, std::move(document));
  changed_.insert(path);
}

bool Workspace::change(const std::string& path, int64_t version,
                       const std::vector<TextChange>& changes) {
  changed_.insert(path);
  return documents_.change(path, version, changes, units_);
}

void Workspace::close(const std::string& path) {
  documents_.close(path);
  homes_.erase(path);
  lonely_.erase(path);
  changed_.insert(path);
}

void Workspace::changed_on_disk(const std::string& path) {
  if (documents_.find(path) == nullptr) changed_.insert(path);
}

bool Workspace::refresh() {
  if (changed_.empty()) return std::exchange(news_, false);
  const std::set<std::string> changed = std::exchange(changed_, {});
  for (auto& [path, root] : roots_) {
    // A new file may be one that a folder's spec takes in, or one that was missing.
    const bool touched = std::any_of(changed.begin(), changed.end(), [&](const std::string& file) {
      return file == path || folder_of(file) == path || !root.now || root.now->reads(file) ||
             !root.now->diagnostics().empty();
    });
    root.dirty = root.dirty || touched;
  }
  std::set<std::string> needed;
  for (const auto& [path, document] : documents_.all()) {
    const bool stale = changed.contains(path) || !homes_.contains(path);
    if (stale) homes_[path] = home_of(path, document);
    const Home& home = homes_[path];
    if (home.path.empty()) continue;
    needed.insert(home.path);
    check(home.path, root(home.path, home.kind));
  }
  for (auto at = roots_.begin(); at != roots_.end();) {
    at = needed.contains(at->first) ? std::next(at) : roots_.erase(at);
  }
  news_ = false;
  return true;
}

std::vector<Checked*> Workspace::roots() const {
  std::vector<Checked*> out;
  for (const auto& [path, root] : roots_) {
    if (root.now) out.push_back(root.now.get());
  }
  return out;
}

Checked* Workspace::current(const std::string& path) {
  if (refresh()) news_ = true;  // whoever shows diagnostics has still to be told
  const auto home = homes_.find(path);
  if (home == homes_.end() || home->second.path.empty()) return nullptr;
  const auto found = roots_.find(home->second.path);
  return found == roots_.end() ? nullptr : found->second.now.get();
}

Checked* Workspace::known(const std::string& path) {
  Checked* now = current(path);
  if (now == nullptr || now->readable()) return now;
  const Root& root = roots_.at(homes_.at(path).path);
  return root.readable ? root.readable.get() : now;
}

std::shared_ptr<PackageSet> Workspace::packages() {
  if (!packages_ || texts_bytes_ > kTextsBytesMax) {
    packages_ = std::make_shared<PackageSet>(overlay_, options_.check.overlay);
    texts_bytes_ = 0;
  }
  return packages_;
}

Checked* Workspace::with_text(const std::string& path, std::string text) {
  const auto home = homes_.find(path);
  if (home == homes_.end() || home->second.path.empty()) return nullptr;
  mended_.reset();
  mended_documents_ = documents_;
  Document document;
  document.text = std::move(text);
  texts_bytes_ += document.text.size();
  mended_documents_.open(path, std::move(document));
  mended_files_ = std::make_unique<OverlayFiles>(disk_, mended_documents_);
  mended_ = std::make_unique<Checked>(*mended_files_, packages(), home->second.kind,
                                      home->second.path, options_.check);
  return mended_.get();
}

Workspace::Root& Workspace::root(const std::string& path, RootKind kind) {
  Root& out = roots_[path];
  if (out.kind != kind) out = Root();
  out.kind = kind;
  return out;
}

void Workspace::note_texts(const Checked& checked) {
  for (const std::string& file : checked.files())
    texts_bytes_ += checked.sources().get(checked.source_of(file)).text().size();
}

void Workspace::check(const std::string& path, Root& root) {
  if (!root.dirty && root.now) return;
  root.dirty = false;
  if (root.now && root.now->readable()) root.readable = root.now;
  root.now = std::make_shared<Checked>(overlay_, packages(), root.kind, path, options_.check);
  note_texts(*root.now);
  if (root.now->readable()) root.readable.reset();
  check_environments(root);
}

// What overlays change is wrong or right only with them. Large specs are checked as chosen alone:
// each environment costs as much again.
void Workspace::check_environments(Root& root) {
  const std::vector<std::string>& all = root.now->spec().environments;
  size_t size = 0;
  for (const std::string& file : root.now->files())
    size += root.now->sources().get(root.now->source_of(file)).text().size();
  const bool errors =
      std::any_of(root.now->diagnostics().begin(), root.now->diagnostics().end(),
                  [](const Diagnostic& d) { return d.severity() == Severity::error; });
  if (errors || size * (all.size() + 1) > kEnvironmentBytesMax) return;
  for (const std::string& environment : all) {
    if (environment == options_.check.environment) continue;
    CheckOptions options = options_.check;
    options.environment = environment;
    const Checked other(overlay_, packages_, root.kind, root.now->path(), options);
    note_texts(other);
    root.now->add_environment(other, environment);
  }
}

// ---- which spec a document belongs to

Workspace::Home Workspace::home_of(const std::string& path, const Document& document) {
  if (!options_.spec.empty()) {
    const bool inside = path == options_.spec || folder_of(path) == options_.spec;
    if (inside) return {options_.spec, RootKind::spec};
  }
  const std::vector<std::string> keys = top_level_keys(document.text);
  if (has(keys, "stack")) return spec_home(path);
  const bool ours = document.language == "llmforge" || path.ends_with("/llmforge.yaml");
  if (is_spec_part(keys) && is_folder_spec(folder_of(path)))
    return {folder_of(path), RootKind::spec};
  for (const auto& [root_path, root] : roots_) {
    if (root.kind != RootKind::spec || root_path == path) continue;
    const bool reads =
        (root.now && root.now->reads(path)) || (root.readable && root.readable->reads(path));
    if (reads) return {root_path, RootKind::spec};
  }
  if (looks_like_module(keys)) {
    if (const std::string user = user_of(path); !user.empty()) return spec_home(user);
    if (!has(keys, "block")) return {path, RootKind::module};
  }
  if (ours) return spec_home(path);
  return {};
}

Workspace::Home Workspace::spec_home(const std::string& path) {
  const std::string folder = folder_of(path);
  if (is_folder_spec(folder)) return {folder, RootKind::spec};
  return {path, RootKind::spec};
}

// One file with `stack:`, and all others hold nothing but what a spec has. A module beside a spec
// has `inputs:`, a file of variables has their names.
bool Workspace::is_folder_spec(const std::string& folder) {
  const auto names = overlay_.list(folder);
  if (!names) return false;
  size_t stacks = 0, others = 0, seen = 0;
  for (const std::string& name : *names) {
    if (name.starts_with('.') || !name.ends_with(".yaml")) continue;
    if (name == "llmforge.yaml" || ++seen > kFolderFilesMax) return false;
    const std::string path = folder + "/" + name;
    const auto info = overlay_.stat(path);
    if (!info || info->is_directory || info->size > kProbeBytesMax) continue;
    const auto text = overlay_.read(path);
    if (!text) continue;
    const auto keys = top_level_keys(*text);
    if (has(keys, "stack")) {
      ++stacks;
    } else if (!keys.empty()) {
      if (!is_spec_part(keys)) return false;
      ++others;
    }
  }
  return stacks == 1 && others > 0;
}

// A spec near `module` that uses it: in its folder or up to three above.
std::string Workspace::user_of(const std::string& module) {
  if (!lonely_.insert(module).second) return "";
  std::string folder = folder_of(module);
  for (int level = 0; level < 4 && folder.size() > 1; ++level, folder = folder_of(folder)) {
    const auto names = overlay_.list(folder);
    if (!names) continue;
    size_t seen = 0;
    for (const std::string& name : *names) {
      if (name.starts_with('.') || !name.ends_with(".yaml") || ++seen > kFolderFilesMax) continue;
      const std::string path = folder + "/" + name;
      const auto info = overlay_.stat(path);
      if (path == module || !info || info->is_directory || info->size > kProbeBytesMax) continue;
      const auto text = overlay_.read(path);
      if (!text || !has(top_level_keys(*text), "stack")) continue;
      const Home home = spec_home(path);
      Root& candidate = root(home.path, home.kind);
      check(home.path, candidate);
      if (candidate.now->reads(module)) return path;
    }
  }
  return "";
}

}  // namespace lf::editor
