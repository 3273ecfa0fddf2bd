// SPDX-License-Identifier: Apache-2.0
// `schema`: the JSON Schema of specs or modules, for editors. Needs no spec and no cloud.
#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "render/schema.h"

namespace lf {

namespace {

// Blocks that were ejected beside the spec are those that its editor should know.
std::string ejected_blocks(FileSystem& files, const std::string& spec) {
  std::string folder = spec;
  const auto info = files.stat(spec.empty() ? "." : spec);
  if (info && info->exists && !info->is_directory) {
    const size_t slash = spec.rfind('/');
    folder = slash == std::string::npos ? "" : spec.substr(0, slash);
  }
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder.empty() ? "blocks" : folder + "/blocks";
}

}  // namespace

int run_schema(CommandContext& context) {
  const Options& options = context.options;
  const auto overlay = read_overlay(context.world.files, options.provider_dirs);
  if (!overlay) return tell(context, overlay.error());
  Sources sources;
  Diagnostics diagnostics;
  Packages packages(sources, diagnostics, *overlay);
  ModuleStore modules(context.world.files, sources, packages, diagnostics);
  modules.set_eject_folder(ejected_blocks(context.world.files, options.spec));
  const std::vector<std::string> names = packages.names();
  for (const auto& name : options.providers) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    Error error(ErrorCode::not_found, "`" + name + "` is no provider");
    const std::string near = nearest(name, names);
    error.help.push_back(near.empty() ? "there are: " + join(names, ", ")
                                      : "did you mean `" + near + "`?");
    tell(context, error);
    return kUsage;
  }
  SchemaOptions wanted;
  wanted.of = options.module ? SchemaOptions::Of::module
              : options.part ? SchemaOptions::Of::part
                             : SchemaOptions::Of::spec;
  wanted.providers = options.providers;
  const Value schema = make_schema(packages, modules, wanted);
  if (diagnostics.has_errors()) {
    show_diagnostics(diagnostics, sources, options.json, context.terminal);
    return kFailed;
  }
  print(to_json(schema, {.indent = options.json ? -1 : 1}) + "\n");
  return kDone;
}

}  // namespace lf
