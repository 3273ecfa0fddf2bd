// SPDX-License-Identifier: Apache-2.0
// Where the spec of adopted things goes, and the session over it.
#include "base/strings.h"
#include "cli/adopt_bulk.h"

namespace lf {

namespace {

Task<int> adopt(CommandContext* context, Session* session, World* world, BulkInput* input,
                Gathering gather) {
  const Ready opening = context->options.dry_run ? Ready::state : Ready::store;
  const std::vector<Ready> steps{opening, Ready::checked, Ready::identified, Ready::settled};
  Task<int> preparing = get_ready(context, session, steps);
  const int ready = co_await std::move(preparing);
  if (ready >= 0) co_return ready;
  if (gather != nullptr) {
    Task<int> gathering = gather(context, session, input);
    const int gathered = co_await std::move(gathering);
    if (gathered >= 0) co_return gathered;
  }
  Task<int> adopting = adopt_bulk(context, session, world, input);
  const int code = co_await std::move(adopting);
  co_return code;
}

}  // namespace

Result<std::string> find_target(FileSystem& files, const std::string& given, BulkInput& input) {
  std::string spec = given;
  if (spec.empty()) {
    const auto found = find_spec(files, "");
    if (!found && found.error().code == ErrorCode::invalid) return fail(found.error());
    spec = found ? *found : "llmforge.yaml";
  }
  while (spec.size() > 1 && spec.ends_with('/')) spec.pop_back();
  const auto there = files.stat(spec);
  if (!there) return fail(there.error());
  input.path = spec;
  if (there->is_directory) {
    const auto names = files.list(spec);
    if (!names) return fail(names.error());
    const bool any = std::any_of(names->begin(), names->end(), [](const std::string& name) {
      return name.ends_with(".yaml") || name.ends_with(".yml");
    });
    input.path = spec + (any ? "/adopted.yaml" : "/llmforge.yaml");
    if (!any) spec = input.path;
  }
  const auto file = input.path == spec ? there : files.stat(input.path);
  if (!file) return fail(file.error());
  if (!file->exists) {
    input.fresh = spec == input.path;
    return spec;
  }
  auto text = files.read(input.path);
  if (!text) return fail(text.error());
  input.text = std::move(*text);
  return spec;
}

int adopt_into(CommandContext& context, const Options& options, BulkInput& input,
               Gathering gather) {
  FileSystem& files = context.world.files;
  OverlayFiles overlaid(files, input.path, input.text);
  World& outer = context.world;
  World world{outer.transport, outer.clock,       outer.random, input.fresh ? overlaid : files,
              outer.process,   outer.environment, outer.self};
  CommandContext own = context.with(options, world);
  Session session(world, options, context.sink);
  const Result<bool> loaded = context.loop.run(session.load_spec_fetching());
  if (!loaded) {
    tell(own, loaded.error());
    return kUsage;
  }
  if (!*loaded) return tell_invalid(own, session);
  return own.run(adopt(&own, &session, &outer, &input, gather), session);
}

}  // namespace lf
