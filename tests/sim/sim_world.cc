// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_world.h"

#include <fmt/format.h>

#include <cstdio>
#include <vector>

#include "base/strings.h"

namespace lf::sim {

namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kStart = 1'795'000'000;            // 2026-11-18
constexpr int64_t kEndless = 6 * 3600 * 1000 * kMs;  // no command takes so long

sandbox::ModelOptions model_options(Package& package, uint64_t seed) {
  sandbox::ModelOptions out;
  out.seed = seed;
  for (const auto& [access_key, secret] : package.info().sandbox_keys) {
    out.keys[access_key] = {secret, package.info().sandbox_account};
  }
  return out;
}

}  // namespace

class SimWorld::SimClock final : public Clock {
 public:
  SimClock(SimWorld& sim, uint64_t owner) : sim_(sim), owner_(owner) {}
  Timestamp now() override { return sim_.now(); }
  MonotonicNs monotonic() override {
    const auto slept = sim_.slept_.find(owner_);
    return sim_.ns_ - (slept == sim_.slept_.end() ? 0 : slept->second);
  }
  uint64_t after(int64_t delay_ns, std::function<void()> done) override {
    return sim_.schedule(delay_ns, {owner_, "timer", "", std::move(done), nullptr});
  }
  void cancel(uint64_t timer) override {
    const auto found = sim_.times_.find(timer);
    if (found == sim_.times_.end()) return;
    sim_.queue_.erase({found->second, timer});
    sim_.times_.erase(found);
  }

 private:
  SimWorld& sim_;
  uint64_t owner_;
};

class SimWorld::SimTransport final : public Transport {
 public:
  SimTransport(SimWorld& sim, uint64_t owner) : sim_(sim), owner_(owner) {}
  void send(HttpRequest request, Answered done) override {
    sim_.send(owner_, std::move(request), std::move(done));
  }

 private:
  SimWorld& sim_;
  uint64_t owner_;
};

// The fake disk, with appends that take time.
class SimWorld::SimFiles final : public FileSystem {
 public:
  SimFiles(SimWorld& sim, Hands& hands) : sim_(sim), hands_(hands), files_(sim.files_) {}
  Result<std::string> read(const std::string& path) override { return files_.read(path); }
  Result<FileInfo> stat(const std::string& path) override { return files_.stat(path); }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    return files_.list(folder);
  }
  Result<void> make_folders(const std::string& path) override { return files_.make_folders(path); }
  Result<void> remove(const std::string& path) override { return files_.remove(path); }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  Result<void> sync_folder(const std::string& path) override { return files_.sync_folder(path); }
  Result<void> write(const std::string& path, std::string_view data, uint32_t mode) override {
    return files_.write(path, data, mode);
  }
  Result<void> sync_file(const std::string& path) override { return files_.sync_file(path); }
  Result<void> truncate(const std::string& path, uint64_t size) override {
    return files_.truncate(path, size);
  }
  Result<std::string> canonical(const std::string& path) override { return files_.canonical(path); }
  void append_durably(const std::string& path, std::string data,
                      std::function<void(Result<void>)> done) override {
    sim_.append(hands_, path, std::move(data), std::move(done));
  }
  Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view owner) override {
    auto held = files_.lock(path, owner);
    if (!held && sim_.plant.locks_granted) return std::make_unique<NoLock>();
    return held;
  }

 private:
  class NoLock final : public Lock {};
  SimWorld& sim_;
  Hands& hands_;
  FakeFiles& files_;
};

class SimWorld::SimProcess final : public Process {
 public:
  SimProcess(SimWorld& sim, uint64_t owner) : sim_(sim), owner_(owner) {}
  void run(ProcessRequest request, std::function<void(Result<ProcessResult>)> done) override {
    const std::string program = request.argv.empty() ? "" : request.argv.front();
    sim_.schedule(kMs, {owner_, "program", program,
                        [done = std::move(done), program] {
                          done(fail(ErrorCode::not_found, "no program `" + program + "` here"));
                        },
                        nullptr});
  }

 private:
  SimWorld& sim_;
  uint64_t owner_;
};

struct SimWorld::Hands {
  Hands(SimWorld& sim, uint64_t number)
      : owner(number),
        clock(sim, number),
        transport(sim, number),
        files(sim, *this),
        process(sim, number) {}
  uint64_t owner;
  bool disk_busy = false;
  SimClock clock;
  SimTransport transport;
  SimFiles files;
  SimProcess process;
};

SimWorld::SimWorld(Package& package, Sources& sources, uint64_t seed)
    : chance_(seed * 2 + 1),
      entropy_(seed * 3 + 2),
      files_(seed * 5 + 3),
      model_(package, sources, model_options(package, seed)),
      environment_(package.info().sandbox_environment) {
  files_.on_step = [this](const std::string& call) { point("disk", call); };
}
SimWorld::~SimWorld() = default;

Timestamp SimWorld::now() const {
  return {kStart + ns_ / 1'000'000'000, static_cast<int32_t>(ns_ % 1'000'000'000)};
}

