// SPDX-License-Identifier: Apache-2.0
// `--trace FILE`: a run's timeline in the Trace Event Format (JSON object form) that Perfetto and
// chrome://tracing open: one track per resource with its actions, waits and retries, one group of
// tracks per service with its requests. Written when it ends; a run of 10,000 nodes makes some
// ten megabytes, appended as text while it goes on.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/world.h"
#include "engine/events.h"

namespace lf {

class Trace final : public EventSink {
 public:
  void on_event(const EngineEvent& event) override;
  // What is still open ends with the last event. Once.
  std::string finish();
  // io: the file could not be written.
  Result<void> save(FileSystem& files, const std::string& path);

 private:
  struct Open {
    std::string name;
    MonotonicNs started = 0;
  };
  struct Resource {
    int track = 0;
    Open action, wait;
    bool busy = false, waiting = false;
  };
  struct Sent {
    std::string service, name, address;
    int track = 0;
    MonotonicNs started = 0;
    int64_t queued_ns = 0;
    int attempt = 1;
  };
  struct ServiceTracks {
    int process = 0;
    std::vector<bool> used;  // requests at the same time go on tracks of their own
  };
  void add(const std::string& fields);
  void span(int process, int track, const std::string& name, MonotonicNs from, MonotonicNs to,
            const Value& args);
  void instant(int process, int track, const std::string& name, MonotonicNs at, const Value& args);
  void name_process(int process, const std::string& name);
  void name_track(int process, int track, const std::string& name);
  Resource& resource(const std::string& address);
  void end_wait(Resource& resource, MonotonicNs at);
  void end_action(const std::string& address, MonotonicNs at, const Value& args);
  void sent(const CallSent& call, MonotonicNs at);
  void answered(const CallDone& call, MonotonicNs at);
  std::string micros(MonotonicNs at) const;

  std::string events_;
  bool begun_ = false, finished_ = false;
  MonotonicNs zero_ = 0, last_ = 0;
  std::unordered_map<std::string, Resource> resources_;
  std::map<std::string, ServiceTracks> services_;
  std::unordered_map<uint64_t, Sent> open_calls_;
};

}  // namespace lf
