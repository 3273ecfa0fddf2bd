// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/digest.h"
#include "base/strings.h"
#include "base/units.h"
#include "base/zones.h"
#include "cli/version.h"
#include "engine/fetch_modules.h"
#include "graph/check_demands.h"
#include "graph/offline.h"
#include "graph/reuse.h"
#include "graph/typecheck.h"
#include "graph/validate.h"
#include "provider/package_files.h"
#include "state/codec.h"

namespace lf {

int exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::locked: return kLocked;
    case ErrorCode::capacity: return kNoCapacity;
    case ErrorCode::stale: return kStale;
    case ErrorCode::refused: return kRefused;
    case ErrorCode::cancelled: return kInterrupted;
    default: return kFailed;
  }
}

Session::Session(World& world, const Options& options, EventSink* sink)
    : world_(world), options_(options), events_(world.clock, sink) {
  engine_.world = &world_;
  engine_.events = &events_;
  engine_.parallelism_max = static_cast<size_t>(std::max<int64_t>(0, options.parallelism));
  set_ = options.shared != nullptr ? options.shared
                                   : std::make_shared<PackageSet>(world.files, nullptr);
}
Session::~Session() = default;

Result<std::shared_ptr<const PackageFiles>> read_overlay(FileSystem& files,
                                                         const std::vector<std::string>& folders) {
  if (folders.empty()) return std::shared_ptr<const PackageFiles>();
  auto together = std::make_shared<MemoryPackageFiles>();
  for (const auto& folder : folders) {
    auto read = read_package_folder(files, folder);
    if (!read) return fail(read.error());
    for (const auto& path : (*read)->list(""))
      together->add(path, std::string(*(*read)->find(path)));
  }
  return together;
}

// In the model cloud each choice of credentials is an account of its own, whose number follows from
// the choice; there are no users' files, and no role exists.
CredentialChoice Session::choose_credentials(const ProviderDecl& provider,
                                             const PackageInfo& info) const {
  CredentialChoice out;
  out.words = provider.credentials;
  if (out.words.empty()) return out;
  std::string secret;
  for (const auto& [name, value] : info.sandbox_environment) {
    const auto key = info.sandbox_keys.find(value);
    const auto here = world_.environment.find(name);
    if (key != info.sandbox_keys.end() && here != world_.environment.end() && here->second == value)
      secret = key->second;
  }
  if (secret.empty()) return out;
  std::string choice, account;
  for (const auto& [word, value] : out.words) choice += word + "=" + value + "\n";
  out.words.clear();
  if (info.sandbox_account_keys.empty()) return out;
  for (const char digit : sha256(choice)) {
    if (account.size() < info.sandbox_account.size())
      account += static_cast<char>('0' + static_cast<unsigned char>(digit) % 10);
  }
  Credentials keys;
  keys.access_key = info.sandbox_account_keys + account;
  keys.secret_key = secret;
  keys.source = "the model cloud";
  out.given = std::move(keys);
  return out;
}

Result<bool> Session::load_spec() {
  if (!options_.provider_dirs.empty()) {
    const auto overlay = read_overlay(world_.files, options_.provider_dirs);
    if (!overlay) return fail(overlay.error());
    set_ = std::make_shared<PackageSet>(world_.files, *overlay);
  }
  modules_ =
      std::make_unique<ModuleStore>(world_.files, set_->sources, set_->packages, diagnostics_);
  modules_->share_blocks(set_->blocks);
  LoadOptions load;
  auto path = find_spec(world_.files, options_.spec);
  if (!path) return fail(path.error());
  load.path = *path;
  load.environment = options_.environment;
  load.variables = options_.variables;
  load.variable_files = options_.variable_files;
  load.environment_variables = world_.environment;
  modules_->set_fetched(fetched_);
  spec_ = lf::load_spec(world_.files, set_->sources, set_->packages, *modules_, load, diagnostics_);
  if (!sound()) return false;
  StoreLibrary library(*modules_);
  check_types(spec_.spec, library, set_->packages, diagnostics_);
  check_demand_types(spec_.spec, spec_.demands, library, set_->packages, diagnostics_);
  if (!sound()) return false;
  engine_.command = options_.command;
  engine_.stack = spec_.spec.stack;
  engine_.environment = options_.environment;
  collect_secrets();
  for (const auto& provider : spec_.spec.providers) {
    Package* package = set_->packages.find(provider.kind);
    if (package == nullptr) continue;
    ProviderInstance instance;
    instance.name = provider.name;
    instance.kind = provider.kind;
    instance.region = provider.region;
    clouds_.push_back(make_cloud(engine_, *package, std::move(instance), set_->sources,
                                 choose_credentials(provider, package->info())));
  }
  if (auto lock = load_lock_file(); !lock) return fail(lock.error());
  return sound();
}

