// SPDX-License-Identifier: Apache-2.0
#include "cli/test_world.h"

#include <algorithm>

#include "base/assert.h"
#include "base/seeded_random.h"

namespace lf {

namespace {

std::string plain(std::string path) {
  while (path.starts_with("./")) path.erase(0, 2);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path.empty() ? "." : path;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

// ---- time

uint64_t VirtualClock::after(int64_t delay_ns, std::function<void()> done) {
  const MonotonicNs at = ns_ + std::max<int64_t>(0, delay_ns);
  timers_[{at, ++last_}] = std::move(done);
  times_[last_] = at;
  return last_;
}

void VirtualClock::cancel(uint64_t timer) {
  const auto found = times_.find(timer);
  if (found == times_.end()) return;
  timers_.erase({found->second, timer});
  times_.erase(found);
}

void VirtualClock::run_until(const bool& done) {
  while (!done && !timers_.empty()) {
    const auto first = timers_.begin();
    ns_ = std::max(ns_, first->first.first);
    auto call = std::move(first->second);
    times_.erase(first->first.second);
    timers_.erase(first);
    call();
  }
  LF_ASSERT(done);  // else somebody waits for what nobody will do
}

// ---- files

bool TestFiles::hidden(const std::string& path) const {
  return path == ".llmforge" || path.starts_with(".llmforge/") ||
         path.find("/.llmforge/") != std::string::npos || path.ends_with("/.llmforge");
}

Result<std::string> TestFiles::read(const std::string& given) {
  const std::string path = plain(given);
  if (const auto own = files_.find(path); own != files_.end()) return own->second;
  if (hidden(path) || removed_.contains(path))
    return fail(ErrorCode::not_found, "`" + path + "` does not exist");
  return under_.read(path);
}

Result<FileInfo> TestFiles::stat(const std::string& given) {
  const std::string path = plain(given);
  FileInfo info;
  if (const auto own = files_.find(path); own != files_.end()) {
    info.exists = true;
    info.size = own->second.size();
    info.mode = 0600;
    return info;
  }
  if (folders_.contains(path)) {
    info.exists = info.is_directory = true;
    info.mode = 0700;
    return info;
  }
  if (hidden(path) || removed_.contains(path)) return info;
  return under_.stat(path);
}

Result<std::vector<std::string>> TestFiles::list(const std::string& given) {
  const std::string folder = plain(given);
  std::vector<std::string> out;
  if (!hidden(folder)) {
    auto below = under_.list(folder);
    if (!below && !folders_.contains(folder)) return below;
    if (below) out = std::move(*below);
  } else if (!folders_.contains(folder)) {
    return fail(ErrorCode::not_found, "`" + folder + "` does not exist");
  }
  const std::string base = folder == "." ? "" : folder + "/";
  std::erase_if(out, [&](const std::string& name) {
    return removed_.contains(base + name) || hidden(base + name);
  });
  const auto add = [&](const std::string& path) {
    if (!path.starts_with(base) || path.find('/', base.size()) != std::string::npos) return;
    out.push_back(path.substr(base.size()));
  };
  for (const auto& [path, text] : files_) add(path);
  for (const auto& path : folders_) add(path);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Result<void> TestFiles::make_folders(const std::string& given) {
  std::string path = plain(given);
  while (path != "." && path != "/") {
    folders_.insert(path);
    path = folder_of(path);
  }
  return {};
}

Result<void> TestFiles::remove(const std::string& given) {
  const std::string path = plain(given);
  folders_.erase(path);
  files_.erase(path);
  removed_.insert(path);
  return {};
}

Result<void> TestFiles::rename(const std::string& from, const std::string& to) {
  Result<std::string> text = read(from);
  if (!text) return fail(text.error());
  files_[plain(to)] = std::move(*text);
  removed_.erase(plain(to));
  return remove(from);
}

Result<void> TestFiles::write(const std::string& path, std::string_view data, uint32_t) {
  files_[plain(path)] = std::string(data);
  removed_.erase(plain(path));
  return {};
}

Result<void> TestFiles::truncate(const std::string& path, uint64_t size) {
  Result<std::string> text = read(path);
  if (!text) return fail(text.error());
  text->resize(size);
  return write(path, *text, 0600);
}

Result<std::string> TestFiles::canonical(const std::string& path) {
  const std::string own = plain(path);
  if (files_.contains(own) || folders_.contains(own)) return own;
  return under_.canonical(own);
}

void TestFiles::append_durably(const std::string& given, std::string data,
                               std::function<void(Result<void>)> done) {
  const std::string path = plain(given);
  Result<std::string> text = read(path);
  files_[path] = (text ? *text : std::string()) + data;
  removed_.erase(path);
  clock_.after(0, [done = std::move(done)] { done({}); });
}

Result<std::unique_ptr<FileSystem::Lock>> TestFiles::lock(const std::string& path,
                                                          std::string_view owner) {
  class Held final : public Lock {
   public:
    Held(std::set<std::string>& locks, std::string name) : locks_(locks), name_(std::move(name)) {}
    ~Held() override { locks_.erase(name_); }

   private:
    std::set<std::string>& locks_;
    std::string name_;
  };
  if (!locks_.insert(plain(path)).second) return fail(ErrorCode::locked, std::string(owner));
  return std::make_unique<Held>(locks_, plain(path));
}

// ---- the rest

class TestWorld::NoPrograms final : public Process {
 public:
  explicit NoPrograms(Clock& clock) : clock_(clock) {}
  void run(ProcessRequest request, std::function<void(Result<ProcessResult>)> done) override {
    const std::string program = request.argv.empty() ? "" : request.argv.front();
    clock_.after(0, [done = std::move(done), program] {
      done(fail(ErrorCode::not_found, "no program is run in a test: `" + program + "`"));
    });
  }

 private:
  Clock& clock_;
};

namespace {

sandbox::TransportOptions transport_options(uint64_t seed) {
  sandbox::TransportOptions out;
  out.seed = seed;
  return out;
}

Environment with_cloud(Environment environment, Package& package) {
  for (const auto& [name, value] : package.info().sandbox_environment) environment[name] = value;
  return environment;
}

}  // namespace

TestWorld::TestWorld(Package& package, Sources& sources, FileSystem& files, Timestamp start,
                     uint64_t seed, Environment environment)
    : clock_(start),
      files_(files, clock_),
      random_(std::make_unique<SeededRandom>(seed)),
      process_(std::make_unique<NoPrograms>(clock_)),
      transport_(package, sources, clock_, files_, transport_options(seed)),
      world_{transport_,     clock_,    *random_,
             files_,         *process_, with_cloud(std::move(environment), package),
             Self{"test", 1}} {}

}  // namespace lf
