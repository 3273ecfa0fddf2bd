// SPDX-License-Identifier: Apache-2.0
// Hand-made runs through the views of progress.
#include <catch2/catch.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "cli/progress_json.h"
#include "cli/progress_lines.h"
#include "cli/progress_tree.h"
#include "cli/trace.h"

using namespace lf;

namespace {

EngineEvent at(double seconds, decltype(EngineEvent::what) what) {
  EngineEvent event;
  event.at = static_cast<MonotonicNs>(seconds * 1e9);
  event.time = Timestamp{1'790'000'000 + static_cast<int64_t>(seconds), 0};
  event.what = std::move(what);
  return event;
}

Error throttled() {
  return Error(ErrorCode::throttled, "rate exceeded");
}

RunStarted run_of(size_t nodes) {
  return RunStarted{"apply", "lab", "default", nodes, 0};
}

}  // namespace

TEST_CASE("durations and words", "[progress]") {
  CHECK(short_duration(340'000'000) == "0.3s");
  CHECK(short_duration(12'900'000'000) == "12s");
  CHECK(short_duration(200'000'000'000) == "3m20s");
  CHECK(short_duration(7'500'000'000'000) == "2h05m");
  CHECK(doing_word("create") == "creating");
  CHECK(doing_word("forget") == "forgetting");
  CHECK(done_word("delete") == "deleted");
  CHECK(done_word("adopt") == "adopted");
  CHECK(done_word("empty") == "emptied");
}

TEST_CASE("plain lines", "[progress]") {
  std::string out;
  ProgressLines lines({}, [&](std::string_view text) { out += text; });
  lines.on_event(at(0, RunStarted{"apply", "lab", "prod", 2, 90'000}));
  lines.on_event(at(0, NodeStarted{"network.vpc", "cloud.vpc", "create"}));
  lines.on_event(at(1, Waiting{"network.vpc", "pending", "available", 2000, 300'000}));
  lines.on_event(at(2, NodeDone{"network.vpc", "create", "vpc-1", 2'100'000'000}));
  Error error(ErrorCode::quota, "too many\x1b[2J");
  error.request_id = "r-1";
  lines.on_event(at(3, NodeFailed{"network.subnet", "create", error, 300'000'000}));
  lines.on_event(at(3, RunEnded{}));
  CHECK(out ==
        "applying lab (prod): 2 actions, about 1m30s\n"
        "network.vpc: creating (cloud.vpc)\n"
        "network.vpc: waits: pending until available, usually 2.0s\n"
        "[1/2] network.vpc: created vpc-1 (2.1s)\n"
        "[2/2] network.subnet: could not create: too many\\x1b[2J, request id r-1 (0.3s)\n");
}

TEST_CASE("a flood is kept short", "[progress]") {
  std::string out;
  ProgressLines lines({}, [&](std::string_view text) { out += text; });
  lines.on_event(at(0, run_of(10'000)));
  for (int i = 0; i < 1000; ++i) {
    lines.on_event(at(i * 0.01, Retrying{"a", "compute", "Run", 1, 500, throttled()}));
    lines.on_event(at(i * 0.01, NodeStarted{"a", "t", "create"}));
    lines.on_event(at(i * 0.01, NodeSkipped{"s", "a"}));
  }
  lines.on_event(at(11, RunEnded{}));
  const size_t count = split(out, '\n').size() - 1;
  CHECK(count == 1 + 2 + 10 + 1);  // begin, throttles in ten seconds, skipped, the rest of them
  CHECK(out.find("compute asked to slow down 500 times") != std::string::npos);
  CHECK(out.find("and 990 more skipped") != std::string::npos);
}

TEST_CASE("requests with -v", "[progress]") {
  std::string out;
  ProgressOptions options;
  options.verbose = true;
  ProgressLines lines(options, [&](std::string_view text) { out += text; });
  CallSent sent;
  sent.call = 7;
  sent.address = "vpc";
  sent.service = "net";
  sent.action = "CreateVpc";
  sent.attempt = 2;
  lines.on_event(at(0, sent));
  CallDone done;
  done.call = 7;
  done.http_status = 503;
  done.failed = true;
  done.error = ErrorCode::throttled;
  done.request_id = "r";
  done.duration_ns = 41'000'000;
  lines.on_event(at(0.041, done));
  CHECK(out == "  vpc: net CreateVpc 503 41ms attempt 2 throttled r\n");
}

TEST_CASE("capacity attempts and other people's runs", "[progress]") {
  std::string out;
  ProgressLines lines({}, [&](std::string_view text) { out += text; });
  lines.on_event(at(0, CapacityAttempt{"trainer", "big spot in b", false, "none left"}));
  lines.on_event(at(0, CapacityAttempt{"trainer", "big spot in c", true, ""}));
  lines.on_event(at(0, Settled{"vpc", "vpc-7"}));
  lines.on_event(at(0, Message{Message::Level::warning, "slow", "vpc"}));
  CHECK(out ==
        "trainer: no big spot in b: none left\n"
        "trainer: got big spot in c\n"
        "vpc: an earlier run made vpc-7; taken over\n"
        "warning: vpc: slow\n");
}

TEST_CASE("the live tree redraws seldom and leaves only lines", "[progress]") {
  std::string screen;
  size_t writes = 0;
  {
    ProgressTree tree(
        {}, nullptr,
        [] {
          return TreeSize{80, 24};
        },
        [&](std::string_view text) {
          screen += text;
          ++writes;
        });
    tree.on_event(at(0, run_of(10'000)));
    for (int i = 0; i < 10'000; ++i) {
      tree.on_event(
          at(i * 0.0001, NodeStarted{"workers.node[" + std::to_string(i) + "]", "t", "create"}));
    }
    CHECK(writes <= 12);
    CHECK(screen.find("and 9") != std::string::npos);
    screen.clear();
    tree.on_event(at(2, Waiting{"workers.node[0]", "pending", "running", 30'000, 0}));
    CHECK(screen.find("  workers\n") != std::string::npos);
    CHECK(screen.find("    node[0] creating 2.0s, pending until running, usually 30s\n") !=
          std::string::npos);
    CHECK(screen.find("0/10000, 10000 under way") != std::string::npos);
    for (int i = 0; i < 10'000; ++i) {
      tree.on_event(
          at(3, NodeDone{"workers.node[" + std::to_string(i) + "]", "create", "i", 1'000'000}));
    }
    tree.on_event(at(4, RunEnded{}));
  }
  // Emulate what the terminal shows in the end: each erase takes the lines above the cursor away.
  std::vector<std::string> lines;
  std::string line;
  for (size_t i = 0; i < screen.size(); ++i) {
    if (screen[i] == '\x1b') {
      const size_t end = screen.find_first_of("AJm", i);
      if (screen[end] == 'A') {
        for (int n = std::stoi(screen.substr(i + 2)); n > 0 && !lines.empty(); --n)
          lines.pop_back();
      }
      i = end;
    } else if (screen[i] == '\n') {
      lines.push_back(line);
      line.clear();
    } else if (screen[i] != '\r') {
      line += screen[i];
    }
  }
  CHECK(lines.size() == 10'000);
  for (const auto& shown : lines) {
    if (shown.find(": created i") == std::string::npos) FAIL(shown);
  }
}

TEST_CASE("the live tree on a narrow terminal", "[progress]") {
  std::string screen;
  ProgressTree tree(
      {}, nullptr,
      [] {
        return TreeSize{24, 8};
      },
      [&](std::string_view text) { screen += text; });
  tree.on_event(at(0, run_of(3)));
  screen.clear();
  tree.on_event(at(1, NodeStarted{"machines[\"trainer\"].instance[0]", "t", "create"}));
  tree.on_event(at(2, StageProgress{"settle", 1, 2}));
  for (const auto& line : split(screen, '\n')) {
    const size_t start = line.find_last_of('J') == std::string::npos ? 0 : line.find('J') + 1;
    CHECK(utf8_length(line.substr(start)) < 24);
  }
}

TEST_CASE("JSON events", "[progress]") {
  std::string out;
  ProgressJson json(false, [&](std::string_view text) { out += text; });
  json.on_event(at(0, CallSent{}));
  CHECK(out.empty());
  json.on_event(
      at(0, NodeFailed{"vpc", "create", Error(ErrorCode::quota, "too many"), 1'500'000'000}));
  const auto parsed = parse_json(out);
  REQUIRE(parsed);
  CHECK((*parsed)["event"].as_string() == "failed");
  CHECK((*parsed)["error"]["class"].as_string() == "quota");
  CHECK((*parsed)["seconds"].as_double() == 1.5);
  CHECK((*parsed)["time"].is_string());
}

TEST_CASE("a trace", "[progress]") {
  Trace trace;
  trace.on_event(at(1, NodeStarted{"vpc", "t", "create"}));
  for (uint64_t id : {1, 2}) {
    CallSent sent;
    sent.call = id;
    sent.service = "net";
    sent.action = "Make \"it\"";
    trace.on_event(at(1, sent));
  }
  CallDone done;
  done.call = 1;
  done.http_status = 200;
  trace.on_event(at(1.5, done));
  trace.on_event(at(2, Waiting{"vpc", "pending", "up", 0, 0}));
  trace.on_event(at(4, NodeDone{"vpc", "create", "v-1", 3'000'000'000}));
  const auto parsed = parse_json(trace.finish());
  REQUIRE(parsed);
  size_t spans = 0;
  bool lost = false;
  for (const auto& event : (*parsed)["traceEvents"].as_list()) {
    if (event["ph"].as_string() != "X") continue;
    ++spans;
    if (event["name"].as_string() == "create") CHECK(event["dur"] == Value(3'000'000.0));
    lost = lost || event["args"]["error"].string_or() == "outcome_unknown";
  }
  CHECK(spans == 4);
  CHECK(lost);
}
