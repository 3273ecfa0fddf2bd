// SPDX-License-Identifier: Apache-2.0
// `eject BLOCK`: copies the block's module beside the spec, where it is used instead of the
// package's from then on.
#include "base/json.h"
#include "base/replace_file.h"
#include "base/strings.h"
#include "cli/command_tools.h"

namespace lf {

namespace {

Task<int> eject(CommandContext* context, Session* session) {
  const std::string block = context->options.arguments.front();
  const Spec& spec = session->spec().spec;
  const std::string kind = spec.providers.empty() ? spec.provider : spec.providers.front().kind;
  Package* package = session->packages().find(kind);
  std::string from;
  const auto text = package == nullptr ? std::nullopt : package->block_text(block, &from);
  if (!text) {
    Error error(ErrorCode::invalid, "`" + kind + "` has no block `" + block + "`");
    const std::vector<std::string> names =
        package == nullptr ? std::vector<std::string>{} : package->block_names();
    const std::string near = nearest(block, names);
    error.help.push_back(near.empty() ? "there are: " + join(names, ", ")
                                      : "did you mean `" + near + "`?");
    tell(*context, error);
    co_return kUsage;
  }
  const std::string path =
      (spec.folder.empty() ? "" : spec.folder + "/") + "blocks/" + block + ".yaml";
  const Result<FileInfo> there = session->world().files.stat(path);
  if (!there) co_return tell(*context, there.error());
  if (there->exists) {
    Error error(ErrorCode::refused, "`" + path + "` is there already");
    error.help.emplace_back(
        "it is what this spec uses; remove or rename it to start from the package's again");
    co_return tell(*context, error);
  }
  if (const auto made = ensure_folder(session->world().files, folder_of(path)); !made)
    co_return tell(*context, made.error());
  if (const auto written = replace_file(session->world().files, path, *text, 0644); !written)
    co_return tell(*context, written.error());
  if (context->options.json)
    print(to_json(Value(Map{{"ejected", Value(block)}, {"path", Value(path)}})) + "\n");
  else
    print("wrote " + printable(path) + "; this spec uses it from now on\n");
  co_return kDone;
}

}  // namespace

int run_eject(CommandContext& context) {
  return with_spec(context, context.options, eject);
}

}  // namespace lf