// Secret variables, and each variable of the environment that a text of the spec names as a secret:
// what is computed of them may go out in another form than as a whole.
void Session::collect_secrets() {
  constexpr std::string_view kRoot = "secret.env";
  for (const auto& [name, value] : spec_.variables) engine_.secrets.add(value);
  const Sources& sources = set_->sources;
  for (size_t i = 0; i < sources.size(); ++i) {
    const std::string_view text = sources.get(static_cast<SourceId>(i)).text();
    for (size_t at = text.find(kRoot); at != std::string_view::npos; at = text.find(kRoot, at)) {
      at = text.find_first_not_of(".?[\"'\\ ", at + kRoot.size());  // `.NAME`, `['NAME']`
      if (at == std::string_view::npos) break;
      size_t end = at;
      while (end < text.size() &&
             (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_'))
        ++end;
      const auto found = world_.environment.find(std::string(text.substr(at, end - at)));
      if (found != world_.environment.end()) engine_.secrets.add_text(found->second);
    }
  }
}

// What is wrong with a package shows when the file that has it is first read.
bool Session::sound() {
  diagnostics_.append(set_->diagnostics);
  set_->diagnostics = {};
  return !diagnostics_.has_errors();
}

Result<void> Session::load_lock_file() {
  auto lock = LockFile::load(world_.files, lock_path());
  if (!lock) return fail(lock.error());
  lock_ = std::move(*lock);
  if (!options_.sandbox) return {};
  const std::string& folder = spec_.spec.folder;
  auto real = LockFile::load(world_.files, (folder.empty() ? "" : folder + "/") + "llmforge.lock");
  if (!real) return fail(real.error());
  lock_.go_by(*real);
  return {};
}

Task<Result<bool>> Session::load_spec_fetching() {
  bool renew = options_.update_lock, fetched_once = false;
  // A module that was fetched may use others: each round finds those of the one before.
  for (int round = 0;; ++round) {
    Result<bool> loaded = load_spec();
    const bool missing = modules_ != nullptr && modules_->misses_any();
    if (!loaded || round == 16) co_return loaded;
    if (!missing && (!renew || modules_->git_uses().empty())) co_return loaded;
    if (missing && options_.offline && fetched_once) co_return loaded;
    if (auto lock = load_lock_file(); !lock) co_return fail(lock.error());
    FetchPlan plan;
    plan.uses = modules_->git_uses();
    plan.cache = modules_folder(spec_.spec.folder);
    plan.offline = options_.offline;
    plan.renew = renew;
    Task<Result<std::map<std::string, std::string>>> fetching =
        fetch_modules(&world_, std::move(plan), &lock_);
    Result<std::map<std::string, std::string>> folders = co_await std::move(fetching);
    if (!folders) co_return fail(folders.error());
    fetched_ = std::move(*folders);
    fetched_once = true;
    if (lock_.changed()) {
      if (options_.sandbox) {
        if (auto made = world_.files.make_folders(path_in_work("")); !made)
          co_return fail(made.error());
      }
      if (auto saved = lock_.save(world_.files, lock_path()); !saved) co_return fail(saved.error());
    }
    renew = false;
    clouds_.clear();
    diagnostics_ = Diagnostics();
  }
}

// The one that was named, or the stack's own below `beside`.
std::string Session::sandbox_folder(const std::string& beside, const std::string& stack,
                                    const std::string& environment) const {
  if (!options_.sandbox->empty()) return *options_.sandbox;
  const std::string env = environment == "default" ? "" : "." + environment;
  return (beside.empty() ? "" : beside + "/") + ".llmforge/sandbox/" + stack + env;
}

std::string Session::path_in_work(const std::string& name) const {
  const std::string& beside = spec_.spec.folder;
  const std::string folder =
      options_.sandbox ? sandbox_folder(beside, spec_.spec.stack, options_.environment) : beside;
  return (folder.empty() ? "" : folder + "/") + name;
}

std::string Session::lock_path() const {
  return path_in_work("llmforge.lock");
}

StateOptions Session::state_options() const {
  StateOptions out;
  out.stack = spec_.spec.stack;
  out.environment = options_.environment;
  out.binary_version = kVersion;
  return out;
}

const State& Session::state() const {
  return store_ != nullptr ? store_->state() : memory_;
}

std::string Session::stack_mark() const {
  const std::string& lineage = state().identity.lineage;
  return spec_.spec.stack + "/" + options_.environment + "/" + lineage;
}

SecretDigest Session::digest() const {
  const std::string key = state().identity.secret_key;
  return [key](const Value& value) {
    const Value& raw = value.is_secret() ? value.secret_value() : value;
    const Value plain = map_secrets(raw, [](const Value& v) { return v; });
    return hex(hmac_sha256(key, canonical_text(plain)));
  };
}

Cloud* Session::cloud(const std::string& provider) {
  ProviderInstance where;
  where.name = provider;
  return clouds()(where);
}

std::vector<Cloud*> Session::all_clouds() {
  std::vector<Cloud*> out;
  for (const auto& provider : spec_.spec.providers) {
    if (Cloud* one = cloud(provider.name); one != nullptr) out.push_back(one);
  }
  return out;
}

CloudOf Session::clouds() {
  return [this](const ProviderInstance& where) -> Cloud* {
    for (const auto& cloud : clouds_) {
      if (cloud->instance().name == where.name) return cloud.get();
    }
    // What left the spec's `providers:` is still reached by its kind, region and account.
    for (const auto& cloud : clouds_) {
      const ProviderInstance& here = cloud->instance();
      const bool account =
          where.account.empty() || here.account.empty() || where.account == here.account;
      if (here.kind == where.kind && here.region == where.region && account) return cloud.get();
    }
    return nullptr;
  };
}

Task<Result<void>> Session::identify() {
  size_t asked = 0;
  for (const auto& cloud : clouds_) {
    events_.emit(StageProgress{"identify", asked++, clouds_.size()});
    Task<Result<ProviderInstance>> asking = cloud->identify();
    Result<ProviderInstance> live = co_await std::move(asking);
    if (!live) co_return fail(live.error());
    for (const Record* record : state().records()) {
      const ProviderInstance& was = record->provider;
      if (was.name != live->name) continue;
      const bool account = !was.account.empty() && was.account != live->account;
      const bool region = !was.region.empty() && was.region != live->region;
      if (!account && !region) continue;
      Error error(ErrorCode::refused, account ? "these credentials are of account " +
                                                    live->account + ", but `" + record->address +
                                                    "` is in account " + was.account
                                              : "the spec says region " + live->region + ", but `" +
                                                    record->address + "` is in " + was.region);
      error.help.push_back(
          "nothing was changed: what another account or region does not show is not gone");
      error.help.push_back(
          "to have both: another stack name, or an environment of its own (--env)");
      error.help.push_back(account ? "or use credentials of account " + was.account
                                   : "to move: destroy with `region: " + was.region + "` first");
      co_return fail(std::move(error));
    }
  }
  events_.emit(StageProgress{"identify", asked, asked});
  co_return Result<void>();
}

// Where a provider instance is: as the cloud says; offline as the state does, else not known.
Surroundings::Place Session::place_of(const ProviderDecl& provider) const {
  Surroundings::Place out;
  for (const auto& cloud : clouds_) {
    if (cloud->instance().name != provider.name || cloud->instance().account.empty()) continue;
    const Map names = cloud->names();
    out.account = *names.find("account");
    out.partition = *names.find("partition");
    out.dns_suffix = *names.find("dns_suffix");
    return out;
  }
  out.account = out.partition = out.dns_suffix = Value(Unknown{"string", {"account"}, false});
  // Instances that choose the same credentials are in one account; an only one is that of them all.
  std::set<std::string> alike{provider.name};
  for (const ProviderDecl& one : spec_.spec.providers) {
    if (one.credentials == provider.credentials) alike.insert(one.name);
  }
  const bool only = spec_.spec.providers.size() < 2;
  for (const Record* record : state().records()) {
    if (record->provider.account.empty()) continue;
    if (!only && !alike.contains(record->provider.name)) continue;
    out.account = Value(record->provider.account);
    out.partition = Value(record->provider.partition);
    if (record->provider.name == provider.name) break;
  }
  return out;
}

Surroundings Session::surroundings() {
  Surroundings around;
  ProviderDecl nobody;
  const auto& providers = spec_.spec.providers;
  const ProviderDecl& first = providers.empty() ? nobody : providers.front();
  const Surroundings::Place own = place_of(first);
  around.account = own.account;
  around.partition = own.partition;
  around.dns_suffix = own.dns_suffix;
  for (const ProviderDecl& other : providers) {
    Surroundings::Place place = place_of(other);
    if (!(place == own) || other.credentials != first.credentials)
      around.elsewhere[other.name] = std::move(place);
  }
  for (const Record* record : state().records()) {
    const ResourceType* type = packages().resource(record->type);
    const Property* name = type == nullptr ? nullptr : type->unique_name();
    if (name == nullptr || !name->unique_in_world) continue;
    const Map applied = applied_properties(*record);
    if (const Value* value = applied.find(name->name); value != nullptr && value->is_string())
      around.names[record->address] = value->as_string();
  }
  around.variables = spec_.variables;
  around.imports = imports_;
  around.environment = world_.environment;
  FileSystem* files = &world_.files;
  around.read_file = [this, files](const std::string& path) {
    Result<std::string> text = files->read(path);
    if (text) files_used_[path] = hex(sha256(*text));
    return text;
  };
  around.read_zone = zone_reader(world_.files);
  return around;
}

Result<bool> Session::check_offline() {
  Surroundings around = surroundings();
  std::set<std::string> asked;
  around.pinned = [this, &asked](const std::string& query) {
    asked.insert(query);
    return lock_.find(query);
  };
  StoreLibrary library(*modules_);
  Graph graph = lf::check_offline(spec_.spec, library, set_->packages, around, diagnostics_);
  expanded_ = !diagnostics_.has_errors() && graph.wanted.empty() &&
              !(options_.update_lock && !asked.empty());
  resolved_.queries.assign(asked.begin(), asked.end());
  offline_ = std::move(graph);
  return sound();
}

Task<Result<bool>> Session::resolve_lookups() {
  Surroundings around = surroundings();
  if (expanded_ && holds_in(offline_, around)) {
    resolved_.graph = std::move(offline_);
    move_to(resolved_.graph, around);
    co_return true;
  }
  CloudOf of = clouds();
  Exists exists = [this](const std::string& address) {
    const Record* record = state().find(address);
    return record != nullptr && !record->id.empty();
  };
  Task<Result<Resolved>> resolving =
      resolve(&spec_, modules_.get(), &set_->packages, around, &lock_, of, options_.offline,
              options_.update_lock, exists, &events_, &diagnostics_);
  Result<Resolved> resolved = co_await std::move(resolving);
  if (!resolved) co_return fail(resolved.error());
  resolved_ = std::move(*resolved);
  if (!diagnostics_.has_errors()) validate_graph(resolved_.graph, diagnostics_);
  co_return sound();
}

Task<Result<void>> Session::settle() {
  if (open_.empty()) co_return Result<void>();
  const std::string mark = stack_mark();
  CloudOf of = clouds();
  Settler settler = store_ != nullptr ? Settler(engine_, *store_) : Settler(engine_, memory_);
  Task<Result<void>> settling = settler.settle_all(open_, of, &set_->packages, mark);
  Result<void> settled = co_await std::move(settling);
  co_return settled;
}

namespace {

// Whether the spec sets one of these properties of the resource at `address`.
bool sets_any(const Graph& graph, const std::string& address,
              const std::vector<std::string>& properties) {
  const GraphId id = graph.find(address);
  if (id == kNoGraphId || graph.nodes[id].alternative_count > 0) return true;
  Diagnostics ignored;  // making the plan reports them
  const Map desired = graph.desired(id, graph.spec_only(), ignored);
  return std::any_of(properties.begin(), properties.end(),
                     [&](const std::string& name) { return desired.find(name) != nullptr; });
}

}  // namespace

Task<Result<void>> Session::refresh_state() {
  std::vector<Record> records;
  const std::string mark = stack_mark();
  for (const Record* record : state().records()) {
    const bool unsure = record->status == RecordStatus::dirty ||
                        record->status == RecordStatus::creating ||
                        record->status == RecordStatus::deleting || record->generation > 0;
    if (options_.refresh == "false" && !unsure) continue;
    const bool over =
        record->status == RecordStatus::finished || record->status == RecordStatus::interrupted;
    if (over) continue;
    Record copy = *record;
    copy.private_.set("stack_mark", Value(mark));
    records.push_back(std::move(copy));
  }
  if (records.empty()) co_return Result<void>();
  CloudOf of = clouds();
  FacetWanted wanted = [this](const Record& record, const Facet& facet) {
    // `destroy` has no graph, and nothing is wanted.
    return graph().context != nullptr && sets_any(graph(), record.address, facet.properties);
  };
  Task<Result<Observations>> refreshing =
      refresh(&engine_, of, &set_->packages, std::move(records), std::move(wanted));
  Result<Observations> seen = co_await std::move(refreshing);
  if (!seen) co_return fail(seen.error());
  observations_ = std::move(*seen);
  co_return Result<void>();
}

Task<Result<std::vector<Marked>>> Session::find_named_marks(const Graph* graph, GraphId at,
                                                            std::string mark) {
  std::vector<Marked> out;
  const GraphNode& node = graph->nodes[at];
  Cloud* cloud = this->cloud(node.provider);
  if (cloud == nullptr || node.type->carrier != MarkCarrier::tags || !node.type->id_derive ||
      node.type->id_joins)
    co_return out;
  Diagnostics ignored;
  Map self = graph->desired(at, graph->spec_only(), ignored);
  Task<Result<std::optional<Marked>>> finding =
      find_marked_by_name(cloud, node.type, std::move(self), std::move(mark));
  Result<std::optional<Marked>> found = co_await std::move(finding);
  if (!found) co_return fail(found.error());
  if (*found) out.push_back(std::move(**found));
  co_return out;
}

Task<Result<void>> Session::guard_empty_state() {
  if (!state().empty() || options_.offline) co_return Result<void>();
  const std::string any_lineage = spec_.spec.stack + "/" + options_.environment + "/*";
  std::set<std::pair<std::string, std::string>> seen;
  for (GraphId at = 0; at < graph().nodes.size(); ++at) {
    const GraphNode& node = graph().nodes[at];
    if (!node.facet.empty()) continue;
    // By list once a type, else by each name that would be made.
    const bool listed = node.type->refresh.list.has_value();
    if (listed && !seen.emplace(node.type->name, node.provider).second) continue;
    Cloud* cloud = this->cloud(node.provider);
    if (cloud == nullptr) continue;
    Task<Result<std::vector<Marked>>> finding = listed
                                                    ? find_marked(cloud, node.type, any_lineage)
                                                    : find_named_marks(&graph(), at, any_lineage);
    Result<std::vector<Marked>> found = co_await std::move(finding);
    if (!found) co_return fail(found.error());
    if (found->empty()) continue;
    // Another run may have made them since this one has lost the state.
    if (store_ != nullptr) {
      if (Result<void> held = store_->may_send(); !held) co_return held;
    }
    Error error(ErrorCode::refused, "the state is empty, but the cloud holds things of stack `" +
                                        spec_.spec.stack + "`, environment " +
                                        options_.environment);
    for (const auto& marked : *found) {
      error.help.push_back("found " + marked.id + ", made as " + marked.address_mark);
      if (error.help.size() >= 8) break;
    }
    error.help.push_back("bring the state back, or see everything there is: llmforge orphans");
    error.help.push_back("then take each thing in: llmforge adopt ADDRESS ID");
    co_return fail(std::move(error));
  }
  co_return Result<void>();
}

Result<bool> Session::make_plan(Plan& out, bool destroy) {
  PlanOptions plan;
  plan.targets = options_.targets;
  plan.excludes = options_.excludes;
  plan.replace = options_.replace;
  plan.destroy = destroy;
  plan.refresh_only = options_.refresh == "only";
  plan.submit = options_.submit;
  out =
      lf::make_plan(graph(), state(), observations_, set_->packages, plan, digest(), diagnostics_);
  return sound();
}

Result<void> Session::save_lock_file() {
  lock_.keep_only(resolved_.queries);
  std::vector<std::string> uses;
  for (const auto& use : modules_->git_uses()) uses.push_back(use.key());
  lock_.keep_modules(uses);
  if (!lock_.changed()) return {};
  if (options_.sandbox) {
    if (auto made = world_.files.make_folders(path_in_work("")); !made) return made;
  }
  return lock_.save(world_.files, lock_path());
}

}  // namespace lf
