// SPDX-License-Identifier: Apache-2.0
// The world of `--sandbox`: requests go to a model cloud in process, time runs faster, and the
// environment holds the model cloud's keys in place of the user's. Files, programs and randomness
// stay those of the world beneath.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sandbox/scaled_clock.h"
#include "sandbox/transport.h"

namespace lf::sandbox {

class SandboxWorld {
 public:
  struct Options {
    std::string folder;  // where cloud.json lies; "": nothing is kept
    uint64_t seed = 1;
    double speed = 50;  // a minute's wait takes about a second
    Faults faults;
  };
  // `package`, `sources` and what `base` refers to must outlive it.
  SandboxWorld(Package& package, Sources& sources, const World& base, Options options);
  ~SandboxWorld();  // saves
  // Reads what was kept and sets the clock to go on from there. To be called first. corrupt, io.
  Result<void> open();
  World world();
  SandboxTransport& transport() { return *transport_; }

 private:
  Package& package_;
  Sources& sources_;
  World base_;
  Options options_;
  std::optional<ScaledClock> clock_;
  std::unique_ptr<SandboxTransport> transport_;
};

}  // namespace lf::sandbox
