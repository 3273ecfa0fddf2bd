// SPDX-License-Identifier: Apache-2.0
#include "engine/fetch_modules.h"

#include <algorithm>

#include "base/digest.h"
#include "base/strings.h"

namespace lf {

namespace {

constexpr int64_t kGitLimitMs = 10 * 60'000;

Result<void> add_folder(FileSystem& files, const std::string& folder, const std::string& under,
                        std::string& out) {
  auto names = files.list(folder);
  if (!names) return fail(names.error());
  std::sort(names->begin(), names->end());
  for (const auto& name : *names) {
    const std::string path = folder + "/" + name;
    const auto info = files.stat(path);
    if (!info) return fail(info.error());
    if (info->is_directory) {
      if (auto added = add_folder(files, path, under + name + "/", out); !added) return added;
      continue;
    }
    const auto text = files.read(path);
    if (!text) return fail(text.error());
    out += hex(sha256(*text)) + "  " + under + name + "\n";
  }
  return {};
}

// A program's run as a task.
class Git {
 public:
  Git(World* world, std::string repository) : world_(world), repository_(std::move(repository)) {}

  // What it printed; its complaint as `code`.
  Task<Result<std::string>> run(std::vector<std::string> words, ErrorCode code) const {
    ProcessRequest request;
    // A link in a module could point anywhere on this machine: it comes as a plain file.
    request.argv = {"git",
                    "-c",
                    "core.symlinks=false",
                    "-c",
                    "advice.detachedHead=false",
                    "--git-dir=" + repository_};
    for (auto& word : words) request.argv.push_back(std::move(word));
    request.environment = {{"GIT_TERMINAL_PROMPT", "0"},
                           {"GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh"}};
    request.timeout_ms = kGitLimitMs;
    Task<Result<ProcessResult>> running = started(std::move(request));
    Result<ProcessResult> done = co_await std::move(running);
    if (!done) {
      Error error(ErrorCode::unavailable, "git cannot be run: " + done.error().message);
      error.help.push_back("modules with `git:` need git: install it");
      co_return fail(std::move(error));
    }
    if (done->exit_code != 0) {
      std::string said(trim(done->err));
      if (const size_t last = said.rfind('\n'); last != std::string::npos && said.size() > 400)
        said = said.substr(last + 1);
      co_return fail(code, "git says: " + said);
    }
    co_return std::string(trim(done->out));
  }

 private:
  Task<Result<ProcessResult>> started(ProcessRequest request) const {
    World* world = world_;
    Callback<Result<ProcessResult>> running(
        [world, request](auto done) { world->process.run(request, std::move(done)); });
    Result<ProcessResult> done = co_await running;
    co_return done;
  }

