// SPDX-License-Identifier: Apache-2.0
#include "cli/sandbox_command.h"

#include "cli/commands.h"
#include "sandbox/server.h"

namespace lf {

SandboxEntry::SandboxEntry(World& real, const Options& options)
    : real_(real), session_(real, options, nullptr) {}

Result<World> SandboxEntry::enter() {
  Result<bool> loaded = session_.load_spec();
  if (!loaded || !*loaded) return real_;
  Package* package = session_.packages().find(session_.spec().spec.provider);
  if (package == nullptr) return real_;
  sandbox::SandboxWorld::Options options;
  options.folder = session_.path_in_work("");
  while (options.folder.size() > 1 && options.folder.ends_with('/')) options.folder.pop_back();
  world_ = std::make_unique<sandbox::SandboxWorld>(*package, session_.sources(), real_, options);
  if (auto opened = world_->open(); !opened) return fail(opened.error());
  return world_->world();
}

// Serves until it is killed: every mutation is on the disk before its answer goes out.
int run_sandbox(CommandContext& context) {
  Sources sources;
  Diagnostics diagnostics;
  Packages packages(sources, diagnostics);
  Package* package = nullptr;
  for (const auto& name : packages.names()) {
    Package* one = packages.find(name);
    if (package == nullptr && one != nullptr && !one->info().sandbox_account.empty()) package = one;
  }
  if (package == nullptr) {
    show_error(Error(ErrorCode::invalid, "no provider package has a model cloud"),
               context.options.json, context.terminal);
    return kFailed;
  }
  sandbox::ServerOptions options;
  options.listen = context.options.listen;
  options.folder = context.options.state;
  for (const auto& [key, secret] : package->info().sandbox_keys) options.keys[key].secret = secret;
  const auto ready = [&](const std::string& url) {
    print(url + "\n");
    (void)flush_output();
  };
  Result<void> served = sandbox::serve(*package, sources, context.world.clock, context.world.files,
                                       options, ready, [] { return false; });
  if (!served) {
    show_error(served.error(), context.options.json, context.terminal);
    return kFailed;
  }
  return kDone;
}

}  // namespace lf
