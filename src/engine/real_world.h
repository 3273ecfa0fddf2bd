// SPDX-License-Identifier: Apache-2.0
// The five interfaces to the real world in one object, for cli/ to make once.
#pragma once

#include "base/world.h"
#include "engine/loop.h"
#include "engine/real_clock.h"
#include "engine/real_files.h"
#include "engine/real_process.h"
#include "engine/real_random.h"
#include "engine/transport_curl.h"

namespace lf {

// Transport options as the environment asks for them: AWS_CA_BUNDLE, else SSL_CERT_FILE, and
// SSL_CERT_DIR. (`ca_bundle` of a config file comes in by the caller.)
TransportOptions transport_options(const Environment& environment);

Self this_process();

class RealWorld {
 public:
  RealWorld(Loop& loop, Environment environment, TransportOptions options)
      : clock_(loop),
        files_(loop),
        process_(loop, environment),
        transport_(loop, std::move(options)),
        environment_(std::move(environment)) {}

  World world() {
    return World{transport_, clock_, random_, files_, process_, environment_, this_process()};
  }
  RealFiles& files() { return files_; }
  CurlTransport& transport() { return transport_; }

 private:
  RealClock clock_;
  RealRandom random_;
  RealFiles files_;
  RealProcess process_;
  CurlTransport transport_;
  Environment environment_;
};

}  // namespace lf
