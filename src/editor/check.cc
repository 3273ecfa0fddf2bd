// SPDX-License-Identifier: Apache-2.0
#include "editor/check.h"

#include <algorithm>

#include "base/zones.h"
#include "editor/uri.h"
#include "engine/fetch_modules.h"
#include "graph/check_demands.h"
#include "graph/context.h"
#include "graph/offline.h"
#include "graph/typecheck.h"

namespace lf::editor {

namespace {

Diagnostics without_missing_variables(const Diagnostics& all) {
  Diagnostics out;
  for (const Diagnostic& d : all.all()) {
    if (d.code == Code::LF0208) continue;
    Diagnostic& copy = out.add(d.code, d.primary.span, d.message, d.primary.text);
    copy.others = d.others;
    copy.fixes = d.fixes;
    copy.help = d.help;
  }
  return out;
}

}  // namespace

Checked::Checked(FileSystem& files, std::shared_ptr<PackageSet> packages, RootKind kind,
                 std::string path, const CheckOptions& options)
    : kind_(kind),
      path_(std::move(path)),
      set_(std::move(packages)),
      first_source_(static_cast<SourceId>(set_->sources.size())) {
  modules_ = std::make_unique<ModuleStore>(files, set_->sources, set_->packages, diagnostics_);
  // Modules out of git count as far as a command has fetched them.
  const std::string folder = folder_of_spec(files, path_);
  const std::string beside = folder.empty() ? "" : folder + "/";
  if (const auto lock = LockFile::load(files, beside + "llmforge.lock"))
    modules_->set_fetched(kept_modules(files, *lock, modules_folder(folder)));
  modules_->share_blocks(set_->blocks);
  library_ = std::make_unique<StoreLibrary>(*modules_);
  if (kind_ == RootKind::spec) {
    load(files, options);
  } else {
    load_module();
  }
  collect_modules(loaded_.spec.root);
  note_files();
  if (!diagnostics_.has_errors() && !set_->diagnostics.has_errors()) check(files, options);
  diagnostics_.append(set_->diagnostics);
  found_ = diagnostics_.sorted();
}
Checked::~Checked() = default;

void Checked::load(FileSystem& files, const CheckOptions& options) {
  LoadOptions how;
  how.path = path_;
  how.environment = options.environment;
  how.variables = options.variables;
  how.variable_files = options.variable_files;
  how.environment_variables = options.environment_variables;
  loaded_ = load_spec(files, set_->sources, set_->packages, *modules_, how, diagnostics_);
  readable_ = loaded_.spec.root.span.valid();
  open_variables();
}

// A variable without a value is no mistake of the text: whoever applies it gives one.
void Checked::open_variables() {
  diagnostics_ = without_missing_variables(diagnostics_);
  for (const InputDecl& decl : loaded_.spec.root.inputs) {
    Value& value = loaded_.variables[decl.name];
    if (decl.default_value || !value.is_error()) continue;
    const bool reported = std::any_of(
        diagnostics_.all().begin(), diagnostics_.all().end(),
        [&](const Diagnostic& d) { return d.code == Code::LF0209 && d.primary.span == decl.span; });
    if (reported) continue;
    value = Value(Unknown{decl.type.to_string(), {"vars." + decl.name}, decl.secret});
    if (decl.secret) value = Value::secret(std::move(value));
  }
}

// A spec is made up around the module, which uses it with nothing given.
void Checked::load_module() {
  const Module* module = modules_->user(path_);
  readable_ = module != nullptr;
  Spec& spec = loaded_.spec;
  spec.stack = "module";
  spec.path = path_;
  spec.folder = folder_of(path_);
  const auto names = set_->packages.names();
  if (!names.empty()) spec.provider = names.front();
  spec.providers.push_back({spec.provider, spec.provider, "", "", {}});
  if (module == nullptr) return;
  ModuleCall call;
  call.block = "modules";
  call.key = "module";
  call.source = path_;
  call.span = call.key_span = module->span;
  spec.root.calls.push_back(std::move(call));
}

void Checked::check(FileSystem& files, const CheckOptions& options) {
  check_types(loaded_.spec, *library_, set_->packages, diagnostics_);
  check_demand_types(loaded_.spec, loaded_.demands, *library_, set_->packages, diagnostics_);
  if (diagnostics_.has_errors() || kind_ == RootKind::module) return;
  const Value unknown(Unknown{"string", {"account"}, false});
  Surroundings around;
  around.account = around.partition = around.dns_suffix = unknown;
  if (options.keep_graph) {
    // Who compares two graphs wants the names that an account is part of, whichever it is, and what
    // exists only under conditions.
    around.account = around.partition = around.dns_suffix = Value("any");
    for (ModuleCall& call : loaded_.spec.root.calls) call.lifecycle.when.reset();
    for (ResourceDecl& resource : loaded_.spec.root.resources) resource.lifecycle.when.reset();
  }
  around.variables = loaded_.variables;
  around.environment = options.environment_variables;
  around.read_file = [&files](const std::string& path) { return files.read(path); };
  around.read_zone = zone_reader(files);
  const std::string& folder = loaded_.spec.folder;
  const auto lock = LockFile::load(files, (folder.empty() ? "" : folder + "/") + "llmforge.lock");
  around.pinned = [&lock](const std::string& query) { return lock ? lock->find(query) : nullptr; };
  Graph graph = check_offline(loaded_.spec, *library_, set_->packages, around, diagnostics_);
  if (!options.keep_graph) return;
  graph_ = std::move(graph);
  // What it asks of the world from here on must not lead to what ends with this call.
  Surroundings& kept = graph_->context->surroundings;
  kept.pinned = [](const std::string&) -> const Value* { return nullptr; };
}

void Checked::collect_modules(const Module& module) {
  for (const ModuleCall& call : module.calls) {
    if (call.source.empty()) continue;
    const Module* inner = modules_->user(call.source);
    if (inner == nullptr || !user_modules_.emplace(normal_path(call.source), inner).second)
      continue;
    collect_modules(*inner);
  }
}

void Checked::note_files() {
  for (size_t i = first_source_; i < set_->sources.size(); ++i) {
    const auto id = static_cast<SourceId>(i);
    const std::string& path = set_->sources.get(id).path();
    if (!path.starts_with('/')) continue;  // of a package, or a variable's text
    const std::string normal = normal_path(path);
    if (source_ids_.emplace(normal, id).second) paths_.push_back(normal);
  }
}

void Checked::add_environment(const Checked& other, const std::string& environment) {
  // The same text has another number in each check.
  const auto same_place = [](const Checked& a, Span x, const Checked& b, Span y) {
    if (x.valid() != y.valid() || x.begin != y.begin || x.end != y.end) return false;
    return !x.valid() || a.sources().get(x.source).path() == b.sources().get(y.source).path();
  };
  for (const Diagnostic& d : other.found_) {
    const bool known = std::any_of(found_.begin(), found_.end(), [&](const Diagnostic& mine) {
      return mine.code == d.code && mine.message == d.message &&
             same_place(*this, mine.primary.span, other, d.primary.span);
    });
    if (known) continue;
    found_.push_back(d);
    found_.back().help.push_back("so it is in environment `" + environment + "`");
  }
}

bool Checked::reads(const std::string& path) const {
  return source_ids_.contains(path);
}

SourceId Checked::source_of(const std::string& path) const {
  const auto found = source_ids_.find(path);
  return found == source_ids_.end() ? kNoSource : found->second;
}

const Module* Checked::module_at(const std::string& path) const {
  if (const auto found = user_modules_.find(path); found != user_modules_.end())
    return found->second;
  if (kind_ == RootKind::module) return nullptr;
  const std::string& root = path_;
  if (path == root || folder_of(path) == root) return &loaded_.spec.root;
  // An ejected block beside the spec.
  const std::string blocks = normal_path(loaded_.spec.folder + "/blocks");
  if (folder_of(path) != blocks || !path.ends_with(".yaml")) return nullptr;
  const std::string name = path.substr(blocks.size() + 1, path.size() - blocks.size() - 6);
  return modules_->block(provider(), name);
}

ModuleScope& Checked::scope(const Module& module) {
  if (!types_) {
    types_ = std::make_unique<TypeWorld>(
        TypeWorld{loaded_.spec, *library_, set_->packages, silent_, {}});
  }
  ModuleScope& root = types_->scope(loaded_.spec.root, loaded_.spec.provider, nullptr);
  if (&module == &loaded_.spec.root) return root;
  return types_->scope(module, loaded_.spec.provider, &root);
}

const Module* Checked::called(const ModuleCall& call, const Module& caller) {
  ModuleScope& from = scope(caller);
  return types_->module_of(call, from);
}

const Index& Checked::index() {
  if (!index_) index_ = std::make_unique<Index>(*this);
  return *index_;
}

}  // namespace lf::editor
