// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sandbox_world.h"

#include <algorithm>

#include "sandbox/saved.h"

namespace lf::sandbox {

SandboxWorld::SandboxWorld(Package& package, Sources& sources, const World& base, Options options)
    : package_(package), sources_(sources), base_(base), options_(std::move(options)) {}

SandboxWorld::~SandboxWorld() {
  // The clock's place is all that a last save adds; each mutation was saved before its answer.
  if (transport_) (void)transport_->save();
}

Result<void> SandboxWorld::open() {
  TransportOptions options;
  options.folder = options_.folder;
  options.seed = options_.seed;
  options.faults = options_.faults;
  Things kept;
  if (!options.folder.empty()) {
    auto text = base_.files.read(options.folder + "/cloud.json");
    if (!text && text.error().code != ErrorCode::not_found) return fail(text.error());
    if (text) {
      auto loaded = load_things(*text, kept);
      if (!loaded) return loaded;
    }
  }
  const int64_t ahead = std::max<int64_t>(0, kept.latest.seconds + 1 - base_.clock.now().seconds);
  clock_.emplace(base_.clock, options_.speed, kept.latest.seconds == 0 ? 0 : ahead);
  transport_ = std::make_unique<SandboxTransport>(package_, sources_, *clock_, base_.files,
                                                  std::move(options));
  transport_->model().things() = std::move(kept);
  return {};
}

World SandboxWorld::world() {
  Environment environment = base_.environment;
  for (const auto& [name, value] : package_.info().sandbox_environment) environment[name] = value;
  return World{*transport_, *clock_,       base_.random,
               base_.files, base_.process, std::move(environment),
               base_.self};
}

}  // namespace lf::sandbox
