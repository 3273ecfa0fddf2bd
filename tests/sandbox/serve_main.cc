// SPDX-License-Identifier: Apache-2.0
// The model cloud alone, for tests that speak to it with other people's clients:
//   sandbox_server PROVIDERS_FOLDER PACKAGE LISTEN [FOLDER [SPEED [LEAST_MS MOST_MS SEED]]]
// FOLDER keeps the cloud ("": nothing does); SPEED: how much faster than real its time goes; the
// last three: how long each call takes, by the seed, and all calls are recorded.
// Prints its URL, serves until standard input ends.
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "engine/loop.h"
#include "engine/real_clock.h"
#include "engine/real_files.h"
#include "provider/package_files.h"
#include "sandbox/server.h"

namespace {

bool input_ended() {
  pollfd in{STDIN_FILENO, POLLIN, 0};
  if (poll(&in, 1, 0) <= 0) return false;
  char byte = 0;
  return read(STDIN_FILENO, &byte, 1) <= 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 3;
  lf::Loop loop;
  lf::RealFiles files(loop);
  lf::RealClock clock(loop);
  auto folder = lf::read_package_folder(files, argv[1]);
  if (!folder) {
    std::fprintf(stderr, "%s\n", folder.error().message.c_str());
    return 1;
  }
  lf::Sources sources;
  lf::Diagnostics diagnostics;
  lf::Package package(argv[2], *folder, sources, diagnostics);
  lf::sandbox::ServerOptions options;
  options.listen = argv[3];
  options.keys["testing"] = {"testing", "123456789012"};
  if (argc > 4) options.folder = argv[4];
  if (argc > 5) options.speed = std::atof(argv[5]);
  if (argc > 8) {
    options.latency_min_ms = std::atoll(argv[6]);
    options.latency_max_ms = std::atoll(argv[7]);
    options.seed = std::strtoull(argv[8], nullptr, 10);
    options.record = true;
  }
  const auto ready = [&](const std::string& url) {
    for (const auto& one : diagnostics.all()) std::fprintf(stderr, "%s\n", one.message.c_str());
    std::printf("%s\n", url.c_str());
    std::fflush(stdout);
  };
  const auto served =
      lf::sandbox::serve(package, sources, clock, files, options, ready, input_ended);
  for (const auto& one : diagnostics.all()) std::fprintf(stderr, "%s\n", one.message.c_str());
  if (!served) std::fprintf(stderr, "%s\n", served.error().message.c_str());
  return served ? 0 : 1;
}