  World* world_;
  std::string repository_;
};

// Gets `wanted` (a ref or a commit) into the repository; its commit.
Task<Result<std::string>> fetch_commit(const Git* git, const GitUse* use, std::string wanted,
                                       bool pinned) {
  const std::string url = use->url;
  std::vector<std::string> words = {"fetch", "-q", "--depth", "1", "--no-tags", "--", url, wanted};
  Task<Result<std::string>> fetching = git->run(std::move(words), ErrorCode::not_found);
  Result<std::string> fetched = co_await std::move(fetching);
  if (!fetched && fetched.error().code == ErrorCode::unavailable) co_return fetched;
  if (!fetched && pinned) {
    // Some servers give no commit by its name alone: then all that the ref has.
    std::vector<std::string> all = {"fetch", "-q", "--no-tags", "--", url, use->ref};
    Task<Result<std::string>> whole = git->run(std::move(all), ErrorCode::not_found);
    fetched = co_await std::move(whole);
  }
  if (!fetched) co_return fetched;
  std::vector<std::string> ask = {"rev-parse", "--verify", "-q",
                                  (pinned ? wanted : std::string("FETCH_HEAD")) + "^{commit}"};
  Task<Result<std::string>> asking = git->run(std::move(ask), ErrorCode::not_found);
  Result<std::string> commit = co_await std::move(asking);
  co_return commit;
}

Error of_use(const GitUse& use, Error error) {
  error.message = "module `" + use.url + "` at `" + use.ref + "`: " + error.message;
  return error;
}

struct One {
  World* world;
  const FetchPlan* plan;
  const GitUse* use;
  std::string pinned_commit, pinned_digest;
  std::string commit, digest, folder;
};

Task<Result<void>> fetch_one(One* one) {
  FileSystem& files = one->world->files;
  const std::string repository =
      one->plan->cache + "/" + hex(sha256(one->use->url)).substr(0, 16) + ".git";
  if (auto made = files.make_folders(one->plan->cache); !made) co_return made;
  const Git git(one->world, repository);
  std::vector<std::string> init = {"init", "-q", "--bare", repository};
  Task<Result<std::string>> starting = git.run(std::move(init), ErrorCode::io);
  Result<std::string> started = co_await std::move(starting);
  if (!started) co_return fail(started.error());
  const bool pinned = !one->pinned_commit.empty();
  const std::string wanted = pinned ? one->pinned_commit : one->use->ref;
  Task<Result<std::string>> fetching = fetch_commit(&git, one->use, wanted, pinned);
  Result<std::string> commit = co_await std::move(fetching);
  if (!commit) co_return fail(of_use(*one->use, commit.error()));
  one->commit = *commit;
  one->folder = one->plan->cache + "/" + one->commit;
  // Beside its place first: a folder of that name is whole.
  const std::string part = one->folder + ".part" + std::to_string(one->world->self.pid);
  if (auto made = files.make_folders(part); !made) co_return made;
  std::vector<std::string> checkout = {"--work-tree=" + part, "checkout", "-q", "-f",
                                       one->commit,           "--",       "."};
  Task<Result<std::string>> laying = git.run(std::move(checkout), ErrorCode::io);
  Result<std::string> laid = co_await std::move(laying);
  if (!laid) co_return fail(of_use(*one->use, laid.error()));
  auto digest = digest_of_folder(files, part);
  if (!digest) co_return fail(digest.error());
  one->digest = *digest;
  if (pinned && !one->pinned_digest.empty() && one->digest != one->pinned_digest) {
    Error error(ErrorCode::corrupt, "its content is not what llmforge.lock was made with");
    error.help.push_back("pinned: sha256 " + one->pinned_digest);
    error.help.push_back("fetched: sha256 " + one->digest);
    error.help.push_back("if this is known to be right: --update-lock");
    co_return fail(of_use(*one->use, std::move(error)));
  }
  const auto there = files.stat(one->folder);
  if (there && there->exists) {
    // What lies there does not have the pinned content, or it would have been used: out of the way.
    const std::string old = one->folder + ".old" + std::to_string(one->world->self.pid);
    if (auto moved = files.rename(one->folder, old); !moved) co_return moved;
  }
  co_return files.rename(part, one->folder);
}

}  // namespace

Result<std::string> digest_of_folder(FileSystem& files, const std::string& folder) {
  std::string all;
  if (auto added = add_folder(files, folder, "", all); !added) return fail(added.error());
  return hex(sha256(all));
}

std::string modules_folder(const std::string& folder) {
  return (folder.empty() ? "" : folder + "/") + ".llmforge/modules";
}

std::map<std::string, std::string> kept_modules(FileSystem& files, const LockFile& lock,
                                                const std::string& cache) {
  std::map<std::string, std::string> out;
  for (const auto& [key, pin] : lock.modules()) {
    const std::string folder = cache + "/" + pin["commit"].string_or();
    const auto digest = digest_of_folder(files, folder);
    if (digest && *digest == pin["sha256"].string_or()) out.emplace(key, folder);
  }
  return out;
}

Task<Result<std::map<std::string, std::string>>> fetch_modules(World* world, FetchPlan plan,
                                                               LockFile* lock) {
  std::map<std::string, std::string> out;
  if (!plan.renew) out = kept_modules(world->files, *lock, plan.cache);
  for (const auto& use : plan.uses) {
    const std::string key = use.key();
    if (out.contains(key)) continue;
    if (plan.offline) continue;
    One one{world, &plan, &use, "", "", "", "", ""};
    const auto pin = lock->modules().find(key);
    if (pin != lock->modules().end() && !plan.renew) {
      one.pinned_commit = pin->second["commit"].string_or();
      one.pinned_digest = pin->second["sha256"].string_or();
    }
    Task<Result<void>> fetching = fetch_one(&one);
    Result<void> fetched = co_await std::move(fetching);
    if (!fetched) co_return fail(fetched.error());
    Map value;
    value.set("commit", Value(one.commit));
    value.set("sha256", Value(one.digest));
    lock->set_module(key, Value(std::move(value)));
    out[key] = one.folder;
  }
  co_return out;
}

}  // namespace lf
