// SPDX-License-Identifier: Apache-2.0
#include "sandbox/server.h"

#include <chrono>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "base/replace_file.h"
#include "sandbox/http_server.h"
#include "sandbox/saved.h"

namespace lf::sandbox {

namespace {

constexpr size_t kRecordedBody = 256;  // enough to tell what a request is about

// The cloud on the server's side of the wire. All members are called under the lock.
class Cloud {
 public:
  Cloud(Package& package, Sources& sources, Clock& clock, FileSystem& files,
        const ServerOptions& options)
      : package_(package),
        sources_(sources),
        clock_(clock),
        files_(files),
        options_(options),
        start_(clock.monotonic()) {
    reset();
  }

  Result<void> load() {
    if (options_.folder.empty()) return {};
    auto made = files_.make_folders(options_.folder);
    if (!made) return made;
    auto text = files_.read(options_.folder + "/cloud.json");
    if (!text)
      return text.error().code == ErrorCode::not_found ? Result<void>() : fail(text.error());
    auto loaded = load_things(*text, model_->things());
    // Time goes on from where it stood.
    ahead_s_ = std::max<int64_t>(0, model_->things().latest.seconds + 1 - clock_.now().seconds);
    return loaded;
  }

  // nullopt: the answer is lost.
  std::optional<HttpResponse> answer(const HttpRequest& request) {
    HttpResponse response = model_->handle(request, now(), clock_.now());
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
    } else if (path == "/_sandbox/requests" && options_.record) {
      out.body = to_json(Value(requests_));
      return out;
    } else {
      out.status = 404;
    }
    out.body = "{}";
    return out;
  }

  MonotonicNs monotonic() const { return clock_.monotonic(); }

  // What was asked and when it was answered, for whoever measures a client.
  void remember(const HttpRequest& request, MonotonicNs begin) {
    if (!options_.record) return;
    const auto ms = [&](MonotonicNs at) { return Value(static_cast<double>(at - start_) / 1e6); };
    Map one;
    one.set("begin_ms", ms(begin));
    one.set("end_ms", ms(monotonic()));
    one.set("method", Value(request.method));
    one.set("path", Value(request.path));
    one.set("body", Value(request.body.substr(0, kRecordedBody)));
    requests_.emplace_back(std::move(one));
  }

  int64_t latency_ms() {
    const int64_t span = options_.latency_max_ms - options_.latency_min_ms;
    if (span <= 0) return options_.latency_min_ms;
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return options_.latency_min_ms +
           static_cast<int64_t>((random_ >> 33) % static_cast<uint64_t>(span + 1));
  }

 private:
  void reset() {
    ModelOptions model;
    model.seed = options_.seed;
    model.keys = options_.keys;
    model.account_keys = package_.info().sandbox_account_keys;
    for (const auto& [access_key, secret] : package_.info().sandbox_keys) {
      model.keys[access_key] = {secret, package_.info().sandbox_account};
      model.account_secret = secret;
    }
    model_ = std::make_unique<Model>(package_, sources_, std::move(model));
  }

  Timestamp now() {
    const double real = static_cast<double>(clock_.monotonic() - start_) / 1e9;
    Timestamp out = clock_.now();
    const double ahead = real * (options_.speed - 1) + static_cast<double>(ahead_s_);
    out.seconds += static_cast<int64_t>(ahead);
    return out;
  }

  Result<void> save() {
    if (options_.folder.empty()) return {};
    return replace_file(files_, options_.folder + "/cloud.json", save_things(model_->things()),
                        0600);
  }

  Package& package_;
  Sources& sources_;
  Clock& clock_;
  FileSystem& files_;
  const ServerOptions& options_;
  MonotonicNs start_;
  std::unique_ptr<Model> model_;
  uint64_t random_ = options_.seed * 977 + 5;
  int64_t ahead_s_ = 0;
  List requests_;  // of `record`
};

}  // namespace

Result<void> serve(Package& package, Sources& sources, Clock& clock, FileSystem& files,
                   const ServerOptions& options,
                   const std::function<void(const std::string& url)>& ready,
                   const std::function<bool()>& stop) {
  Cloud cloud(package, sources, clock, files, options);
  if (auto loaded = cloud.load(); !loaded) return loaded;
  std::mutex lock;
  const auto handle = [&](const HttpRequest& request) {
    int64_t latency = 0;
    std::optional<HttpResponse> response;
    const MonotonicNs begin = cloud.monotonic();
    {
      const std::lock_guard<std::mutex> guard(lock);
      if (request.path.starts_with("/_sandbox/"))
        return std::optional(cloud.admin(request.path, request.body));
      response = cloud.answer(request);
      latency = cloud.latency_ms();
    }
    if (latency > 0) std::this_thread::sleep_for(std::chrono::milliseconds(latency));
    if (options.record) {
      const std::lock_guard<std::mutex> guard(lock);
      cloud.remember(request, begin);
    }
    return response;
  };
  return serve_http(options.listen, handle, ready, stop);
}

}  // namespace lf::sandbox
