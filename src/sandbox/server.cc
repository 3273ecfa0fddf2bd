// SPDX-License-Identifier: Apache-2.0
#include "sandbox/server.h"

#include <httplib.h>

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "base/replace_file.h"
#include "sandbox/saved.h"

namespace lf::sandbox {

namespace {

using SteadyClock = std::chrono::steady_clock;

// The cloud on the server's side of the wire. All members are called under the lock.
class Cloud {
 public:
  Cloud(Package& package, Sources& sources, FileSystem& files, const ServerOptions& options)
      : package_(package), sources_(sources), files_(files), options_(options), start_(SteadyClock::now()) {
    reset();
  }

  Result<void> load() {
    if (options_.folder.empty()) return {};
    auto made = files_.make_folders(options_.folder);
    if (!made) return made;
    auto text = files_.read(options_.folder + "/cloud.json");
    if (!text) return text.error().code == ErrorCode::not_found ? Result<void>() : fail(text.error());
    auto loaded = load_things(*text, model_->things());
    // Time goes on from where it stood.
    ahead_s_ = std::max<int64_t>(0, model_->things().latest.seconds + 1 - wall().seconds);
    return loaded;
  }

  // nullopt: the answer is lost.
  std::optional<HttpResponse> answer(const HttpRequest& request) {
    HttpResponse response = model_->handle(request, now(), wall());
    const bool lost = model_->lose_answer();
    if (model_->take_changed()) {
      if (auto saved = save(); !saved) {
        response.status = 500;
        response.body = saved.error().message;
      }
    }
    if (lost) return std::nullopt;
    return response;
  }

  HttpResponse admin(const std::string& path, const std::string& body) {
    HttpResponse out;
    out.status = 200;
    out.headers.emplace_back("Content-Type", "application/json");
    const auto parsed = parse_json(body.empty() ? "{}" : body);
    if (path == "/_sandbox/faults" && parsed) {
      model_->faults() = faults_from(*parsed);
    } else if (path == "/_sandbox/advance" && parsed) {
      const Value& seconds = (*parsed)["seconds"];
      if (seconds.is_int()) ahead_s_ += seconds.as_int();
    } else if (path == "/_sandbox/reset") {
      reset();
      (void)save();
    } else if (path == "/_sandbox/state") {
      out.body = save_things(model_->things());
      return out;
    } else {
      out.status = 404;
    }
    out.body = "{}";
    return out;
  }

  int64_t latency_ms() {
    const int64_t span = options_.latency_max_ms - options_.latency_min_ms;
    if (span <= 0) return options_.latency_min_ms;
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return options_.latency_min_ms + static_cast<int64_t>((random_ >> 33) % static_cast<uint64_t>(span + 1));
  }

 private:
  void reset() {
    ModelOptions model;
    model.seed = options_.seed;
    model.keys = options_.keys;
    for (const auto& [access_key, secret] : package_.info().sandbox_keys) {
      model.keys[access_key] = {secret, package_.info().sandbox_account};
    }
    model_ = std::make_unique<Model>(package_, sources_, std::move(model));
  }

  static Timestamp wall() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
    return {ns / 1'000'000'000, static_cast<int32_t>(ns % 1'000'000'000)};
  }

  Timestamp now() const {
    const double real = std::chrono::duration<double>(SteadyClock::now() - start_).count();
    Timestamp out = wall();
    const double ahead = real * (options_.speed - 1) + static_cast<double>(ahead_s_);
    out.seconds += static_cast<int64_t>(ahead);
    return out;
  }

  Result<void> save() {
    if (options_.folder.empty()) return {};
    return replace_file(files_, options_.folder + "/cloud.json", save_things(model_->things()), 0600);
  }

  Package& package_;
  Sources& sources_;
  FileSystem& files_;
  const ServerOptions& options_;
  SteadyClock::time_point start_;
  std::unique_ptr<Model> model_;
  uint64_t random_ = options_.seed * 977 + 5;
  int64_t ahead_s_ = 0;
};

HttpRequest request_of(const httplib::Request& in) {
  HttpRequest out;
  out.method = in.method;
  out.scheme = "http";
  const size_t mark = in.target.find('?');
  out.path = in.target.substr(0, mark);
  if (mark != std::string::npos) out.query = in.target.substr(mark + 1);
  for (const auto& [name, value] : in.headers) {
    if (name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" || name == "LOCAL_PORT") continue;
    out.headers.emplace_back(name, value);
  }
  if (const std::string* host = out.header("host")) out.host = *host;
  out.body = in.body;
  return out;
}

void fill(const HttpResponse& from, httplib::Response& to) {
  to.status = from.status;
  std::string type = "text/plain";
  for (const auto& [name, value] : from.headers) {
    if (name == "Content-Type") type = value;
    else to.set_header(name, value);
  }
  to.set_content(from.body, type);
}

}  // namespace

Result<void> serve(Package& package, Sources& sources, FileSystem& files, const ServerOptions& options,
                   const std::function<void(const std::string& url)>& ready,
                   const std::function<bool()>& stop) {
  Cloud cloud(package, sources, files, options);
  if (auto loaded = cloud.load(); !loaded) return loaded;
  std::mutex lock;
  httplib::Server server;
  constexpr size_t kConnectionsMax = 640;  // each keeps a thread while it is open
  server.new_task_queue = [] { return new httplib::ThreadPool(kConnectionsMax); };
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1'000'000);
  server.set_keep_alive_timeout(60);
  const auto handle = [&](const httplib::Request& in, httplib::Response& out) {
    const HttpRequest request = request_of(in);
    int64_t latency = 0;
    std::optional<HttpResponse> response;
    {
      const std::lock_guard<std::mutex> guard(lock);
      if (request.path.starts_with("/_sandbox/")) {
        response = cloud.admin(request.path, request.body);
      } else {
        response = cloud.answer(request);
        latency = cloud.latency_ms();
      }
    }
    if (latency > 0) std::this_thread::sleep_for(std::chrono::milliseconds(latency));
    if (!response) {  // the connection breaks in the middle of the answer
      out.set_content_provider(1, "text/plain", [](size_t, size_t, httplib::DataSink&) { return false; });
      return;
    }
    fill(*response, out);
  };
  server.Get(".*", handle);
  server.Post(".*", handle);
  server.Put(".*", handle);
  server.Delete(".*", handle);
  const size_t colon = options.listen.rfind(':');
  const std::string host = colon == std::string::npos ? options.listen : options.listen.substr(0, colon);
  int port = colon == std::string::npos ? 0 : std::atoi(options.listen.c_str() + colon + 1);
  if (port == 0) port = server.bind_to_any_port(host);
  else if (!server.bind_to_port(host, port)) port = -1;
  if (port < 0) return fail(ErrorCode::io, fmt::format("cannot listen on {}", options.listen));
  std::atomic<bool> over = false;
  std::thread watcher([&] {
    while (!over && !stop()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    server.stop();
  });
  ready(fmt::format("http://{}:{}", host, port));
  server.listen_after_bind();
  over = true;
  watcher.join();
  return {};
}

}  // namespace lf::sandbox
