// SPDX-License-Identifier: Apache-2.0
// Part of the build: checks every package under providers/ and writes the blob that embedded.cc
// reads. A package with an error fails the build, with the diagnostics that a user would see.
//
//   llmforge_embed SOURCE_ROOT OUTPUT
//
// SOURCE_ROOT holds providers/, docs/errors/ (what `explain` prints), specs/ and examples/ (what
// `init --from` writes).
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "provider/package.h"
#include "provider/package_files.h"

namespace lf {
namespace {

namespace fs = std::filesystem;

struct Blob {
  std::shared_ptr<MemoryPackageFiles> files = std::make_shared<MemoryPackageFiles>();
  std::set<std::string> paths;
};

bool add_file(const fs::path& file, const std::string& path, Blob& blob) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) {
    fmt::print(stderr, "{}: cannot be read\n", file.string());
    return false;
  }
  blob.paths.insert(path);
  blob.files->add(path, std::move(text));
  return true;
}

// All files of a folder and those below it but hidden ones, as `under`/PATH. `extension` "": any.
bool add_folder(const fs::path& root, const std::string& under, const std::string& extension,
                Blob& blob) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(root, error), end; !error && at != end;
       at.increment(error)) {
    if (!at->is_regular_file() || at->path().filename().string().starts_with(".")) continue;
    if (!extension.empty() && at->path().extension() != extension) continue;
    const std::string path = at->path().lexically_relative(root).generic_string();
    if (!add_file(at->path(), under + path, blob)) return false;
  }
  if (error) fmt::print(stderr, "{}: {}\n", root.string(), error.message());
  return !error;
}

bool check(const Blob& blob) {
  Sources sources;
  Diagnostics diagnostics;
  std::set<std::string> names;
  for (const std::string& path : blob.paths) {
    if (const size_t slash = path.find('/'); slash != std::string::npos) {
      names.insert(path.substr(0, slash));
    }
  }
  size_t types = 0, look_ups = 0;
  for (const std::string& name : names) {
    Package package(name, blob.files, sources, diagnostics);
    package.check_all();
    types += package.resource_names().size();
    look_ups += package.data_names().size();
  }
  for (const Diagnostic& each : diagnostics.sorted()) {
    fmt::print(stderr, "{}\n", render(each, sources, {}));
  }
  if (diagnostics.has_errors()) {
    fmt::print(stderr, "{} errors in the provider packages\n", diagnostics.error_count());
    return false;
  }
  fmt::print("{} packages, {} types, {} look-ups, {} files\n", names.size(), types, look_ups,
             blob.paths.size());
  return true;
}

void put(std::string& out, size_t at, uint32_t number) {
  for (int byte = 0; byte < 4; ++byte) {
    out[at + static_cast<size_t>(byte)] = static_cast<char>(number >> (8 * byte) & 0xff);
  }
}

std::string make_blob(const PackageFiles& files, const std::set<std::string>& paths) {
  std::string blob(4 + paths.size() * 16, '\0');
  put(blob, 0, static_cast<uint32_t>(paths.size()));
  size_t at = 4;
  for (const std::string& path : paths) {
    const std::string_view text = *files.find(path);
    put(blob, at, static_cast<uint32_t>(blob.size()));
    put(blob, at + 4, static_cast<uint32_t>(path.size()));
    blob += path;
    put(blob, at + 8, static_cast<uint32_t>(blob.size()));
    put(blob, at + 12, static_cast<uint32_t>(text.size()));
    blob += text;
    at += 16;
  }
  return blob;
}

int run(const fs::path& root, const fs::path& output) {
  Blob all;
  if (!add_folder(root / "providers", "", "", all) || !check(all)) return 1;
  // None of these is a package, for they have no package.yaml: "errors/LF0231.md",
  // "examples/aws-finetune.yaml".
  if (!add_folder(root / "docs" / "errors", "errors/", ".md", all) ||
      !add_folder(root / "specs", "examples/", ".yaml", all) ||
      !add_folder(root / "examples", "examples/", ".yaml", all)) {
    return 1;
  }
  const std::string blob = make_blob(*all.files, all.paths);
  std::ifstream old(output, std::ios::binary);
  // An unchanged blob keeps its time, so that nothing is linked again for it.
  if (old && std::string{std::istreambuf_iterator<char>(old), {}} == blob) return 0;
  old.close();
  std::ofstream out(output, std::ios::binary);
  out << blob;
  out.close();
  if (!out) {
    fmt::print(stderr, "{}: cannot be written\n", output.string());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace lf

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: llmforge_embed SOURCE_ROOT OUTPUT\n");
    return 3;
  }
  return lf::run(argv[1], argv[2]);
}
