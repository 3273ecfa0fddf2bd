// SPDX-License-Identifier: Apache-2.0
// What a run does, as a stream of typed events: the engine's only output. The live tree, plain
// lines, JSON and the trace are views of it and live in cli/. Texts are scrubbed of secrets before
// they get here; addresses are as users write them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/world.h"

namespace lf {

struct RunStarted {
  std::string command;  // "apply", "destroy", "refresh"
  std::string stack;
  std::string environment;
  size_t nodes = 0;         // that will be acted on
  int64_t expected_ms = 0;  // along the critical path; 0: unknown
};
// What is done before the plan is known, or between nodes. Each stage ends with done == total,
// unless an error ends the run.
struct StageProgress {
  std::string stage;  // "identify", "look_up", "settle", "refresh", "preflight"
  size_t done = 0;
  size_t total = 0;
  std::string address = {};  // which one it is waiting for; may be empty
  int64_t left_ms = 0;       // settle: how long that may take at most; 0: no wait
};
// An intent of an earlier run that had no outcome was closed.
struct Settled {
  std::string address;
  std::string found;  // id of what was found and taken over; "": it was never made
};
struct NodeStarted {
  std::string address;
  std::string type;
  std::string action;  // "create", "update", "replace", "delete", "adopt", "read"
};
struct CallSent {
  uint64_t call = 0;    // pairs it with its CallDone
  std::string address;  // may be empty: a call for many nodes
  std::string service;
  std::string action;
  std::string host;
  int attempt = 1;
  bool mutation = false;
  int64_t queued_ns = 0;  // held back by concurrency or pacing before it was sent
};
struct CallDone {
  uint64_t call = 0;
  int http_status = 0;  // 0: no HTTP answer
  std::string request_id;
  bool failed = false;
  ErrorCode error = ErrorCode::internal;  // where failed
  int64_t duration_ns = 0;
};
struct Retrying {
  std::string address;
  std::string service;
  std::string action;
  int attempt = 1;  // the one that failed
  int64_t delay_ms = 0;
  Error error;
};
// A resource that is on its way; sent when it starts to wait and whenever the state changes.
struct Waiting {
  std::string address;
  std::string state;     // the service's word: "pending"
  std::string until;     // "running"
  int64_t usual_ms = 0;  // 0: unknown
  int64_t limit_ms = 0;
};
// One alternative tried for lack of capacity elsewhere.
struct CapacityAttempt {
  std::string address;
  std::string choice;  // "g5.xlarge spot in us-west-2b"
  bool got = false;
  std::string reason;  // the service's words where not
};
struct NodeDone {
  std::string address;
  std::string action;
  std::string id;
  int64_t duration_ns = 0;
};
struct NodeFailed {
  std::string address;
  std::string action;
  Error error;
  int64_t duration_ns = 0;
};
struct NodeSkipped {
  std::string address;
  std::string culprit;  // the failed node that it depends on; "": the user asked to stop
};
struct Message {
  enum class Level : uint8_t { note, warning, error };
  Level level = Level::note;
  std::string text;     // one sentence, lower case, no full stop
  std::string address;  // may be empty
};
struct RunEnded {
  size_t done = 0;
  size_t failed = 0;
  size_t skipped = 0;
  bool interrupted = false;
  int64_t duration_ns = 0;
};

struct EngineEvent {
  Timestamp time;      // for people
  MonotonicNs at = 0;  // for durations
  std::variant<RunStarted, StageProgress, Settled, NodeStarted, CallSent, CallDone, Retrying,
               Waiting, CapacityAttempt, NodeDone, NodeFailed, NodeSkipped, Message, RunEnded>
      what;
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  // Called on the loop's thread, in order; must not start work of its own.
  virtual void on_event(const EngineEvent& event) = 0;
};

// Stamps and hands on; without a sink it costs nothing.
class Events {
 public:
  Events(Clock& clock, EventSink* sink) : clock_(clock), sink_(sink) {}
  template <class What>
  void emit(What what) {
    if (sink_ == nullptr) return;
    sink_->on_event(EngineEvent{clock_.now(), clock_.monotonic(), std::move(what)});
  }
  uint64_t next_call() { return ++calls_; }

 private:
  Clock& clock_;
  EventSink* sink_;
  uint64_t calls_ = 0;
};

}  // namespace lf
