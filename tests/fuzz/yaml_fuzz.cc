// SPDX-License-Identifier: Apache-2.0
// The YAML reader on any bytes, and the formatter on what it reads. Promises: what the reader
// accepts, the formatter lays out; laid out again it stays the same (format_yaml itself sees to it
// that it also says the same).
#include "fuzz_support.h"
#include "yaml/format.h"
#include "yaml/reader.h"

using namespace lf;

namespace {

// Every node with everything that can be asked of it.
uint64_t walk(const Node& node, int depth) {
  uint64_t sum = static_cast<uint64_t>(node.kind()) + node.span().begin;
  if (depth > 150) return sum;
  if (node.is_map()) {
    for (size_t i = 0; i < node.size() && i < 64; ++i) {
      sum += walk(node.entry(i).key, depth + 1) + walk(node.entry(i).value, depth + 1);
    }
  } else if (node.is_list()) {
    for (size_t i = 0; i < node.size() && i < 64; ++i) sum += walk(node.item(i), depth + 1);
  } else {
    sum += node.text().size() + node.text_map().span(0, 1).begin;
  }
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Sources sources;
  const SourceId source =
      sources.add("spec.yaml", std::string(reinterpret_cast<const char*>(data), size));
  SyntaxTree tree(sources);
  Diagnostics diagnostics;
  const Node root = read_yaml(tree, source, diagnostics);
  if (root && size < 1000) walk(root, 0);
  fuzz::check_diagnostics(diagnostics, sources);
  if (diagnostics.has_errors()) return 0;

  const Result<std::string> once = format_yaml(sources, source, diagnostics);
  fuzz::must(once.has_value(), "what the reader accepts can be laid out",
             once ? "" : once.error().message);
  Sources again;
  const SourceId formatted = again.add("spec.yaml", *once);
  const Result<std::string> twice = format_yaml(again, formatted, diagnostics);
  fuzz::must(twice.has_value(), "what was laid out can be laid out");
  fuzz::must(*twice == *once, "laid out twice is laid out once", *once + "\n=====\n" + *twice);
  return 0;
}
