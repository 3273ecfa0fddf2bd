// SPDX-License-Identifier: Apache-2.0
#include "cli/sandbox_command.h"

#include <algorithm>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/stack_set.h"
#include "provider/endpoints.h"
#include "sandbox/server.h"
#include "yaml/reader.h"

namespace lf {

namespace {

Options of_one_stack(FileSystem& files, Options options) {
  if (!options.all) return options;
  auto set = find_stack_set(files, options.spec, options.environment);
  options.all = false;
  if (set) options.spec = set->members.front().head.path;
  options.variables.clear();
  return options;
}

}  // namespace

SandboxEntry::SandboxEntry(World& real, const Options& options)
    : real_(real), options_(of_one_stack(real.files, options)), session_(real, options_, nullptr) {}

Result<World> SandboxEntry::enter() {
  Result<bool> loaded = session_.load_spec();
  // What is still to be fetched says nothing of the cloud that this is.
  if (!loaded || (!*loaded && !session_.modules().misses_any())) return real_;
  Package* package = session_.packages().find(session_.spec().spec.provider);
  if (package == nullptr) return real_;
  sandbox::SandboxWorld::Options options;
  options.folder = session_.path_in_work("");
  while (options.folder.size() > 1 && options.folder.ends_with('/')) options.folder.pop_back();
  world_ = std::make_unique<sandbox::SandboxWorld>(*package, session_.sources(), real_, options);
  if (auto opened = world_->open(); !opened) return fail(opened.error());
  return world_->world();
}

namespace {

// What a shell needs so that the cloud's own clients speak to this server.
std::string client_lines(Package& package, Sources& sources, const std::string& url) {
  std::string out;
  const auto text = package.file("endpoints.yaml");
  if (text) {
    Diagnostics problems;
    SyntaxTree tree(sources);
    const SourceId source = sources.add("endpoints.yaml", std::string(*text));
    const Node root = read_yaml(tree, source, problems);
    const auto rules = EndpointRules::load(root.to_value());
    if (rules && !rules->url_variable().empty())
      out += "  export " + rules->url_variable() + "=" + url + "\n";
  }
  const PackageInfo& info = package.info();
  for (const auto& [name, value] : info.sandbox_environment) {
    const bool secret = std::any_of(info.sandbox_keys.begin(), info.sandbox_keys.end(),
                                    [&](const auto& key) { return key.second == value; });
    if (secret || info.sandbox_keys.contains(value)) out += "  export " + name + "=" + value + "\n";
  }
  return out;
}

}  // namespace

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
    print_error("the model cloud of " + package->info().name + ", account " +
                package->info().sandbox_account +
                (options.folder.empty() ? ", kept nowhere (--data FOLDER keeps it)"
                                        : ", kept in " + printable(options.folder)) +
                "; Ctrl-C ends it\nfor its clients, in another shell:\n" +
                client_lines(*package, sources, url));
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
