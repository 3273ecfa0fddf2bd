// SPDX-License-Identifier: Apache-2.0
#include "editor/workspace.h"

#include <catch2/catch.hpp>

#include "editor/outline.h"
#include "support/fake_files.h"

namespace lf::editor {

namespace {

constexpr const char* kSpec =
    "stack: lab\nprovider: aws\nregion: us-west-2\n"
    "resources:\n  jobs: {type: aws.sqs.queue, name: lab-jobs}\n";

std::vector<std::string> codes(const Checked* root) {
  std::vector<std::string> out;
  for (const Diagnostic& d : root->diagnostics()) out.emplace_back(info(d.code).name);
  return out;
}

void write(FakeFiles& files, const std::string& path, const std::string& text) {
  REQUIRE(files.make_folders(path.substr(0, path.rfind('/'))));
  REQUIRE(files.write(path, text, 0644));
}

}  // namespace

TEST_CASE("keys at the left edge", "[editor]") {
  CHECK(top_level_keys("# x: 1\nstack: a\n'q': 2\n  inner: 3\nurl:x\nlast:\r\n- item: 1\n") ==
        std::vector<std::string>{"stack", "q", "last"});
}

TEST_CASE("what is open wins over the disk", "[editor]") {
  FakeFiles disk;
  write(disk, "/w/llmforge.yaml", "stack: lab\n");
  Workspace workspace(disk, {});
  workspace.open("/w/llmforge.yaml", {"file:///w/llmforge.yaml", "yaml", kSpec, 1});
  REQUIRE(workspace.current("/w/llmforge.yaml") != nullptr);
  CHECK(codes(workspace.current("/w/llmforge.yaml")).empty());
  CHECK(workspace.change("/w/llmforge.yaml", 2,
                         {{TextRange{{4, 41}, {4, 41}}, "x: 1, "}, {std::nullopt, kSpec}}));
  CHECK(codes(workspace.current("/w/llmforge.yaml")).empty());
  workspace.change("/w/llmforge.yaml", 3, {{TextRange{{4, 29}, {4, 29}}, "x: 1, "}});
  CHECK(codes(workspace.current("/w/llmforge.yaml")) == std::vector<std::string>{"LF0201"});
  CHECK_FALSE(workspace.change("/w/other.yaml", 1, {}));
  workspace.close("/w/llmforge.yaml");
  CHECK(workspace.current("/w/llmforge.yaml") == nullptr);
  CHECK(workspace.roots().empty());
}

TEST_CASE("what was known while the text could be read stays known", "[editor]") {
  FakeFiles disk;
  REQUIRE(disk.make_folders("/w"));
  Workspace workspace(disk, {});
  workspace.open("/w/a.yaml", {"file:///w/a.yaml", "yaml", kSpec, 1});
  CHECK(workspace.current("/w/a.yaml")->readable());
  workspace.change("/w/a.yaml", 2, {{std::nullopt, std::string(kSpec) + "x: {\n"}});
  CHECK_FALSE(workspace.current("/w/a.yaml")->readable());
  CHECK(workspace.known("/w/a.yaml")->spec().root.resources.size() == 1);
}

TEST_CASE("a module belongs to the spec that uses it", "[editor]") {
  FakeFiles disk;
  write(disk, "/w/llmforge.yaml", std::string(kSpec) + "modules:\n  m: {use: lib/m.yaml}\n");
  write(disk, "/w/lib/m.yaml", "outputs: {a: 1}\n");
  write(disk, "/w/values.yaml", "replicas: 3\n");
  Workspace workspace(disk, {});
  workspace.open("/w/lib/m.yaml", {"file:///w/lib/m.yaml", "yaml", "outputs: {a: 1}\n", 1});
  const Checked* root = workspace.current("/w/lib/m.yaml");
  REQUIRE(root != nullptr);
  CHECK(root->kind() == RootKind::spec);
  CHECK(root->module_at("/w/lib/m.yaml")->outputs.size() == 1);
  workspace.open("/w/values.yaml", {"file:///w/values.yaml", "yaml", "replicas: 3\n", 1});
  CHECK(workspace.current("/w/values.yaml") == nullptr);
  workspace.open("/w/lonely.yaml",
                 {"file:///w/lonely.yaml", "yaml", "inputs: {}\noutputs: {a: '${b}'}\n", 1});
  REQUIRE(workspace.current("/w/lonely.yaml") != nullptr);
  CHECK(workspace.current("/w/lonely.yaml")->kind() == RootKind::module);
  CHECK(codes(workspace.current("/w/lonely.yaml")) == std::vector<std::string>{"LF0302"});
}

TEST_CASE("an outline's parts lie within one another", "[editor]") {
  const auto items = outline(kSpec);
  REQUIRE(items.size() == 4);
  REQUIRE(items[3].children.size() == 1);
  CHECK(items[3].children[0].detail == "aws.sqs.queue");
  CHECK(items[3].all.end >= items[3].children[0].all.end);
  CHECK(outline("a: [").empty());
  CHECK(outline("x: &a {k: 1}\ny:\n  <<: *a\n").size() == 2);
}

}  // namespace lf::editor
