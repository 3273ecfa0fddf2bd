// SPDX-License-Identifier: Apache-2.0
#include "cli/trace.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/replace_file.h"

namespace lf {

namespace {
constexpr int kRun = 1;        // process ids: the run's own messages,
constexpr int kResources = 2;  // the resources,
constexpr int kServices = 10;  // and from here the services
}  // namespace

std::string Trace::micros(MonotonicNs at) const {
  return fmt::format("{:.3f}", static_cast<double>(at - zero_) / 1e3);
}

void Trace::add(const std::string& fields) {
  events_ += events_.empty() ? "{" : ",\n{";
  events_ += fields;
  events_ += '}';
}

void Trace::span(int process, int track, const std::string& name, MonotonicNs from, MonotonicNs to,
                 const Value& args) {
  add(fmt::format(R"("ph":"X","pid":{},"tid":{},"name":{},"ts":{},"dur":{:.3f},"args":{})", process,
                  track, json_quote(name), micros(from),
                  static_cast<double>(std::max<MonotonicNs>(0, to - from)) / 1e3, to_json(args)));
}

void Trace::instant(int process, int track, const std::string& name, MonotonicNs at,
                    const Value& args) {
  add(fmt::format(R"("ph":"i","s":"t","pid":{},"tid":{},"name":{},"ts":{},"args":{})", process,
                  track, json_quote(name), micros(at), to_json(args)));
}

void Trace::name_process(int process, const std::string& name) {
  add(fmt::format(R"("ph":"M","pid":{},"name":"process_name","args":{{"name":{}}})", process,
                  json_quote(name)));
  add(fmt::format(R"("ph":"M","pid":{},"name":"process_sort_index","args":{{"sort_index":{}}})",
                  process, process));
}

void Trace::name_track(int process, int track, const std::string& name) {
  add(fmt::format(R"("ph":"M","pid":{},"tid":{},"name":"thread_name","args":{{"name":{}}})",
                  process, track, json_quote(name)));
  add(fmt::format(
      R"("ph":"M","pid":{},"tid":{},"name":"thread_sort_index","args":{{"sort_index":{}}})",
      process, track, track));
}

// Tracks are in the order in which resources were first met.
Trace::Resource& Trace::resource(const std::string& address) {
  auto [it, fresh] = resources_.try_emplace(address);
  if (fresh) {
    it->second.track = static_cast<int>(resources_.size());
    name_track(kResources, it->second.track, address);
  }
  return it->second;
}

void Trace::end_wait(Resource& one, MonotonicNs at) {
  if (!one.waiting) return;
  span(kResources, one.track, one.wait.name, one.wait.started, at, Value(Map{}));
  one.waiting = false;
}

void Trace::end_action(const std::string& address, MonotonicNs at, const Value& args) {
  Resource& one = resource(address);
  end_wait(one, at);
  if (one.busy) span(kResources, one.track, one.action.name, one.action.started, at, args);
  one.busy = false;
}

void Trace::sent(const CallSent& call, MonotonicNs at) {
  auto [it, fresh] = services_.try_emplace(call.service);
  ServiceTracks& tracks = it->second;
  if (fresh) {
    tracks.process = kServices + static_cast<int>(services_.size());
    name_process(tracks.process, call.service);
  }
  size_t track = 0;
  while (track < tracks.used.size() && tracks.used[track]) ++track;
  if (track == tracks.used.size()) {
    tracks.used.push_back(false);
    name_track(tracks.process, static_cast<int>(track) + 1,
               "requests " + std::to_string(track + 1));
  }
  tracks.used[track] = true;
  open_calls_[call.call] = {call.service, call.action,    call.address, static_cast<int>(track),
                            at,           call.queued_ns, call.attempt};
}

void Trace::answered(const CallDone& call, MonotonicNs at) {
  const auto found = open_calls_.find(call.call);
  if (found == open_calls_.end()) return;
  const Sent sent = std::move(found->second);
  open_calls_.erase(found);
  ServiceTracks& tracks = services_[sent.service];
  tracks.used[static_cast<size_t>(sent.track)] = false;
  Map args;
  if (!sent.address.empty()) args.set("address", Value(sent.address));
  args.set("status", Value(call.http_status));
  args.set("attempt", Value(sent.attempt));
  args.set("held_back_ms", Value(sent.queued_ns / 1'000'000));
  if (!call.request_id.empty()) args.set("request_id", Value(call.request_id));
  if (call.failed) args.set("error", Value(to_string(call.error)));
  span(tracks.process, sent.track + 1, sent.name, sent.started, at, Value(std::move(args)));
}

void Trace::on_event(const EngineEvent& event) {
  if (finished_) return;
  if (!begun_) {
    begun_ = true;
    zero_ = event.at;
    name_process(kRun, "run");
    name_process(kResources, "resources");
  }
  last_ = event.at;
  if (const auto* call = std::get_if<CallSent>(&event.what)) {
    sent(*call, event.at);
  } else if (const auto* answer = std::get_if<CallDone>(&event.what)) {
    answered(*answer, event.at);
  } else if (const auto* node = std::get_if<NodeStarted>(&event.what)) {
    Resource& one = resource(node->address);
    one.busy = true;
    one.action = {node->action, event.at};
  } else if (const auto* waiting = std::get_if<Waiting>(&event.what)) {
    Resource& one = resource(waiting->address);
    end_wait(one, event.at);
    one.waiting = true;
    one.wait = {"waits: " + waiting->state, event.at};
  } else if (const auto* done = std::get_if<NodeDone>(&event.what)) {
    end_action(done->address, event.at, Value(Map{{Value("id"), Value(done->id)}}));
  } else if (const auto* failed = std::get_if<NodeFailed>(&event.what)) {
    end_action(failed->address, event.at,
               Value(Map{{Value("error"), Value(failed->error.message)}}));
  } else if (const auto* retry = std::get_if<Retrying>(&event.what)) {
    const int track = retry->address.empty() ? 0 : resource(retry->address).track;
    instant(retry->address.empty() ? kRun : kResources, track, "retry " + retry->action, event.at,
            Value(Map{{Value("service"), Value(retry->service)},
                      {Value("error"), Value(to_string(retry->error.code))},
                      {Value("delay_ms"), Value(retry->delay_ms)}}));
  } else if (const auto* attempt = std::get_if<CapacityAttempt>(&event.what)) {
    instant(kResources, resource(attempt->address).track,
            (attempt->got ? "got " : "no ") + attempt->choice, event.at,
            Value(Map{{Value("reason"), Value(attempt->reason)}}));
  } else if (const auto* message = std::get_if<Message>(&event.what)) {
    instant(kRun, 0, message->text, event.at,
            Value(Map{{Value("address"), Value(message->address)}}));
  }
}

std::string Trace::finish() {
  if (!finished_) {
    std::vector<uint64_t> calls;
    for (const auto& [id, sent] : open_calls_) calls.push_back(id);
    for (const uint64_t id : calls) {
      CallDone lost;
      lost.call = id;
      lost.failed = true;
      lost.error = ErrorCode::outcome_unknown;
      answered(lost, last_);
    }
    std::vector<std::string> busy;
    for (const auto& [address, one] : resources_) {
      if (one.busy || one.waiting) busy.push_back(address);
    }
    for (const auto& address : busy)
      end_action(address, last_, Value(Map{{Value("error"), Value("not ended")}}));
    finished_ = true;
  }
  return "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n" + events_ + "\n]}\n";
}

Result<void> Trace::save(FileSystem& files, const std::string& path) {
  return replace_file(files, path, finish(), 0644);
}

}  // namespace lf
