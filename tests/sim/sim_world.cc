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
  explicit SimClock(SimWorld& sim) : sim_(sim) {}
  Timestamp now() override { return sim_.now(); }
  MonotonicNs monotonic() override { return sim_.ns_; }
  uint64_t after(int64_t delay_ns, std::function<void()> done) override {
    return sim_.schedule(delay_ns, {Owner::process, "timer", "", std::move(done), nullptr});
  }
  void cancel(uint64_t timer) override {
    const auto found = sim_.times_.find(timer);
    if (found == sim_.times_.end()) return;
    sim_.queue_.erase({found->second, timer});
    sim_.times_.erase(found);
  }

 private:
  SimWorld& sim_;
};

class SimWorld::SimTransport final : public Transport {
 public:
  explicit SimTransport(SimWorld& sim) : sim_(sim) {}
  void send(HttpRequest request, std::function<void(Result<HttpResponse>)> done) override {
    sim_.send(std::move(request), std::move(done));
  }

 private:
  SimWorld& sim_;
};

// The fake disk, with appends that take time.
class SimWorld::SimFiles final : public FileSystem {
 public:
  explicit SimFiles(SimWorld& sim) : sim_(sim), files_(sim.files_) {}
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
    sim_.append(path, std::move(data), std::move(done));
  }
  Result<std::unique_ptr<Lock>> lock(const std::string& path, std::string_view owner) override {
    return files_.lock(path, owner);
  }

 private:
  SimWorld& sim_;
  FakeFiles& files_;
};

class SimWorld::SimProcess final : public Process {
 public:
  explicit SimProcess(SimWorld& sim) : sim_(sim) {}
  void run(ProcessRequest request, std::function<void(Result<ProcessResult>)> done) override {
    const std::string program = request.argv.empty() ? "" : request.argv.front();
    sim_.schedule(kMs, {Owner::process, "program", program,
                        [done = std::move(done), program] {
                          done(fail(ErrorCode::not_found, "no program `" + program + "` here"));
                        },
                        nullptr});
  }

 private:
  SimWorld& sim_;
};

SimWorld::SimWorld(Package& package, Sources& sources, uint64_t seed)
    : chance_(seed * 2 + 1),
      entropy_(seed * 3 + 2),
      files_(seed * 5 + 3),
      model_(package, sources, model_options(package, seed)),
      environment_(package.info().sandbox_environment),
      clock_(new SimClock(*this)),
      transport_(new SimTransport(*this)),
      sim_files_(new SimFiles(*this)),
      process_(new SimProcess(*this)) {
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

uint64_t SimWorld::schedule(int64_t delay_ns, Event event) {
  const int64_t at = ns_ + std::max<int64_t>(0, delay_ns);
  const uint64_t id = ++last_event_;
  queue_.emplace(std::pair{at, id}, std::move(event));
  times_.emplace(id, at);
  return id;
}

void SimWorld::point(const char* kind, const std::string& what, Wire wire) {
  ++points_;
  trace(fmt::format("[{}] {} {}", points_, kind, what));
  if (on_point) on_point({points_, kind, what, wire});
}

void SimWorld::step() {
  const auto first = queue_.begin();
  ns_ = std::max(ns_, first->first.first);
  times_.erase(first->first.second);
  Event event = std::move(first->second);
  queue_.erase(first);
  if (event.owner == Owner::process) point(event.kind, event.what);
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

int SimWorld::run_process(const std::function<int(World&, Runner&)>& program) {
  World world{*transport_,
              *clock_,
              entropy_,
              *sim_files_,
              *process_,
              environment_,
              Self{"simulated", static_cast<int64_t>(1000 + life_)}};
  const int code = program(world, *this);
  forget_process();
  trace(fmt::format("exit code {}", code));
  return code;
}

// What it waited for finds nobody any more. What it sent is the cloud's business.
void SimWorld::forget_process() {
  ++life_;
  disk_busy_ = false;
  for (auto it = queue_.begin(); it != queue_.end();) {
    if (it->second.owner == Owner::cloud) {
      ++it;
      continue;
    }
    times_.erase(it->first.second);
    it = queue_.erase(it);
  }
}

void SimWorld::kill(const Point& point) {
  trace(fmt::format("killed at point {}", point.number));
  forget_process();
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
    trace(event.what + (lost ? " is lost" : " will be late"));
    if (!lost) event.again(static_cast<int64_t>(random() % 50'000) * kMs);
  }
  files_.restart();
  constexpr int64_t kPauses[] = {1, 700, 20'000, 200'000};  // ms
  pass(kPauses[random() % 4] * kMs);
}

// --- the network

void SimWorld::send(HttpRequest request, std::function<void(Result<HttpResponse>)> done) {
  ++requests_;
  const std::string what = request.service + " " + request.action +
                           (request.address.empty() ? "" : " of " + request.address);
  const bool mutation = request.mutation;
  point("send", what);
  auto shared = std::make_shared<HttpRequest>(std::move(request));
  const uint64_t life = life_;
  const auto delay =
      static_cast<int64_t>((mutation ? 20 + random() % 100 : 10 + random() % 30)) * kMs;
  // Arrival at the cloud does not depend on whether the sender still lives.
  auto arrival = std::make_shared<std::function<void(int64_t)>>();
  const std::weak_ptr<std::function<void(int64_t)>> self = arrival;
  *arrival = [this, shared, life, done, what, self](int64_t after_ns) {
    const auto keep = self.lock();
    Event event{Owner::cloud, "arrival", what,
                [this, shared, life, done, keep] { arrive(shared, life, done); },
                [keep](int64_t later) { (*keep)(later); }};
    schedule(after_ns, std::move(event));
  };
  (*arrival)(delay);
  if (mutation) {
    point("wire", what + ", lost", Wire::lost);
    point("wire", what + ", late", Wire::late);
  }
}

void SimWorld::arrive(std::shared_ptr<HttpRequest> request, uint64_t life,
                      std::function<void(Result<HttpResponse>)> done) {
  const std::string what = request->service + " " + request->action +
                           (request->address.empty() ? "" : " of " + request->address);
  Result<HttpResponse> answer = model_.handle(*request, now(), now());
  const bool lost = model_.lose_answer();
  trace(fmt::format("cloud: {} -> {}{}", what, answer->status, lost ? ", the answer is lost" : ""));
  if (life != life_) return;
  if (request->mutation) point("effect", what);
  const int64_t delay =
      lost ? request->timeout_ms * kMs : static_cast<int64_t>(5 + random() % 60) * kMs;
  if (lost)
    answer = fail(ErrorCode::outcome_unknown, "the connection was lost before the answer came");
  schedule(delay, {Owner::process, "answer", what,
                   [done = std::move(done), answer = std::move(answer)]() mutable {
                     done(std::move(answer));
                   },
                   nullptr});
}

// --- the disk

void SimWorld::append(const std::string& path, std::string data,
                      std::function<void(Result<void>)> done) {
  auto deliver = [this, path, done = std::move(done)](Result<void> result) {
    schedule(0, {Owner::process, "appended", path,
                 [done, result = std::move(result)] { done(result); }, nullptr});
  };
  files_.append_durably(path, std::move(data), std::move(deliver));
  if (disk_busy_) return;
  disk_busy_ = true;
  const auto delay = static_cast<int64_t>(1 + random() % 4) * kMs;
  schedule(delay, {Owner::process, "writer", path,
                   [this] {
                     disk_busy_ = false;
                     while (files_.pump()) {
                     }
                   },
                   nullptr});
}

}  // namespace lf::sim
