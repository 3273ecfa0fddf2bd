// SPDX-License-Identifier: Apache-2.0
#include "plan/files.h"

#include <algorithm>

#include "base/digest.h"
#include "base/strings.h"
#include "graph/generated.h"

namespace lf {

namespace {

const WrittenFile* written_at(const State& state, const std::string& path) {
  for (const auto& file : state.files) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

bool selected(const PlanOptions& options, const std::string& address) {
  const auto matches = [&](const std::vector<std::string>& globs) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const std::string& glob) { return glob_match(glob, address); });
  };
  return (options.targets.empty() || matches(options.targets)) && !matches(options.excludes);
}

Span declared_at(const Graph& graph, const std::string& address) {
  for (const auto& file : graph.files) {
    if (file.address == address) return file.decl->span;
  }
  return {};
}

// What becomes of a wanted file. `now`: what stands there.
void decide(PlanFile& file, const std::optional<std::string>& now, const WrittenFile* known,
            const Graph& graph, Diagnostics& diagnostics) {
  if (now) file.before = *now;
  if (!now) {
    file.action = Action::create;
    return;
  }
  if (file.content.is_string() && file.content.as_string() == *now) {
    file.unnoted = known == nullptr;
    return;
  }
  if (known == nullptr) {
    auto& d =
        diagnostics.add(Code::LF0505, declared_at(graph, file.address),
                        "`" + file.path + "` is there already, and llmforge did not write it");
    d.help.push_back("move it away, or give `" + file.address + "` another path");
    d.help.emplace_back(
        "where its content is what would be generated, it is taken over without a word");
    return;
  }
  const std::string digest = hex(sha256(*now));
  file.edited = digest != known->sha256 && digest != known->previous;
  file.action = Action::update;
}

}  // namespace

Result<std::vector<PlanFile>> plan_files(const Graph& graph, const AttributeSource& source,
                                         const State& state, const PlanOptions& options,
                                         const ReadGenerated& read, Diagnostics& diagnostics) {
  std::vector<PlanFile> out;
  if (!options.destroy) {
    for (GeneratedFile& wanted : generated_files(graph, source, diagnostics)) {
      if (!selected(options, wanted.address)) continue;
      PlanFile file;
      file.path = wanted.path;
      file.address = wanted.address;
      file.content = std::move(wanted.content);
      file.mode = wanted.mode;
      auto now = read(file.path);
      if (!now) return std::unexpected(now.error());
      decide(file, *now, written_at(state, file.path), graph, diagnostics);
      out.push_back(std::move(file));
    }
  }
  for (const WrittenFile& known : state.files) {
    const bool stays = std::any_of(out.begin(), out.end(),
                                   [&](const PlanFile& file) { return file.path == known.path; });
    if (stays || !selected(options, known.address)) continue;
    auto now = read(known.path);
    if (!now) return std::unexpected(now.error());
    PlanFile file;
    file.path = known.path;
    file.address = known.address;
    file.before = now->value_or("");
    const std::string digest = hex(sha256(file.before));
    file.edited = now->has_value() && digest != known.sha256 && digest != known.previous;
    file.action = !*now || file.edited ? Action::forget : Action::remove;
    out.push_back(std::move(file));
  }
  return out;
}

}  // namespace lf
