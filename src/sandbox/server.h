// SPDX-License-Identifier: Apache-2.0
// The model cloud on a port: any client of the cloud may talk to it. One model, one lock; a thread
// for each of at least 512 connections.
//
// Besides the cloud's own actions there is an admin path, for tests:
//   POST /_sandbox/faults   {"throttle": 0.1, "no_capacity": [{"type": "g5.xlarge"}], ...}
//   POST /_sandbox/advance  {"seconds": 60}     lets the cloud's clock jump ahead
//   POST /_sandbox/reset    everything is gone
//   GET  /_sandbox/state    what is there, as it is saved
//   GET  /_sandbox/requests what was asked so far, with times, where `record` is on
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/world.h"
#include "sandbox/model.h"

namespace lf::sandbox {

struct ServerOptions {
  std::string listen = "127.0.0.1:0";  // port 0: a free one
  std::string folder;                  // keeps cloud.json; "": nothing is kept
  uint64_t seed = 1;
  double speed = 1;  // how much faster than real the cloud's time goes
  int64_t latency_min_ms = 0, latency_max_ms = 0;  // each call takes so long, by the seed
  bool record = false;                             // keeps each request with its times
  std::map<std::string, ModelOptions::Key> keys;   // accepted besides the package's own
};

// `clock`: the real one. Serves until `stop` is true (looked at every 100 ms). `ready` hears the
// URL once connections are taken. io: the address cannot be used, or the folder not be written.
Result<void> serve(Package& package, Sources& sources, Clock& clock, FileSystem& files,
                   const ServerOptions& options,
                   const std::function<void(const std::string& url)>& ready,
                   const std::function<bool()>& stop);

}  // namespace lf::sandbox
