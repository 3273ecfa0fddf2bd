// SPDX-License-Identifier: Apache-2.0
// A world in one process and in virtual time: clock, chance, disk, network and the model cloud
// behind it, all on one queue of events. The order of events comes from the seed alone, so one seed
// is one exact history.
//
// Fault model. A process may die at any point (below): what it had in memory is gone, what its disk
// did not have durably is resolved as fake_files.h says, and each request on the wire is lost or
// arrives late, but before its deadline. The cloud may refuse (throttle, 5xx, no capacity), hide
// new things from reads for a while, and lose answers after the effect; the store of a remote state
// may refuse and lose answers, too. It never does a thing twice
// and forgets nothing. Disks do not fail here (state/ has its own tests for that).
//
// Several processes may live at once (run_process inside on_point, at a point that between_calls):
// they share the queue, each has its own hands on the world.
//
// A point is every moment at which the process touches the world or hears from it: before each
// step of the disk, before each send, with the request on the wire, after its effect and before the
// answer comes, before each answer, finished append and timer is delivered.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/runner.h"
#include "base/world.h"
#include "provider/package.h"
#include "sandbox/model.h"
#include "sim/object_server.h"
#include "state/journal.h"
#include "support/fake_files.h"
#include "support/fake_time.h"

namespace lf::sim {

// A bug, put where the engine touches the world: what a wrong engine, or a wrong adapter below it,
// would do. Only for proving that the checks notice it (planted.h).
struct Plant {
  bool appends_unsynced = false;  // durable, says the append; it was never synced
  bool folders_unsynced = false;  // likewise the sync of a folder
  bool locks_granted = false;     // a lock that another holds is given too
  bool lost_is_not_done = false;  // a lost answer counts as surely not sent
  bool tokens_change = false;     // no request has the token of an earlier one
  bool mutations_repeat = false;  // sent again by the transport, after the effect
  bool creates_replace = false;   // a segment of the journal replaces one of its number
  bool segments_late = false;     // uploaded after what they announce was sent
  bool clock_sleeps = false;      // a process's clock stands still with it
  // What a wrong engine would have left in the journal of a process that was killed.
  std::function<void(std::vector<Frame>&)> journal;
};

// What becomes of the requests on the wire when the process dies.
enum class Wire : uint8_t { by_seed, lost, late };

struct Point {
  uint64_t number = 0;  // from 1
  const char* kind = "";
  std::string what;
  Wire wire = Wire::by_seed;
  // No function of the process is under way: its loop is about to call one.
  bool between_calls = false;
};

// Of the store that keeps a remote state: shares of its answers.
struct StoreFaults {
  double unavailable = 0;  // refused with 503
  double lost_answer = 0;  // done or read, but nobody hears of it
};

class SimWorld final : public Runner {
 public:
  SimWorld(Package& package, Sources& sources, uint64_t seed);
  ~SimWorld() override;

  Plant plant;
  StoreFaults store_faults;

  // Runs one command of llmforge as a process of its own, gives its exit code.
  int run_process(const std::function<int(World&, Runner&)>& program);
  // All processes die now: call it from on_point, and never return from there. `choice` and the
  // seed decide what is lost. The next process starts a while later.
  void kill(const Point& point);
  std::function<void(const Point&)> on_point;  // empty: points are only counted

  void run_until(const bool& done) override;
  // Nothing more to come though somebody waits, or no end in sight. Must not return.
  std::function<void(const std::string&)> on_stuck;

  // Time goes on by that much; the cloud does what is under way.
  void pass(int64_t ns);
  // All processes that live now stand still while `meanwhile` runs: what is for them waits. Called
  // from on_point, at a point that between_calls.
  void while_paused(const std::function<void()>& meanwhile);
  uint64_t random() { return chance_.next(); }
  double share() { return static_cast<double>(chance_.next() >> 11) / 9007199254740992.0; }

  FakeFiles& files() { return files_; }
  sandbox::Model& model() { return model_; }
  Timestamp now() const;
  uint64_t points() const { return points_; }
  uint64_t mutations() const { return mutations_; }  // sent so far, but for those of the state
  uint64_t state_mutations() const { return state_mutations_; }
  ObjectServer& objects() { return objects_; }
  // Of everything that happened so far, in order.
  uint64_t trace_hash() const { return hash_; }
  bool verbose = false;  // prints the trace to stderr
  void trace(const std::string& line);
  // The same for what a reader of the history wants to know: commands, mutations, deaths.
  void tell(const std::string& line);
  // What was told, line by line, with its time.
  const std::vector<std::string>& history() const { return history_; }

 private:
  class SimClock;
  class SimTransport;
  class SimFiles;
  class SimProcess;
  struct Hands;  // one process's four ways to the world
  struct Event {
    uint64_t owner;  // a process; kCloud
    const char* kind;
    std::string what;
    std::function<void()> call;
    std::function<void(int64_t delay_ns)> again;  // of requests on the wire: put them back later
    bool mutation = false;                        // of requests on the wire
  };
  static constexpr uint64_t kCloud = 0;
  using Answered = std::function<void(Result<HttpResponse>)>;

  uint64_t schedule(int64_t delay_ns, Event event);
  void step();
  void point(const char* kind, const std::string& what, Wire wire = Wire::by_seed,
             bool between_calls = false);
  void send(uint64_t owner, HttpRequest request, Answered done);
  HttpResponse answer_of_store(const HttpRequest& request);
  void arrive(uint64_t owner, std::shared_ptr<HttpRequest> request, Answered done);
  void append(Hands& hands, const std::string& path, std::string data,
              std::function<void(Result<void>)> done);
  void forget_process(uint64_t owner);
  void edit_journals();

  int64_t ns_ = 0;
  uint64_t last_event_ = 0;
  std::map<std::pair<int64_t, uint64_t>, Event> queue_;
  std::map<uint64_t, int64_t> times_;  // of queued events
  uint64_t processes_ = 0;             // so far
  std::set<uint64_t> alive_;
  std::set<uint64_t> paused_;
  std::vector<Event> held_;            // of paused processes, in order
  std::map<uint64_t, int64_t> slept_;  // by process, where its clock does not count it
  ObjectServer objects_;
  uint64_t state_mutations_ = 0;
  uint64_t points_ = 0, mutations_ = 0, hash_ = 14695981039346656037U;
  std::vector<std::string> history_;
  FakeRandom chance_;   // the world's
  FakeRandom entropy_;  // what processes draw from
  FakeFiles files_;
  sandbox::Model model_;
  Environment environment_;
};

}  // namespace lf::sim
