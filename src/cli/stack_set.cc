// SPDX-License-Identifier: Apache-2.0
#include "cli/stack_set.h"

#include <algorithm>
#include <set>

#include "base/strings.h"

namespace lf {

namespace {

bool is_spec_name(const std::string& name) {
  return (name.ends_with(".yaml") || name.ends_with(".yml")) && !name.starts_with(".") &&
         !name.ends_with(".test.yaml");
}

// Whether a file at the top of `folder` says `stack:`.
bool holds_stack(FileSystem& files, const std::string& folder) {
  const auto names = files.list(folder.empty() ? "." : folder);
  if (!names) return false;
  return std::any_of(names->begin(), names->end(), [&](const std::string& name) {
    if (!is_spec_name(name)) return false;
    const auto text = files.read((folder.empty() ? "" : folder + "/") + name);
    return text && is_spec_text(*text);
  });
}

std::vector<std::string> stack_folders(FileSystem& files, const std::string& folder) {
  std::vector<std::string> out;
  auto names = files.list(folder.empty() ? "." : folder);
  if (!names) return out;
  std::sort(names->begin(), names->end());
  for (const auto& name : *names) {
    if (name.starts_with(".")) continue;
    const std::string path = (folder.empty() ? "" : folder + "/") + name;
    const auto info = files.stat(path);
    if (info && info->is_directory && holds_stack(files, path)) out.push_back(path);
  }
  return out;
}

std::string without_end(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder == "." ? "" : folder;
}

// Members before those that need them; the rest by name, as they are.
Result<std::vector<StackSet::Member>> in_order(std::vector<StackSet::Member> members) {
  std::vector<size_t> order;
  std::vector<int> seen(members.size(), 0);  // 1: under way, 2: done
  std::string circle;
  const auto visit = [&](auto&& self, size_t i) -> bool {
    if (seen[i] == 2) return true;
    if (seen[i] == 1) return false;
    seen[i] = 1;
    for (const size_t need : members[i].needs) {
      if (self(self, need)) continue;
      circle = "`" + members[i].head.stack + "`" + (circle.empty() ? "" : ", ") + circle;
      return false;
    }
    seen[i] = 2;
    order.push_back(i);
    return true;
  };
  for (size_t i = 0; i < members.size(); ++i) {
    if (!visit(visit, i)) return fail(ErrorCode::invalid, "stacks import each other: " + circle);
  }
  std::vector<size_t> place(members.size());
  for (size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  std::vector<StackSet::Member> out;
  for (const size_t i : order) {
    out.push_back(std::move(members[i]));
    for (size_t& need : out.back().needs) need = place[need];
  }
  return out;
}

}  // namespace

Result<StackSet> find_stack_set(FileSystem& files, const std::string& given,
                                const std::string& environment) {
  StackSet set;
  set.folder = without_end(given);
  Sources sources;
  std::map<std::string, size_t> by_folder;
  std::map<std::string, std::string> by_name;
  std::vector<StackSet::Member> members;
  for (const auto& path : stack_folders(files, set.folder)) {
    Diagnostics problems;
    auto head = read_stack_head(files, path, environment, sources, problems);
    if (!head) {
      Error error(ErrorCode::invalid, "the spec in `" + path + "` cannot be read");
      error.help.push_back("see what is wrong with it: llmforge validate " + path);
      return fail(std::move(error));
    }
    const auto [other, fresh] = by_name.emplace(head->stack, path);
    if (!fresh) {
      return fail(ErrorCode::invalid, "`" + other->second + "` and `" + path +
                                          "` are both stack `" + head->stack + "`");
    }
    by_folder.emplace(plain_path(path), members.size());
    members.push_back({std::move(*head), {}});
  }
  if (members.empty()) {
    Error error(ErrorCode::invalid,
                "`" + (set.folder.empty() ? "." : set.folder) + "` has no subfolder with a stack");
    error.help.push_back("--all takes a folder whose subfolders each hold a spec with `stack:`");
    return fail(std::move(error));
  }
  for (auto& member : members) {
    for (const auto& import : member.head.imports) {
      const auto found = by_folder.find(plain_path(folder_of_spec(files, import.path)));
      if (found != by_folder.end()) member.needs.push_back(found->second);
    }
  }
  auto ordered = in_order(std::move(members));
  if (!ordered) return fail(ordered.error());
  set.members = std::move(*ordered);
  return set;
}

Result<void> refuse_set_without_all(FileSystem& files, const Options& options) {
  const std::string folder = without_end(options.spec);
  if (!folder.empty()) {
    const auto info = files.stat(folder);
    if (!info || !info->is_directory) return {};
  }
  if (holds_stack(files, folder)) return {};
  const auto stacks = stack_folders(files, folder);
  if (stacks.empty()) return {};
  Error error(ErrorCode::invalid, "`" + (folder.empty() ? "." : folder) +
                                      "` is no stack; its subfolders are: " + join(stacks, ", "));
  error.help.push_back("all of them, in the order of their imports: llmforge " + options.command +
                       " " + (folder.empty() ? "." : folder) + " --all");
  error.help.push_back("one of them: llmforge " + options.command + " " + stacks.front());
  return fail(std::move(error));
}

std::string sandbox_of_set(const Options& options) {
  const std::string folder = without_end(options.spec);
  const std::string env = options.environment == "default" ? "" : "." + options.environment;
  return (folder.empty() ? "" : folder + "/") + ".llmforge/sandbox/all" + env;
}

Approved::Approved(const Plan& plan) {
  for (const auto& item : plan.items) {
    if (item.generation == 0 && item.action != Action::none) actions_[item.address] = item.action;
  }
  for (const auto& file : plan.files) {
    if (file.action != Action::none) actions_[file.address] = file.action;
  }
}

Result<void> Approved::covers(const Plan& now) const {
  Error error(ErrorCode::stale,
              "this is not what was agreed to; nothing of this stack was changed");
  for (const auto& item : now.items) {
    if (item.generation != 0 || item.action == Action::none) continue;
    const auto was = actions_.find(item.address);
    if (was != actions_.end()) {
      const bool less = was->second == Action::replace && item.action == Action::update;
      if (was->second == item.action || less) continue;
    }
    error.help.push_back("`" + item.address + "`: " +
                         (was == actions_.end()
                              ? "was not to be touched"
                              : std::string("was to be: ") + to_string(was->second)) +
                         ", now: " + to_string(item.action));
  }
  for (const auto& file : now.files) {
    const auto was = actions_.find(file.address);
    if (file.action != Action::none && (was == actions_.end() || was->second != file.action))
      error.help.push_back("`" + file.path + "` was not to be touched");
  }
  if (error.help.empty()) return {};
  if (error.help.size() > 8) error.help.resize(8);
  error.help.push_back("plan again and look at it");
  return fail(std::move(error));
}

}  // namespace lf
