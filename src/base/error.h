// SPDX-License-Identifier: Apache-2.0
// Failures of the environment (network, disk, a cloud's answer). The user's mistakes are
// `Diagnostic`s (diagnostic.h); our own bugs are `LF_ASSERT`s (assert.h).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace lf {

// By reaction, not by cause: a code exists only if some code reacts to it.
enum class ErrorCode {
  not_found,        // the thing is not there; a read may prove absence with it
  not_visible_yet,  // a parent that was just made is not seen yet: retry within its window
  exists,           // a thing of that unique name is there already
  conflict,         // another operation is under way: retry
  dependency,       // something else still uses it: look the blocker up, retry
  throttled,        // slow down, retry
  capacity,         // none of it free there: try the next alternative
  quota,            // a limit of the account
  auth,             // not signed in or not allowed
  expired,          // credentials expired: renew once, repeat
  unavailable,      // the service or the way to it is down: retry if safe
  outcome_unknown,  // sent, but nobody knows whether it was done: settle, never repeat
  invalid,          // refused as wrong: do not repeat
  corrupt,          // data that we or a service wrote cannot be read
  io,               // the local file system said no
  locked,           // another run holds the state
  cancelled,        // the user asked to stop
  refused,          // refused by policy, protection or guard (exit 8)
  stale,            // a saved plan no longer holds (exit 7)
  internal,         // everything else
};

const char* to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;       // one sentence, lower case, no full stop; scrubbed of secrets
  std::string service_code;  // the cloud's own code, e.g. "InvalidSubnetID.NotFound"; may be empty
  std::string request_id;    // the cloud's request id; may be empty
  int http_status = 0;       // 0: no HTTP answer
  int64_t retry_after_ms = 0;     // the service asked to wait so long; 0: it did not say
  std::vector<std::string> help;  // what to do, one line each; may be empty

  Error() = default;
  Error(ErrorCode c, std::string m) : code(c), message(std::move(m)) {}
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error(code, std::move(message)));
}
inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

}  // namespace lf
