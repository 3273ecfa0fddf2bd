// SPDX-License-Identifier: Apache-2.0
#include "spec/sections.h"

#include <algorithm>

#include "spec/words.h"

namespace lf {

namespace {

// How a section without entries is written; "": no section, or others say what is wrong with it.
std::string hint(const std::string& name, ModuleStore& modules) {
  static const std::vector<std::string> kOwnWords = {"stack", "provider", "llmforge", "region",
                                                     "files_root"};
  if (std::find(kOwnWords.begin(), kOwnWords.end(), name) != kOwnWords.end()) return "";
  if (name == "doc") return "give `doc` a text, or take the line out";
  const auto packages = modules.packages_with(name);
  const std::vector<std::string> words = word_names(SpecPart::spec);
  if (packages.empty() && std::find(words.begin(), words.end(), name) == words.end()) return "";
  const Module* block = packages.empty() ? nullptr : modules.block(packages.front(), name);
  const bool defaults = block != nullptr && !block->keyed;
  return "write `" + name + ": {}` for " + (defaults ? "its defaults" : "none") +
         ", or take the line out";
}

void report(const Node& map, bool overlay, ModuleStore& modules, Diagnostics& diagnostics) {
  if (!map || !map.is_map()) return;
  for (size_t i = 0; i < map.size(); ++i) {
    const Node::Entry entry = map.entry(i);
    // `null` written out is something: it takes a key out.
    if (!entry.value.is_null() || entry.value.is_poisoned() || !entry.value.text().empty())
      continue;
    const std::string name(entry.key.text());
    std::string help = hint(name, modules);
    if (help.empty()) continue;
    if (overlay) help = "write `" + name + ": null` where this environment does without it";
    diagnostics
        .add(Code::LF0203, entry.key.span(), "`" + name + "` is empty",
             "nothing stands behind it, or is indented below it")
        .help.push_back(std::move(help));
  }
}

}  // namespace

void no_empty_sections(const Node& root, ModuleStore& modules, Diagnostics& diagnostics) {
  report(root, false, modules, diagnostics);
  const Node environments = root.find("environments");
  if (!environments || !environments.is_map()) return;
  for (size_t i = 0; i < environments.size(); ++i) {
    report(environments.entry(i).value, true, modules, diagnostics);
  }
}

}  // namespace lf