void SimWorld::trace(const std::string& line) {
  for (const char c : line) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211U;
  hash_ = (hash_ ^ static_cast<uint64_t>(ns_)) * 1099511628211U;
  if (verbose) {
    std::fflush(stdout);
    fmt::print(stderr, "{:>12.6f}  {}\n", static_cast<double>(ns_) / 1e9, line);
  }
}

void SimWorld::tell(const std::string& line) {
  history_.push_back(fmt::format("{:>12.6f}  {}", static_cast<double>(ns_) / 1e9, line));
  trace(line);
}

uint64_t SimWorld::schedule(int64_t delay_ns, Event event) {
  const int64_t at = ns_ + std::max<int64_t>(0, delay_ns);
  const uint64_t id = ++last_event_;
  queue_.emplace(std::pair{at, id}, std::move(event));
  times_.emplace(id, at);
  return id;
}

void SimWorld::point(const char* kind, const std::string& what, Wire wire, bool between_calls) {
  ++points_;
  trace(fmt::format("[{}] {} {}", points_, kind, what));
  if (on_point) on_point({points_, kind, what, wire, between_calls});
}

void SimWorld::step() {
  const auto first = queue_.begin();
  ns_ = std::max(ns_, first->first.first);
  times_.erase(first->first.second);
  Event event = std::move(first->second);
  queue_.erase(first);
  if (paused_.contains(event.owner)) {
    held_.push_back(std::move(event));
    return;
  }
  if (event.owner != kCloud) point(event.kind, event.what, Wire::by_seed, true);
  event.call();
}

void SimWorld::run_until(const bool& done) {
  const int64_t end = ns_ + kEndless;
  while (!done) {
    if (queue_.empty()) on_stuck("nothing more will happen, but the command is not done");
    if (ns_ > end) on_stuck("the command has no end");
    step();
  }
}

void SimWorld::pass(int64_t ns) {
  const int64_t until = ns_ + ns;
  while (!queue_.empty() && queue_.begin()->first.first <= until) step();
  ns_ = until;
}

void SimWorld::while_paused(const std::function<void()>& meanwhile) {
  paused_ = alive_;
  const int64_t begun = ns_;
  meanwhile();
  for (const uint64_t owner : std::exchange(paused_, {})) {
    if (plant.clock_sleeps) slept_[owner] += ns_ - begun;
  }
  for (Event& event : std::exchange(held_, {})) schedule(0, std::move(event));
}

int SimWorld::run_process(const std::function<int(World&, Runner&)>& program) {
  Hands hands(*this, ++processes_);
  alive_.insert(hands.owner);
  files_.lies.appends = plant.appends_unsynced;
  files_.lies.folders = plant.folders_unsynced;
  World world{hands.transport,
              hands.clock,
              entropy_,
              hands.files,
              hands.process,
              environment_,
              Self{"simulated", static_cast<int64_t>(1000 + hands.owner)}};
  const int code = program(world, *this);
  forget_process(hands.owner);
  tell(fmt::format("exit code {}", code));
  return code;
}

// What it waited for finds nobody any more. What it sent is the cloud's business.
void SimWorld::forget_process(uint64_t owner) {
  alive_.erase(owner);
  for (auto it = queue_.begin(); it != queue_.end();) {
    if (it->second.owner != owner) {
      ++it;
      continue;
    }
    times_.erase(it->first.second);
    it = queue_.erase(it);
  }
}

