// SPDX-License-Identifier: Apache-2.0
#include "spec/files.h"

#include <catch2/catch.hpp>
#include <map>

#include "base/json.h"

using namespace lf;

namespace {

// Just enough of a file system to read from; what is not needed says so.
class TestFiles : public FileSystem {
 public:
  std::map<std::string, std::string> texts;
  std::map<std::string, FileInfo> special;  // overrides: sizes, links, folders
  std::map<std::string, Error> failures;    // of read and list

  Result<std::string> read(const std::string& path) override {
    if (const auto f = failures.find(path); f != failures.end()) return fail(f->second);
    const auto found = texts.find(path);
    if (found == texts.end()) return fail(ErrorCode::not_found, "no such file");
    return found->second;
  }
  Result<FileInfo> stat(const std::string& path) override {
    if (const auto s = special.find(path); s != special.end()) return s->second;
    FileInfo info;
    if (const auto found = texts.find(path); found != texts.end()) {
      info.exists = true;
      info.size = found->second.size();
    }
    for (const auto& [name, text] : texts) {
      if (name.starts_with(path + "/")) info.exists = info.is_directory = true;
    }
    return info;
  }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    if (const auto f = failures.find(folder); f != failures.end()) return fail(f->second);
    std::vector<std::string> names;
    for (const auto& [name, text] : texts) {
      if (name.starts_with(folder + "/")) names.push_back(name.substr(folder.size() + 1));
    }
    return names;
  }
  Result<std::string> canonical(const std::string& path) override {
    const auto s = special.find(path);
    if (s != special.end() && !s->second.exists) return fail(ErrorCode::io, "too many links");
    return path;
  }
  Result<void> make_folders(const std::string&) override { return no(); }
  Result<void> remove(const std::string&) override { return no(); }
  Result<void> rename(const std::string&, const std::string&) override { return no(); }
  Result<void> sync_folder(const std::string&) override { return no(); }
  Result<void> write(const std::string&, std::string_view, uint32_t) override { return no(); }
  Result<void> sync_file(const std::string&) override { return no(); }
  Result<void> truncate(const std::string&, uint64_t) override { return no(); }
  void append_durably(const std::string&, std::string,
                      std::function<void(Result<void>)> done) override {
    done(no());
  }
  Result<std::unique_ptr<Lock>> lock(const std::string&, std::string_view) override {
    return fail(ErrorCode::internal, "not here");
  }

 private:
  Result<void> no() { return fail(ErrorCode::internal, "not here"); }
};

struct Loaded {
  Sources sources;
  SyntaxTree tree{sources};
  Diagnostics diagnostics;
  SpecFiles spec;
  Loaded(TestFiles& files, const std::string& path) {
    spec = read_spec_files(files, path, sources, tree, diagnostics);
  }
  std::string first() const { return diagnostics.empty() ? "" : diagnostics.all()[0].message; }
};

}  // namespace

TEST_CASE("one file", "[files]") {
  TestFiles files;
  files.texts["spec.yaml"] = "a: 1\n";
  Loaded l(files, "spec.yaml");
  CHECK(l.first() == "");
  CHECK(to_json(l.spec.root.to_value()) == R"({"a":1})");
  CHECK(l.spec.files.size() == 1);
  files.texts["list.yaml"] = "[1]\n";
  CHECK(Loaded(files, "list.yaml").first() == "a spec is a map of keys, not a list");
}

TEST_CASE("a folder's files merge by name, one level deep", "[files]") {
  TestFiles files;
  files.texts["f/b.yaml"] = "resources:\n  y: {n: 2}\nstack: s\n";
  files.texts["f/a.yaml"] = "resources:\n  x: {n: 1}\nempty:\n";
  files.texts["f/c.yaml"] = "resources:\nempty: {z: 1}\n";
  files.texts["f/.hidden.yaml"] = "stack: [\n";
  files.texts["f/notes.txt"] = "[";
  files.texts["f/sub/deep.yaml"] = "[";
  files.special["f/sub/deep.yaml"] = FileInfo{.exists = true, .is_directory = true};
  Loaded l(files, "f");
  CHECK(l.first() == "");
  CHECK(to_json(l.spec.root.to_value()) ==
        R"({"resources":{"x":{"n":1},"y":{"n":2}},"empty":{"z":1},"stack":"s"})");
  CHECK(l.sources.get(l.spec.root.find("stack").span().source).path() == "f/b.yaml");
}

TEST_CASE("the same key in two files names both places", "[files]") {
  TestFiles files;
  files.texts["f/a.yaml"] = "stack: s\nresources:\n  x: 1\n";
  files.texts["f/b.yaml"] = "resources:\n  x: 2\nstack: t\n";
  Loaded l(files, "f");
  REQUIRE(l.diagnostics.all().size() == 2);
  CHECK(render(l.diagnostics.all()[0], l.sources, {}) ==
        "error[LF0103]: the key `x` of `resources` is in two files\n"
        " --> f/b.yaml:2:3\n"
        "  |\n"
        "2 |   x: 2\n"
        "  |   ^ the second one\n"
        " ::: f/a.yaml:3:3\n"
        "  |\n"
        "3 |   x: 1\n"
        "  |   - the first one\n"
        "  = help: a folder's files are one spec: keep it in one of them\n");
  CHECK(l.diagnostics.all()[1].message == "the key `stack` is in two files");
}

TEST_CASE("files that cannot be read", "[files]") {
  TestFiles files;
  CHECK(Loaded(files, "no.yaml").first() == "`no.yaml` cannot be read: there is no such file");
  files.special["loop.yaml"] = FileInfo{.exists = false, .is_symlink = true};
  CHECK(Loaded(files, "loop.yaml").first().find("circle") != std::string::npos);
  files.texts["big.yaml"] = "a: 1\n";
  files.special["big.yaml"] = FileInfo{.exists = true, .size = kSpecBytesMax + 1};
  CHECK(Loaded(files, "big.yaml").first().find("more than the 32 MiB") != std::string::npos);
  files.texts["denied.yaml"] = "a: 1\n";
  files.failures["denied.yaml"] = Error(ErrorCode::io, "permission denied");
  CHECK(Loaded(files, "denied.yaml").first() == "`denied.yaml` cannot be read: permission denied");
  files.texts["e/x.yml"] = "a: 1\n";
  Loaded empty(files, "e");
  CHECK(empty.first() == "`e` cannot be read: the folder holds no `*.yaml` file");
  CHECK(empty.diagnostics.all()[0].help.size() == 1);
  files.texts["g/a.yaml"] = "a: 1\n";
  files.texts["g/b.yaml"] = "";
  files.special["g/b.yaml"] = FileInfo{.exists = false, .is_symlink = true};
  Loaded partly(files, "g");
  CHECK(partly.diagnostics.all().size() == 1);
  CHECK_FALSE(partly.spec.root);
}
