// SPDX-License-Identifier: Apache-2.0
// The descriptor loader on any bytes: as a resource type of a small package, and after lines
// `--- PATH` in place of other files of that package.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz_support.h"
#include "provider/package.h"
#include "provider/package_files.h"

using namespace lf;

namespace {

namespace fs = std::filesystem;

const std::vector<std::pair<std::string, std::string>>& good_package() {
  static const auto kFiles = [] {
    const fs::path folder = fs::path(LLMFORGE_SOURCE_DIR) / "src/provider/testdata/good";
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      out.emplace_back(entry.path().lexically_relative(folder).generic_string(),
                       std::string(std::istreambuf_iterator<char>(in), {}));
    }
    return out;
  }();
  return kFiles;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto files = std::make_shared<MemoryPackageFiles>();
  for (const auto& [path, text] : good_package()) files->add(path, text);
  bool first = true;
  for (const auto& [path, text] :
       fuzz::parts_of(std::string_view(reinterpret_cast<const char*>(data), size))) {
    files->add(first ? "test/resources/demo/bad.yaml" : "test/" + path, text);
    first = false;
  }
  Sources sources;
  Diagnostics diagnostics;
  Package package("test", files, sources, diagnostics);
  const ResourceType* loaded = package.resource("test.demo.bad");
  package.check_all();
  fuzz::must(diagnostics.has_errors() || loaded != nullptr,
             "a package without errors has all its types");
  fuzz::check_diagnostics(diagnostics, sources);
  return 0;
}
