// SPDX-License-Identifier: Apache-2.0
// What a service's error means to us: by the descriptors' patterns, then by HTTP status.
#include <string>

#include "provider/descriptor.h"
#include "provider/regex.h"

namespace lf {

namespace {

// Without a pattern a 404 is no proof of absence (a proxy, a wrong endpoint): descriptors name the
// codes that are. A service that answers without a body shows its status as the code.
ErrorCode by_status(int http_status) {
  switch (http_status) {
    case 401:
    case 403: return ErrorCode::auth;

    case 429: return ErrorCode::throttled;
    case 409: return ErrorCode::conflict;
    case 500:
    case 502:
    case 503:
    case 504: return ErrorCode::unavailable;
    case 501: return ErrorCode::invalid;  // RFC 9110, 15.6.2: never, not only now
    default: break;
  }
  if (http_status >= 400 && http_status < 500) return ErrorCode::invalid;
  return http_status >= 500 ? ErrorCode::unavailable : ErrorCode::internal;
}

}  // namespace

ErrorCode classify(const std::vector<ErrorPattern>& patterns, std::string_view service_code,
                   std::string_view message, int http_status) {
  const std::string status = service_code.empty() ? std::to_string(http_status) : "";
  const std::string_view code = service_code.empty() ? std::string_view(status) : service_code;
  // Patterns that also ask for a message are the narrower ones, wherever they stand.
  for (const bool with_message : {true, false}) {
    for (const ErrorPattern& pattern : patterns) {
      if (pattern.message_pattern.empty() == with_message || pattern.service_code != code) continue;
      if (!with_message || regex_search(pattern.message_pattern, message)) return pattern.code;
    }
  }
  return by_status(http_status);
}

}  // namespace lf