void SimWorld::kill(const Point& point) {
  tell(fmt::format("killed at point {}: {} {}", point.number, point.kind, point.what));
  while (!alive_.empty()) forget_process(*alive_.begin());
  // The same point ends the same way whatever came before it in this process.
  chance_ = FakeRandom(chance_.next() ^ (point.number * 0x9E3779B97F4A7C15U));
  std::vector<Event> wire;
  for (auto& [key, event] : std::exchange(queue_, {})) {
    if (event.again)
      wire.push_back(std::move(event));
    else
      queue_.emplace(key, std::move(event));
  }
  for (Event& event : wire) {
    const bool lost =
        point.wire == Wire::lost || (point.wire == Wire::by_seed && random() % 2 == 0);
    const std::string told = event.what + (lost ? " is lost" : " will be late");
    if (event.mutation)
      tell(told);
    else
      trace(told);
    if (!lost) event.again(static_cast<int64_t>(random() % 50'000) * kMs);
  }
  files_.restart();
  edit_journals();
  constexpr int64_t kPauses[] = {1, 700, 20'000, 200'000};  // ms
  pass(kPauses[random() % 4] * kMs);
}

// Only planted bugs do: the journal as a wrong engine would have written it.
void SimWorld::edit_journals() {
  if (!plant.journal) return;
  for (const std::string& path : files_.paths()) {
    auto journal = read_journal(files_.content(path).value_or(""), path);
    if (!journal) continue;
    plant.journal(journal->frames);
    std::string text = write_journal_header(journal->header);
    uint32_t number = 0;
    for (const Frame& frame : journal->frames) {
      text += write_frame(frame, number + 1, number);
      ++number;
    }
    files_.place(path, std::move(text));
  }
}

// --- the network

void SimWorld::send(uint64_t owner, HttpRequest request, Answered done) {
  const std::string what = request.service + " " + request.action +
                           (request.address.empty() ? "" : " of " + request.address);
  const bool mutation = request.mutation;
  const bool of_state = ObjectServer::is_for(request);
  if (mutation) ++(of_state ? state_mutations_ : mutations_);
  point("send", what);
  if (plant.segments_late && of_state && mutation &&
      request.path.find("/journal/") != std::string::npos) {
    // Says that it is there, and is on its way.
    auto late = std::make_shared<HttpRequest>(std::move(request));
    schedule(400 * kMs, {owner, "upload", what,
                         [this, late] { (void)objects_.handle(*late, now()); }, nullptr});
    HttpResponse done_already;
    done_already.status = 200;
    schedule(5 * kMs, {owner, "answer", what,
                       [done = std::move(done), done_already] { done(done_already); }, nullptr});
    return;
  }
  auto shared = std::make_shared<HttpRequest>(std::move(request));
  const auto delay =
      static_cast<int64_t>((mutation ? 20 + random() % 100 : 10 + random() % 30)) * kMs;
  // Arrival at the cloud does not depend on whether the sender still lives.
  auto arrival = std::make_shared<std::function<void(int64_t)>>();
  const std::weak_ptr<std::function<void(int64_t)>> self = arrival;
  *arrival = [this, owner, shared, done, what, self](int64_t after_ns) {
    const auto keep = self.lock();
    Event event{kCloud,
                "arrival",
                what,
                [this, owner, shared, done, keep] { arrive(owner, shared, done); },
                [keep](int64_t later) { (*keep)(later); },
                shared->mutation};
    schedule(after_ns, std::move(event));
  };
  (*arrival)(delay);
  if (mutation) {
    point("wire", what + ", lost", Wire::lost);
    point("wire", what + ", late", Wire::late);
  }
}

HttpResponse SimWorld::answer_of_store(const HttpRequest& request) {
  if (store_faults.unavailable > 0 && share() < store_faults.unavailable) {
    HttpResponse busy;
    busy.status = 503;
    busy.body =
        "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
    return busy;
  }
  return objects_.handle(request, now());
}

void SimWorld::arrive(uint64_t owner, std::shared_ptr<HttpRequest> request, Answered done) {
  const std::string what = request->service + " " + request->action +
                           (request->address.empty() ? "" : " of " + request->address);
  objects_.creates_replace = plant.creates_replace;
  const bool of_state = ObjectServer::is_for(*request);
  Result<HttpResponse> answer = of_state
                                    ? answer_of_store(*request)
                                    : Result<HttpResponse>(model_.handle(*request, now(), now()));
  const bool lost = of_state ? store_faults.lost_answer > 0 && share() < store_faults.lost_answer
                             : model_.lose_answer();
  const std::string told =
      fmt::format("cloud: {} -> {}{}", what, answer->status, lost ? ", the answer is lost" : "");
  if (request->mutation)
    tell(told);
  else
    trace(told);
  if (plant.mutations_repeat && request->mutation && !of_state && answer->status < 300) {
    (void)model_.handle(*request, now(), now());
  }
  if (plant.tokens_change) {
    for (sandbox::Thing* thing : model_.things().all()) thing->token.clear();
  }
  if (!alive_.contains(owner)) return;
  if (request->mutation) point("effect", what);
  const int64_t delay =
      lost ? request->timeout_ms * kMs : static_cast<int64_t>(5 + random() % 60) * kMs;
  if (lost) {
    answer = fail(plant.lost_is_not_done ? ErrorCode::unavailable : ErrorCode::outcome_unknown,
                  "the connection was lost before the answer came");
  }
  schedule(delay, {owner, "answer", what,
                   [done = std::move(done), answer = std::move(answer)]() mutable {
                     done(std::move(answer));
                   },
                   nullptr});
}

// --- the disk

void SimWorld::append(Hands& hands, const std::string& path, std::string data,
                      std::function<void(Result<void>)> done) {
  const uint64_t owner = hands.owner;
  auto deliver = [this, owner, path, done = std::move(done)](Result<void> result) {
    schedule(0, {owner, "appended", path, [done, result = std::move(result)] { done(result); },
                 nullptr});
  };
  files_.append_durably(path, std::move(data), std::move(deliver));
  if (hands.disk_busy) return;
  hands.disk_busy = true;
  const auto delay = static_cast<int64_t>(1 + random() % 4) * kMs;
  schedule(delay, {owner, "writer", path,
                   [this, &hands] {
                     hands.disk_busy = false;
                     while (files_.pump()) {
                     }
                   },
                   nullptr});
}

}  // namespace lf::sim
