// SPDX-License-Identifier: Apache-2.0
// What `validate` does, on any bytes: reading, checking, inferring types, expanding, and the rules
// of the resource types. An input is a spec, and after lines `--- PATH` the files beside it.
// Promise: a spec without errors has a graph whose every property can be asked for.
#include <memory>

#include "fuzz_support.h"
#include "graph/graph.h"
#include "graph/typecheck.h"
#include "graph/validate.h"
#include "spec/load.h"

using namespace lf;

namespace {

class Library : public ModuleLibrary {
 public:
  explicit Library(ModuleStore& store) : store_(store) {}
  const Module* block(std::string_view provider, std::string_view name) override {
    return store_.block(provider, name);
  }
  const Module* user(const std::string& path) override { return store_.user(path); }

 private:
  ModuleStore& store_;
};

// Packages stay parsed over many inputs; all that inputs add to their sources goes now and then.
struct Ground {
  Sources sources;
  Diagnostics diagnostics;
  Packages packages{sources, diagnostics};
};

void run(const std::string& path, Ground& ground, fuzz::MemoryFiles& files,
         Diagnostics& diagnostics) {
  ModuleStore modules(files, ground.sources, ground.packages, diagnostics);
  LoadOptions options;
  options.path = path;
  LoadedSpec loaded =
      load_spec(files, ground.sources, ground.packages, modules, options, diagnostics);
  if (diagnostics.has_errors()) return;
  Library library(modules);
  check_types(loaded.spec, library, ground.packages, diagnostics);
  if (diagnostics.has_errors()) return;
  Surroundings around;
  around.account = around.partition = around.dns_suffix =
      Value(Unknown{"string", {"account"}, false});
  around.variables = loaded.variables;
  around.read_file = [&files](const std::string& name) { return files.read(name); };
  around.pinned = [](const std::string&) -> const Value* { return nullptr; };
  Graph graph = expand(loaded.spec, library, ground.packages, around, diagnostics);
  if (diagnostics.has_errors()) return;
  validate_graph(graph, diagnostics);
  if (diagnostics.has_errors()) return;
  for (GraphId id = 0; id < graph.nodes.size() && id < 32; ++id) {
    fuzz::must(graph.find(graph.nodes[id].address) == id, "a node is found by its address");
    graph.desired(id, graph.spec_only(), diagnostics);
  }
  for (size_t i = 0; i < graph.outputs.size() && i < 32; ++i) {
    graph.output(i, graph.spec_only(), diagnostics);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::unique_ptr<Ground> ground;
  static int inputs = 0;
  if (ground == nullptr || ++inputs % 512 == 0) ground = std::make_unique<Ground>();
  fuzz::MemoryFiles files;
  bool first = true;
  for (auto& [name, text] :
       fuzz::parts_of(std::string_view(reinterpret_cast<const char*>(data), size))) {
    files.files[first ? "spec/spec.yaml" : "spec/" + name] = std::move(text);
    first = false;
  }
  Diagnostics diagnostics;
  run("spec/spec.yaml", *ground, files, diagnostics);
  fuzz::check_diagnostics(diagnostics, ground->sources);
  return 0;
}
