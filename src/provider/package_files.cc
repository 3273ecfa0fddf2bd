// SPDX-License-Identifier: Apache-2.0
#include "provider/package_files.h"

#include "base/strings.h"

namespace lf {

std::optional<std::string_view> MemoryPackageFiles::find(std::string_view path) const {
  const auto found = files_.find(path);
  if (found == files_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> MemoryPackageFiles::list(std::string_view prefix) const {
  std::vector<std::string> out;
  for (auto at = files_.lower_bound(prefix); at != files_.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    out.push_back(at->first);
  }
  return out;
}

namespace {

constexpr int kDepthMax = 32;

Result<void> read_below(FileSystem& files, const std::string& folder, const std::string& prefix,
                        int depth, MemoryPackageFiles& out) {
  if (depth > kDepthMax) return fail(ErrorCode::io, "`" + folder + "` is nested too deeply");
  auto names = files.list(folder);
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (name.empty() || name[0] == '.') continue;
    const std::string path = folder + "/" + name;
    auto info = files.stat(path);
    if (!info) return std::unexpected(info.error());
    if (info->is_directory) {
      auto below = read_below(files, path, prefix + name + "/", depth + 1, out);
      if (!below) return below;
      continue;
    }
    auto text = files.read(path);
    if (!text) return std::unexpected(text.error());
    out.add(prefix + name, std::move(*text));
  }
  return {};
}

// The value of `package:` in a package.yaml, without reading all of YAML.
std::string declared_name(std::string_view text) {
  for (const std::string& line : split(text, '\n')) {
    constexpr std::string_view kKey = "package:";
    if (!line.starts_with(kKey)) continue;
    std::string_view value = std::string_view(line).substr(kKey.size());
    value = trim(value.substr(0, value.find('#')));
    return std::string(value);
  }
  return "";
}

}  // namespace

Result<std::shared_ptr<const PackageFiles>> read_package_folder(FileSystem& files,
                                                                const std::string& folder) {
  std::string root = folder;
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  auto info = files.stat(root);
  if (!info) return std::unexpected(info.error());
  if (!info->exists || !info->is_directory) {
    return fail(ErrorCode::not_found, "`" + folder + "` is no folder");
  }
  std::string prefix;
  auto own = files.stat(root + "/package.yaml");
  if (own && own->exists) {
    auto text = files.read(root + "/package.yaml");
    if (!text) return std::unexpected(text.error());
    prefix = declared_name(*text) + "/";
  }
  auto out = std::make_shared<MemoryPackageFiles>();
  auto done = read_below(files, root, prefix, 0, *out);
  if (!done) return std::unexpected(done.error());
  return std::shared_ptr<const PackageFiles>(std::move(out));
}

}  // namespace lf
