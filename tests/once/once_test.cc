// SPDX-License-Identifier: Apache-2.0
// Proves on real sockets that each mutation arrives at most once, in every pattern of a failing
// connection, and that what the client believes agrees with what the server saw. Then takes the
// transport's rules out, one by one and all together, and shows that duplicates appear: the test
// sees what it is meant to see. Prints a table; exit 1 on any failure.
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "engine/transport_curl.h"
#include "pattern_server.h"

namespace {

using lf::CurlTransport;
using lf::ErrorCode;
using lf::HttpRequest;
using lf::HttpResponse;
using lf::Loop;
using lf::Result;
using lf::TransportOptions;

constexpr int64_t kTimeoutMs = 20'000;  // far beyond what a busy machine needs
constexpr int64_t kLateTimeoutMs = 150;
constexpr int kLateMs = 250;

struct Kind {
  const char* name;
  const char* method;
  size_t body_bytes;
  bool mutation;
};
// Bodies: one that goes out with the headers, one larger than a socket's buffers.
constexpr Kind kKinds[] = {
    {"POST body", "POST", 100, true},     {"POST 3MB", "POST", 3'000'000, true},
    {"POST empty", "POST", 0, true},      {"PUT body", "PUT", 100, true},
    {"PUT 3MB", "PUT", 3'000'000, true},  {"PUT empty", "PUT", 0, true},
    {"PATCH body", "PATCH", 100, true},   {"DELETE", "DELETE", 0, true},
    {"DELETE body", "DELETE", 100, true}, {"GET read", "GET", 0, false},
    {"HEAD read", "HEAD", 0, false},      {"POST read", "POST", 100, false},
};

int g_failures = 0;

void expect(bool holds, const std::string& what) {
  if (holds) return;
  ++g_failures;
  std::printf("FAILED: %s\n", what.c_str());
}

HttpRequest request_to(const PatternServer& server, const char* method) {
  HttpRequest request;
  request.method = method;
  request.scheme = "http";
  request.host = "127.0.0.1:" + std::to_string(server.port());
  return request;
}

Result<HttpResponse> exchange(Loop& loop, CurlTransport& transport, HttpRequest request) {
  Result<HttpResponse> result;
  bool done = false;
  bool inside_send = true;
  transport.send(std::move(request), [&](Result<HttpResponse> answer) {
    expect(!inside_send, "the callback comes from the loop");
    result = std::move(answer);
    done = true;
  });
  inside_send = false;
  loop.run_until(done);
  return result;
}

struct Run {
  PatternServer::Arrivals arrivals;
  Result<HttpResponse> result;
  bool body_arrived_whole = true;
};

// Warms one connection up, then sends one request of `kind` into `pattern`.
Run run(Pattern pattern, const Kind& kind, const TransportOptions& options) {
  static int counter = 0;
  Run run;
  std::string id = "m" + std::to_string(++counter);
  Loop loop;
  PatternServer server;
  server.set_late_ms(kLateMs);
  {
    CurlTransport transport(loop, options);
    for (int i = 0; i < 2; ++i) {
      Result<HttpResponse> warm = exchange(loop, transport, request_to(server, "GET"));
      expect(warm && warm->status == 200 && warm->body == "ok", "the warm-up is answered");
    }
    expect(transport.connection_count() == 1, "the warm-up keeps its connection");
    server.set_pattern(pattern);
    if (pattern == Pattern::close_at_accept) server.close_connections();
    HttpRequest request = request_to(server, kind.method);
    request.mutation = kind.mutation;
    request.timeout_ms = pattern == Pattern::late ? kLateTimeoutMs : kTimeoutMs;
    request.headers = {{"X-Id", id}, {"X-Empty", ""}, {"Content-Type", "text/plain"}};
    request.body = std::string(kind.body_bytes, 'x');
    run.result = exchange(loop, transport, std::move(request));
    if (pattern == Pattern::late) {
      // Time for anything that would still be sent.
      bool waited = false;
      loop.after(2 * kLateMs * 1'000'000LL, [&] { waited = true; });
      loop.run_until(waited);
    }
  }
  run.arrivals = server.arrivals(id);
  run.body_arrived_whole =
      run.arrivals.complete == 0 || run.arrivals.body == std::string(kind.body_bytes, 'x');
  return run;
}

std::string outcome(const Result<HttpResponse>& result) {
  if (result) return std::to_string(result->status);
  return result.error().code == ErrorCode::outcome_unknown ? "unknown"
         : result.error().code == ErrorCode::unavailable   ? "down"
                                                           : to_string(result.error().code);
}

void check_mutation(const std::string& what, const Run& run) {
  const auto& arrivals = run.arrivals;
  expect(arrivals.begun <= 1 && arrivals.complete <= 1, what + ": arrives at most once");
  expect(!arrivals.expect, what + ": does not ask for 100-continue");
  expect(run.body_arrived_whole, what + ": its body arrives whole");
  if (run.result) {
    expect(arrivals.complete == 1, what + ": an answer means that it arrived");
  } else if (run.result.error().code == ErrorCode::unavailable) {
    expect(arrivals.begun == 0, what + ": `unavailable` means surely not sent");
  } else {
    expect(run.result.error().code == ErrorCode::outcome_unknown, what + ": else unknown");
  }
}

void check_expected(Pattern pattern, const Kind& kind, const Run& run) {
  std::string what = std::string(to_string(pattern)) + ", " + kind.name;
  int status = 0;
  switch (pattern) {
    case Pattern::proper: status = 200; break;
    case Pattern::redirect: status = 308; break;
    case Pattern::unauthorized: status = 401; break;
    case Pattern::unavailable: status = 503; break;
    default: break;
  }
  if (status != 0) {
    expect(run.result && run.result->status == status, what + ": the answer comes through");
    expect(run.arrivals.begun == 1, what + ": answered at the first try");
    if (kind.mutation) check_mutation(what, run);
    return;
  }
  if (kind.mutation) {
    check_mutation(what, run);
    // An empty one comes over a fresh connection and is that connection's first request.
    bool answered = pattern == Pattern::close_second && kind.body_bytes == 0;
    expect(run.result.has_value() == answered, what + ": is an error unless answered");
    return;
  }
  // A read may be sent again by libcurl; what is left is `unavailable`, which our layer repeats.
  if (run.result) {
    // HEAD has its whole answer before the body would break off.
    bool fine = pattern == Pattern::close_second ||
                (pattern == Pattern::close_in_body && std::string(kind.method) == "HEAD");
    expect(fine && run.result->status == 200, what + ": only a whole answer is one");
  } else {
    expect(run.result.error().code == ErrorCode::unavailable, what + ": a read is unavailable");
  }
}

void all_patterns(const TransportOptions& options) {
  std::printf("arrivals begun/complete, outcome\n%-20s", "server \\ request");
  for (const Kind& kind : kKinds) std::printf(" %-11s", kind.name);
  std::printf("\n");
  for (Pattern pattern : kPatterns) {
    std::printf("%-20s", to_string(pattern));
    for (const Kind& kind : kKinds) {
      Run one = run(pattern, kind, options);
      check_expected(pattern, kind, one);
      std::string cell = std::to_string(one.arrivals.begun) + "/" +
                         std::to_string(one.arrivals.complete) + " " + outcome(one.result);
      std::printf(" %-11s", cell.c_str());
    }
    std::printf("\n");
  }
}

// How many (pattern, mutation) pairs arrive more than once under `options`.
int duplicates(const TransportOptions& options) {
  int count = 0;
  for (Pattern pattern : {Pattern::close_second, Pattern::close_after_read}) {
    for (const Kind& kind : kKinds) {
      if (!kind.mutation) continue;
      Run one = run(pattern, kind, options);
      if (one.arrivals.begun > 1) ++count;
    }
  }
  return count;
}

void rules_taken_out() {
  auto with = [](bool rewind, bool reuse, bool unlimited) {
    TransportOptions options;
    options.unsafe = {rewind, reuse, unlimited};
    return duplicates(options);
  };
  int none = with(false, false, false);
  int body_rule = with(true, false, false);
  int empty_rule = with(false, true, false);
  int start_rule = with(false, false, true);
  int body_and_start = with(true, false, true);
  int empty_and_start = with(false, true, true);
  int all = with(true, true, true);
  std::printf(
      "\nmutations that arrive twice, with rules taken out: none %d, read callback %d, "
      "fresh connection %d, one start %d,\n  read callback + one start %d, fresh connection "
      "+ one start %d, all three %d\n",
      none, body_rule, empty_rule, start_rule, body_and_start, empty_and_start, all);
  expect(none == 0 && body_rule == 0 && empty_rule == 0 && start_rule == 0,
         "each rule is backed by another");
  expect(body_and_start > 0, "without the read callback (and the guard) bodies arrive twice");
  expect(empty_and_start > 0, "without fresh connections (and the guard) empty ones arrive twice");
  expect(all >= body_and_start, "without any rule no fewer arrive twice");
}

// A server that closes idle connections, as all do, costs no mutation its outcome.
void idle_close() {
  for (const Kind& kind : kKinds) {
    Loop loop;
    PatternServer server;
    CurlTransport transport(loop, {});
    Result<HttpResponse> warm = exchange(loop, transport, request_to(server, "GET"));
    server.close_connections();
    bool waited = false;
    loop.after(20'000'000, [&] { waited = true; });
    loop.run_until(waited);
    HttpRequest request = request_to(server, kind.method);
    request.mutation = kind.mutation;
    request.body = std::string(kind.body_bytes, 'x');
    request.headers = {{"X-Id", "idle"}};
    Result<HttpResponse> result = exchange(loop, transport, std::move(request));
    std::string what = std::string("after an idle close, ") + kind.name;
    expect(result && result->status == 200, what + ": is answered");
    expect(server.arrivals("idle").complete == 1, what + ": arrives once");
  }
}

// Many at once over few kept connections that all break at their second request.
void crowd() {
  constexpr int kCrowd = 200;
  Loop loop;
  PatternServer server;
  CurlTransport transport(loop, {});
  server.set_pattern(Pattern::close_second);
  int left = kCrowd;
  int answered = 0;
  int unknown = 0;
  bool done = false;
  std::function<void(int)> send = [&](int i) {
    HttpRequest request = request_to(server, i % 3 == 0 ? "PUT" : "POST");
    request.mutation = true;
    request.body = "x";
    request.headers = {{"X-Id", "crowd" + std::to_string(i)}};
    transport.send(std::move(request), [&, i](Result<HttpResponse> result) {
      ++(result ? answered : unknown);
      if (i + 20 < kCrowd) send(i + 20);
      done = --left == 0;
    });
  };
  for (int i = 0; i < 20; ++i) send(i);
  loop.run_until(done);
  for (int i = 0; i < kCrowd; ++i) {
    expect(server.arrivals("crowd" + std::to_string(i)).begun == 1, "one of a crowd arrives once");
  }
  expect(answered > 0 && unknown > 0, "the crowd met both ends");
  std::printf("crowd of %d: %d answered, %d unknown, over %d connections\n", kCrowd, answered,
              unknown, server.connections());
}

}  // namespace

int main() {
  all_patterns({});
  rules_taken_out();
  idle_close();
  crowd();
  std::printf(g_failures == 0 ? "ok\n" : "%d failed\n", g_failures);
  return g_failures == 0 ? 0 : 1;
}
