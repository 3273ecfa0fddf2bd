// SPDX-License-Identifier: Apache-2.0
// HTTP over libcurl's multi interface on the loop: connections are kept alive and shared, HTTP/2 is
// used where TLS offers it, proxies come from the environment as they do for curl.
//
// A mutation reaches the server at most once. libcurl by itself repeats a request when a reused
// connection dies before the first byte of an answer, though the server may have done the work.
// Three rules keep it from that, each enough for its case:
//   1. a mutation's body goes through a read callback that cannot be rewound;
//   2. a mutation without a body has nothing to rewind, so it goes over a fresh connection;
//   3. whatever the case, a callback right before each start of a request lets a mutation start
//      only once.
// The third also tells whether a request that failed had been started at all, which is what
// separates `unavailable` (surely not sent) from `outcome_unknown`. Redirects are never followed.
#pragma once

#include <memory>
#include <string>

#include "base/world.h"
#include "engine/loop.h"

namespace lf {

struct TransportOptions {
  std::string ca_file;    // PEM bundle instead of the system's; "" = the system's
  std::string ca_folder;  // hashed folder, likewise
  std::string user_agent = "llmforge";
  int64_t connect_timeout_ms = 10'000;
  size_t body_bytes_max = size_t{256} << 20;  // of an answer; a larger one is an error
  int connections_kept_max = 512;

  // For the test that shows what each rule is good for; never set elsewhere.
  struct Unsafe {
    bool rewindable_bodies = false;   // takes rule 1 out
    bool reuse_without_body = false;  // takes rule 2 out
    bool unlimited_starts = false;    // takes rule 3 out
  } unsafe;
};

class CurlTransport final : public Transport {
 public:
  CurlTransport(Loop& loop, TransportOptions options);
  // Requests under way are dropped; their callbacks never come.
  ~CurlTransport() override;
  // Errors beyond those of Transport: invalid for what is wrong on this side and will be again (TLS
  // verification, an unreadable CA file, no libcurl); those were surely not sent.
  void send(HttpRequest request, std::function<void(Result<HttpResponse>)> done) override;

  // Requests handed to libcurl and connections opened so far, for `-v` and the benchmarks.
  uint64_t request_count() const;
  uint64_t connection_count() const;

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace lf
