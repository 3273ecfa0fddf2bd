// SPDX-License-Identifier: Apache-2.0
// `lsp`: the language server on standard input and output. What it knows is in editor/.
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "cli/command_tools.h"
#include "cli/version.h"
#include "editor/messages.h"
#include "editor/server.h"
#include "editor/uri.h"

namespace lf {

namespace {

std::string cache_folder(const Environment& environment) {
  const auto folder = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() || !found->second.starts_with('/') ? "" : found->second;
  };
  const std::string cache = folder("XDG_CACHE_HOME");
  const std::string home = folder("HOME");
  if (!cache.empty()) return cache + "/llmforge/" + kVersion;
  return home.empty() ? "" : home + "/.cache/llmforge/" + kVersion;
}

bool input_waits() {
  pollfd at{STDIN_FILENO, POLLIN, 0};
  return ::poll(&at, 1, 0) > 0;
}

// False: no more will come.
bool read_some(editor::MessageReader& reader) {
  char buffer[65536];
  ssize_t n = 0;
  do {
    n = ::read(STDIN_FILENO, buffer, sizeof buffer);
  } while (n < 0 && errno == EINTR);
  if (n <= 0) return false;
  reader.add({buffer, static_cast<size_t>(n)});
  return true;
}

editor::ServerOptions server_options(const CommandContext& context,
                                     std::shared_ptr<const PackageFiles> overlay) {
  const Options& options = context.options;
  editor::ServerOptions out;
  out.version = kVersion;
  out.cache_folder = cache_folder(context.world.environment);
  FileSystem* files = &context.world.files;
  out.read_packages = [files](const std::vector<std::string>& folders) {
    return read_overlay(*files, folders);
  };
  editor::CheckOptions& check = out.workspace.check;
  check.environment = options.environment;
  check.variables = options.variables;
  check.variable_files = options.variable_files;
  check.environment_variables = context.world.environment;
  check.overlay = std::move(overlay);
  if (!options.spec.empty()) {
    const auto real = files->canonical(options.spec);
    out.workspace.spec = real ? *real : editor::normal_path(options.spec);
  }
  return out;
}

}  // namespace

int run_lsp(CommandContext& context) {
  const auto overlay = read_overlay(context.world.files, context.options.provider_dirs);
  if (!overlay) return tell(context, overlay.error());
  editor::Server server(context.world.files, server_options(context, *overlay));
  editor::MessageReader reader;
  bool ended = false;
  while (!server.exit_code()) {
    // All that has come is taken before anything is checked: fast typing is checked once.
    if (!ended && (!server.busy() || input_waits())) {
      ended = !read_some(reader) || reader.broken();
      while (const auto message = reader.next()) server.receive(*message);
    }
    if (ended && !server.busy()) return kFailed;
    for (const std::string& message : server.step()) print(editor::framed(message));
    if (!flush_output()) return kFailed;
  }
  return *server.exit_code();
}

}  // namespace lf
