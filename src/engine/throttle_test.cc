// SPDX-License-Identifier: Apache-2.0
#include "engine/throttle.h"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "base/task.h"
#include "engine/manual_clock.h"
#include "engine/retry.h"

namespace lf {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

ThrottleKey key_of(std::string service, std::string call_class = "write") {
  return {"cloud", "1", "r", std::move(service), std::move(call_class)};
}

// A service with a token bucket of its own, as clouds have.
struct Service {
  double rate = 1e9;  // tokens a second
  double burst = 1e9;
  int64_t latency_ns = kSecond / 10;
  bool down = false;
  double tokens = 1e9;
  int64_t filled = 0;
  int answered = 0;
  int refused = 0;
  int under_way = 0;
  int under_way_most = 0;

  Throttle::Answer ask(int64_t now) {
    tokens = std::min(burst, tokens + static_cast<double>(now - filled) / kSecond * rate);
    filled = now;
    if (down) return Throttle::Answer::overloaded;
    if (tokens < 1) {
      ++refused;
      return Throttle::Answer::throttled;
    }
    tokens -= 1;
    ++answered;
    return Throttle::Answer::good;
  }
};

struct Client {
  ManualClock clock;
  ThrottleOptions options;
  std::unique_ptr<Throttle> throttle;
  int left = 0;
  std::vector<int> order;
};

// One call, repeated until it is answered well.
Task<void> call_until_good(Client* client, Service* service, ThrottleKey key, double priority,
                           int number) {
  while (true) {
    auto wait = client->throttle->acquire(key, priority);
    Throttle::Permit permit = co_await wait;
    client->order.push_back(number);
    service->under_way_most = std::max(service->under_way_most, ++service->under_way);
    Throttle::Answer answer = service->ask(client->clock.monotonic());
    Task<void> exchange = sleep_ns(&client->clock, service->latency_ns);
    co_await std::move(exchange);
    --service->under_way;
    client->throttle->done(permit, answer);
    if (answer == Throttle::Answer::good) break;
    Task<void> pause = sleep_ns(&client->clock, kSecond / 2);
    co_await std::move(pause);
  }
  --client->left;
}

void start(Client& client, Service& service, const ThrottleKey& key, int calls,
           double priority = 0) {
  if (!client.throttle) client.throttle = std::make_unique<Throttle>(client.clock, client.options);
  for (int i = 0; i < calls; ++i) {
    ++client.left;
    Task<void> task = call_until_good(&client, &service, key, priority, client.left);
    std::move(task).detach();
  }
}

void finish(Client& client) {
  while (client.left > 0 && client.clock.step()) continue;
  REQUIRE(client.left == 0);
}

TEST_CASE("a service that never throttles gets all the concurrency it can use", "[throttle]") {
  Client client;
  Service service;
  start(client, service, key_of("a"), 5000);
  finish(client);
  CHECK(service.under_way_most == 500);
  // 64, 128, 256, then 500 a round trip: 5,000 calls take 13 of them, against 79 at a fixed 64.
  CHECK(client.clock.monotonic() <= 14 * service.latency_ns);
  CHECK(client.throttle->rate(key_of("a")) == 0);
}

TEST_CASE("a throttled client settles near the service's rate", "[throttle]") {
  Client client;
  Service service;
  service.rate = 20;
  service.burst = service.tokens = 50;
  start(client, service, key_of("a"), 1000);
  finish(client);
  double ideal_s = (1000 - 50) / 20.0;
  double taken_s = static_cast<double>(client.clock.monotonic()) / kSecond;
  INFO("1,000 calls at 20/s took " << taken_s << " s (ideal " << ideal_s << "), refused "
                                   << service.refused);
  CHECK(taken_s < ideal_s * 1.25);
  CHECK(service.refused < 250);
  const ThrottleStats& stats = client.throttle->stats().at("a");
  CHECK(stats.throttled == static_cast<uint64_t>(service.refused));
  CHECK(stats.waited_ns > 0);
}

TEST_CASE("when the limit is lifted the client speeds up again", "[throttle]") {
  Client client;
  Service service;
  service.rate = 10;
  service.burst = service.tokens = 10;
  start(client, service, key_of("a"), 200);
  finish(client);
  service.rate = service.burst = service.tokens = 1e9;
  int64_t before = client.clock.monotonic();
  start(client, service, key_of("a"), 1000);
  finish(client);
  double taken_s = static_cast<double>(client.clock.monotonic() - before) / kSecond;
  INFO("1,000 calls after the limit was lifted took " << taken_s << " s, 100 at the old rate");
  CHECK(taken_s < 25);
  client.clock.advance(120 * kSecond);
  start(client, service, key_of("a"), 1);
  finish(client);
  CHECK(client.throttle->rate(key_of("a")) == 0);
}

TEST_CASE("an overloaded service is left alone and soon trusted again", "[throttle]") {
  Client client;
  Service service;
  service.down = true;
  start(client, service, key_of("a"), 100);
  client.clock.advance(20 * kSecond);
  CHECK(client.throttle->concurrency(key_of("a")) <= 4);
  CHECK(client.throttle->rate(key_of("a")) == 0);
  service.down = false;
  finish(client);
  start(client, service, key_of("a"), 1000);
  finish(client);
  CHECK(client.throttle->concurrency(key_of("a")) > 50);
}

TEST_CASE("keys learn on their own", "[throttle]") {
  Client client;
  Service slow;
  slow.rate = 5;
  slow.burst = slow.tokens = 5;
  Service fast;
  start(client, slow, key_of("a", "write"), 50);
  start(client, fast, key_of("a", "read"), 50);
  finish(client);
  CHECK(client.throttle->rate(key_of("a", "write")) > 0);
  CHECK(client.throttle->rate(key_of("a", "read")) == 0);
  CHECK(client.throttle->concurrency(key_of("a", "read")) >= 64);
}

TEST_CASE("a hard limit holds over all keys", "[throttle]") {
  Client client;
  client.options.parallelism = 3;
  Service service;
  start(client, service, key_of("a"), 10);
  start(client, service, key_of("b"), 10);
  finish(client);
  CHECK(service.under_way_most == 3);
}

TEST_CASE("higher priority goes first, equals in order", "[throttle]") {
  Client client;
  client.options.parallelism = 1;
  Service service;
  start(client, service, key_of("a"), 3, 1);  // 1 goes at once; 2, 3 wait
  start(client, service, key_of("b"), 2, 9);  // 4, 5
  start(client, service, key_of("a"), 1, 5);  // 6
  finish(client);
  CHECK(client.order == std::vector<int>{1, 4, 5, 6, 2, 3});
}

Task<void> once(Throttle* throttle, ThrottleKey key, int64_t retry_after_ms, ManualClock* clock,
                std::vector<int64_t>* admitted) {
  auto wait = throttle->acquire(key, 0);
  Throttle::Permit permit = co_await wait;
  admitted->push_back(clock->monotonic());
  throttle->done(permit, Throttle::Answer::throttled, retry_after_ms);
}

TEST_CASE("Retry-After stops the whole key, and only it", "[throttle]") {
  ManualClock clock;
  Throttle throttle(clock, {});
  std::vector<int64_t> admitted;
  std::vector<int64_t> others;
  once(&throttle, key_of("a"), 3'000, &clock, &admitted).detach();
  once(&throttle, key_of("a"), 0, &clock, &admitted).detach();
  once(&throttle, key_of("b"), 0, &clock, &others).detach();
  clock.advance(10 * kSecond);
  REQUIRE(admitted.size() == 2);
  CHECK(admitted[0] == 0);
  CHECK(admitted[1] >= 3 * kSecond);
  CHECK(others == std::vector<int64_t>{0});
}

TEST_CASE("the retry budget of a service runs out and fills again", "[throttle]") {
  ManualClock clock;
  Throttle throttle(clock, {});
  int granted = 0;
  while (throttle.spend_retry(key_of("a")) && granted < 1000) ++granted;
  CHECK(granted == 100);
  CHECK(throttle.spend_retry(key_of("b")));
  for (int i = 0; i < 5; ++i) {
    auto wait = throttle.acquire(key_of("a", "read"), 0);
    REQUIRE(wait.await_ready());
    throttle.done(wait.await_resume(), Throttle::Answer::good);
  }
  CHECK(throttle.spend_retry(key_of("a")));
  CHECK(!throttle.spend_retry(key_of("a")));
}

}  // namespace
}  // namespace lf
