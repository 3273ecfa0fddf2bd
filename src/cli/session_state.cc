// SPDX-License-Identifier: Apache-2.0
// Where a session's state lies: the place that the spec names, and the one where it was before, if
// the spec's `backend` has changed since. Reading reads it where it counts; whoever opens it for
// writing moves it first (state/migrate.h).
//
// What was before is known from two things: the usual file beside the spec, and a file `….place`
// there, which says where this folder's state was opened last. Marks in the places themselves lead
// on from there.
#include "base/assert.h"
#include "base/replace_file.h"
#include "base/units.h"
#include "cli/session.h"
#include "engine/object_store.h"
#include "state/load.h"
#include "state/local_backend.h"
#include "state/migrate.h"
#include "state/remote_backend.h"

namespace lf {

namespace {

constexpr int kHopsMax = 8;

}  // namespace

StatePlace Session::place() const {
  StatePlace out;
  if (!options_.state.empty()) {
    out.file = options_.state;
  } else if (!options_.sandbox && !spec_.spec.backend_provider.empty()) {
    out = store_place(spec_);
  } else if (!spec_.state_path.empty() && !options_.sandbox) {
    out.file = spec_.state_path;
  } else {
    std::string folder = spec_.spec.folder;
    if (options_.sandbox) {
      folder = path_in_work("");
      while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    }
    out.file = default_state_paths(folder, spec_.spec.stack, options_.environment).snapshot;
  }
  return out;
}

// With whose credentials a store is asked: those that the place itself names, else the spec's.
ProviderDecl Session::state_provider(const StatePlace& at) const {
  ProviderDecl out;
  out.kind = at.kind;
  for (const ProviderDecl& one : spec_.spec.providers) {
    if (at.credentials || one.kind != at.kind) continue;
    const bool of_backend = one.name == spec_.spec.backend_provider;
    if (of_backend || out.name.empty()) out = one;
    if (of_backend) break;
  }
  if (at.credentials) out.credentials = *at.credentials;
  return out;
}

Result<std::unique_ptr<Backend>> Session::backend_at(const StatePlace& at) {
  if (at.is_file()) return std::make_unique<LocalBackend>(world_.files, state_paths_for(at.file));
  Package* package = packages().find(at.kind);
  const StateStore* type = package == nullptr ? nullptr : package->state_store(at.word);
  if (type == nullptr)
    return fail(ErrorCode::refused,
                "no package here knows the backend `" + at.word + "` of " + at.kind);
  ProviderInstance where;
  where.name = at.word;
  where.kind = at.kind;
  where.region = at.region;
  const ProviderDecl asking = state_provider(at);
  auto cloud = make_cloud(engine_, *package, std::move(where), sources(),
                          choose_credentials(asking, package->info()));
  auto store = make_object_store(std::move(cloud), *type, at.settings);
  return std::make_unique<RemoteBackend>(std::move(store), world_.clock, world_.random);
}

std::unique_ptr<Backend> Session::backend() {
  Result<std::unique_ptr<Backend>> made = backend_at(place());
  LF_ASSERT(made.has_value());  // the spec was checked
  return std::move(*made);
}

// The state of another stack, where its own spec says that it is. Null: offline, that is not read.
Result<std::unique_ptr<Backend>> Session::backend_of_import(const ImportDecl& import) {
  const std::string folder = options_.sandbox
                                 ? sandbox_folder(import.folder, import.stack, import.environment)
                                 : import.folder;
  StatePlace at;
  at.file = default_state_paths(folder, import.stack, import.environment).snapshot;
  if (!import.has_backend || options_.sandbox) return backend_at(at);
  Diagnostics own;
  ModuleStore modules(world_.files, sources(), packages(), own);
  modules.share_blocks(set_->blocks);
  LoadOptions load;
  load.path = import.path;
  load.environment = import.environment;
  load.environment_variables = world_.environment;
  const LoadedSpec other = lf::load_spec(world_.files, sources(), packages(), modules, load, own);
  if (own.has_errors()) {
    Error error(ErrorCode::invalid, "where the state of the imported stack `" + import.stack +
                                        "` lies cannot be told: " + own.all().front().message);
    error.help.push_back("its own errors: llmforge validate " + import.path);
    return fail(std::move(error));
  }
  if (!other.spec.backend_provider.empty()) {
    if (options_.offline) return std::unique_ptr<Backend>();
    return backend_at(store_place(other));
  }
  if (!other.state_path.empty()) at.file = other.state_path;
  return backend_at(at);
}

// A path that means the same from every folder of this machine.
StatePlace Session::absolute(StatePlace at) const {
  if (!at.is_file() || at.file.starts_with('/')) return at;
  const std::string& folder = spec_.spec.folder;
  const auto full = world_.files.canonical(folder.empty() ? "." : folder);
  if (!full) return at;
  if (folder.empty())
    at.file = *full + "/" + (at.file.starts_with("./") ? at.file.substr(2) : at.file);
  else if (at.file.starts_with(folder + "/"))
    at.file = *full + at.file.substr(folder.size());
  return at;
}

bool Session::same_place(const StatePlace& a, const StatePlace& b) {
  if (a.is_file() != b.is_file()) return false;
  if (a.is_file()) return a.file == b.file || absolute(a).file == absolute(b).file;
  if (a.kind != b.kind || a.word != b.word) return false;
  const auto one = backend_at(a), other = backend_at(b);
  return one && other && (*one)->snapshot_name() == (*other)->snapshot_name();
}

// The usual file beside the spec, and what remembers another place.
StatePlace Session::usual_place() const {
  StatePlace out;
  out.file =
      default_state_paths(spec_.spec.folder, spec_.spec.stack, options_.environment).snapshot;
  return out;
}
std::string Session::place_note() const {
  const std::string file = usual_place().file;
  return file.substr(0, file.size() - std::string_view(".json").size()) + ".place";
}

// Where else the state may be, by what this folder knows. A mark at `place()` itself is no reason
// to fetch the state back: a checkout that is behind would undo a move that others made.
std::vector<StatePlace> Session::earlier_places() {
  std::vector<StatePlace> out;
  const auto noted = world_.files.read(place_note());
  if (noted) {
    if (auto last = read_place(*noted)) out.push_back(std::move(*last));
  }
  out.push_back(usual_place());
  return out;
}

// Follows the marks from `at` to a state that counts. Gives none where that leads back to
// `place()`, or to nothing.
Task<Result<std::optional<Session::Before>>> Session::follow_marks(StatePlace at) {
  const StatePlace here = place();
  for (int hop = 0; hop < kHopsMax && !same_place(at, here); ++hop) {
    auto made = backend_at(at);
    if (!made) co_return fail(made.error());
    StateOptions options = state_options();
    Task<Result<PlaceContent>> looking = look_at_place(**made, std::move(options));
    Result<PlaceContent> content = co_await std::move(looking);
    if (!content) {
      Error error = content.error();
      error.help.push_back(
          "this folder's state was kept there before; where that is no more: remove `" +
          place_note() + "`");
      co_return fail(std::move(error));
    }
    const bool led_on = content->moved && content->moved->done;
    if (!led_on && !content->exists) break;
    if (!led_on) {
      Before out;
      out.place = at;
      out.backend = std::move(*made);
      out.content = std::move(*content);
      co_return std::optional<Before>(std::move(out));
    }
    auto next = read_place(content->moved->place);
    if (!next) co_return fail(next.error());
    at = std::move(*next);
  }
  co_return std::optional<Before>();
}

// Where the state was before it was at `place()`; nullopt: nowhere, as far as is known. `mark`: of
// `place()`; null: it has none.
Task<Result<std::optional<Session::Before>>> Session::find_before(const MoveMark* mark) {
  if (!options_.state.empty()) co_return std::optional<Before>();
  if (options_.sandbox) co_return std::optional<Before>();
  const bool in_file = place().is_file();
  for (const StatePlace& at : earlier_places()) {
    if (in_file && at.is_file()) continue;  // another file is another state, as it always was
    Task<Result<std::optional<Before>>> following = follow_marks(at);
    Result<std::optional<Before>> found = co_await std::move(following);
    if (!found || *found) co_return found;
  }
  if (mark == nullptr || mark->done) co_return std::optional<Before>();
  // A move from here was begun: whether it got there tells what counts.
  auto at = read_place(mark->place);
  if (!at) co_return fail(at.error());
  // Of another machine's files nothing can be told from here.
  if (at->is_file() && mark->host != world_.self.host) co_return std::optional<Before>();
  auto made = backend_at(*at);
  if (!made) co_return fail(made.error());
  Before out;
  out.place = std::move(*at);
  out.backend = std::move(*made);
  StateOptions options = state_options();
  Task<Result<PlaceContent>> looking = look_at_place(*out.backend, std::move(options));
  Result<PlaceContent> content = co_await std::move(looking);
  if (!content) co_return fail(content.error());
  out.content = std::move(*content);
  co_return std::optional<Before>(std::move(out));
}

// The state where it counts: at `place()`, or still where it was before.
Task<Result<LoadedState>> Session::load_that_counts() {
  std::unique_ptr<Backend> at = backend();
  if (options_.offline && !place().is_file()) {
    LoadedState unread;
    unread.notes.push_back("the state lies at `" + at->snapshot_name() +
                           "`, which is not read offline: everything counts as new");
    co_return unread;
  }
  StateOptions options = state_options();
  Task<Result<PlaceContent>> looking = look_at_place(*at, std::move(options));
  Result<PlaceContent> here = co_await std::move(looking);
  if (!here) co_return fail(here.error());
  const MoveMark* mark = here->moved ? &*here->moved : nullptr;
  Task<Result<std::optional<Before>>> finding = find_before(mark);
  Result<std::optional<Before>> before = co_await std::move(finding);
  if (!before) co_return fail(before.error());
  LoadedState out;
  Counts counts = Counts::here;
  std::string there;
  if (*before) {
    counts = which_counts(*here, (*before)->content);
    there = (*before)->backend->snapshot_name();
  } else if (mark != nullptr) {
    counts = Counts::lost;
  }
  if (counts == Counts::lost) {
    co_return fail(moved_error(*mark, at->snapshot_name()));
  }
  PlaceContent& chosen = counts == Counts::there ? (*before)->content : *here;
  out.exists = chosen.exists;
  out.replay = std::move(chosen.replay);
  out.notes = std::move(chosen.notes);
  if (counts == Counts::there)
    out.notes.push_back("the state is still at `" + there + "`; the next apply moves it to `" +
                        at->snapshot_name() + "`, as the spec says");
  if (counts == Counts::both)
    out.notes.push_back("there is another state at `" + there +
                        "`, which counts as well: nothing can be applied until one of both is "
                        "moved away");
  co_return out;
}

// The state is brought to where the spec says that it lies.
Task<Result<void>> Session::bring_here(LockOwner owner, int64_t lock_timeout_ns) {
  if (!options_.state.empty() || options_.sandbox) co_return Result<void>();
  const StatePlace at = absolute(place());
  std::unique_ptr<Backend> target = backend();
  std::optional<MoveMark> mark;
  const auto marked = at.is_file() ? world_.files.stat(state_paths_for(place().file).mark)
                                   : Result<FileInfo>(FileInfo{});
  if (!at.is_file() || (marked && marked->exists)) {
    StateOptions own = state_options();
    Task<Result<PlaceContent>> looking = look_at_place(*target, std::move(own));
    Result<PlaceContent> content = co_await std::move(looking);
    if (!content) co_return fail(content.error());
    mark = std::move(content->moved);
  }
  Task<Result<std::optional<Before>>> finding = find_before(mark ? &*mark : nullptr);
  Result<std::optional<Before>> before = co_await std::move(finding);
  if (!before) co_return fail(before.error());
  if (!*before) co_return Result<void>();
  MoveEnd here{target.get(), write_place(at), at.is_file() ? at.file : target->snapshot_name()};
  const StatePlace from = absolute((*before)->place);
  MoveEnd there{(*before)->backend.get(), write_place(from),
                from.is_file() ? from.file : (*before)->backend->snapshot_name()};
  StateOptions options = state_options();
  const std::string told = "the state was moved from `" + there.shown + "` to `" + here.shown + "`";
  Task<Result<Counts>> bringing =
      bring_state(std::move(here), std::move(there), world_.clock, std::move(options),
                  std::move(owner), lock_timeout_ns);
  Result<Counts> brought = co_await std::move(bringing);
  if (!brought) co_return fail(brought.error());
  if (*brought == Counts::there || *brought == Counts::finish) notes_.push_back(told);
  co_return Result<void>();
}

// Where the state of this folder is opened, for when the spec's `backend` changes.
Result<void> Session::note_place() {
  if (!options_.state.empty() || options_.sandbox) return {};
  const std::string note = place_note();
  const auto is = world_.files.stat(note);
  if (!is) return fail(is.error());
  if (same_place(place(), usual_place())) {
    if (!is->exists) return {};
    return world_.files.remove(note);
  }
  const std::string text = write_place(absolute(place())) + "\n";
  if (is->exists && world_.files.read(note).value_or("") == text) return {};
  const StatePaths paths = state_paths_for(usual_place().file);
  if (auto made = ensure_folder(world_.files, paths.own_folder); !made) return made;
  if (auto done = keep_out_of_git(world_.files, paths.own_folder); !done) return done;
  return replace_file(world_.files, note, text, 0600);
}

// What the stacks that this one imports gave, from their states.
Task<Result<void>> Session::read_imports() {
  for (const auto& import : spec_.spec.root.imports) {
    if (const auto given = given_imports_.find(import.key()); given != given_imports_.end()) {
      imports_[import.name] = given->second;
      continue;
    }
    Result<std::unique_ptr<Backend>> from = backend_of_import(import);
    if (!from) co_return fail(from.error());
    if (*from == nullptr) {
      for (const auto& name : import.outputs)
        imports_[import.name].set(name, Value::error("`" + import.name + "." + name +
                                                     "` is not known offline: the state "
                                                     "of stack `" +
                                                     import.stack + "` lies in a store"));
      continue;
    }
    StateOptions options = state_options();
    options.stack = import.stack;
    options.environment = import.environment;
    Task<Result<LoadedState>> loading = load_state(**from, std::move(options));
    Result<LoadedState> loaded = co_await std::move(loading);
    if (!loaded) co_return fail(loaded.error());
    Map& values = imports_[import.name];
    for (const auto& name : import.outputs) {
      const Output* output = loaded->replay.state().output(name);
      const std::string what = "`" + import.name + "." + name + "` is not known: stack `" +
                               import.stack + "`, environment " + import.environment;
      if (!loaded->exists)
        values.set(name, Value::error(what + ", was not applied yet; apply it first, or plan both "
                                             "with --all"));
      else if (output == nullptr)
        values.set(name, Value::error(what + ", was last applied without this output; apply it "
                                             "first, or plan both with --all"));
      else
        values.set(name, output->value);
    }
  }
  co_return Result<void>();
}

Task<Result<void>> Session::read_state() {
  Task<Result<LoadedState>> loading = load_that_counts();
  Result<LoadedState> loaded = co_await std::move(loading);
  if (!loaded) co_return fail(loaded.error());
  loaded_ = std::move(*loaded);
  state_exists_ = loaded_.exists;
  memory_ = loaded_.replay.state();
  open_ = loaded_.replay.open_intents();
  notes_ = loaded_.notes;
  Task<Result<void>> importing = read_imports();
  Result<void> imported = co_await std::move(importing);
  co_return imported;
}

LockOwner Session::lock_owner() const {
  LockOwner owner;
  owner.host = world_.self.host;
  owner.pid = world_.self.pid;
  owner.start = world_.clock.now();
  owner.command = "llmforge " + options_.command;
  return owner;
}

Task<Result<void>> Session::open_store() {
  const LockOwner owner = lock_owner();
  const auto timeout = parse_duration(options_.lock_timeout);
  const int64_t timeout_ns = timeout ? timeout->seconds * 1'000'000'000 + timeout->nanos : 0;
  Task<Result<void>> bringing = bring_here(owner, timeout_ns);
  Result<void> brought = co_await std::move(bringing);
  if (!brought) co_return brought;
  std::unique_ptr<Backend> at = backend();
  StateOptions options = state_options();
  Task<Result<std::unique_ptr<Store>>> opening = Store::open(
      std::move(at), world_.clock, world_.random, std::move(options), owner, timeout_ns);
  Result<std::unique_ptr<Store>> store = co_await std::move(opening);
  if (!store) co_return fail(store.error());
  store_ = std::move(*store);
  notes_.insert(notes_.end(), store_->notes().begin(), store_->notes().end());
  if (Result<void> noted = note_place(); !noted) co_return noted;
  open_ = store_->open_intents();
  state_exists_ = !store_->state().empty() || store_->state().identity.serial > 0;
  begin_.command = options_.command;
  begin_.time = world_.clock.now();
  begin_.owner = owner.host + ", pid " + std::to_string(owner.pid);
  Task<Result<void>> importing = read_imports();
  Result<void> imported = co_await std::move(importing);
  co_return imported;
}

Task<void> Session::close() {
  if (store_ == nullptr) co_return;
  Task<void> closing = store_->close();
  co_await std::move(closing);
}

}  // namespace lf
