// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_json.h"

#include "base/json.h"
#include "base/units.h"

namespace lf {

namespace {

Value count(size_t n) {
  return Value(static_cast<int64_t>(n));
}
Value seconds(int64_t ns) {
  return Value(static_cast<double>(ns / 1'000'000) / 1e3);
}

Value error_json(const Error& error) {
  Map out;
  out.set("class", Value(to_string(error.code)));
  out.set("message", Value(error.message));
  if (!error.service_code.empty()) out.set("service_code", Value(error.service_code));
  if (!error.request_id.empty()) out.set("request_id", Value(error.request_id));
  if (error.http_status != 0) out.set("http_status", Value(error.http_status));
  if (!error.help.empty()) {
    List help;
    for (const auto& line : error.help) help.emplace_back(line);
    out.set("help", Value(std::move(help)));
  }
  return Value(std::move(out));
}

struct ToJson {
  Map& out;
  void begin(const char* name) { out.set("event", Value(name)); }
  void text(const char* name, const std::string& value) {
    if (!value.empty()) out.set(name, Value(value));
  }

  void operator()(const RunStarted& e) {
    begin("run_started");
    text("command", e.command);
    text("stack", e.stack);
    text("environment", e.environment);
    out.set("nodes", count(e.nodes));
    if (e.expected_ms > 0) out.set("expected_seconds", seconds(e.expected_ms * 1'000'000));
  }
  void operator()(const StageProgress& e) {
    begin("stage");
    text("stage", e.stage);
    out.set("done", count(e.done));
    out.set("total", count(e.total));
    text("address", e.address);
    if (e.left_ms > 0) out.set("left_seconds", seconds(e.left_ms * 1'000'000));
  }
  void operator()(const Settled& e) {
    begin("settled");
    text("address", e.address);
    out.set("found", e.found.empty() ? Value() : Value(e.found));
  }
  void operator()(const NodeStarted& e) {
    begin("started");
    text("address", e.address);
    text("type", e.type);
    text("action", e.action);
  }
  void operator()(const CallSent& e) {
    begin("call_sent");
    out.set("call", Value(e.call));
    text("address", e.address);
    text("service", e.service);
    text("action", e.action);
    text("host", e.host);
    out.set("attempt", Value(e.attempt));
    out.set("mutation", Value(e.mutation));
    out.set("held_back_seconds", seconds(e.queued_ns));
  }
  void operator()(const CallDone& e) {
    begin("call_done");
    out.set("call", Value(e.call));
    out.set("http_status", e.http_status == 0 ? Value() : Value(e.http_status));
    text("request_id", e.request_id);
    if (e.failed) out.set("class", Value(to_string(e.error)));
    out.set("seconds", seconds(e.duration_ns));
  }
  void operator()(const Retrying& e) {
    begin("retrying");
    text("address", e.address);
    text("service", e.service);
    text("action", e.action);
    out.set("attempt", Value(e.attempt));
    out.set("delay_seconds", seconds(e.delay_ms * 1'000'000));
    out.set("error", error_json(e.error));
  }
  void operator()(const Waiting& e) {
    begin("waiting");
    text("address", e.address);
    text("state", e.state);
    text("until", e.until);
    if (e.usual_ms > 0) out.set("usual_seconds", seconds(e.usual_ms * 1'000'000));
    if (e.limit_ms > 0) out.set("limit_seconds", seconds(e.limit_ms * 1'000'000));
  }
  void operator()(const CapacityAttempt& e) {
    begin("capacity");
    text("address", e.address);
    text("choice", e.choice);
    out.set("got", Value(e.got));
    text("reason", e.reason);
  }
  void operator()(const NodeDone& e) {
    begin("done");
    text("address", e.address);
    text("action", e.action);
    text("id", e.id);
    out.set("seconds", seconds(e.duration_ns));
  }
  void operator()(const NodeFailed& e) {
    begin("failed");
    text("address", e.address);
    text("action", e.action);
    out.set("error", error_json(e.error));
    out.set("seconds", seconds(e.duration_ns));
  }
  void operator()(const NodeSkipped& e) {
    begin("skipped");
    text("address", e.address);
    out.set("because", e.culprit.empty() ? Value() : Value(e.culprit));
  }
  void operator()(const Message& e) {
    begin("message");
    out.set("level", Value(e.level == Message::Level::error     ? "error"
                           : e.level == Message::Level::warning ? "warning"
                                                                : "note"));
    text("address", e.address);
    text("text", e.text);
  }
  void operator()(const RunEnded& e) {
    begin("run_ended");
    out.set("done", count(e.done));
    out.set("failed", count(e.failed));
    out.set("skipped", count(e.skipped));
    out.set("interrupted", Value(e.interrupted));
    out.set("seconds", seconds(e.duration_ns));
  }
};

}  // namespace

void ProgressJson::on_event(const EngineEvent& event) {
  const bool call =
      std::holds_alternative<CallSent>(event.what) || std::holds_alternative<CallDone>(event.what);
  if (call && !requests_) return;
  Map out;
  out.set("time", Value(event.time));
  std::visit(ToJson{out}, event.what);
  write_(to_json(Value(std::move(out))) + "\n");
}

}  // namespace lf
