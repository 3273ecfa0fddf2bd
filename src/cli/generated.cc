// SPDX-License-Identifier: Apache-2.0
#include "cli/generated.h"

#include <algorithm>

#include "base/digest.h"
#include "base/replace_file.h"
#include "graph/generated.h"
#include "plan/checks.h"
#include "plan/files.h"

namespace lf {

namespace {

std::string below(const std::string& root, const std::string& path) {
  return root.empty() ? path : root + "/" + path;
}

// The top of the git work tree that `folder` lies in; nullopt: it lies in none.
std::optional<std::string> git_top(FileSystem& files, const std::string& folder) {
  constexpr int kDeepest = 64;
  std::string at = folder.empty() ? "." : folder;
  for (int i = 0; i < kDeepest; ++i) {
    const Result<FileInfo> found = files.stat(at + "/.git");
    if (found && found->exists) return at;
    const Result<std::string> real = files.canonical(at);
    if (!real || *real == "/") return std::nullopt;
    at += "/..";
  }
  return std::nullopt;
}

Result<std::optional<std::string>> read_generated(FileSystem& files, const std::string& path) {
  const Result<FileInfo> info = files.stat(path);
  if (!info) return std::unexpected(info.error());
  if (!info->exists) return std::optional<std::string>();
  if (info->is_directory) return fail(ErrorCode::io, "`" + path + "` is a folder");
  Result<std::string> text = files.read(path);
  if (!text) return std::unexpected(text.error());
  return std::optional<std::string>(std::move(*text));
}

// What state says of the files once `plan` is done, and while it is.
std::vector<WrittenFile> noted(const State& state, const Plan& plan, bool done) {
  std::vector<WrittenFile> out = state.files;
  const auto drop = [&](const std::string& path) {
    std::erase_if(out, [&](const WrittenFile& file) { return file.path == path; });
  };
  for (const auto& file : plan.files) {
    if (file.action == Action::forget || (file.action == Action::remove && done)) drop(file.path);
    if (file.action != Action::create && file.action != Action::update && !file.unnoted) continue;
    if (!file.content.is_string()) continue;
    drop(file.path);
    WrittenFile one;
    one.path = file.path;
    one.address = file.address;
    one.sha256 = hex(sha256(file.content.as_string()));
    if (!done && file.action == Action::update) one.previous = hex(sha256(file.before));
    out.push_back(std::move(one));
  }
  std::sort(out.begin(), out.end(),
            [](const WrittenFile& a, const WrittenFile& b) { return a.path < b.path; });
  return out;
}

Result<void> put_in_place(FileSystem& files, const std::string& path, const PlanFile& file) {
  if (file.action == Action::remove) return files.remove(path);
  if (auto made = ensure_folder(files, folder_of(path)); !made) return made;
  return replace_file(files, path, file.content.as_string(), file.mode);
}

}  // namespace

std::string generated_root(Session& session) {
  const Spec& spec = session.spec().spec;
  if (session.options().sandbox) return session.path_in_work("files");
  if (spec.files_root) {
    return spec.files_root->starts_with('/') ? *spec.files_root
                                             : below(spec.folder, *spec.files_root);
  }
  return git_top(session.world().files, spec.folder).value_or(spec.folder);
}

Result<void> plan_generated(Session& session, Plan& plan, bool destroy) {
  if (session.options().refresh == "only") return {};
  PlanOptions options;
  options.targets = session.options().targets;
  options.excludes = session.options().excludes;
  options.destroy = destroy;
  const bool any = !session.state().files.empty() || (!destroy && !session.graph().files.empty());
  if (!any) return {};
  const std::string root = generated_root(session);
  FileSystem& files = session.world().files;
  const PlannedValues values(session.graph(), plan);
  auto planned = plan_files(
      session.graph(), values.source(), session.state(), options,
      [&](const std::string& path) { return read_generated(files, below(root, path)); },
      session.diagnostics());
  if (!planned) return std::unexpected(planned.error());
  plan.files = std::move(*planned);
  return {};
}

Task<Result<std::vector<GeneratedResult>>> write_generated(Session* session, Plan* plan) {
  std::vector<GeneratedResult> out;
  if (plan->files.empty()) co_return out;
  // With what the apply has given. A file that hangs on what failed stays as it is.
  const RecordSource source(session->graph(), session->state());
  Diagnostics said_before;
  const std::vector<GeneratedFile> now = generated_files(session->graph(), source, said_before);
  for (PlanFile& file : plan->files) {
    const bool writes = file.action == Action::create || file.action == Action::update;
    if (!writes) continue;
    const auto found = std::find_if(now.begin(), now.end(), [&](const GeneratedFile& one) {
      return one.path == file.path && one.content.is_string();
    });
    if (found == now.end()) {
      Error error(ErrorCode::dependency, "what it is made from is not known yet");
      out.push_back({file.path, file.action, std::move(error)});
      file.action = Action::none;
      continue;
    }
    file.content = found->content;
    if (file.content.as_string() == file.before && file.action == Action::update)
      file.action = Action::none;
  }
  const std::vector<WrittenFile> during = noted(session->state(), *plan, false);
  if (during != session->state().files) {
    Task<Result<void>> noting = session->store()->append(Entry(FilesPut{during}));
    Result<void> durable = co_await std::move(noting);
    if (!durable) co_return fail(durable.error());
  }
  const std::string root = generated_root(*session);
  bool all = true;
  for (const PlanFile& file : plan->files) {
    if (file.action == Action::none || file.action == Action::forget) continue;
    const Result<void> done = put_in_place(session->world().files, below(root, file.path), file);
    all = all && done.has_value();
    out.push_back({file.path, file.action, done ? std::nullopt : std::optional(done.error())});
  }
  if (!all) co_return out;
  const std::vector<WrittenFile> after = noted(session->state(), *plan, true);
  if (after != session->state().files) {
    Task<Result<void>> noting = session->store()->append(Entry(FilesPut{after}));
    Result<void> durable = co_await std::move(noting);
    if (!durable) co_return fail(durable.error());
  }
  co_return out;
}

}  // namespace lf
